"""The scanned loop: what `reference_loop` computes, for all steps at once, by PyTorch alone."""

from collections.abc import Sequence

import torch

from recurra.base import state_tensors
from recurra.runtime._kernels import RowLayout, Tensors, lay_out_rows
from recurra.runtime._program import Program
from recurra.runtime._scan import ScanLoop
from recurra.runtime._unroll_args import UnrollArgs


def scanned_loop(
    program: Program, loop: ScanLoop, parameters: Sequence[torch.Tensor], args: UnrollArgs
) -> tuple[torch.Tensor, Tensors]:
    """Run a cell that is linear in its state over a sequence.

    Args:
        program: the cell, traced and cut; none of its kernels is built.
        loop: its loop.
        parameters: its parameters and buffers.
        args: what it runs over.

    Returns:
        y: outputs, `[T, B, ...]`.
        final: tensors of the final state.
    """
    T, B = args.x.shape[:2]
    lengths, resets = (None if each is None else each.cpu() for each in (args.lengths, args.resets))
    layout = lay_out_rows(T, B, lengths, resets, reverse=args.reverse)
    starts = tuple(state_tensors(args.state))
    returns = () if args.resets is None else tuple(state_tensors(args.initial))
    rows = layout.pack(args.x.flatten(0, 1))
    inputs = program.inputs(parameters, rows)
    cut = len(program.part.before)
    loop_outputs, final = loop.run(layout, inputs[:cut], inputs[cut:], starts, returns)
    if torch.is_grad_enabled():
        sources = tuple(each.requires_grad for each in (*inputs, *starts, *returns))
        loop_outputs, final = _without_gradients(program, layout, sources, loop_outputs, final)
    y = layout.unpack(program.output(parameters, rows, inputs, loop_outputs))
    return y.unflatten(0, (T, B)), final


def _without_gradients(
    program: Program,
    layout: RowLayout,
    sources: tuple[bool, ...],
    loop_outputs: Sequence[torch.Tensor],
    final: Sequence[torch.Tensor],
) -> tuple[Tensors, Tensors]:
    """Cut off results that have nothing to do with what requires gradients."""
    flags = program.paths.requires_grad(sources, layout.steps, ends_early=layout.is_packed)
    kept = [
        each if flag else each.detach()
        for each, flag in zip((*loop_outputs, *final), flags, strict=True)
    ]
    cut = len(loop_outputs)
    return tuple(kept[:cut]), tuple(kept[cut:])
