"""The plain twin of the kernels: the same loop over packed rows, by PyTorch, step after step.

It is what the kernels mean. Gradients of gradients are taken through it.
"""

from collections.abc import Sequence

import torch

from recurra.graph import Node, Partition, evaluate
from recurra.runtime._kernels import RowLayout, Tensors


def plain_loop(
    part: Partition,
    layout: RowLayout,
    before: Sequence[torch.Tensor],
    weights: Sequence[torch.Tensor],
    starts: Sequence[torch.Tensor],
    returns: Sequence[torch.Tensor],
) -> tuple[Tensors, Tensors]:
    """Run the loop of a cell: loop_outputs `[N, ...]` and final states `[B, ...]`.

    Args:
        part: the cell's step, cut at the borders of its loop.
        layout: the packed rows that the rows of the batch go through.
        before: values made before the loop, `[N, ...]`.
        weights: values of parameters.
        starts: states before the first step, `[B, ...]`.
        returns: what resets return to; empty where there are no resets.
    """
    state = list(starts)
    visited: list[torch.Tensor] = []
    made: list[list[torch.Tensor]] = []
    for step in range(int(layout.length.max())):
        rows = (layout.length > step).nonzero().squeeze(1)
        packed = layout.first[rows] + step * layout.stride
        here = _reset(
            layout, packed, [part_[rows] for part_ in state], [each[rows] for each in returns]
        )
        known = {
            node: _at(node, each, packed) for node, each in zip(part.before, before, strict=True)
        }
        known |= dict(zip(part.weights, weights, strict=True))
        known |= dict(zip(part.step.state, here, strict=True))
        values = evaluate([*part.loop_outputs, *part.step.next_state], known, len(rows))
        cut = len(part.loop_outputs)
        state = [old.index_copy(0, rows, new) for old, new in zip(state, values[cut:], strict=True)]
        visited.append(packed)
        made.append(values[:cut])
    order = torch.argsort(torch.cat(visited))
    columns = zip(part.loop_outputs, zip(*made, strict=True), strict=True)
    return tuple(_joined(node, column, order) for node, column in columns), tuple(state)


def _at(node: Node, tensor: torch.Tensor, packed: torch.Tensor) -> torch.Tensor:
    """Take some packed rows of a stream `[.., r N, ..]`, wherever its axis of rows is."""
    axis = node.rows_axis or 0
    rows: torch.Tensor = tensor.unflatten(axis, (-1, -node.shape[axis]))
    return rows.index_select(axis, packed).flatten(axis, axis + 1)


def _joined(node: Node, parts: Sequence[torch.Tensor], order: torch.Tensor) -> torch.Tensor:
    return _at(node, torch.cat(list(parts), dim=node.rows_axis or 0), order)


def _reset(
    layout: RowLayout,
    packed: torch.Tensor,
    state: list[torch.Tensor],
    returns: list[torch.Tensor],
) -> list[torch.Tensor]:
    if layout.resets is None:
        return state
    marked = layout.resets[packed].bool()
    return [
        torch.where(marked.reshape(-1, *(1,) * (part.dim() - 1)), back, part)
        for part, back in zip(state, returns, strict=True)
    ]
