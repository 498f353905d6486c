import json
import re

import pytest
import torch
from small_graphs import traced
from torch import nn

from paper_cells import PAPER_CELLS
from recurra.base import CannotFuse
from recurra.codegen import emit_c
from recurra.graph import (
    CannotSerialize,
    Graph,
    deserialize,
    evaluate,
    partition,
    plan_inference,
    plan_training,
    serialize,
    trace_step,
)
from zoo import CELLS, name_of

SPECIMENS = (*CELLS, *PAPER_CELLS[::6])


def step_of(specimen):
    try:
        return partition(traced(specimen))
    except CannotFuse:
        pytest.skip("no kernel")


def through_text(thing, graphs, again):
    return deserialize(json.loads(json.dumps(serialize(thing, graphs))), again)


def text_of(plan):
    return re.sub(r"0x[0-9a-f]+", "", str(plan))


@pytest.mark.parametrize("specimen", SPECIMENS, ids=name_of)
def test_a_step_and_its_plans_come_back_as_they_were(specimen):
    part = step_of(specimen)
    again = through_text(part, [part.step.graph], [Graph()])
    assert str(again) == str(part)
    assert text_of(again) == text_of(part)
    for plan in (plan_inference(part), plan_training(part)):
        graphs = [part.step.graph, plan.loop.graph]
        found = through_text(plan, graphs, [again.step.graph, Graph()])
        assert text_of(found) == text_of(plan)
        kernels = [(n, getattr(plan, n)) for n in ("forward", "backward") if hasattr(plan, n)]
        others = [(n, getattr(found, n)) for n, _ in kernels]
        assert emit_c(others, "same") == emit_c(kernels, "same")


@pytest.mark.parametrize("specimen", SPECIMENS[:2] + SPECIMENS[-2:], ids=name_of)
def test_plans_can_be_made_of_a_step_that_was_read(specimen):
    part = step_of(specimen)
    again = through_text(part, [part.step.graph], [Graph()])
    assert text_of(plan_training(again)) == text_of(plan_training(part))


def test_a_step_that_was_read_knows_its_nodes():
    part = step_of(CELLS[0])
    again = through_text(part, [part.step.graph], [Graph()])
    output = again.step.output
    graph = again.step.graph
    assert graph.make(output.op, output.inputs, output.arguments, output.shape, output.dtype) is (
        output
    )


class TwoResults(nn.Module):
    """An operator of parameters with two results, and numbers that JSON has no word for."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 3))

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 3)

    def forward(self, x, hidden):
        values, vectors = torch.linalg.eigh(self.weight + self.weight.T)
        hidden = (x + hidden).clamp(min=-float("inf")) @ vectors * values - 0.0
        return torch.where(hidden > 1e9, float("nan"), hidden), hidden


def test_operators_of_parameters_come_back():
    cell = TwoResults()
    x, hidden = torch.randn(2, 3), torch.randn(2, 3)
    part = partition(trace_step(cell, x, hidden))
    again = through_text(part, [part.step.graph], [Graph()])
    step = again.step
    known = {step.parameters_and_buffers[0]: cell.weight, step.x: x, step.state[0]: hidden}
    with torch.no_grad():
        torch.testing.assert_close(evaluate([step.output], known, 2)[0], cell(x, hidden)[0])


def test_a_function_has_no_plain_form():
    graph = Graph()
    node = graph.opaque(lambda: torch.ones(3), (), ("ones", 3), (3,), torch.float32)
    with pytest.raises(CannotSerialize):
        serialize(node, [graph])


def test_nodes_of_another_graph_are_refused():
    node = Graph().constant(1.0, (), torch.float32)
    with pytest.raises(CannotSerialize, match="another graph"):
        serialize(node, [Graph()])


def test_an_operator_of_another_library_is_refused():
    with torch.library._scoped_library("elsewhere", "DEF") as library:
        library.define("twice(Tensor x) -> Tensor")
        from recurra.graph._call import Call

        graph = Graph()
        weight = graph.input("parameter", 0, (3,), torch.float32)
        call = Call(torch.ops.elsewhere.twice.default, [weight], {})
        node = graph.opaque(call, [weight], ("twice", call), (3,), torch.float32)
        with pytest.raises(CannotSerialize, match="no operator of PyTorch"):
            serialize(node, [graph])


ROW = [0, "input", [], ["x", 0], [-1, 3], "float32", None]


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"nodes": [ROW], "root": {"node": 1}},
        {"nodes": [ROW, ROW], "root": {"node": 0}},
        {"nodes": [ROW[:-1]], "root": {"node": 0}},
        {"nodes": [[*ROW[:5], "load", None]], "root": {"node": 0}},
        {"nodes": [], "root": {"call": ["os.system.default", [], {"dict": []}]}},
        {"nodes": [], "root": {"call": ["aten.__class__.mro", [], {"dict": []}]}},
        {"nodes": [], "root": {"torch": "load"}},
        {"nodes": [], "root": {"Location": {"kind": "row"}}},
        {"nodes": [], "root": {"eval": "1"}},
        {"nodes": [[0, "opaque", [], ["f", {"item": "x"}], [], "float32", None]], "root": None},
    ],
    ids=str,
)
def test_other_tables_are_refused(table):
    with pytest.raises(CannotSerialize):
        deserialize(table, [Graph()])
