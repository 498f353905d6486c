"""The scan of a loop: what `plain_loop` computes step by step, for all steps at once."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from recurra.graph import CompiledEvaluator, Node, ScanPlan, ScanStage, ancestors
from recurra.runtime._kernels import HANDLERS, RowLayout, Tensors
from recurra.runtime._scan.associative_scan import Maps, scan


class ScanLoop:
    """A loop that is linear in its state, ready to run.

    Args:
        plan: the loop.
    """

    def __init__(self, plan: ScanPlan) -> None:
        self.plan = plan
        self._evaluators, self._last = _evaluators(plan)

    def run(
        self,
        layout: RowLayout,
        before: Sequence[torch.Tensor],
        weights: Sequence[torch.Tensor],
        starts: Sequence[torch.Tensor],
        returns: Sequence[torch.Tensor],
    ) -> tuple[Tensors, Tensors]:
        """Run the loop of a cell: loop_outputs `[N, ...]` and final states `[B, ...]`.

        Args:
            layout: the packed rows that the rows of the batch go through.
            before: values made before the loop, `[N, ...]`.
            weights: values of parameters.
            starts: states before the first step, `[B, ...]`.
            returns: what resets return to; empty where there are no resets.
        """
        track = _Track.of(layout, starts[0].device)
        values, finals = [*before, *weights], list(starts)
        for stage, evaluator in zip(self.plan.stages, self._evaluators, strict=True):
            made = evaluator(values, layout.packed_rows)
            count = len(_parts(stage))
            given = _Given(stage, made[:count], starts, returns)
            found, ends = _solve(given, track, layout)
            values += [*made[count:], *found]
            for place, end in zip(stage.places, ends, strict=True):
                finals[place] = end
        return tuple(self._last(values, layout.packed_rows)), tuple(finals)


def _evaluators(plan: ScanPlan) -> tuple[list[CompiledEvaluator], CompiledEvaluator]:
    """Return how to make the parts of each stage, and the loop_outputs; nothing is made twice."""
    loop = plan.loop
    known = [*loop.before, *loop.weights]
    evaluators = []
    for place, stage in enumerate(plan.stages):
        later = [node for other in plan.stages[place + 1 :] for node in _parts(other)]
        wanted = set(ancestors([*later, *loop.loop_outputs], known))
        parts = _parts(stage)
        shared = [node for node in ancestors(parts, known) if node in wanted and node not in known]
        evaluators.append(CompiledEvaluator([*parts, *shared], known, HANDLERS))
        known += [*shared, *(loop.state[place] for place in stage.places)]
    return evaluators, CompiledEvaluator(loop.loop_outputs, known, HANDLERS)


def _parts(stage: ScanStage) -> list[Node]:
    parts = [each for row in stage.matrix for each in row]
    return [each for each in (*parts, *stage.offset) if each is not None]


class _Track(NamedTuple):
    """Where rows begin and end.

    Args:
        begin: packed rows before which the state is given, not made: first ones and resets.
        from_start: the rows that begin the former at their start.
        from_return: the rows of the latter.
        rows: those that have a step at all.
        last: their last packed rows.
    """

    begin: torch.Tensor
    from_start: torch.Tensor
    from_return: torch.Tensor
    rows: torch.Tensor
    last: torch.Tensor

    @classmethod
    def of(cls, layout: RowLayout, device: torch.device) -> "_Track":
        rows = layout.length.nonzero().squeeze(1)
        first = layout.first[rows]
        last = first + (layout.length[rows] - 1) * layout.stride
        marked, from_start = rows[:0], rows
        if layout.resets is not None:
            marked = layout.resets.nonzero().squeeze(1)
            whole = layout.resets[first] == 0
            first, from_start = first[whole], rows[whole]
        places = marked if layout.index is None else layout.index[marked]
        found = (torch.cat([first, marked]), from_start, places % layout.rows, rows, last)
        return cls(*(each.to(device) for each in found))


class _Given(NamedTuple):
    """What a stage is solved from: its parts, one row a step, and the states of all stages."""

    stage: ScanStage
    parts: Sequence[torch.Tensor]
    starts: Sequence[torch.Tensor]
    returns: Sequence[torch.Tensor]

    def maps(self, count: int) -> Maps:
        """Return the steps of `count` packed rows, with zeros for offsets that are not there."""
        parts = iter(self.parts)
        likes = [self.starts[place] for place in self.stage.places]
        matrix = tuple(
            tuple(None if node is None else next(parts).to(like.dtype) for node in row)
            for row, like in zip(self.stage.matrix, likes, strict=True)
        )
        offset = tuple(
            like.new_zeros(count, *like.shape[1:]) if node is None else next(parts).to(like.dtype)
            for node, like in zip(self.stage.offset, likes, strict=True)
        )
        return Maps(matrix, offset)

    def origins(self, track: _Track) -> list[torch.Tensor]:
        """Return the states before the packed rows that begin."""
        return [
            torch.cat(
                [
                    self.starts[place][track.from_start],
                    *(each[place][track.from_return] for each in [self.returns] if each),
                ]
            )
            for place in self.stage.places
        ]


def _solve(
    given: _Given, track: _Track, layout: RowLayout
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Find tensors of the state: before each packed row `[N, ...]`, and at the end `[B, ...]`."""
    origins = given.origins(track)
    maps = _begun(given.maps(layout.packed_rows), track.begin, origins)
    states = [_as_packed(each, layout) for each in scan(_over_maps(_in_time, maps, layout))]
    before = [
        each.roll(layout.stride, 0).index_copy(0, track.begin, origin)
        for each, origin in zip(states, origins, strict=True)
    ]
    ends = [
        given.starts[place].index_copy(0, track.rows, each[track.last])
        for place, each in zip(given.stage.places, states, strict=True)
    ]
    return before, ends


def _begun(maps: Maps, begin: torch.Tensor, origins: Sequence[torch.Tensor]) -> Maps:
    """Turn the steps of rows that begin into constants, so that nothing passes from before."""
    here = maps.take(begin).of(tuple(origins))
    offset = tuple(
        each.index_copy(0, begin, value) for each, value in zip(maps.offset, here, strict=True)
    )
    matrix = tuple(
        tuple(None if each is None else each.index_fill(0, begin, 0) for each in row)
        for row in maps.matrix
    )
    return Maps(matrix, offset)


def _over_maps(
    of: Callable[[torch.Tensor, RowLayout], torch.Tensor], maps: Maps, layout: RowLayout
) -> Maps:
    return Maps(
        tuple(
            tuple(None if each is None else of(each, layout) for each in row) for row in maps.matrix
        ),
        tuple(of(each, layout) for each in maps.offset),
    )


def _in_time(each: torch.Tensor, layout: RowLayout) -> torch.Tensor:
    """Put packed rows in the order of time: `[T, B, ...]`, or row after row, `[N, ...]`."""
    steps = each.unflatten(0, (-1, layout.rows)) if layout.index is None else each
    return steps if layout.stride > 0 else steps.flip(0)


def _as_packed(each: torch.Tensor, layout: RowLayout) -> torch.Tensor:
    steps = each if layout.stride > 0 else each.flip(0)
    return steps.flatten(0, 1) if layout.index is None else steps
