"""`recurra cells`: the list of all cells, and the page of one."""

import pytest

from recurra.cells import COLLECTION


@pytest.fixture
def shown(recurra):
    """List cells or show one; give what is printed."""

    def run(*arguments):
        answer = recurra("cells", *arguments)
        assert (answer.code, answer.err) == (0, "")
        return answer.out

    return run


def test_all_cells_are_listed(shown):
    lines = shown().splitlines()
    for name, entry in COLLECTION.items():
        (line,) = (each for each in lines if each.startswith(f"{name} "))
        assert entry.card.citation in line


def test_parameters_and_operations_are_those_of_the_sizes(shown):
    listed = shown("--input-size", 3, "--hidden-size", 5)
    (line,) = (each for each in listed.splitlines() if each.startswith("lstm "))
    assert line.split()[-2:] == ["180", "385"]  # 4 H (I + H + 1); 8 H (I + H) + 13 H
    assert "For 3 features of x and 5 of h" in listed


def test_a_cell_that_cannot_have_the_sizes_is_listed_without_numbers(shown):
    (line,) = (each for each in shown("--hidden-size", 5).splitlines() if "clockwork " in each)
    assert line.endswith("-  not of this size")


@pytest.mark.parametrize("name", COLLECTION)
def test_one_cell(shown, name):
    text, card = shown(name), COLLECTION[name].card
    assert text.startswith(card.summary)
    for equation in card.equations:
        assert f"    {equation.text}" in text
        assert equation.comment in text
    for line in ("one step     x [B, 64", "conventions  ", "size         ", "source       "):
        assert f"\n{line}" in text
    verdict = "is not compiled" if COLLECTION[name].positions else "is compiled"
    assert f"\ncompiled     {COLLECTION[name].cell.__name__} {verdict}" in text


def test_the_state_has_its_names(shown):
    text = shown("lstm", "--hidden-size", 7)
    assert "state.hidden [B, 7], state.cell [B, 7]; float32" in text
    assert "4 H (I + H + 1); 2,016 for I=64, H=7" in text


def test_cells_over_a_line(shown):
    (line,) = (each for each in shown().splitlines() if each.startswith("convlstm "))
    assert line.split()[-2:] == ["plain", "loop"]
    assert "over 16 positions" in shown()
    text = shown("convlstm", "--input-size", 3, "--hidden-size", 5)
    assert "x [B, 3, 16], state.hidden [B, 5, 16], state.cell [B, 5, 16]; float32" in text
    assert "positions of a kernel; 500 for I=3, H=5" in text


def test_an_unknown_cell(refused):
    refused("cells", "lstn")
