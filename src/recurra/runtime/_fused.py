"""The fused loop: what `reference_loop` computes, by kernels, with its gradients."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from recurra.base import (
    CannotFuse,
    ShapeError,
    no_autocast,
    state_tensors,
    warn_once,
)
from recurra.runtime._input_gradients import input_gradients
from recurra.runtime._kernels import (
    PackedWeightCache,
    RowLayout,
    Tensors,
    lay_out_rows,
    supported,
)
from recurra.runtime._plain_loop import plain_loop
from recurra.runtime._program import ParameterConstants, Program
from recurra.runtime._scan import ScanLoop
from recurra.runtime._unroll_args import UnrollArgs

_MANY_ROWS = 256  # rows times steps: from here on packing weights is a small part of a call


def fused_loop(
    program: Program,
    parameters: Sequence[torch.Tensor],
    args: UnrollArgs,
    weight_cache: PackedWeightCache[ParameterConstants] | None = None,
) -> tuple[torch.Tensor, Tensors]:
    """Run a compiled cell over a sequence.

    Only valid steps are computed. Where a kernel reads the input itself it passes over the padding;
    for what is computed before and after it, the input is packed, one row a step.

    Args:
        program: the cell, compiled.
        parameters: its parameters and buffers.
        args: what it runs over.
        weight_cache: what earlier calls made of the parameters. Default: nothing.

    Returns:
        y: outputs, `[T, B, ...]`.
        final: tensors of the final state.
    """
    starts = tuple(state_tensors(args.state))
    returns = () if args.resets is None else tuple(state_tensors(args.initial))
    sources = (*parameters, args.x, *starts, *returns)
    gradients = torch.is_grad_enabled() and any(source.requires_grad for source in sources)
    in_place = args.lengths is not None and not gradients and _is_all_in_loop(program)
    T, B = args.x.shape[:2]
    layout = lay_out_rows(T, B, args.lengths, args.resets, reverse=args.reverse, in_place=in_place)
    rows = args.x.flatten(0, 1)  # [T * B, ...]
    if layout.is_packed:
        rows = layout.pack(rows)  # [N, ...]
    if gradients:
        y, final = _run_with_gradients(program, layout, parameters, rows, starts, returns)
    else:
        y, final = _run_without_gradients(
            program, layout, parameters, rows, starts, returns, weight_cache
        )
    if layout.is_packed:
        y = layout.unpack(y)
    return y.unflatten(0, (T, B)), final


def _is_all_in_loop(program: Program) -> bool:
    """Tell whether nothing is computed of all steps before the kernel or after it."""
    step = program.part.step
    reads = program.inference.plan.reads
    return step.output in program.part.loop_outputs and all(
        node is step.x or not node.has_batch_axis for node in reads
    )


def _run_without_gradients(
    program: Program,
    layout: RowLayout,
    parameters: Sequence[torch.Tensor],
    x: torch.Tensor,
    starts: Tensors,
    returns: Tensors,
    weight_cache: PackedWeightCache[ParameterConstants] | None,
) -> tuple[torch.Tensor, Tensors]:
    read, finish = program.inference_evaluators
    if weight_cache is None or len(x) > _MANY_ROWS:
        constants = program.constants(parameters)
    else:
        make = partial(program.constants, parameters, pack=True)
        constants = weight_cache.get(parameters, make)
    known = [*parameters, x, *constants.reads]
    values = read(known, len(x))
    given = [*constants.reads, *values]
    loop = program.inference
    loop_outputs, final = loop.kernel(layout, given, constants.weights, starts, initial=returns)
    if loop.converts:
        loop_outputs, final = loop.convert(loop_outputs, final)
    (y,) = finish([*known, *values, *loop_outputs], len(x))
    return y.clone(memory_format=torch.contiguous_format) if program.shares_output else y, final


def _run_with_gradients(
    program: Program,
    layout: RowLayout,
    parameters: Sequence[torch.Tensor],
    x: torch.Tensor,
    starts: Tensors,
    returns: Tensors,
) -> tuple[torch.Tensor, Tensors]:
    inputs = program.inputs(parameters, x)
    results = _FusedLoop.apply(  # type: ignore[no-untyped-call]
        program, layout, *inputs, *starts, *returns
    )
    cut = len(program.part.loop_outputs)
    return program.output(parameters, x, inputs, results[:cut]), results[cut:]


class _FusedLoop(torch.autograd.Function):
    """The kernels as one operation of autograd."""

    @staticmethod
    def forward(ctx: Any, program: Program, layout: RowLayout, *tensors: torch.Tensor) -> Any:
        ctx.program, ctx.layout, ctx.sources = program, layout, len(tensors)
        before, weights, starts, returns = _grouped(program, tensors)
        loop_outputs, final, saved = program.training.run(layout, before, weights, starts, returns)
        _mark_without_gradients(ctx, (*loop_outputs, *final))
        ctx.forms = [(each.shape, each.dtype, each.device) for each in (*loop_outputs, *final)]
        hooks: Any = torch._C._autograd._top_saved_tensors_default_hooks(False)
        ctx.saved_forms = None if hooks is None else _forms_of((*tensors, *saved))
        ctx.save_for_backward(*tensors, *saved)
        ctx.set_materialize_grads(False)
        return (*loop_outputs, *final)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor | None) -> Any:
        tensors = _saved(ctx)
        given = [
            torch.zeros(form[0], dtype=form[1], device=form[2]) if each is None else each
            for each, form in zip(gradients, ctx.forms, strict=True)
        ]
        needed = ctx.needs_input_grad[2:]
        usable = supported(given if ctx.saved_forms is None else [*given, *tensors])
        if torch.is_grad_enabled() or isinstance(usable, CannotFuse):
            loop = _differentiable(ctx.program, usable if isinstance(usable, CannotFuse) else None)
            sources = tensors[: ctx.sources]
            return (None, None, *_by_autograd(ctx, loop, sources, given, needed))
        if ctx.saved_forms is not None:
            tensors = tuple(usable[len(given) :])
        return (None, None, *_by_kernels(ctx, tensors, usable[: len(given)], needed))


def _mark_without_gradients(ctx: Any, results: Tensors) -> None:
    """Tell autograd which results have nothing to do with what requires gradients."""
    flags = ctx.program.paths.requires_grad(
        ctx.needs_input_grad[2:], ctx.layout.steps, ends_early=ctx.layout.is_packed
    )
    if not all(flags):
        kept = zip(results, flags, strict=True)
        ctx.mark_non_differentiable(*(each for each, flag in kept if not flag))


def _saved(ctx: Any) -> Tensors:
    """Return what was saved, asking once: a checkpoint hands each tensor out once."""
    tensors: Tensors = ctx.saved_tensors
    if ctx.saved_forms is not None and ctx.saved_forms != _forms_of(tensors):
        raise ShapeError(
            "A hook of `torch.autograd.graph.saved_tensors_hooks` returned a tensor of another "
            "form than it was given.",
            got=str(_forms_of(tensors)),
            expected=str(ctx.saved_forms),
        )
    return tensors


def _forms_of(tensors: Sequence[torch.Tensor]) -> list[tuple[tuple[int, ...], torch.dtype]]:
    return [(tuple(each.shape), each.dtype) for each in tensors]


def _by_kernels(
    ctx: Any, tensors: Sequence[torch.Tensor], given: Sequence[torch.Tensor], needed: Sequence[bool]
) -> list[torch.Tensor | None]:
    """Return the gradients of the sources; what is saved begins with these."""
    program: Program = ctx.program
    sources, saved = tuple(tensors[: ctx.sources]), tuple(tensors[ctx.sources :])
    before, weights, _, returns = _grouped(program, sources)
    cut = len(program.part.loop_outputs)
    with no_autocast():  # as in the forward pass
        d_before, d_weights, d_state, d_initial = program.training.backward(
            ctx.layout, before, weights, saved, tuple(given[:cut]), tuple(given[cut:]), needed
        )
    found = (*d_before, *d_weights, *d_state, *(d_initial if returns else ()))
    return [each if need else None for each, need in zip(found, needed, strict=True)]


def _by_autograd(
    ctx: Any,
    loop: Callable[..., tuple[Tensors, Tensors]],
    sources: Tensors,
    gradients: Sequence[torch.Tensor],
    needed: Sequence[bool],
) -> list[torch.Tensor | None]:
    """Return the gradients by PyTorch's operators, which can be differentiated and transformed."""
    again = torch.is_grad_enabled()
    with torch.enable_grad(), no_autocast():
        sources = tuple(each.view_as(each) for each in sources)  # some are made from others of them
        before, weights, starts, returns = _grouped(ctx.program, sources)
        loop_outputs, final = loop(ctx.layout, before, weights, starts, returns)
    return input_gradients((*loop_outputs, *final), sources, gradients, needed, create_graph=again)


def _differentiable(
    program: Program, reason: CannotFuse | None
) -> Callable[..., tuple[Tensors, Tensors]]:
    """Return the loop in operators of PyTorch.

    Args:
        program: the cell, compiled.
        reason: why no kernel can go back, if it is not for gradients of gradients alone.
    """
    if reason is not None:
        warn_once(
            f"backward: {reason.problem}",
            f"Gradients are computed through the plain loop, which is slower: {reason}",
        )
        return partial(plain_loop, program.part)
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
