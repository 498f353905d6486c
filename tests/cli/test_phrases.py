"""Lines end between phrases; a training that ends early says so."""

from io import StringIO

from rich.console import Console
from rich.text import Text

from recurra.cli._phrases import in_lines
from recurra.cli._record_bar import RecordBar
from recurra.train import Progress


def test_lines_end_between_phrases():
    phrases = [Text("epoch 12", "bold"), Text("cross entropy 0.213"), Text("best so far")]
    assert in_lines(phrases, 80).plain == "epoch 12  cross entropy 0.213  best so far"
    assert in_lines(phrases, 42).plain == "epoch 12  cross entropy 0.213  best so far"
    assert in_lines(phrases, 41).plain == "epoch 12  cross entropy 0.213\n    best so far"
    narrow = in_lines(phrases, 10).plain.split("\n")
    assert narrow == ["epoch 12", "    cross entropy 0.213", "    best so far"]


def drawn(*events):
    console = Console(file=StringIO(), width=80)
    with RecordBar(console, "f1", 8) as bar:
        bar.on_start(0, 510)
        for event in events:
            event(bar)
    return console.file.getvalue()


def test_an_epoch_of_many_metrics_stays_within_80_columns():
    names = ("f1", "precision", "recall", "cross_entropy", "root_mean_squared_error")
    progress = Progress(30, 510, 1, dict.fromkeys(names, 0.5))
    lines = drawn(lambda bar: bar.on_validation(progress, best=False)).splitlines()
    assert max(map(len, lines)) <= 80
    assert "    an earlier epoch was better" in [line.rstrip() for line in lines]


def test_a_training_that_ends_early_says_so_and_ends_its_bar():
    printed = drawn(lambda bar: bar.on_early_end(Progress(238, 510, 7, {}), 3))
    assert "Stopped after epoch 7: no better one in 3." in printed
    assert "238/238" in printed
    assert "510" not in printed
