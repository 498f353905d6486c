"""The fused loop: what `reference_loop` computes, by kernels, with its gradients."""

from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from recurra.base import Cell, State, map_state, state_tensors
from recurra.runtime._launch import Course, course
from recurra.runtime._program import Program


def fused_loop(
    program: Program,
    cell: Cell,
    x: torch.Tensor,
    state: State,
    *,
    initial: State,
    lengths: torch.Tensor | None,
    resets: torch.Tensor | None,
    reverse: bool,
) -> tuple[torch.Tensor, State]:
    """Run a compiled cell over a sequence: the arguments and results of `reference_loop`.

    Only valid steps are computed: where there are lengths, the input is packed, one line a step.
    """
    assert isinstance(cell, nn.Module)  # noqa: S101  it has been compiled
    T, B = x.shape[:2]
    along = course(T, B, lengths, resets, reverse=reverse)
    lines = x.flatten(0, 1)
    if along.index is not None:
        lines = lines.index_select(0, along.index)
    known, before, weights = program.inputs(cell, lines)
    starts, returns = tuple(state_tensors(state)), tuple(state_tensors(initial))
    if resets is None:
        returns = ()
    exports, final = _run(program, along, before, weights, starts, returns)
    y = program.output(known, exports, along.lines)
    if along.index is not None:
        y = y.new_zeros(T * B, *y.shape[1:]).index_copy(0, along.index, y)
    ends = iter(final)
    return y.reshape(T, B, *y.shape[1:]), map_state(lambda _: next(ends), state)


def _run(
    program: Program,
    along: Course,
    before: tuple[torch.Tensor, ...],
    weights: tuple[torch.Tensor, ...],
    starts: tuple[torch.Tensor, ...],
    returns: tuple[torch.Tensor, ...],
) -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
    tensors = (*before, *weights, *starts, *returns)
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors):
        results = _FusedLoop.apply(program, along, *tensors)
        cut = len(program.part.exports)
        return results[:cut], results[cut:]
    return program.inference.run(along, before, weights, starts, returns or starts)


class _FusedLoop(torch.autograd.Function):
    """The kernels as one operation of autograd."""

    @staticmethod
    def forward(ctx: Any, program: Program, along: Course, *tensors: torch.Tensor) -> Any:
        groups = _grouped(program, tensors)
        before, weights, starts, returns = groups
        kernels = program.training
        exports, final, saved = kernels.run(along, before, weights, starts, returns or starts)
        ctx.program, ctx.along, ctx.has_returns = program, along, bool(returns)
        ctx.saved = len(saved)
        ctx.forms = [(each.shape, each.dtype, each.device) for each in (*exports, *final)]
        ctx.save_for_backward(*before, *weights, *saved)
        ctx.set_materialize_grads(False)
        return (*exports, *final)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor | None) -> Any:
        program = ctx.program
        tensors = ctx.saved_tensors
        cuts = [len(program.part.before), len(program.part.before) + len(program.part.weights)]
        given = [
            torch.zeros(form[0], dtype=form[1], device=form[2]) if each is None else each
            for each, form in zip(gradients, ctx.forms, strict=True)
        ]
        exports = len(program.part.exports)
        d_before, d_weights, d_state, d_initial = program.training.go_back(
            ctx.along,
            tensors[: cuts[0]],
            tensors[cuts[0] : cuts[1]],
            tensors[cuts[1] :],
            tuple(given[:exports]),
            tuple(given[exports:]),
        )
        wanted = (*d_before, *d_weights, *d_state, *(d_initial if ctx.has_returns else ()))
        needed = ctx.needs_input_grad[2:]
        return (None, None, *(each if need else None for each, need in zip(wanted, needed, strict=True)))


def _grouped(program: Program, tensors: tuple[torch.Tensor, ...]) -> list[tuple[torch.Tensor, ...]]:
    """Cut the operands into before, weights, states, and what resets return to."""
    part = program.part
    sizes = [len(part.before), len(part.weights), len(part.step.state)]
    groups, start = [], 0
    for size in sizes:
        groups.append(tensors[start : start + size])
        start += size
    return [*groups, tensors[start:]]
