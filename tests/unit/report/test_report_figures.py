"""Charts, histograms, metrics and tables: what is drawn is where it belongs."""

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from recurra.base import ArgumentError, ShapeError
from recurra.report import Chart, Curve, Histogram, Metric, Table
from recurra.report._chart import draw_chart
from recurra.report._histogram import draw_histogram
from recurra.report._metrics import draw_metrics
from recurra.report._numbers import format_number, format_share, format_ticks
from recurra.report._scale import fit_scale, has_place
from recurra.report._table import draw_table

NAN, INF = float("nan"), float("inf")


def parsed(markup):
    return ElementTree.fromstring(markup)


def path_of(figure):
    return [each.get("d") for each in parsed(figure).iter("path")]


def labels(figure):
    return [each.text for each in parsed(figure).iter("text")]


def test_a_curve_is_where_its_numbers_are():
    figure = draw_chart(Chart("A", "x", "y", [Curve("c", [(0, 0), (5, 1), (10, 4)])]))
    assert path_of(figure) == ["M0.0,1000.0 500.0,750.0 1000.0,0.0"]
    assert labels(figure) == ["0", "1", "2", "3", "4", "0", "2", "4", "6", "8", "10"]


def test_a_logarithmic_curve_is_straight_over_powers():
    points = [(1, 0.1), (10, 1.0), (100, 10.0)]
    figure = draw_chart(Chart("A", "x", "y", [Curve("c", points)], log_x=True, log_y=True))
    assert path_of(figure) == ["M0.0,1000.0 500.0,500.0 1000.0,0.0"]


def test_points_without_a_place_interrupt_the_line():
    points = [(0, 0.0), (1, 1.0), (2, NAN), (3, INF), (4, 1.0), (5, 0.0)]
    figure = draw_chart(Chart("A", "x", "y", [Curve("c", points)]))
    assert path_of(figure) == ["M0.0,1000.0 200.0,0.0 M800.0,0.0 1000.0,1000.0"]
    assert "left out, not finite: 2." in figure
    logarithmic = draw_chart(Chart("A", "x", "y", [Curve("c", [(1, 0), (2, 3)])], log_y=True))
    assert "not finite, or not positive: 1." in logarithmic


@pytest.mark.parametrize("value", [0, 5, -3, 1e-320, 1e299, -1e299, 2.5e-7])
@pytest.mark.parametrize("log", [False, True])
def test_a_curve_of_one_point_is_a_ring_in_the_middle(value, log):
    figure = draw_chart(Chart("A", "x", "y", [Curve("c", [(3, value)])], log_y=log))
    rings = [each for each in parsed(figure).iter("circle") if "ring" in each.get("class")]
    if log and value < 1e-300:
        assert rings == []
        return
    assert len(rings) == 2  # one of them in the legend
    assert 0 <= float(rings[1].get("cy").rstrip("%")) <= 100
    assert rings[1].get("cx") == "50%"


def test_long_curves_keep_their_peaks():
    points = [(i, 100.0 if i == 7777 else math.sin(i)) for i in range(20_000)]
    (path,) = path_of(draw_chart(Chart("A", "x", "y", [Curve("c", points)])))
    places = re.findall(r"([\d.]+),([\d.]+)", path)
    assert 400 < len(places) < 900
    assert [x for x, y in places if float(y) < 1] == [f"{1000 * 7777 / 19999:.1f}"]


def test_the_legend_names_curves_and_not_one_that_the_axis_names():
    curves = [Curve("first", [(1, 2), (2, 1)]), Curve("second", [(1, 3), (2, 0)], emphasis=True)]
    figure = draw_chart(Chart("A", "x", "y", curves, note="Said."))
    assert [each.text for each in parsed(figure).findall(".//div[@class='legend']/span/span")] == [
        "first",
        "second",
    ]
    assert "s2 emphasis" in figure
    assert "Said." in figure
    assert "legend" not in draw_chart(Chart("A", "x", "loss", [Curve("loss", [(1, 2), (2, 1)])]))


def test_points_tell_their_numbers():
    figure = draw_chart(Chart("A", "x", "y", [Curve("c", [(4, 1.8861), (800, 2)])]))
    told = [each.text for each in parsed(figure).iter("title")]
    assert told == ["c: 1.886 at 4", "c: 2.000 at 800"]


@pytest.mark.parametrize(
    ("values", "log", "ticks"),
    [
        ([0.31, 1.84], False, ["0.0", "0.5", "1.0", "1.5", "2.0"]),
        ([-3.0, 9.0], False, ["\u22125.0", "\u22122.5", "0.0", "2.5", "5.0", "7.5", "10.0"]),
        ([0, 9.5e9], False, ["0", "2\u00d710\u2079", "4\u00d710\u2079", "6\u00d710\u2079",
                             "8\u00d710\u2079", "1.0\u00d710\u00b9\u2070"]),
        ([3, 45], True, ["2", "5", "10", "20", "50"]),
        ([1e-6, 0.003], True, ["10\u207b\u2076", "10\u207b\u2075", "10\u207b\u2074",
                               "10\u207b\u00b3", "10\u207b\u00b2"]),
        ([2.0, 3.0], True, ["2.0", "2.2", "2.4", "2.6", "2.8", "3.0"]),
        ([], False, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ],
)  # fmt: skip
def test_ticks(values, log, ticks):
    assert [label for _, label in fit_scale(values, log=log).ticks] == ticks


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    ("low", "high"),
    [(1e-299, 1e299), (1, 1 + 1e-12), (1, 1 + 1e-7), (1e9, 1e9 + 1), (3, 3), (0.999, 1.001)],
)
def test_ticks_are_few_different_and_in_place(low, high, log):
    scale = fit_scale([low, high], log=log)
    values = [value for value, _ in scale.ticks]
    assert 2 <= len(values) <= 12
    assert len({label for _, label in scale.ticks}) == len(values)
    places = [scale.place(value) for value in values]
    assert places == sorted(places)
    assert scale.place(low) <= scale.place(high)


def test_what_has_a_place():
    assert [has_place(value) for value in (0, -1e299, 1e300, NAN, -INF)] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert not has_place(0, log=True)


def test_bars_are_as_high_as_their_counts():
    figure = draw_histogram(Histogram("A", "letters", [10, 0, 20, 5], [0, 1, 2, 3, 5]))
    bars = list(parsed(figure).iter("rect"))
    assert [each.get("height") for each in bars] == ["50%", "100%", "25%"]
    assert [each.get("width") for each in bars] == ["18%", "18%", "36%"]
    assert "35 in all." in figure
    assert "2 \u2013 3: 20" in figure


def test_many_bins_are_put_together():
    figure = draw_histogram(Histogram("A", "x", [1] * 301, list(range(302))))
    titles = [each.text for each in parsed(figure).iter("title")]
    assert titles[0] == "0 \u2013 3: 3"
    assert titles[-1] == "300 \u2013 301: 1"
    assert len(titles) == 101


def test_metrics_have_value_bar_and_whisker():
    metrics = [
        Metric("accuracy", 0.5, 0.4, 0.75, note="of all"),
        Metric("BLEU", 30.0, 20.0, 35.0),
        Metric("records", 45654),
    ]
    first, second, third = parsed(draw_metrics(metrics))
    assert first.find("div[@class='value']").text == "0.5000"
    assert first.find("div[@class='interval']").text == "0.4000 \u2013 0.7500"
    assert first.find(".//rect").get("width") == "50%"
    whisker = first.findall(".//line")[1]
    assert (whisker.get("x1"), whisker.get("x2")) == ("40%", "75%")
    assert [each.text for each in first.findall(".//div[@class='scale']/span")] == ["0", "1"]
    assert second.find(".//rect").get("width") == "75%"
    assert [each.text for each in second.findall(".//div[@class='scale']/span")] == ["0", "40"]
    assert third.find("div[@class='value']").text == "45,654"
    assert third.find(".//svg") is None


def test_a_metric_out_of_100_says_so_and_has_their_axis():
    bleu, accuracy = parsed(draw_metrics([Metric("bleu", 0.25, 0.1, 0.5, most=100),
                                          Metric("accuracy", 0.25)]))  # fmt: skip
    assert "".join(bleu.find("div[@class='name']").itertext()).endswith("of 100")
    assert bleu.find(".//rect").get("width") == "0.25%"
    assert [each.text for each in bleu.findall(".//div[@class='scale']/span")] == ["0", "100"]
    assert accuracy.find(".//rect").get("width") == "25%"


def test_a_negative_metric_goes_left_from_nothing():
    (row,) = parsed(draw_metrics([Metric("gain", -2.0, -3.0, -1.0)]))
    bar = row.find(".//rect")
    assert (bar.get("x"), bar.get("width")) == ("33.33%", "66.67%")


def test_columns_of_numbers_are_set_flush_right():
    rows = [
        ["a", "1,234", "80.0%", "\u22123.2\u00d710\u207b\u2074", "12"],
        ["2", "-", "5 ms", "7", "x 3"],
    ]
    heads = parsed(draw_table(Table("T", list("abcde"), rows))).findall(".//th")
    assert [each.get("class") for each in heads] == [None, "number", "number", "number", None]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (7, "7"), (0.912345, "0.9123"), (0.03101, "0.0310"), (0.0012345, "0.00123"),
        (0.00001234, "1.23\u00d710\u207b\u2075"), (12345.678, "12,346"), (-2.5, "\u22122.500"),
        (1234567, "1,234,567"), (1e15, "1.00\u00d710\u00b9\u2075"), (NAN, "NaN"),
        (-INF, "\u2212\u221e"), (99.996, "100.0"), (True, "1"),
    ],
)  # fmt: skip
def test_numbers(value, text):
    assert format_number(value) == text


def test_shares_and_ticks():
    assert [format_share(share) for share in (0, 1, 0.1234, 0.99999, NAN)] == [
        "0%", "100%", "12.3%", "100%", "NaN",
    ]  # fmt: skip
    assert format_ticks([0.0, 0.025], 0.025) == ["0.000", "0.025"]


def test_refusals_of_figures():
    with pytest.raises(ShapeError, match="not a pair"):
        Curve("c", [(1, 2), (3,)])
    with pytest.raises(ShapeError, match="do not fit its `counts`"):
        Histogram("A", "x", [1, 2], [0, 1])
    with pytest.raises(ArgumentError, match="do not ascend"):
        Histogram("A", "x", [1, 2], [0, 1, 1])
    with pytest.raises(ArgumentError, match="do not ascend"):
        Histogram("A", "x", [1], [0, INF])
    with pytest.raises(ArgumentError, match="is negative"):
        Histogram("A", "x", [-1], [0, 1])
    with pytest.raises(ArgumentError, match="one end only"):
        Metric("a", 0.5, low=0.4)
    with pytest.raises(ArgumentError, match="are exchanged"):
        Metric("a", 0.5, low=0.6, high=0.4)
    with pytest.raises(ShapeError, match="not one text a column") as caught:
        Table("T", ["a", "b"], [["1", "2"], ["3"]])
    assert "row 1" in str(caught.value)
