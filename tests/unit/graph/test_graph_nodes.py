"""Graph: equal work is one node, in its simplest form; impossible reshapes are refused."""

import math

import pytest
import torch
from small_graphs import DTYPE, B, Values

from recurra.base import CannotFuse
from recurra.graph import describe_shape
from refusals import refused


@pytest.fixture
def values():
    return Values()


def test_equal_work_is_one_node(values):
    graph, h = values.graph, values.input("state", (-1, 4))
    assert graph.pointwise("tanh", h) is graph.pointwise("tanh", h)
    assert graph.pointwise("tanh", h) is not graph.pointwise("sigmoid", h)
    assert graph.slice(h, 1, 0, 2) is not graph.slice(h, 1, 1, 2)


@pytest.mark.parametrize(
    ("one", "other"), [(0.0, -0.0), (1.0, True), (1, 1.0), (math.inf, -math.inf)]
)
def test_numbers_that_python_takes_for_equal_are_not(values, one, other):
    make = values.graph.constant
    assert make(one, (2,), DTYPE) is not make(other, (2,), DTYPE)


def test_not_a_number_is_itself(values):
    make = values.graph.constant
    assert make(math.nan, (2,), DTYPE) is make(float("nan"), (2,), DTYPE)


@pytest.mark.parametrize(("op", "number"), [("add", 0.0), ("sub", 0.0), ("mul", 1.0), ("div", 1.0)])
def test_neutral_numbers_vanish(values, op, number):
    graph, h = values.graph, values.input("state", (-1, 4))
    neutral = graph.constant(number, (), DTYPE)
    assert graph.pointwise(op, h, neutral) is h
    swapped = graph.pointwise(op, neutral, h)
    assert (swapped is h) == (op in ("add", "mul"))


def test_a_neutral_number_of_a_wider_shape_does_not_vanish(values):
    graph, h = values.graph, values.input("state", (-1, 1))
    wide = graph.pointwise("add", h, graph.constant(0.0, (-1, 4), DTYPE))
    assert wide.shape == (-1, 4)
    assert torch.equal(values.of(wide)[0], values.of(h)[0].expand(B, 4))


def test_slices_of_slices_are_slices(values):
    graph, h = values.graph, values.input("state", (-1, 9))
    inner = graph.slice(graph.slice(h, 1, 1, 8), 1, 2, 3, 2)
    assert inner is graph.slice(h, 1, 3, 3, 2)
    assert torch.equal(values.of(inner)[0], values.known[h][:, 3:8:2])


def test_a_slice_of_a_concatenation_takes_its_pieces(values):
    graph, a, b = values.graph, values.input("x", (-1, 3)), values.input("x", (-1, 4))
    both = graph.cat([a, b], 1)
    assert graph.slice(both, 1, 0, 3) is a
    across = graph.slice(both, 1, 2, 3)
    assert across.op == "cat"
    assert torch.equal(values.of(across)[0], values.of(both)[0][:, 2:5])


def test_pieces_that_belong_together_are_joined(values):
    graph, h = values.graph, values.input("state", (-1, 8))
    pieces = [graph.slice(h, 1, start, 2) for start in (0, 2, 4, 6)]
    assert graph.cat(pieces, 1) is h
    swapped = graph.cat([pieces[1], pieces[0]], 1)
    assert swapped.op == "cat"


def test_equal_constants_are_joined(values):
    make = values.graph.constant
    joined = values.graph.cat([make(0.0, (-1, 2), DTYPE), make(0.0, (-1, 3), DTYPE)], 1)
    assert joined is make(0.0, (-1, 5), DTYPE)
    kept = values.graph.cat([make(0.0, (-1, 2), DTYPE), make(-0.0, (-1, 3), DTYPE)], 1)
    assert kept.op == "cat"


def test_permutations_and_reshapes_collapse(values):
    graph, x = values.graph, values.input("x", (-1, 2, 3))
    assert graph.permute(graph.permute(x, [0, 2, 1]), [0, 2, 1]) is x
    assert graph.reshape(graph.reshape(x, (-1, 6)), (-1, 2, 3)) is x
    lone = values.input("x", (-1, 1, 3))
    assert graph.permute(lone, [0, 2, 1]).op == "reshape"


def test_a_reduction_over_axes_of_one_element_is_a_reshape(values):
    graph, x = values.graph, values.input("x", (-1, 1, 3))
    assert graph.reduce("sum", x, [1]).op == "reshape"
    assert graph.reduce("sum", x, [2]).op == "sum"
    assert graph.reduce("sum", x, []) is x


def test_rows_are_not_mixed(values):
    graph, x = values.graph, values.input("x", (-1, 4, 3))
    assert graph.reshape(x, (-1, 12)).shape == (-1, 12)
    assert graph.reshape(x, (-4, 3)).shape == (-4, 3)
    graph.where = "cell.py:7  x.view(4, -1)"
    with refused(
        CannotFuse,
        "A reshape mixes the rows of the batch.",
        got="[B, 4, 3] to [4, B, 3]",
        expected="the batch as an axis of its own",
        where=graph.where,
        fix="keep the first axis: `value.flatten(1)`, `value.reshape(len(value), -1)`",
    ):
        graph.reshape(x, (4, -1, 3))


def test_values_that_do_not_broadcast_are_refused(values):
    with pytest.raises(CannotFuse, match="do not broadcast for every batch"):
        values.graph.pointwise("add", values.input("x", (-1, 4)), values.input("x", (-1, 3)))


def test_shapes_are_written_as_people_do():
    assert describe_shape((-1, 256)) == "[B, 256]"
    assert describe_shape((2, -3, 4)) == "[2, 3B, 4]"
