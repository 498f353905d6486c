"""Programs in processes of their own: run, made smaller where they fail, and written as scripts."""

import multiprocessing
import time
import traceback
import warnings
from multiprocessing.connection import Connection

import torch

import recurra
from python_worlds import Difference, first_difference
from random_python import Program

HANGS = 120  # seconds: twenty times what a program takes on a busy machine


def warm_up() -> None:
    """Import once what every process would: tracing, kernels, streams."""
    cell = recurra.GRU(2, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recurra.unroll(cell, torch.zeros(2, 1, 2))[0].sum().backward()
        recurra.Stream(cell)(torch.zeros(1, 2))


def run_apart(program: Program, *, patience: float = HANGS) -> Difference | None:
    """Run a program in a process of its own: crashes and hangs are differences, too."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(program, there))
    process.start()
    there.close()
    try:
        if not here.poll(patience):
            return Difference(-1, "time", f"no end after {patience:.0f} s", "an end")
        return here.recv()
    except EOFError:
        process.join()
        return Difference(-1, "process", f"ended by {process.exitcode}", "an end")
    finally:
        process.kill()
        process.join()
        here.close()


def _run(program: Program, there: Connection) -> None:
    torch.set_num_threads(1)
    try:
        there.send(first_difference(program))
    except BaseException:
        text = traceback.format_exc(limit=-6)
        there.send(Difference(-1, "the fuzzer itself", text, "a result"))


def smaller(program: Program, found: Difference, seconds: float) -> tuple[Program, Difference]:
    """Leave out features and steps as long as a difference remains, or until time is up."""
    until = time.monotonic() + seconds
    patience = 20 if found.what == "time" else HANGS
    shrinking = True
    while shrinking:
        shrinking = False
        for candidate in parts_of(program, found):
            if time.monotonic() > until:
                return program, found
            difference = run_apart(candidate, patience=patience)
            if difference is not None and difference.what != "the fuzzer itself":
                program, found, shrinking = candidate, difference, True
                break
    return program, found


def parts_of(program: Program, found: Difference) -> list[Program]:
    """Return programs with something less, the smallest first."""
    parts = []
    if 0 <= found.step < len(program.steps) - 1:
        parts.append(program._replace(steps=program.steps[: found.step + 1]))
    parts += [program.without_feature(place) for place in program.features]
    if len(program.steps) > 1:
        parts += [program.without_step(place) for place in range(len(program.steps))]
    parts += [
        program._replace(**{name: value})
        for name, value in (("form", "one"), ("kind", "file"))
        if getattr(program, name) != value
    ]
    return parts


def written(program: Program, found: Difference) -> str:
    """Write a program as a script, its difference at the end."""
    lines = [program.source(), f"# source: {program.kind}"]
    for place, step in enumerate(program.steps):
        if step.change:
            lines.append(step.change)
        lines.append(f"run(cell)  # {step.run}")
        if place == found.step:
            break
    lines.append(f"# {found.what}\n#   got:      {found.got}\n#   expected: {found.expected}")
    return "\n".join(lines)
