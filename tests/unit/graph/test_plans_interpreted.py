"""Every plan of every cell, done by hand in the memory it names, gives the values of its nodes."""

import pytest
import torch
from plan_interpreter import Interpreter
from small_graphs import DTYPE, B, Values, traced

from paper_cells import PAPER_CELLS
from recurra.base import CannotFuse
from recurra.graph import evaluate, partition, plan_inference, plan_training
from zoo import CELLS

SPECIMENS = [*CELLS, *PAPER_CELLS]


def part_of(specimen):
    try:
        return partition(traced(specimen))
    except CannotFuse:
        pytest.skip("the step cannot be fused")


def check(plan, values):
    """Compare what the plan does with what its roots are worth."""
    plan.verify()
    outputs, next_state = Interpreter(plan, values, B).run()
    roots = [*plan.outputs, *plan.next_state]
    expected = evaluate(roots, values, B)
    for root, ours, theirs in zip(roots, [*outputs, *next_state], expected, strict=True):
        close = torch.allclose(ours, theirs.to(DTYPE), rtol=1e-9, atol=1e-12)
        assert close, root


def inputs_of(*nodes):
    from recurra.graph import ancestors

    return [node for node in ancestors(nodes) if node.op == "input"]


def drawn_for(specimen):
    """Return what draws values; the Hawk takes the root of what is positive below zero alone."""
    random = Values().random
    return random if specimen.name != "Hawk" else lambda node: -random(node).abs()


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda each: each.name)
def test_inference(specimen):
    plan = plan_inference(part_of(specimen)).forward
    random = drawn_for(specimen)
    roots = [*plan.outputs, *plan.next_state, *plan.state]
    roots += [*plan.inputs, *plan.weights, *plan.vectors]
    values = {node: random(node) for node in inputs_of(*roots)}
    for each in plan.ahead:
        values[each.node] = Interpreter(plan, values, B).made_ahead(each, values)
    check(plan, values)


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda each: each.name)
def test_training(specimen):
    plans = plan_training(part_of(specimen))
    random = drawn_for(specimen)
    forward = plans.forward
    roots = [*forward.outputs, *forward.next_state, *forward.state]
    values = {node: random(node) for node in inputs_of(*roots)}
    check(forward, values)
    backward = plans.backward
    saved = evaluate(plans.saved, values, B)
    values |= dict(zip(plans.saved_inputs, saved, strict=True))
    for node in inputs_of(*backward.outputs, *backward.next_state, *backward.state):
        values.setdefault(node, random(node))
    check(backward, values)
