"""Cells that a configuration can name, and cells of the user's own files."""

import sys

import pytest
import torch
from small_models import random_numbers, small_model

from recurra.base import ArgumentError, UnknownName
from recurra.cells import GRU, LSTM, RNN
from recurra.tasks.framework import CELLS, cell_maker, load_cell_maker
from user_cell import USER_CELL


@pytest.fixture
def file(tmp_path):
    """Write a user's file; forget the module again, whose name others may want."""
    before = set(sys.modules)
    path = tmp_path / "my_cells.py"
    path.write_text(USER_CELL)
    yield path
    for name in set(sys.modules) - before:
        if name.startswith("recurra_user_cell_"):  # not those of PyTorch, which come once a process
            del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "kind"), [("rnn", RNN), ("lstm", LSTM), ("gru", GRU), ("gru-before", GRU)]
)
def test_names_of_the_table(name, kind):
    cell = cell_maker(name)(3, 5)
    assert isinstance(cell, kind)
    assert cell(torch.ones(2, 3), cell.initial_state(2))[0].shape == (2, 5)


def test_the_two_forms_of_the_gru_differ():
    after, before = cell_maker("gru")(3, 5), cell_maker("gru-before")(3, 5)
    assert (after.reset, before.reset) == ("after", "before")


@pytest.mark.parametrize(
    ("name", "nearest"), [("ltsm", "lstm"), ("gru_before", "gru-before"), ("LSTM", None)]
)
def test_an_unknown_name_lists_all_and_suggests_the_nearest(name, nearest):
    with pytest.raises(UnknownName, match="cell") as caught:
        cell_maker(name)
    assert caught.value.details["got"] == repr(name)
    assert all(repr(known) in caught.value.details["expected"] for known in CELLS)
    expected = None if nearest is None else f"did you mean {nearest!r}?"
    assert caught.value.details.get("fix") == expected


def test_cells_over_a_line_have_no_place_in_a_text():
    with pytest.raises(UnknownName, match="cell"):
        cell_maker("convlstm")


def test_a_cell_of_a_file(file):
    maker = load_cell_maker(f"{file}:Leaky")
    model = small_model(cell=f"{file}:Leaky", cell_class=maker, connections="plain")
    assert type(model.stack.layers[0].cell).__name__ == "Leaky"
    scores, _ = model(random_numbers(model, T=4, B=2))
    scores.sum().backward()
    assert "".join(model.generate("the ", length=5, temperature=0))


@pytest.mark.parametrize("place", ["nothing.py:Leaky", "Leaky", ":Leaky", "nothing.py"])
def test_there_is_no_such_file(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError, match="does not exist") as caught:
        load_cell_maker(place)
    assert caught.value.details == {"got": place, "expected": "FILE.py:CLASS"}


@pytest.mark.parametrize("name", ["leaky", "VALUE", ""])
def test_there_is_no_such_class_in_it(file, name):
    with pytest.raises(ArgumentError, match="no cell of that name") as caught:
        load_cell_maker(f"{file}:{name}")
    assert "Leaky" in caught.value.details["expected"]
    assert caught.value.details["got"] == name


def test_a_file_that_is_not_python(file):
    text = file.with_suffix(".txt")
    text.write_text(USER_CELL)
    with pytest.raises(ArgumentError, match="not Python"):
        load_cell_maker(f"{text}:Leaky")


def test_a_file_named_like_a_module_does_not_take_its_place(file):
    import json

    clash = file.with_name("json.py")
    clash.write_text(USER_CELL)
    assert load_cell_maker(f"{clash}:Leaky").__name__ == "Leaky"
    assert sys.modules["json"] is json
