# What `help` says of a cell: complete, though a class writes down what is its own alone.
import inspect
import re

import pytest
import torch
from torch.nn.utils import parametrize

from recurra import LSTM, RNN
from recurra.cells import COLLECTION, LayerNormGRU

CLASSES = {entry.cell.__name__: entry.cell for entry in COLLECTION.values()}
EACH = pytest.mark.parametrize("cell", CLASSES.values(), ids=CLASSES)


def section(cell, title):
    text = inspect.getdoc(cell).partition(f"\n\n{title}:\n")[2].partition("\n\n")[0]
    return dict(re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", text, re.MULTILINE))


@EACH
def test_every_argument_is_described_in_the_order_of_the_signature(cell):
    assert list(section(cell, "Args")) == list(inspect.signature(cell).parameters)


@EACH
def test_an_argument_with_a_default_says_so(cell):
    for name, parameter in inspect.signature(cell).parameters.items():
        if parameter.default is not parameter.empty:
            assert "Default:" in section(cell, "Args")[name], name


@EACH
def test_impossible_sizes_are_among_the_errors(cell):
    assert "a size" in section(cell, "Raises")["ShapeError"]


@EACH
def test_the_example_makes_the_cell_itself(cell):
    example = inspect.getdoc(cell).partition("\n\nExample:\n")[2]
    assert re.search(rf"recurra\.(cells\.)?{cell.__name__}\(", example)


@EACH
def test_constructors_are_typed(cell):
    annotations = {each.annotation for each in inspect.signature(cell).parameters.values()}
    assert not annotations & {inspect.Parameter.empty, object}


def test_what_is_the_cells_own_is_kept():
    assert section(LSTM, "Args")["forget_bias"].startswith("first value of every b_f")
    assert section(LSTM, "Args")["hidden_size"] == "H, features of h_t and c_t."
    assert section(LayerNormGRU, "Args")["hidden_size"] == "H, features of h_t."
    assert list(section(LSTM, "Raises")) == ["ShapeError", "ArgumentError"]


def test_docstrings_of_users_are_left_alone():
    class Mine(LSTM):
        """Mine."""

    assert Mine.__doc__ == "Mine."
    assert type("Silent", (RNN,), {}).__doc__ is None
    parametrize.register_parametrization(cell := RNN(3, 5), "bias", torch.nn.Identity())
    assert type(cell).__doc__ is None


def test_an_activation_keeps_its_own_parameters():
    cell = RNN(3, 5, activation=torch.nn.PReLU(init=0.125))
    assert cell.activation.weight.item() == 0.125
