"""Metrics on the terminal say out of how much they are, where that is not 1."""

from io import StringIO

from rich.console import Console

from recurra.cli._measured import say_metrics
from recurra.tasks import Chat, Evaluation, Translator


def said(metrics, task):
    console = Console(file=StringIO(), width=80)
    intervals = {name: (value / 2, value * 2) for name, value in metrics.items()}
    say_metrics(console, Evaluation(metrics, intervals, 12, {}), "{}:", task.out_of)
    return [line.split() for line in console.file.getvalue().splitlines()]


def test_bleu_is_out_of_100():
    assert said({"bleu": 0.31, "perplexity": 4.0}, Translator) == [
        ["12", "records:"],
        ["bleu", "0.310", "of", "100", "95", "%:", "0.155", "to", "0.620"],
        ["perplexity", "4.000", "95", "%:", "2.000", "to", "8.000"],
    ]


def test_others_say_nothing():
    assert said({"exact_answers": 0.5}, Chat)[1][:3] == ["exact", "answers", "0.500"]
