"""Parts of a report that are drawn from numbers: curves, histograms, metrics, tables."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from recurra.base import ArgumentError, ShapeError


@dataclass(frozen=True)
class Curve:
    """One line of a chart.

    A curve of one point is drawn as a ring. Points without a place on the axes (NaN, infinite, or
    not positive on a logarithmic axis) interrupt the line, and the chart says how many they are.

    Args:
        name: what the legend calls it.
        points: pairs of x and y, in the order in which the line goes.
        emphasis: whether its line is thicker than others. Default: False.

    Example:
        >>> Curve("validation", [(100, 2.31), (200, 1.98)], emphasis=True).name
        'validation'
    """

    name: str
    points: Sequence[tuple[float, float]]
    emphasis: bool = False

    def __post_init__(self) -> None:
        for number, point in enumerate(self.points):
            if len(point) != 2:
                raise ShapeError(
                    "A point of a `Curve` is not a pair.",
                    got=repr(point)[:60],
                    expected="(x, y)",
                    where=f"point {number} of {self.name!r}",
                )


@dataclass(frozen=True)
class Chart:
    """Curves over common axes.

    Args:
        title: what is to be seen.
        x: name of the horizontal axis, with its unit.
        y: name of the vertical axis, with its unit.
        curves: its lines; none makes a chart that says so.
        note: what a reader should know, below the chart. Default: nothing.
        log_x: whether the horizontal axis is logarithmic. Default: False.
        log_y: whether the vertical axis is logarithmic. Default: False.

    Example:
        >>> curve = Curve("train", [(1, 4.2), (2, 3.9)])
        >>> chart = Chart("Loss", "step", "nats", [curve], log_y=True)
        >>> import recurra.report as report
        >>> page = report.render_report(
        ...     report.Report("A run", {}, [], [report.Section("Learning", [chart])])
        ... )
        >>> "<path" in page
        True
    """

    title: str
    x: str
    y: str
    curves: Sequence[Curve]
    note: str = ""
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True)
class Histogram:
    """How many values lie between each two edges: the lengths of records, for example.

    Args:
        title: what is counted.
        x: name of the axis of the values, with its unit.
        counts: of each bin, >= 0.
        edges: where bins begin and the last one ends, ascending; one more than counts.

    Raises:
        ShapeError: there is not one edge more than counts.
        ArgumentError: the edges do not ascend, or a count is negative.

    Example:
        >>> Histogram("Lengths", "characters", counts=[3, 8, 1], edges=[0, 10, 20, 30]).counts
        [3, 8, 1]
    """

    title: str
    x: str
    counts: Sequence[int]
    edges: Sequence[float]

    def __post_init__(self) -> None:
        if len(self.edges) != len(self.counts) + 1 and (self.counts or self.edges):
            raise ShapeError(
                "`edges` of a `Histogram` do not fit its `counts`.",
                got=f"{len(self.counts)} counts and {len(self.edges)} edges",
                expected="one edge more than counts",
            )
        pairs = zip(self.edges, self.edges[1:], strict=False)
        if not all(math.isfinite(low) and low < high < math.inf for low, high in pairs):
            raise ArgumentError(
                "`edges` of a `Histogram` do not ascend.", got=repr(list(self.edges))[:60]
            )
        if any(count < 0 for count in self.counts):
            raise ArgumentError("A count of a `Histogram` is negative.", got=min(self.counts))


@dataclass(frozen=True)
class Metric:
    """A number that a model was measured by, with its confidence interval.

    Args:
        name: of the metric, with its unit.
        value: measured.
        low: lower end of its confidence interval. Default: no interval.
        high: upper end, >= low. Default: no interval.
        note: what it means. Default: nothing.
        most: its largest value, where that is not 1; it is said, and its axis ends there.
            Default: not said.

    Raises:
        ArgumentError: there is one end of the interval without the other, or they are exchanged.

    Example:
        >>> Metric("accuracy", 0.912, low=0.903, high=0.921).high
        0.921
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""
    most: float | None = None

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise ArgumentError(
                "An interval of a `Metric` has one end only.",
                got=f"low={self.low}, high={self.high}",
                expected="both, or neither",
            )
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ArgumentError(
                "The ends of an interval of a `Metric` are exchanged.",
                got=f"low={self.low}, high={self.high}",
                expected="low <= high",
            )


@dataclass(frozen=True)
class Table:
    """Rows of texts under columns; a column of numbers alone is set flush right.

    Args:
        title: what the table tells.
        columns: names of the columns.
        rows: one text a column each.

    Raises:
        ShapeError: a row has not one text a column.

    Example:
        >>> Table("Files", ["split", "records"], [["train", "120,000"], ["test", "7,600"]]).columns
        ['split', 'records']
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ShapeError(
                    "A row of a `Table` has not one text a column.",
                    got=f"{len(row)} texts in row {number}",
                    expected=f"{len(self.columns)}",
                )
