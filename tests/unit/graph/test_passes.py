"""Passes: each changes the graph in its own way, and no value."""

import pytest
import torch
from small_graphs import DTYPE, B, Values, count, nodes_of

from recurra.graph import POINTWISE
from recurra.graph._access import access
from recurra.graph._ops import CHEAP
from recurra.graph._passes.distribute import distribute
from recurra.graph._passes.fuse_bias import fuse_bias
from recurra.graph._passes.lay_out import lay_out
from recurra.graph._passes.merge_products import merge_products
from recurra.graph._passes.push_slices import push_slices
from recurra.graph._passes.reassociate_sums import reassociate_sums
from recurra.graph._passes.rewrite import rewrite
from recurra.graph._passes.save import backward_nodes, choose_saved
from recurra.graph._passes.split_products import split_products


@pytest.fixture
def values():
    return Values()


# Split products


def split(values, *roots):
    state = [node for node in values.known if node.arguments[0] == "state"]
    waits = lambda node: any(each in state for each in nodes_of(node))  # noqa: E731
    return rewrite(values.graph, roots, split_products(waits))


def test_a_product_with_x_and_h_is_split(values):
    x, h = values.input("x", (-1, 3)), values.input("state", (-1, 4))
    weight = values.input("parameter", (7, 5))
    product = values.graph.matmul(values.graph.cat([x, h], 1), weight)
    (after,) = split(values, product)
    values.assert_same([product], [after])
    lefts = {node.inputs[0] for node in nodes_of(after) if node.op == "matmul"}
    assert lefts == {x, h}
    assert count("cat", after) == 0


def test_neighbours_of_one_kind_stay_together(values):
    x = [values.input("x", (-1, 2)) for _ in range(4)]
    h = values.input("state", (-1, 4))
    weight = values.input("parameter", (12, 5))
    product = values.graph.matmul(values.graph.cat([x[0], x[1], h, x[2], x[3]], 1), weight)
    (after,) = split(values, product)
    values.assert_same([product], [after])
    assert count("matmul", after) == 3


@pytest.mark.parametrize("kind", ["x", "state"])
def test_a_product_of_one_kind_stays_whole(values, kind):
    pieces = [values.input(kind, (-1, 2)) for _ in range(2)]
    product = values.graph.matmul(values.graph.cat(pieces, 1), values.input("parameter", (4, 5)))
    assert split(values, product) == [product]


def test_a_concatenation_along_another_axis_stays(values):
    x, h = values.input("x", (-1, 2, 3)), values.input("state", (-1, 2, 3))
    weight = values.input("parameter", (3, 5))
    product = values.graph.matmul(values.graph.cat([x, h], 1), weight)
    assert split(values, product) == [product]


# Join biases


def test_a_bias_joins_its_product(values):
    x, weight = values.input("x", (-1, 3)), values.input("parameter", (3, 5))
    bias = values.graph.expand(values.input("parameter", (5,)), (-1, 5))
    product = values.graph.matmul(x, weight)
    for total in (
        values.graph.pointwise("add", product, bias),
        values.graph.pointwise("add", bias, product),
    ):
        (after,) = rewrite(values.graph, [total], fuse_bias)
        assert after.op == "affine"
        values.assert_same([total], [after])


def test_what_is_no_bias_does_not_join(values):
    x, weight = values.input("x", (-1, 3)), values.input("parameter", (3, 5))
    product = values.graph.matmul(x, weight)
    others = (values.input("x", (-1, 5)), values.graph.expand(values.input("x", (-1, 1)), (-1, 5)))
    for other in others:
        total = values.graph.pointwise("add", product, other)
        assert rewrite(values.graph, [total], fuse_bias) == [total]


# Distribute


def test_gradients_of_chunks_become_one_concatenation(values):
    """Each gate's gradient is wide and zero but for its part; the sum of them needs no addition."""
    graph = values.graph
    parts = [values.input("d_loop_output", (-1, 2)) for _ in range(3)]
    total = None
    for place, part in enumerate(parts):
        before, after = (graph.constant(0.0, (-1, 2 * n), DTYPE) for n in (place, 2 - place))
        wide = graph.cat([before, part, after], 1)
        total = wide if total is None else graph.make("add", (total, wide), (), wide.shape, DTYPE)
    (after,) = rewrite(graph, [total], distribute)
    values.assert_same([total], [after])
    assert after is graph.cat(parts, 1)


def test_different_borders_are_cut_at_all_of_them(values):
    graph = values.graph
    left = graph.cat([values.input("x", (-1, 2)), values.input("x", (-1, 4))], 1)
    right = graph.cat([values.input("x", (-1, 3)), values.input("x", (-1, 3))], 1)
    product = graph.pointwise("mul", left, right)
    (after,) = rewrite(graph, [product], distribute)
    values.assert_same([product], [after])
    assert [piece.shape[1] for piece in after.inputs] == [2, 1, 3]


def test_reductions_are_not_distributed(values):
    graph = values.graph
    whole = graph.cat([values.input("x", (-1, 2)), values.input("x", (-1, 4))], 1)
    total = graph.reduce("sum", whole, [1])
    assert rewrite(graph, [total], distribute) == [total]


# Push slices


def test_gates_read_the_drive_where_it_lies(values):
    graph = values.graph
    drive = graph.pointwise("add", values.input("x", (-1, 8)), values.input("state", (-1, 8)))
    gates = [graph.slice(graph.pointwise("sigmoid", drive), 1, start, 4) for start in (0, 4)]
    after = push_slices(graph, gates)
    values.assert_same(gates, after)
    wide = [n for n in nodes_of(*after) if n.op in POINTWISE and n.width == 8]
    assert wide == []


def test_a_value_that_somebody_wants_whole_stays(values):
    graph = values.graph
    whole = graph.pointwise("tanh", values.input("x", (-1, 8)))
    roots = [graph.slice(whole, 1, 0, 4), graph.reduce("sum", whole, [1])]
    assert push_slices(graph, roots) == roots
    assert push_slices(graph, [roots[0], whole]) == [roots[0], whole]


def test_nothing_is_computed_twice(values):
    graph = values.graph
    whole = graph.pointwise("tanh", values.input("x", (-1, 8)))
    overlapping = [graph.slice(whole, 1, 0, 5), graph.slice(whole, 1, 3, 5)]
    assert push_slices(graph, overlapping) == overlapping


def test_permutations_and_reshapes_are_pushed_too(values):
    graph = values.graph
    whole = graph.pointwise("mul", values.input("x", (-1, 2, 3)), values.input("x", (-1, 2, 3)))
    for root in (graph.permute(whole, [0, 2, 1]), graph.reshape(whole, (-1, 6))):
        (after,) = push_slices(graph, [root])
        values.assert_same([root], [after])
        assert after.op == "mul"


# Lay out


def test_outputs_that_are_looks_at_others_are_copied(values):
    graph, x = values.graph, values.input("x", (-1, 8))
    roots = [x, graph.slice(x, 1, 2, 3), graph.constant(1.0, (-1, 2), DTYPE)]
    after = lay_out(graph, roots)
    values.assert_same(roots, after)
    assert [node.op for node in after] == ["copy"] * 3
    computed = graph.pointwise("tanh", x)
    assert lay_out(graph, [computed]) == [computed]


def test_what_no_strides_can_walk_is_copied(values):
    graph, x = values.graph, values.input("x", (-1, 2, 3))
    tangled = graph.reshape(graph.permute(x, [0, 2, 1]), (-1, 6))
    root = graph.pointwise("tanh", tangled)
    assert access(tangled) is None
    (after,) = lay_out(graph, [root])
    values.assert_same([root], [after])
    assert all(access(each) is not None for each in nodes_of(after))
    assert count("copy", after) == 1


def test_the_left_side_of_a_product_is_contiguous(values):
    graph, x = values.graph, values.input("x", (-1, 2, 3))
    weight = values.input("parameter", (2, 5))
    turned = graph.matmul(graph.permute(x, [0, 2, 1]), weight)
    (after,) = lay_out(graph, [graph.pointwise("tanh", turned)])
    (left,) = (node.inputs[0] for node in nodes_of(after) if node.op == "matmul")
    assert access(left).strides[-1] == 1
    values.assert_same([graph.pointwise("tanh", turned)], [after])
    plain = graph.pointwise("tanh", graph.matmul(values.input("state", (-1, 2)), weight))
    assert lay_out(graph, [plain]) == [plain]


def test_a_stream_is_no_left_side(values):
    """Its rows do not lie side by side: they are copied first."""
    product = values.graph.matmul(values.input("x", (-1, 2)), values.input("parameter", (2, 5)))
    (after,) = lay_out(values.graph, [values.graph.pointwise("tanh", product)])
    assert count("copy", after) == 1
    values.assert_same([values.graph.pointwise("tanh", product)], [after])


def test_a_product_can_be_the_next_state_but_no_stream(values):
    product = values.graph.matmul(values.input("state", (-1, 2)), values.input("weight", (2, 2)))
    assert lay_out(values.graph, [product], as_state=True) == [product]
    assert [node.op for node in lay_out(values.graph, [product])] == ["copy"]
    assert [n.op for n in lay_out(values.graph, [product] * 2, as_state=True)] == ["copy"] * 2


def test_reductions_run_over_the_last_axes(values):
    graph, x = values.graph, values.input("x", (-1, 2, 3, 4))
    root = graph.reduce("sum", x, [1, 3])
    (after,) = lay_out(graph, [root])
    values.assert_same([root], [after])
    assert after.arguments == ((2, 3),)


def test_pieces_of_a_concatenation_are_computed_where_they_belong(values):
    graph, x = values.graph, values.input("x", (-1, 3))
    root = graph.cat([graph.pointwise("tanh", x), x], 1)
    (after,) = lay_out(graph, [root])
    values.assert_same([root], [after])
    assert [piece.op for piece in after.inputs] == ["tanh", "copy"]


# Save


def test_costly_values_are_saved_and_cheap_ones_computed_again(values):
    """`z` and `1 - z` are both read; only the first is kept."""
    graph, h = values.graph, values.input("state", (-1, 4))
    gradient = values.input("d_loop_output", (-1, 4))
    z = graph.pointwise("sigmoid", h)
    rest = graph.pointwise("sub", graph.constant(1.0, (-1, 4), DTYPE), z)
    roots = [graph.pointwise("mul", gradient, each) for each in (z, rest)]
    assert choose_saved(roots, []) == [z]


def test_cheap_values_of_what_is_gone_are_saved(values):
    """The state before the step is not at hand on the backward pass, so it is saved."""
    graph, h = values.graph, values.input("state", (-1, 4))
    root = graph.pointwise("mul", values.input("d_loop_output", (-1, 4)), h)
    assert choose_saved([root], []) == [h]


def test_what_is_at_hand_is_not_saved(values):
    graph = values.graph
    before, weight = values.input("before", (-1, 4)), values.input("weight", (4,))
    factor = graph.pointwise("mul", before, graph.expand(weight, (-1, 4)))
    root = graph.pointwise("mul", values.input("d_loop_output", (-1, 4)), factor)
    assert choose_saved([root], []) == []


def test_factors_of_weight_gradients_are_saved_in_any_case(values):
    graph, h = values.graph, values.input("state", (-1, 4))
    cheap = graph.pointwise("mul", h, values.input("before", (-1, 4)))
    root = graph.pointwise("neg", values.input("d_loop_output", (-1, 4)))
    assert choose_saved([root], []) == []
    assert choose_saved([root], [cheap]) == [cheap]


def test_what_is_saved_is_enough(values):
    """What the backward pass needs follows by cheap work from what is saved or at hand."""
    graph = values.graph
    h, before = values.input("state", (-1, 4)), values.input("before", (-1, 4))
    gradient = values.input("d_loop_output", (-1, 4))
    a = graph.pointwise("tanh", graph.pointwise("add", h, before))
    b = graph.pointwise("exp", graph.pointwise("mul", a, h))
    root = graph.pointwise("mul", gradient, graph.pointwise("add", graph.pointwise("mul", a, b), h))
    saved = choose_saved([root], [])
    known = dict(zip(saved, values.of(*saved), strict=True))
    del values.known[h]
    at_hand = {node: values.known[node] for node in (before, gradient)}
    (expected,) = values.of(root, known=at_hand | {h: known.get(h, torch.nan)} | known)
    assert expected.shape == (B, 4)
    again = set(nodes_of(root)) - backward_nodes([root]) - set(saved) - {before, h}
    reached = {node for node in again if node not in nodes_of(*saved)}
    assert all(node.op in CHEAP or node.op == "constant" for node in reached)


# Merging products, and regrouping sums


def gates_of(v, names, left):
    """Multiply one left side by a matrix for each name."""
    weights = [v.input("weight", (4, size)) for size in names.values()]
    return [v.graph.matmul(left, weight) for weight in weights]


def test_products_of_one_left_side_are_parts_of_one():
    v = Values()
    hidden, x = v.input("state", (-1, 4)), v.input("x", (-1, 4))
    first, second, third = gates_of(v, {"i": 3, "f": 5, "o": 2}, hidden)
    other = v.graph.matmul(x, v.input("weight", (4, 3)))
    total = v.graph.pointwise("add", first, other)
    roots = [total, second, third]
    place = dict.fromkeys(nodes_of(*roots), "loop") | {other: "before"}
    merged = merge_products(v.graph, roots, place)
    v.assert_same(roots, merged)
    assert count("matmul", *roots) == 4
    assert count("matmul", *merged) == 2


def test_products_of_different_places_stay_apart():
    v = Values()
    hidden = v.input("state", (-1, 4))
    roots = gates_of(v, {"gate": 3, "readout": 5}, hidden)
    place = dict.fromkeys(nodes_of(*roots), "loop") | {roots[1]: "after"}
    assert merge_products(v.graph, roots, place) == roots


def test_biases_are_merged_with_their_products():
    v = Values()
    x = v.input("x", (-1, 4))
    roots = [
        v.graph.make(
            "affine",
            (x, v.input("weight", (4, size)), v.input("weight", (size,))),
            (),
            (-1, size),
            x.dtype,
        )
        for size in (2, 3)
    ]
    merged = merge_products(v.graph, roots, dict.fromkeys(nodes_of(*roots), "before"))
    v.assert_same(roots, merged)
    assert count("affine", *merged) == 1


def summed(v):
    """(in + bias) + (before + other): two parts wait for the state, three do not."""
    inside = [v.input("state", (-1, 4)) for _ in range(2)]
    before, bias = v.input("x", (-1, 4)), v.input("weight", (4,))
    repeated = v.graph.expand(bias, (-1, 4))
    left = v.graph.pointwise("add", inside[0], repeated)
    right = v.graph.pointwise("add", before, inside[1])
    total = v.graph.pointwise("add", left, right)
    place = dict.fromkeys([*inside, left, right, total], "loop")
    return total, left, place | {before: "before", repeated: "free", bias: "parameter"}


def test_what_does_not_wait_is_added_up_first():
    v = Values()
    total, _, place = summed(v)
    (found,) = reassociate_sums(v.graph, [total], place)
    v.assert_same([total], [found])
    outside = [node for node in nodes_of(found) if node.op == "add" and "state" not in kinds(node)]
    assert len(outside) == 1


def kinds(node):
    return {each.arguments[0] for each in nodes_of(node) if each.op == "input"}


def test_a_sum_that_somebody_wants_is_left_alone():
    v = Values()
    total, left, place = summed(v)
    assert reassociate_sums(v.graph, [total, left], place) == [total, left]


def test_a_second_bias_is_added_to_the_first():
    v = Values()
    x, weight = v.input("x", (-1, 4)), v.input("weight", (4, 3))
    node = v.graph.matmul(x, weight)
    for _ in range(2):
        bias = v.graph.expand(v.input("weight", (3,)), (-1, 3))
        node = v.graph.pointwise("add", node, bias)
    (found,) = rewrite(v.graph, [node], fuse_bias)
    v.assert_same([node], [found])
    assert found.op == "affine"
