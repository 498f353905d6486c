"""The learning curve of a run, from its measurements."""

from typing import Any

from recurra.base import UnknownName
from recurra.report._figures import Chart, Curve
from recurra.report._numbers import format_number

_SPLITS = ("train", "validation")


def curves_from(records: list[dict[str, Any]], metric: str) -> Chart:
    """Make the chart of a metric over the steps, on training and on validation data.

    The last validation that was the best so far is marked: its weights are those that a run keeps,
    unless it keeps the last; the note says so then.

    Args:
        records: the measurements of a run, as `store.MetricsLog.read` gives them: a step, a split,
            metrics by name, whether a validation was the best so far and whether it was kept.
        metric: its name in the records.

    Returns:
        chart: of one curve a split; without curves where nothing has been measured yet.

    Raises:
        UnknownName: measurements were made, but none of them has the metric.

    Example:
        >>> chart = curves_from([
        ...     {"step": 10, "split": "train", "bits_per_character": 4.1, "seconds": 0.4},
        ...     {"step": 20, "split": "train", "bits_per_character": 3.5, "seconds": 0.8},
        ...     {"step": 20, "split": "validation", "bits_per_character": 3.6, "best": True},
        ... ], "bits_per_character")
        >>> [(curve.name, curve.points) for curve in chart.curves]
        [('train', [(10, 4.1), (20, 3.5)]), ('validation', [(20, 3.6)]), ('best', [(20, 3.6)])]
        >>> chart.note
        'Best: 3.600 at step 20.'
    """
    measured = [each for each in records if _is_number(each.get(metric))]
    if records and not measured:
        names = {name for each in records for name, value in each.items() if _is_number(value)}
        raise UnknownName.among("metric", metric, sorted(names - {"step", "seconds"}))
    curves = [
        Curve(split, points, emphasis=split == "validation")
        for split in _SPLITS
        if (points := [(each["step"], each[metric]) for each in measured if each["split"] == split])
    ]
    best, kept = _last(measured, "best"), _last(measured, "kept")
    note = ""
    if best:
        curves.append(Curve("best", [(best["step"], best[metric])]))
        note = f"Best: {_at_step(best, metric)}."
    if best and kept and kept["step"] != best["step"]:
        note += f" Kept, as the last: {_at_step(kept, metric)}."
    return Chart("Learning curve", "step", metric.replace("_", " "), curves, note)


def _last(measured: list[dict[str, Any]], mark: str) -> dict[str, Any] | None:
    """Find the last validation that has a mark."""
    marked = [each for each in measured if each["split"] == "validation" and each.get(mark)]
    return marked[-1] if marked else None


def _at_step(record: dict[str, Any], metric: str) -> str:
    return f"{format_number(float(record[metric]))} at step {record['step']:,}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
