"""Self-check: whether this PyTorch traces and differentiates a step as the compiler reads it.

Tracing belongs to PyTorch's insides, which change between releases (`docs/pytorch-internals.md`).
So before the first trace of a process a small step is traced that needs what the compiler relies
on, and its nodes and their gradients are held to what PyTorch computes of the step itself. Where
they differ, nothing is compiled: a plain loop is slow, a guess would be wrong.
"""

import math
import threading
from collections.abc import Sequence
from functools import cache
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import CannotFuse, Cell, State
from recurra.graph import _trace
from recurra.graph._differentiate import differentiate
from recurra.graph._evaluate import evaluate
from recurra.graph._node import Node
from recurra.graph._partition import Partition, cut
from recurra.graph._placement import PlacedStep, all_in_loop
from recurra.graph._trace import Step

_ROWS, _INPUTS, _FEATURES = 3, 2, 4
_CLOSE = 1e-9  # in float64: far above rounding, far below any other meaning
_lock = threading.Lock()


def trace_step(
    cell: Cell, x: torch.Tensor, state: State, live: Sequence[torch.Tensor] = ()
) -> Step:
    """Trace one step of a cell, if this PyTorch traces as the compiler reads it.

    Args:
        cell: an `nn.Module`; its parameters and buffers become inputs.
        x: input of one step, `[B, ...]`, for its form only.
        state: state before the step, for its form only.
        live: tensors whose values are read at each call. Default: none.

    Returns:
        The step as nodes.

    Raises:
        CannotFuse: the step cannot be followed, or this PyTorch does not pass the self-check.
    """
    check_tracing()
    return _trace.trace_step(cell, x, state, live)


def check_tracing() -> None:
    """Check once in a process that traces mean what the compiler takes them for.

    Raises:
        CannotFuse: they do not; every kernel is refused.
    """
    with _lock:
        difference = _difference()
    if difference is not None:
        raise CannotFuse(
            f"PyTorch {torch.__version__} traces a step in another way than Recurra reads it.",
            got=difference,
            expected="what PyTorch computes of the same step without a trace",
            fix="install a release of PyTorch that this version of Recurra was tested with",
        )


@cache
def _difference() -> str | None:
    """Say what went wrong with the known step; None where nothing did.

    A thread of its own has none of the modes, hooks and switches that are in force around us.
    """
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(_checked()), daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the interpreter is about to end
        return _checked()
    thread.join()
    return found[0] if found else "the check did not end"


def _checked() -> str | None:
    try:
        return _first_difference(_KnownStep())
    except Exception as error:  # names that are gone, operators without rules: all say the same
        reason = next(iter(str(error).strip().splitlines()), "")
        return f"{type(error).__name__}: {reason}"[:200]


class _KnownStep(nn.Module):
    """A step made of what the compiler relies on, each part seen in values or in gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.x_to_gates = nn.Parameter(_numbers(2 * _FEATURES, _INPUTS))
        self.h_to_gates = nn.Parameter(_numbers(2 * _FEATURES, _FEATURES))
        self.bias = nn.Parameter(_numbers(2 * _FEATURES))

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        gates = F.linear(x, self.x_to_gates, self.bias) + F.linear(h, self.h_to_gates)
        gate, new = gates.chunk(2, dim=1)  # [B, H] each
        new = torch.where(new > 0, torch.tanh(new), 0.1 * new)
        new = new + (new * gate).detach()  # the gradient passes the one, not the other
        mixed = torch.lerp(h, new, torch.sigmoid(gate))
        mixed[:, :2].mul_(3.0)  # seen through the whole
        turned = torch.cat([mixed[:, 2:], mixed[:, :2]], dim=1)
        h = turned + (mixed > 0).to(mixed.dtype) + h.to(torch.float32).to(h.dtype)  # it rounds
        return h.square().sum(dim=1, keepdim=True) * new, h


def _first_difference(cell: nn.Module) -> str | None:
    x, h = _numbers(_ROWS, _INPUTS).requires_grad_(), _numbers(_ROWS, _FEATURES).requires_grad_()
    expected = cell(x, h)
    step = _trace.trace_step(cast(Cell, cell), x, h)
    known = dict(
        zip(
            (*step.parameters_and_buffers, step.x, *step.state),
            (*cell.parameters(), x, h),
            strict=True,
        )
    )
    found = evaluate([step.output, *step.next_state], known, _ROWS)
    cotangents = [_numbers(*each.shape) for each in expected]
    wanted = torch.autograd.grad(expected, list(known.values()), cotangents)
    part = cut(all_in_loop(PlacedStep.of(step)))
    gradients = _gradients(part, known, cotangents)
    names = [*step.parameters, "x", "h"]
    return _unlike("the value of", ("y", "h"), found, expected) or _unlike(
        "the gradient of", names, gradients, wanted
    )


def _gradients(
    part: Partition, known: dict[Node, torch.Tensor], cotangents: list[torch.Tensor]
) -> list[torch.Tensor]:
    """Compute gradients of all that a step reads: the loop's by its nodes, the rest by PyTorch."""
    joint = differentiate(part)
    loop, gradients = joint.loop, joint.gradients
    assert gradients is not None
    outside = evaluate([*part.before, *part.weights], known, _ROWS)
    state = [known[node] for node in part.step.state]
    inside = [
        *loop.before,
        *loop.weights,
        *loop.state,
        *gradients.d_loop_outputs,
        *gradients.d_next_state,
    ]
    values = [each.detach() for each in (*outside, *state, *cotangents)]
    roots = [*gradients.d_before, *gradients.d_weights, *gradients.d_state]
    found = evaluate(roots, dict(zip(inside, values, strict=True)), _ROWS)
    before = [tensor for node, tensor in known.items() if node not in part.step.state]
    reached = torch.autograd.grad(outside, before, found[: len(outside)], materialize_grads=True)
    return [*reached, *found[len(outside) :]]


def _unlike(
    what: str, names: Sequence[str], found: Sequence[torch.Tensor], expected: Sequence[torch.Tensor]
) -> str | None:
    for name, mine, plain in zip(names, found, expected, strict=True):
        if mine.shape != plain.shape or not torch.allclose(mine, plain, rtol=0.0, atol=_CLOSE):
            return f"{what} {name} of a small step differs"
    return None


def _numbers(*sizes: int) -> torch.Tensor:
    """Make numbers between -1 and 1 without an order, the same ones every time."""
    count = torch.arange(1, math.prod(sizes) + 1, dtype=torch.float64, device="cpu")
    return torch.sin(count * count).reshape(sizes)
