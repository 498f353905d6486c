"""The picture of a learning curve."""

import io
from pathlib import Path
from typing import Any

from recurra.base import MissingExtra
from recurra.store import write_bytes


def draw_learning_curve(records: list[dict[str, Any]], metric: str, path: Path) -> None:
    """Draw a metric over the steps, on training and on validation data.

    Args:
        records: the measurements of a run, as `MetricsLog.read` gives them.
        metric: name of the metric.
        path: PNG file to write.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra.named("matplotlib", "plot") from error
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for split, style in (("train", {"alpha": 0.6, "lw": 1.2}), ("validation", {"marker": "o"})):
        points = [(each["step"], each[metric]) for each in records if each["split"] == split]
        if points:
            axes.plot(*zip(*points, strict=True), label=split, **style)
    axes.set_xlabel("step")
    axes.set_ylabel(metric.replace("_", " "))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.lines:
        axes.legend(frameon=False)
    png = io.BytesIO()
    figure.savefig(png, dpi=120)
    write_bytes(path, png.getvalue())
