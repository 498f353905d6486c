"""Make a figure: run its commands, read what was measured, and say what it cost."""

import json
import os
import resource
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.task_results.table import Figure

ROOT = Path(__file__).resolve().parents[2]


class CommandFailed(Exception):
    """A command ended with another status than 0."""


def missing(figure: Figure, data: Path) -> list[str]:
    """Name the files that a figure needs and that are not there."""
    return [name for name in figure.needs if not (data / name).is_file()]


def make_figure(figure: Figure, data: Path, work: Path, seed: int) -> dict[str, Any]:
    """Run the commands of a figure and describe the outcome as JSON.

    Args:
        figure: what is made.
        data: folder of the data sets.
        work: empty folder that is its own.
        seed: of every training and of every text that is written.

    Raises:
        CommandFailed: with the end of what the command said.
    """
    work.mkdir(parents=True)
    before, began = cpu_seconds(), time.monotonic()
    for command in figure.commands:
        run(filled(command, data, work, seed), work)
    wall, cpu = time.monotonic() - began, cpu_seconds() - before
    metrics = {name: value for run in sorted(work.iterdir()) for name, value in measured(run)}
    if figure.score is not None:
        metrics |= figure.score(work)
    return {
        "name": figure.name,
        "commands": [with_seed(command, seed) for command in figure.commands],
        "seed": seed,
        "metrics": metrics,
        "cpu_seconds": round(cpu, 1),
        "wall_seconds": round(wall, 1),
        **machine(),
    }


def with_seed(command: str, seed: int) -> str:
    """Name the seed where it is not the default of the commands that draw."""
    if not seed or not command.startswith(("recurra train ", "recurra generate ")):
        return command
    head, arrow, rest = command.partition(" > ")
    return f"{head} --seed {seed}{arrow}{rest}"


def filled(command: str, data: Path, work: Path, seed: int) -> list[str]:
    """Put the folders into a command, and split it into words."""
    words = shlex.split(with_seed(command, seed))
    return [word.replace("{data}", str(data)).replace("{work}", str(work)) for word in words]


def run(words: list[str], work: Path) -> None:
    """Run a command as a process of its own; what it says goes to its file, or to `log.txt`."""
    program = {"recurra": [sys.executable, "-m", "recurra"], "python": [sys.executable]}
    said = Path(words[-1]) if words[-2:-1] == [">"] else None
    words = words[:-2] if said else words
    with (
        (said or work / "log.txt").open("w" if said else "a") as out,
        (work / "log.txt").open("a") as log,
    ):
        done = subprocess.run(
            [*program[words[0]], *words[1:]], stdout=out, stderr=log, cwd=ROOT, check=False
        )
    if done.returncode:
        tail = (work / "log.txt").read_text(encoding="utf-8", errors="replace")[-2000:]
        raise CommandFailed(f"{shlex.join(words)}\nended with {done.returncode}:\n{tail}")


def measured(run: Path) -> Iterator[tuple[str, float]]:
    """Give what a run directory says of its best weights: `NAME.split.metric`.

    Language models without a test text say nothing at the end; of those it is the best validation.
    """
    log = run / "metrics.jsonl"
    if not log.is_file():
        return
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    final = {each["split"]: each for each in lines if is_final(each)}
    if not final:
        validations = [each for each in lines if each["split"] == "validation"]
        final = {"validation": min(validations, key=lambda each: each["perplexity"])}
    for split, line in final.items():
        for name, value in line.items():
            if isinstance(value, int | float) and name not in ("step", "seconds"):
                yield f"{run.name}.{split.removeprefix('best ')}.{name}", value


def is_final(line: Mapping[str, Any]) -> bool:
    """Tell whether a line of metrics is about the weights that a run keeps."""
    return line["split"] == "test" or line["split"].startswith("best ")


def cpu_seconds() -> float:
    """Give the seconds, user and system, that ended child processes have computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def machine() -> dict[str, Any]:
    """Say where and with what a figure is made."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
    return {"cores": len(cores), "torch": torch.__version__, "commit": commit()}


def commit() -> str:
    """Name the commit, with a plus where sources differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "src")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")
