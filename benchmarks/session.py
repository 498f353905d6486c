"""A run of the suite: choose rows, measure each, print and write it as it comes."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from benchmarks import machine, words
from benchmarks.groups import GROUPS
from benchmarks.pairs import FULL, QUICK
from benchmarks.records import Group, Measurable, Record, Settings
from benchmarks.report import render, write_json

QUIET = 0.5  # processes that run or wait, on average over the last minute

DOCS = Path(__file__).resolve().parents[1] / "docs"


def run(options: argparse.Namespace) -> int:
    """Do what is asked; return 1 if a row of ours is wrong or fails, 2 if no row is chosen."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if options.render:
        for path in render(options.render, DOCS):
            console.print(str(path))
        return 0
    unknown = set(options.group) - GROUPS.keys()
    chosen = list(choose(options))
    if unknown or not chosen:
        console.print(f"no such group or row; the groups are {', '.join(GROUPS)}")
        return 2
    if options.list:
        for group, row in chosen:
            console.print(f"{group.name:<10} {row.name}{'' if row.quick else '   (not quick)'}")
        return 0
    return measure(options, chosen, console)


def choose(options: argparse.Namespace) -> Iterator[tuple[Group, Measurable]]:
    """Give the rows that are asked for."""
    for group in GROUPS.values():
        if options.group and group.name not in options.group:
            continue
        for row in group.rows:
            named = not options.row or any(part in row.name for part in options.row)
            if named and (row.quick or not options.quick):
                yield group, row


def measure(
    options: argparse.Namespace, chosen: list[tuple[Group, Measurable]], console: Console
) -> int:
    """Measure the rows, one after the other."""
    torch.set_num_threads(options.threads)
    settings = settings_of(options)
    head = head_of(settings)
    console.print(machine.one_line(head["machine"]))
    peaks = [f"{rate:.0f} GF/s on {machine.threads(n)}" for n, rate in head["peak"].items()]
    console.print(f"peak of the multiply-adds: {', '.join(peaks)}")
    if head["machine"]["load"] > QUIET:
        load = head["machine"]["load"]
        console.print(f"load {load}: other programs are running, times on many threads mean little")
    records: list[Record] = []
    title = ""
    for group, row in chosen:
        if group.title != title:
            title = group.title
            console.print(f"\n{title}")
        records.append(row.measure(group.name, settings))
        console.print(words.line(records[-1]))
        if options.json:
            write_json(options.json, head, records)
    return int(any(record.status not in {"timed", "absent"} for record in records))


def settings_of(options: argparse.Namespace) -> Settings:
    """Turn the command line into settings."""
    effort = QUICK if options.quick else FULL
    if options.blocks:
        effort = replace(effort, blocks=options.blocks)
    gate_flops = 4e9 if options.quick else 2e10
    return Settings(options.threads, effort, options.quick, gate_flops)


def head_of(settings: Settings) -> dict[str, Any]:
    """Describe the run: machine, peak on one thread and on all, effort."""
    described = machine.describe(settings.threads)
    peak = {str(count): machine.measure_peak(count) for count in sorted({1, settings.threads})}
    return {
        "machine": described,
        "peak": peak,
        "blocks": settings.effort.blocks,
        "quick": settings.quick,
    }
