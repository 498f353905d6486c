"""Recurra: the compiled cell, the drop-ins, and the plain loop."""

import torch

from benchmarks.contestants.contestant import Contestant, Prepared, prepare_torch
from benchmarks.problem import Problem, state_entries
from recurra import Recurrent, unroll
from recurra.base import State
from recurra.runtime import Backend, Stream

Results = tuple[torch.Tensor, State]


def unrolled(name: str = "recurra", backend: Backend = "c") -> Contestant:
    """Run `unroll`."""

    def prepare(problem: Problem) -> Prepared:
        def forward(x: torch.Tensor) -> Results:
            return unroll(
                problem.cell,
                x,
                lengths=problem.lengths,
                resets=problem.resets,
                backend=backend,
            )

        return prepare_torch(problem, forward, problem.cell.named_parameters())

    return Contestant(name, prepare)


def stream() -> Contestant:
    """Run a `Stream`, which keeps the state."""

    def prepare(problem: Problem) -> Prepared:
        B = problem.x.shape[1]
        running, x = Stream(problem.cell, B), problem.x[0]

        def results() -> dict[str, torch.Tensor]:
            from_the_start = Stream(problem.cell, B)
            y = from_the_start(x)
            return {"y": y.unsqueeze(0), **state_entries(from_the_start.state)}

        return Prepared(lambda: running(x), results)

    return Contestant("recurra", prepare)


def single_step() -> Contestant:
    """Run `unroll` over a single step, the state handed in."""

    def prepare(problem: Problem) -> Prepared:
        state = problem.cell.initial_state(problem.x.shape[1])
        return prepare_torch(problem, lambda x: unroll(problem.cell, x, state, backend="c"), ())

    return Contestant("unroll, T=1", prepare)


def layer_step() -> Contestant:
    """Run `Recurrent.step`, the state handed in."""

    def prepare(problem: Problem) -> Prepared:
        layer = Recurrent(problem.cell, backend="c")
        state = layer.initial_state(problem.x.shape[1])
        x = problem.x[0]

        def forward(_: torch.Tensor) -> Results:
            return layer.step(x, state)

        prepared = prepare_torch(problem, forward, ())

        def results() -> dict[str, torch.Tensor]:
            found = prepared.results()
            return found | {"y": found["y"].unsqueeze(0)}

        return Prepared(prepared.run, results)

    return Contestant("Recurrent.step", prepare)


def padded() -> Contestant:
    """Run whole sequences with as many valid steps in all: what a ragged batch should cost."""

    def whole(problem: Problem) -> Problem:
        T = max(1, round(problem.steps / problem.x.shape[1]))
        d_y = None if problem.d_y is None else problem.d_y[:T]
        return Problem(problem.cell, problem.x[:T].contiguous(), None, None, d_y)

    return Contestant("recurra, same steps unpadded", unrolled().prepare, own_problem=whole)
