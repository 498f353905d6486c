"""recurra hello: the first thing a learner sees."""

import pytest


@pytest.fixture
def printed(recurra):
    answer = recurra("hello")
    assert answer.code == 0
    assert answer.err == ""
    return answer.out


def test_it_ends_with_the_word(printed):
    assert printed.rstrip().splitlines()[-1].strip() == "hell -> hello"


@pytest.mark.parametrize("seed", [*range(1, 8), 107])
def test_it_ends_with_the_word_whatever_the_seed(recurra, seed):
    answer = recurra("hello", "--seed", seed)
    assert answer.out.rstrip().splitlines()[-1].strip() == "hell -> hello"


def test_the_stages_come_in_order(printed):
    stages = ["before learning", "learning", "after learning", "writing"]
    places = [printed.index(f"{i}  {stage}") for i, stage in enumerate(stages, start=1)]
    assert places == sorted(places)


@pytest.mark.parametrize("row", ["one-hot x", "hidden h", "scores", "softmax", "target", "loss"])
def test_every_quantity_is_shown_before_and_after(printed, row):
    lines = [line for line in printed.splitlines() if line.strip().startswith(row)]
    assert len([line for line in lines if "=" not in line]) == 2


def test_the_loss_is_seen_going_down(printed):
    table = printed[printed.index("mean loss") : printed.index("guessing blindly")]
    losses = [float(line.split()[1]) for line in table.splitlines()[1:] if len(line.split()) > 1]
    assert len(losses) == 9
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.1 * losses[0]


def test_the_predictions_are_right_in_the_end(printed):
    before, after = (line for line in printed.splitlines() if line.strip().startswith("target"))
    assert after.count("✓") == 4
    assert "not" in before


def test_each_prediction_is_fed_back(printed):
    ending = printed[printed.index("4  writing") :].splitlines()
    fed = [line.split() for line in ending if "->" in line][:4]
    assert fed == [["h", "->", "e"], ["he", "->", "l"], ["hel", "->", "l"], ["hell", "->", "o"]]


def test_it_fits_80_columns_without_wrapping(recurra, printed, monkeypatch):
    import rich

    lines = [line.rstrip() for line in printed.splitlines() if not line.startswith("─")]
    assert max(map(len, lines)) <= 80
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(rich, "_console", None)
    wide = [line.rstrip() for line in recurra("hello").out.splitlines()]
    assert [line for line in wide if not line.startswith("─")] == lines


def test_the_same_seed_shows_the_same(recurra, printed):
    assert recurra("hello").out == printed
    assert recurra("hello", "--seed", 3).out != printed
