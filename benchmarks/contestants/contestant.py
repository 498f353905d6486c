"""What a contestant is, and how one that is made of PyTorch gets its gradients."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks.pairs import Run
from benchmarks.problem import Problem, state_entries
from benchmarks.user_cells import CellKind

Forward = Callable[[torch.Tensor], tuple[torch.Tensor, Any]]
Named = Mapping[str, torch.Tensor]


class Absent(Exception):
    """A contestant cannot take part; the reason is printed in its place."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A contestant that has its problem.

    Args:
        run: what is timed.
        results: runs once and gives what the gate compares, under the names of the reference.
        note: what else to say of it, as the seconds that it compiled. Default: nothing.
    """

    run: Run
    results: Callable[[], dict[str, torch.Tensor]]
    note: str = ""


@dataclass(frozen=True, eq=False)
class Contestant:
    """One way to compute a problem.

    Args:
        name: in tables.
        prepare: copies weights and data to where they are needed; raises `Absent`.
        own_problem: makes what it computes instead of the row's problem, if that is another.
            Default: the problem of the row.
        own_kind: the cell of its own problem. Default: the cell of the row.
        at_equal_work: whether its times are scaled to the operations of the row's problem; times
            of another problem say little otherwise. Default: True.
    """

    name: str
    prepare: Callable[[Problem], Prepared]
    own_problem: Callable[[Problem], Problem] | None = None
    own_kind: CellKind | None = None
    at_equal_work: bool = True


def prepare_torch(
    problem: Problem,
    forward: Forward,
    parameters: Iterable[tuple[str, torch.Tensor]],
    *,
    rename: Callable[[Named], Named] = lambda gradients: gradients,
    note: str = "",
) -> Prepared:
    """Prepare what autograd can follow.

    Args:
        problem: the data.
        forward: from x to y `[T, B, H]` and a state.
        parameters: names and tensors to take gradients of.
        rename: from gradients by those names to gradients by the names of the reference.
        note: for the table.
    """
    d_y = problem.d_y
    if d_y is None:

        def infer() -> tuple[torch.Tensor, Any]:
            return forward(problem.x)

        return Prepared(infer, lambda: _results(*infer()), note)
    x = problem.x.clone().requires_grad_()
    sources = {"x": x, **dict(parameters)}
    tensors = list(sources.values())

    def train() -> tuple[torch.Tensor, Any, tuple[torch.Tensor, ...]]:
        y, state = forward(x)
        return y, state, torch.autograd.grad(y, tensors, d_y)

    def results() -> dict[str, torch.Tensor]:
        y, state, gradients = train()
        named = rename(dict(zip(sources, gradients, strict=True)))
        return _results(y, state) | {f"d {name}": each for name, each in named.items()}

    return Prepared(train, results, note)


def _results(y: torch.Tensor, state: Any) -> dict[str, torch.Tensor]:
    return {"y": y, **({} if state is None else state_entries(state))}
