"""One page about a run: curves, metrics with intervals, examples; HTML that needs nothing else."""

from recurra.base import set_module as _set_module
from recurra.report._bootstrap import bootstrap_intervals
from recurra.report._curves import curves_from
from recurra.report._figures import Chart, Curve, Histogram, Metric, Table
from recurra.report._page import render_report
from recurra.report._report import Part, Report, Section
from recurra.report._texts import AttentionMap, Confusion, Example, Marked

__all__ = [
    "AttentionMap",
    "Chart",
    "Confusion",
    "Curve",
    "Example",
    "Histogram",
    "Marked",
    "Metric",
    "Part",
    "Report",
    "Section",
    "Table",
    "bootstrap_intervals",
    "curves_from",
    "render_report",
]

_set_module(__name__, globals())
