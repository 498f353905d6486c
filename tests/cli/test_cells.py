"""`recurra cells`: the list of all cells, and the page of one."""

import pytest
import rich

from recurra.base import check_size
from recurra.cells import COLLECTION, GRU, CollectedCell
from recurra.cli._cells import short_number, what_it_is


@pytest.fixture
def shown(recurra):
    """List cells or show one; give what is printed."""

    def run(*arguments):
        answer = recurra("cells", *arguments)
        assert (answer.code, answer.err) == (0, "")
        return answer.out

    return run


@pytest.fixture
def collection(monkeypatch):
    """List only some cells, which takes less time."""

    def only(*entries):
        monkeypatch.setattr("recurra.cli._cells.COLLECTION", {each.name: each for each in entries})

    return only


def line_of(name, listed):
    """Find the one line of a cell."""
    (line,) = (each for each in listed.splitlines() if each.startswith(f"{name} "))
    return line


def unwrapped(text):
    """Undo the breaks between words."""
    return " ".join(text.split())


def test_all_cells_are_listed_in_lines_that_fit(shown):
    listed = shown()
    for name, entry in COLLECTION.items():
        assert f"  {entry.card.citation}  " in line_of(name, listed)
    assert max(map(len, listed.splitlines())) <= 80
    families = len({entry.family for entry in COLLECTION.values()})
    assert len(listed.splitlines()) <= len(COLLECTION) + families + 6


def test_words_give_way_to_figures_where_the_terminal_is_narrow(shown, collection, monkeypatch):
    collection(COLLECTION["lstm-coupled"])
    wide = shown()
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(rich, "_console", None)
    narrow = shown()
    assert "…" in line_of("lstm-coupled", narrow)
    assert (
        line_of("lstm-coupled", narrow).split()[-4:] == (line_of("lstm-coupled", wide).split()[-4:])
    )


def test_parameters_and_operations_are_those_of_the_sizes(shown, collection):
    collection(COLLECTION["lstm"])
    listed = shown("--input-size", 3, "--hidden-size", 5)
    assert line_of("lstm", listed).split()[-2:] == ["180", "385"]  # 4 H (I + H + 1)
    assert "For 3 features of x and 5 of h" in listed  # 8 H (I + H) + 13 H


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"), (999, "999"), (1000, "1.00k"), (1234, "1.23k"), (98_816, "98.8k"),
        (123_456, "123k"), (999_499, "999k"), (999_500, "1.00M"), (1_230_000, "1.23M"),
        (4 * 10**9, "4.00G"), (9_996, "10.0k"), (99_960, "100k"),
    ],
)  # fmt: skip
def test_numbers_in_three_digits(value, text):
    assert short_number(value) == text


def test_few_words_say_what_a_cell_is():
    words = {name: what_it_is(COLLECTION[name]) for name in ("rnn", "gru-before", "sru-peephole")}
    assert words == {
        "rnn": "Elman RNN",
        "gru-before": "GRU, reset before",
        "sru-peephole": "simple recurrent unit, peephole",
    }


class HalvedGRU(GRU):
    """A cell that has an even number of features, and sorts, which no kernel does."""

    def __init__(self, input_size, hidden_size):
        check_size("hidden_size / 2", hidden_size / 2 if hidden_size % 2 else hidden_size // 2)
        super().__init__(input_size, hidden_size)

    def forward(self, x, hidden):
        y, hidden = super().forward(x, hidden)
        return y.sort().values, hidden


def test_cells_without_figures_are_marked(shown, collection):
    collection(COLLECTION["gru"])
    assert "loop:" not in shown()
    collection(CollectedCell("halved", "odd", HalvedGRU, GRU))
    listed = shown()
    assert line_of("halved", listed).split()[-2:] == ["74.2k", "loop"]
    assert "\nloop: no kernel holds it" in listed
    odd = shown("--hidden-size", 5)
    assert line_of("halved", odd).split()[-2:] == ["-", "-"]
    assert "\n-: it cannot have these sizes." in odd


@pytest.mark.parametrize("name", COLLECTION)
def test_one_cell(shown, name):
    text, card = shown(name), COLLECTION[name].card
    assert max(map(len, text.splitlines())) <= 80
    words = unwrapped(text)
    for part in (card.summary, card.use, card.conventions, card.size, card.source):
        assert unwrapped(part) in words
    for equation in card.equations:
        assert unwrapped(equation.text) in words
        assert equation.comment in words
    for line in ("one step     x [B, 64", "conventions  ", "size         ", "source       "):
        assert f"\n{line}" in text
    verdict = "is not compiled" if COLLECTION[name].positions else "is compiled"
    assert f"\ncompiled     {COLLECTION[name].cell.__name__} {verdict}" in text


def test_words_stand_beside_equations_where_there_is_room(shown, monkeypatch):
    lines = shown("lem").splitlines()
    assert lines[5].endswith("+ b_d)    step of the memory")
    assert [line.strip() for line in lines[6:8]] == [
        "e_t = dt * sigmoid(W_xe x_t + W_he h_{t-1} + b_e)",
        "(step of the hidden state)",
    ]
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(rich, "_console", None)
    lines = shown("lem").splitlines()
    assert any(line.endswith("+ b_h)        hidden state") for line in lines)


def test_linear_cells_say_that_a_scan_is_possible(shown):
    assert 'all steps at once by `unroll(..., backend="scan")`' in unwrapped(shown("mingru"))
    assert "scan" not in shown("gru")


def test_the_state_has_its_names(shown):
    text = unwrapped(shown("lstm", "--hidden-size", 7))
    assert "state.hidden [B, 7], state.cell [B, 7]; float32" in text
    assert "4 H (I + H + 1); 2,016 for I=64, H=7" in text


def test_cells_over_a_line(shown, collection):
    collection(COLLECTION["convlstm"])
    listed = shown()
    assert line_of("convlstm", listed).split()[-2:] == ["295k", "loop"]
    assert "over 16 positions" in listed
    text = unwrapped(shown("convlstm", "--input-size", 3, "--hidden-size", 5))
    assert "x [B, 3, 16], state.hidden [B, 5, 16], state.cell [B, 5, 16]; float32" in text
    assert "500 for I=3, H=5" in text


def test_an_unknown_cell(refused):
    refused("cells", "lstn")
