"""The scanned loop: what `reference_loop` computes, for all steps at once, by PyTorch alone."""

from collections.abc import Sequence

import torch

from recurra.base import state_tensors
from recurra.runtime._course import Course, course, into_lines, out_of_lines
from recurra.runtime._kernel import Tensors
from recurra.runtime._passage import Passage
from recurra.runtime._program import Program
from recurra.runtime._scan_loop import ScanLoop


def scanned_loop(
    program: Program, loop: ScanLoop, parameters: Sequence[torch.Tensor], passage: Passage
) -> tuple[torch.Tensor, Tensors]:
    """Run a cell that is linear in its state over a sequence.

    Args:
        program: the cell, traced and cut; none of its kernels is built.
        loop: its loop.
        parameters: its parameters and buffers.
        passage: what it runs over.

    Returns:
        y: outputs, `[T, B, ...]`.
        final: tensors of the final state.
    """
    T, B = passage.x.shape[:2]
    lengths, resets = (
        None if each is None else each.cpu() for each in (passage.lengths, passage.resets)
    )
    along = course(T, B, lengths, resets, reverse=passage.reverse)
    starts = tuple(state_tensors(passage.state))
    returns = () if passage.resets is None else tuple(state_tensors(passage.initial))
    lines = into_lines(passage.x, along)
    inputs = program.inputs(parameters, lines)
    cut = len(program.part.before)
    loop_outputs, final = loop.run(along, inputs[:cut], inputs[cut:], starts, returns)
    if torch.is_grad_enabled():
        sources = tuple(each.requires_grad for each in (*inputs, *starts, *returns))
        loop_outputs, final = _without_gradients(program, along, sources, loop_outputs, final)
    return out_of_lines(program.output(parameters, lines, inputs, loop_outputs), along, T), final


def _without_gradients(
    program: Program,
    along: Course,
    sources: tuple[bool, ...],
    loop_outputs: Sequence[torch.Tensor],
    final: Sequence[torch.Tensor],
) -> tuple[Tensors, Tensors]:
    """Cut off results that have nothing to do with what requires gradients."""
    flags = program.paths.requires_grad(sources, along.steps, ends_early=along.is_packed)
    kept = [
        each if flag else each.detach()
        for each, flag in zip((*loop_outputs, *final), flags, strict=True)
    ]
    cut = len(loop_outputs)
    return tuple(kept[:cut]), tuple(kept[cut:])
