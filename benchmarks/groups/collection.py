"""Every cell of the collection beside our LSTM of the same size, in time."""

from dataclasses import dataclass, replace
from typing import Any

from benchmarks.contestants import ours
from benchmarks.excluded import EXCLUDED
from benchmarks.groups.custom import our_lstm
from benchmarks.problem import Shape
from benchmarks.records import Group, Record, Settings
from benchmarks.row import Row
from benchmarks.user_cells import CellKind
from recurra import explain
from recurra.cells import COLLECTION
from recurra.runtime import Costs

PLAIN_LOOP = "plain loop"

_T, _B, _H = 50, 64, 128


@dataclass(frozen=True)
class CollectionRow:
    """One cell. What its step costs is counted when it is measured, not when it is listed.

    Args:
        cell: name in the collection.
        training: whether gradients are wanted.
        quick: whether a quick run measures it. Default: True.
    """

    cell: str
    training: bool
    quick: bool = True

    @property
    def name(self) -> str:
        """Cell and shape in words."""
        return f"{self.cell} H{_H} B{_B} T{_T}{', training' if self.training else ''}"

    def measure(self, group: str, settings: Settings) -> Record:
        """Measure it beside our LSTM, on one thread; without a kernel, by the plain loop."""
        record = Record(group, self.name, "absent", 1)
        if self.cell in EXCLUDED:
            return replace(record, note=EXCLUDED[self.cell])
        try:
            costs = explain(COLLECTION[self.cell].make(_H, _H), _H).costs
        except Exception as error:
            words = next(iter(str(error).splitlines()), "")
            return replace(record, status="failed", note=f"{type(error).__name__}: {words}")
        measured = _row(self.cell, costs, self.training).measure(group, settings)
        if costs is not None or measured.status != "timed":
            return measured
        return replace(measured, percent_of_peak=None, note=PLAIN_LOOP)


def _row(name: str, costs: Costs | None, training: bool) -> Row:
    contestant = ours.unrolled() if costs else ours.unrolled(PLAIN_LOOP, "reference")
    kind = _kind(name, COLLECTION[name].make, costs)
    shape = Shape(_T, _B, _H, training)
    return Row(kind, shape, contestant, (our_lstm(at_equal_work=False),), threads=1)


def _kind(name: str, make: Any, costs: Costs | None) -> CellKind:
    """Count the matrices of a step as the compiler does, in matrices H x H."""
    if costs is None:
        return CellKind(name, make, 0, 0)
    around = costs.before_flops + costs.after_flops
    size = 2 * _H * _H
    return CellKind(name, make, costs.forward.product_flops / size, around / size)


COLLECTED = Group(
    "collection",
    "The collection",
    "Every cell beside our LSTM of the same size, on one thread.",
    tuple(CollectionRow(name, training) for name in COLLECTION for training in (False, True)),
)
