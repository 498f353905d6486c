"""`torch.compile` of the loop, which unrolls it: only for short sequences."""

import time
import warnings
from typing import Any

import torch

from benchmarks.contestants.contestant import Absent, Contestant, Prepared, prepare_torch
from benchmarks.contestants.loops import over_steps
from benchmarks.problem import Problem

MAX_LENGTH = 32  # steps; the compilation takes minutes beyond


def compiled_loop() -> Contestant:
    """Compile the loop over the steps, and note the seconds it took."""

    def prepare(problem: Problem) -> Prepared:
        if len(problem.x) > MAX_LENGTH:
            raise Absent(
                f"torch.compile is left out beyond {MAX_LENGTH} steps, for its compile time"
            )
        cell = problem.cell

        def loop(x: torch.Tensor) -> tuple[torch.Tensor, Any]:
            return over_steps(cell, x)

        fast = torch.compile(loop, dynamic=False)
        prepared = prepare_torch(problem, fast, cell.named_parameters())
        seconds = _seconds_of_first(prepared, problem.training)
        return Prepared(prepared.run, prepared.results, f"compiled in {seconds:.0f} s")

    return Contestant("torch.compile", prepare)


def _seconds_of_first(prepared: Prepared, training: bool) -> float:
    begin = time.perf_counter()
    with torch.set_grad_enabled(training), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that we have switched its caches off
        prepared.run()
    return time.perf_counter() - begin
