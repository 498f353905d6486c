"""The list of passes: its order and names, what the driver checks, prints and shows."""

import re
from pathlib import Path

import pytest
import torch
from small_graphs import DTYPE, B, Values

import recurra
from recurra.base import CannotFuse, UnknownName
from recurra.graph import _pipeline as pipeline
from recurra.graph import (
    ancestors,
    evaluate,
    listing,
    partition,
    pass_names,
    plan_inference,
    plan_training,
    trace_step,
)
from recurra.graph._listing import Listable
from recurra.graph._node import Node
from recurra.graph._pipeline import PARTITION, PASSES, WHOLE, Pass

I, H = 3, 4  # noqa: E741
CELLS = [recurra.LSTM, recurra.GRU, recurra.cells.LayerNormLSTM, recurra.cells.MultiplicativeLSTM]


def step_of(make=recurra.LSTM):
    cell = make(I, H, dtype=DTYPE)
    return trace_step(cell, torch.zeros(B, I, dtype=DTYPE), cell.initial_state(B))


def stages_of(step, plan=plan_training, *, whole=False):
    """Compile a step; give what each pass returned, by name."""
    found = {}
    plan(partition(step, whole=whole, observer=found.__setitem__), observer=found.__setitem__)
    return found


# Names and order


def test_the_passes_of_a_training_and_of_an_inference():
    assert tuple(stages_of(step_of())) == pass_names(training=True)
    assert tuple(stages_of(step_of(), plan_inference)) == pass_names(training=False)
    whole = list(stages_of(step_of(), whole=True))
    assert whole[:3] == [each.name for each in WHOLE] == ["place", "all-in-loop", "partition"]
    assert set(PASSES) == {*pass_names(training=True), *pass_names(training=False), *whole}


def test_no_list_has_a_name_twice():
    for training in (True, False):
        names = pass_names(training=training)
        assert len(set(names)) == len(names)


def test_the_guide_has_a_row_for_each_pass():
    guide = (Path(__file__).resolve().parents[3] / "docs/guide/compiler.md").read_text()
    table = guide.partition("| pass | what it does |")[2].partition("\n\n")[0]
    rows = [line.split(" | ")[0] for line in table.splitlines()]
    assert {name for row in rows for name in re.findall(r"`([^`]+)`", row)} == set(PASSES)


# What passes leave as it is


@pytest.mark.parametrize("make", CELLS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("plan", [plan_inference, plan_training])
def test_no_pass_changes_a_value(make, plan):
    values, known, expected = Values(), {}, {}
    for name, stage in stages_of(step_of(make), plan).items():
        nodes = ancestors([node for group in stage.groups.values() for node in group])
        for node in nodes:
            if node.op == "input" and node not in known:
                known[node] = values.random(node)
        if name in ("lower", "differentiate", "save"):  # other nodes, or in other groups
            expected = {}
        for label, group in stage.groups.items():
            if "outputs" in label and name != "save":
                continue  # from "lay-out" on each of them is there once
            found = evaluate(group, known, B)
            for mine, theirs in zip(found, expected.setdefault(label, found), strict=True):
                torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-12)


def test_the_turn_back_reads_nothing_of_the_turn_forward():
    """It runs when the other one has ended: of forward values it has what was saved."""
    iterations = stages_of(step_of())["save"]
    back = iterations.backward
    kinds = {node.arguments[0] for node in ancestors([*back.outputs, *back.next_state])
             if node.op == "input"}  # fmt: skip
    assert kinds == {"saved", "d_loop_output", "d_next_state", "weight"}


# The driver


def malformed(step):
    node = Node("add", (step.x, *step.state[:1]), (), step.state[0].shape, DTYPE, "cell.py:3  y")

    class Made(Listable):
        groups = {"output": (node,)}  # noqa: RUF012

    return Made()


def test_a_pass_that_makes_a_malformed_node_is_found_out(monkeypatch):
    monkeypatch.setattr(pipeline, "PARTITION", (Pass("odd", malformed), *PARTITION))
    with pytest.raises(CannotFuse, match="beyond this version") as caught:
        partition(step_of())
    assert "ValueError" in caught.value.details["got"]


# Listings and the variable


def test_a_listing_has_a_line_for_each_node_and_each_group():
    stage = stages_of(step_of())["partition"]
    nodes = ancestors([node for group in stage.groups.values() for node in group])
    lines = listing(stage).splitlines()
    assert len(lines) == len(nodes) + len(stage.groups)
    assert [line.split(" = ")[0] for line in lines[: len(nodes)]] == [
        f"%{place}" for place in range(len(nodes))
    ]
    products = [line for line in lines if " affine(" in line]
    assert len(products) == 1
    assert "[B, 16] float64 before  # lstm.py:" in products[0]


def test_a_slash_in_the_code_is_no_folder():
    node = Node("constant", (), (1.0,), (), DTYPE, "/home/me/cell.py:3  y = a / b")

    class Made(Listable):
        groups = {"output": (node,)}  # noqa: RUF012

    assert "# cell.py:3  y = a / b" in listing(Made())


def test_what_is_saved_is_marked():
    text = listing(stages_of(step_of())["save"])
    assert text.count(" saved  #") == 5  # four gates and tanh of the cell


def printed(capsys, plan=plan_training):
    """Compile a step; give the names of the passes that are printed."""
    plan(partition(step_of()))
    out, err = capsys.readouterr()
    assert out == ""
    return [line.removeprefix("== ") for line in err.splitlines() if line.startswith("== ")]


def test_the_variable_prints_all_stages(capsys, monkeypatch):
    monkeypatch.setenv("RECURRA_STAGES", "1")
    assert printed(capsys) == list(pass_names(training=True))
    assert printed(capsys, plan_inference) == list(pass_names(training=False))


@pytest.mark.parametrize("value", ["", "0", None])
def test_without_the_variable_nothing_is_printed(capsys, monkeypatch, value):
    monkeypatch.delenv("RECURRA_STAGES", raising=False)
    if value is not None:
        monkeypatch.setenv("RECURRA_STAGES", value)
    assert printed(capsys) == []


def test_the_variable_may_name_stages(capsys, monkeypatch):
    monkeypatch.setenv("RECURRA_STAGES", "save, merge-products")
    assert printed(capsys) == ["merge-products", "save"]


def test_an_unknown_name_in_the_variable_is_refused(monkeypatch):
    step = step_of()
    monkeypatch.setenv("RECURRA_STAGES", "save,shedule")
    with pytest.raises(UnknownName, match="`RECURRA_STAGES` is not a known name") as caught:
        partition(step)
    assert caught.value.details["fix"] == "did you mean 'schedule'?"
    assert all(repr(name) in caught.value.details["expected"] for name in PASSES)
