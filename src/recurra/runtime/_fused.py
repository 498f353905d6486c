"""The fused loop: what `reference_loop` computes, by kernels, with its gradients."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from recurra.base import state_tensors, warn_once
from recurra.runtime._course import (
    Course,
    course,
    into_lines,
    out_of_lines,
    padded_course,
)
from recurra.runtime._kept import KeptWeights
from recurra.runtime._kernel import Tensors
from recurra.runtime._passage import Passage
from recurra.runtime._plain_loop import plain_loop
from recurra.runtime._program import Program
from recurra.runtime._scan_loop import ScanLoop


def fused_loop(
    program: Program,
    parameters: Sequence[torch.Tensor],
    passage: Passage,
    kept: KeptWeights | None = None,
) -> tuple[torch.Tensor, Tensors]:
    """Run a compiled cell over a sequence.

    Only valid steps are computed. Where a kernel reads the input itself it passes over the padding;
    for what is computed before and after it, the input is packed, one line a step.

    Args:
        program: the cell, compiled.
        parameters: its parameters and buffers.
        passage: what it runs over.
        kept: what earlier calls of the same cell made of its parameters. Default: nothing.

    Returns:
        y: outputs, `[T, B, ...]`.
        final: tensors of the final state.
    """
    starts = tuple(state_tensors(passage.state))
    returns = () if passage.resets is None else tuple(state_tensors(passage.initial))
    sources = (*parameters, passage.x, *starts, *returns)
    gradients = torch.is_grad_enabled() and any(source.requires_grad for source in sources)
    ends_early = passage.lengths is not None
    along = _course(passage, in_place=ends_early and not gradients and _is_all_in_loop(program))
    lines = into_lines(passage.x, along)
    if gradients:
        y, final = _run_with_gradients(program, along, parameters, lines, starts, returns)
    else:
        y, final = program.run(along, parameters, lines, starts, returns or starts, kept)
    return out_of_lines(y, along, len(passage.x)), final


def _is_all_in_loop(program: Program) -> bool:
    """Tell whether nothing is computed of all steps before the kernel or after it."""
    step = program.part.step
    reads = program.inference.plan.reads
    return step.output in program.part.exports and all(
        node is step.x or not node.varies for node in reads
    )


def _course(passage: Passage, *, in_place: bool) -> Course:
    T, B = passage.x.shape[:2]
    lengths, resets = passage.lengths, passage.resets
    if lengths is not None and in_place:
        return padded_course(T, B, lengths, resets, reverse=passage.reverse)
    return course(T, B, lengths, resets, reverse=passage.reverse)


def _run_with_gradients(
    program: Program,
    along: Course,
    parameters: Sequence[torch.Tensor],
    lines: torch.Tensor,
    starts: Tensors,
    returns: Tensors,
) -> tuple[torch.Tensor, Tensors]:
    inputs = program.inputs(parameters, lines)
    results = _FusedLoop.apply(  # type: ignore[no-untyped-call]
        program, along, *inputs, *starts, *returns
    )
    cut = len(program.part.exports)
    return program.output(parameters, lines, inputs, results[:cut]), results[cut:]


class _FusedLoop(torch.autograd.Function):
    """The kernels as one operation of autograd."""

    @staticmethod
    def forward(ctx: Any, program: Program, along: Course, *tensors: torch.Tensor) -> Any:
        before, weights, starts, returns = _grouped(program, tensors)
        exports, final, saved = program.training.run(
            along, before, weights, starts, returns or starts
        )
        ctx.program, ctx.along, ctx.sources = program, along, len(tensors)
        ctx.forms = [(each.shape, each.dtype, each.device) for each in (*exports, *final)]
        ctx.save_for_backward(*tensors, *saved)
        ctx.set_materialize_grads(False)
        return (*exports, *final)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor | None) -> Any:
        sources, saved = ctx.saved_tensors[: ctx.sources], ctx.saved_tensors[ctx.sources :]
        given = tuple(
            torch.zeros(form[0], dtype=form[1], device=form[2]) if each is None else each
            for each, form in zip(gradients, ctx.forms, strict=True)
        )
        needed = ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():
            return (None, None, *_twice(ctx.program, ctx.along, sources, given, needed))
        before, weights, _, returns = _grouped(ctx.program, sources)
        cut = len(ctx.program.part.exports)
        with torch.autocast("cpu", enabled=False):  # as in the forward pass
            d_before, d_weights, d_state, d_initial = ctx.program.training.go_back(
                ctx.along, before, weights, saved, given[:cut], given[cut:], needed
            )
        found = (*d_before, *d_weights, *d_state, *(d_initial if returns else ()))
        return (
            None,
            None,
            *(each if need else None for each, need in zip(found, needed, strict=True)),
        )


def _twice(
    program: Program, along: Course, sources: Tensors, gradients: Tensors, needed: Sequence[bool]
) -> list[torch.Tensor | None]:
    """Return gradients that can be differentiated again: through a scan or the plain loop."""
    sources = tuple(each.view_as(each) for each in sources)  # some are made from others of them
    before, weights, starts, returns = _grouped(program, sources)
    exports, final = _differentiable(program)(along, before, weights, starts, returns)
    pairs = [
        pair for pair in zip((*exports, *final), gradients, strict=True) if pair[0].requires_grad
    ]
    wanted = [source for source, need in zip(sources, needed, strict=True) if need]
    found = iter(
        torch.autograd.grad(
            [result for result, _ in pairs],
            wanted,
            [gradient for _, gradient in pairs],
            create_graph=True,
            allow_unused=True,
        )
    )
    return [next(found) if need else None for need in needed]


def _differentiable(program: Program) -> Callable[..., tuple[Tensors, Tensors]]:
    """Return the loop in operations of PyTorch."""
    if isinstance(program.scan, ScanLoop):
        return program.scan.run
    warn_once(
        "double backward",
        "Gradients of gradients (create_graph=True) are computed through the plain loop, which is "
        "slower than the kernels.",
    )
    return partial(plain_loop, program.part)


def _grouped(program: Program, tensors: Tensors) -> tuple[Tensors, Tensors, Tensors, Tensors]:
    """Cut the operands into before, weights, states, and what resets return to."""
    part = program.part
    one = len(part.before)
    two = one + len(part.weights)
    three = two + len(part.step.state)
    return tensors[:one], tensors[one:two], tensors[two:three], tensors[three:]
