"""Cards: docstrings of cells say all that commands and pages show, and say it right."""

import math

import pytest

from recurra.base import UnknownName
from recurra.cells import COLLECTION, Equation, card_of, collected

SIZES = ({"I": 3, "H": 8}, {"I": 7, "H": 4})  # some cells are cut into four parts
ENTRIES = pytest.mark.parametrize("entry", COLLECTION.values(), ids=COLLECTION)


class Leaky:
    """One step of a leaky integrator.

    The simplest memory there is.
    It forgets at a fixed rate.

        h_t = a * h_{t-1} + tanh   (W x_t)        leak, and drive
        y_t = h_t

    Conventions: no bias;
    a is fixed.
    Size: H I + 2 (H - 1), and H more with a leak for each feature.
    Source: A. B. Author and C. Other, "On leaks", Journal 3 (1984).

    Args:
        input_size: I.
    """


def test_the_parts_of_a_docstring():
    card = card_of(Leaky)
    assert card.summary == "One step of a leaky integrator."
    assert card.use == "The simplest memory there is. It forgets at a fixed rate."
    assert card.equations == (
        Equation("h_t = a * h_{t-1} + tanh (W x_t)", "leak, and drive"),
        Equation("y_t = h_t", ""),
    )
    assert card.conventions == "no bias; a is fixed."
    assert card.parameters({"I": 3, "H": 5}) == 3 * 5 + 8
    assert card.citation == "Author 1984"


def test_a_docstring_that_lacks_a_part_is_no_card():
    class Bare:
        """One step of nothing."""

    with pytest.raises(ValueError, match="Bare"):
        card_of(Bare)


def test_a_letter_without_a_size():
    with pytest.raises(ValueError, match="not a formula of I"):
        card_of(Leaky).parameters({"I": 3})


@ENTRIES
def test_every_cell_has_a_card(entry):
    card = entry.card
    assert card.summary.endswith(".")
    assert len(card.equations) >= 2
    assert all("=" in equation.text for equation in card.equations)
    assert card.citation[-4:].isdigit()
    assert card.source.endswith(".")


@ENTRIES
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_the_size_is_the_number_of_parameters(entry, sizes):
    options = {"size": entry.positions} if entry.positions else {}
    cell = entry.cell(sizes["I"], sizes["H"], **options)
    others = {"K": 3, "S": math.prod(entry.positions)}  # of a kernel, of a line
    assert entry.card.parameters(sizes | others) == sum(each.numel() for each in cell.parameters())


def test_an_unknown_name():
    with pytest.raises(UnknownName, match="lstm"):
        collected("lstn")
