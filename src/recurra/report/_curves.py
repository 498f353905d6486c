"""The learning curve of a run, from its measurements."""

from typing import Any

from recurra.base import UnknownName
from recurra.report._figures import Chart, Curve
from recurra.report._numbers import format_number

_SPLITS = ("train", "validation")


def curves_from(records: list[dict[str, Any]], metric: str) -> Chart:
    """Make the chart of a metric over the steps, on training and on validation data.

    The last validation that was the best so far is marked: its weights are those that a run keeps.

    Args:
        records: the measurements of a run, as `store.MetricsLog.read` gives them: a step, a split,
            metrics by name, and whether a validation was the best so far.
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
    bests = [each for each in measured if each["split"] == "validation" and each.get("best")]
    note = ""
    if bests:
        step, value = bests[-1]["step"], bests[-1][metric]
        curves.append(Curve("best", [(step, value)]))
        note = f"Best: {format_number(float(value))} at step {step:,}."
    return Chart("Learning curve", "step", metric.replace("_", " "), curves, note)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
