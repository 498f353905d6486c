"""A row: one problem, ourselves and our peers; first the gate, then pairs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

import torch

from benchmarks.contestants import Absent, Contestant, Prepared
from benchmarks.flops import Flops, count
from benchmarks.gate import TOLERANCE, Results, reference, worst_error
from benchmarks.intervals import ratio_of_medians
from benchmarks.machine import measure_peak
from benchmarks.pairs import Side, prepare_side, time_pairs
from benchmarks.problem import Problem, Shape, make_problem
from benchmarks.records import PeerRecord, Record, Settings
from benchmarks.user_cells import CellKind

QUICK_STEPS = 50  # a quick run cuts longer sequences to so many


@dataclass(frozen=True, eq=False)
class Row:
    """One row of a table.

    Args:
        kind: the cell.
        shape: the size of the problem.
        ours: we.
        peers: the others.
        quick: whether a quick run measures it. Default: True.
        threads: of all contestants. Default: those of the settings.
    """

    kind: CellKind
    shape: Shape
    ours: Contestant
    peers: tuple[Contestant, ...]
    quick: bool = True
    threads: int | None = None

    @property
    def name(self) -> str:
        """Cell and shape in words."""
        shape = self.shape
        return (
            f"{self.kind.name} H{shape.H} B{shape.B} T{shape.T}"
            f"{', training' if shape.training else ''}"
        )

    def measure(self, group: str, settings: Settings) -> Record:
        """Check everybody, then time those who are right."""
        threads = self.threads or settings.threads
        T = min(self.shape.T, QUICK_STEPS) if settings.quick else self.shape.T
        row = replace(self, shape=replace(self.shape, T=T))
        with torch_threads(threads):
            return _Match(row, group, settings, threads).record()


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Let PyTorch, and us with it, use so many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Wrong(Exception):
    """A contestant failed the gate."""

    def __init__(self, place: str, error: float) -> None:
        super().__init__(f"{place} is off by {error:.1e}")
        self.error = error


def _in_a_line(error: Exception) -> str:
    """Say what happened; the suite goes on with the next contestant."""
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"


class _Match:
    """The measurement of one row."""

    def __init__(self, row: Row, group: str, settings: Settings, threads: int) -> None:
        self.row, self.group, self.settings, self.threads = row, group, settings, threads
        self.truths: dict[Problem, Results] = {}

    @cached_property
    def problem(self) -> Problem:
        return self._problem(self.row.shape)

    @cached_property
    def small_problem(self) -> Problem:
        """The problem of the gate: fewer steps, where float64 would take too long."""
        T = self.row.shape.T
        total = self._flops(self.row.ours, self.problem).total
        fewer = max(2, int(T * self.settings.gate_flops / total)) if total else T
        return self.problem if fewer >= T else self._problem(replace(self.row.shape, T=fewer))

    def record(self) -> Record:
        """Measure us, then each peer beside us."""
        record = Record(self.group, self.row.name, "timed", self.threads)
        try:
            prepared, error = self._admit(self.row.ours)
        except _Wrong as wrong:
            return replace(record, status="wrong", error=wrong.error, note=str(wrong))
        except Exception as failure:
            return replace(record, status="failed", note=_in_a_line(failure))
        side = self._side(prepared)
        samples: list[float] = []
        peers = tuple(self._peer(peer, side, samples) for peer in self.row.peers)
        if not samples:
            samples = time_pairs(side, side, self.settings.effort)[0]
        seconds = float(torch.tensor(samples, dtype=torch.float64).quantile(0.5))
        flops = self._flops(self.row.ours, self.problem)
        return replace(
            record,
            seconds=seconds,
            gflops_recurrent=flops.recurrent / seconds / 1e9,
            gflops_total=flops.total / seconds / 1e9,
            percent_of_peak=flops.total / seconds / 1e7 / measure_peak(self.threads),
            error=error,
            peers=peers,
            note=prepared.note,
        )

    def _peer(self, peer: Contestant, ours: Side, samples: list[float]) -> PeerRecord:
        try:
            prepared, error = self._admit(peer)
        except Absent as reason:
            return PeerRecord(peer.name, "absent", note=str(reason))
        except _Wrong as wrong:
            return PeerRecord(peer.name, "wrong", error=wrong.error, note=str(wrong))
        except Exception as failure:
            return PeerRecord(peer.name, "failed", note=_in_a_line(failure))
        mine, theirs = time_pairs(ours, self._side(prepared), self.settings.effort)
        samples += mine
        work = self._flops(self.row.ours, self.problem).total
        its_work = self._flops(peer, self._of(peer, self.problem)).total
        seconds = float(torch.tensor(theirs, dtype=torch.float64).quantile(0.5))
        return PeerRecord(
            peer.name,
            "timed",
            seconds,
            its_work / seconds / 1e9,
            ratio_of_medians(mine, theirs).scaled(work / its_work if peer.at_equal_work else 1.0),
            error,
            prepared.note,
        )

    def _admit(self, contestant: Contestant) -> tuple[Prepared, float]:
        """Put a contestant through the gate; return it ready to be timed, and its error."""
        small = self._of(contestant, self.small_problem)
        if small not in self.truths:
            self.truths[small] = reference(small)
        prepared = contestant.prepare(small)
        with torch.set_grad_enabled(small.training):
            place, error = worst_error(prepared.results(), self.truths[small])
        if error > TOLERANCE:
            raise _Wrong(place, error)
        if self.small_problem is self.problem:
            return prepared, error
        return contestant.prepare(self._of(contestant, self.problem)), error

    def _side(self, prepared: Prepared) -> Side:
        training = self.row.shape.training
        return prepare_side(prepared.run, training=training, effort=self.settings.effort)

    def _problem(self, shape: Shape) -> Problem:
        return make_problem(self.row.kind.make, shape, self.row.kind.name)

    def _of(self, contestant: Contestant, problem: Problem) -> Problem:
        return contestant.own_problem(problem) if contestant.own_problem else problem

    def _flops(self, contestant: Contestant, problem: Problem) -> Flops:
        return count(contestant.own_kind or self.row.kind, problem)
