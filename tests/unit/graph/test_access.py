"""Access: slices, permutations, reshapes and repetitions as strides, against torch's own views."""

import random

import pytest
import torch
from small_graphs import Values

from recurra.graph._access import access
from recurra.graph._node import row_strides


def memory_of(node):
    """Number the elements that one row holds, as a tensor of its row shape."""
    return torch.arange(node.width).reshape(node.row_shape)


def walked(node):
    """Read an operand as a kernel does: by strides from the memory of its base."""
    found = access(node)
    flat = torch.arange(found.base.width)
    return flat.as_strided(node.row_shape, found.strides, found.offset)


def test_a_value_of_its_own_is_compact():
    node = Values().input("x", (-1, 4, 3))
    assert access(node) == (node, (0, 3, 1), 0)
    assert row_strides((-2, 1, 5)) == (5, 0, 1)


def test_slices_shift_and_stride():
    values = Values()
    node = values.input("x", (-1, 4, 6))
    graph = values.graph
    assert access(graph.slice(node, 2, 3, 2)) == (node, (0, 6, 1), 3)
    assert access(graph.slice(node, 1, 1, 2, 2)) == (node, (0, 12, 1), 6)
    inner = graph.slice(graph.slice(node, 2, 1, 4), 2, 2, 2)
    assert access(inner) == (node, (0, 6, 1), 3)


def test_permutations_reorder_strides():
    values = Values()
    node = values.input("x", (-1, 4, 6))
    turned = values.graph.permute(node, [2, 0, 1])
    assert access(turned) == (node, (1, 0, 6), 0)


def test_repetitions_have_stride_zero():
    values = Values()
    node = values.input("x", (-1, 1, 6))
    repeated = values.graph.expand(node, (-1, 5, 6))
    assert access(repeated) == (node, (0, 0, 1), 0)


def test_a_reshape_across_a_permutation_needs_a_copy():
    values = Values()
    node = values.input("x", (-1, 4, 6))
    turned = values.graph.permute(node, [0, 2, 1])
    assert access(values.graph.reshape(turned, (-1, 24))) is None
    assert access(values.graph.reshape(turned, (-1, 2, 3, 4))) == (node, (0, 3, 1, 6), 0)
    assert access(values.graph.reshape(turned, (-1, 6, 2, 2))) == (node, (0, 1, 12, 6), 0)


def movement(chance, graph, node, tensor):
    """Apply one random movement to a node and to its numbers; None where torch needs a copy."""
    kind = chance.choice(["slice", "permute", "reshape", "expand"])
    rank = len(node.shape)
    if kind == "slice" and rank > 1:
        axis = chance.randrange(1, rank)
        size = node.shape[axis]
        start = chance.randrange(size)
        step = chance.choice([1, 1, 2, 3])
        count = chance.randint(1, -(-(size - start) // step))
        index = [slice(None)] * rank
        index[axis] = slice(start, start + (count - 1) * step + 1, step)
        return graph.slice(node, axis, start, count, step), tensor[tuple(index)]
    if kind == "permute":
        order = [0, *chance.sample(range(1, rank), rank - 1)]
        return graph.permute(node, order), tensor.permute(order)
    if kind == "expand" and rank < 4:
        axis = chance.randrange(1, rank + 1)
        size = chance.choice([2, 3])
        wide = (*node.shape[:axis], size, *node.shape[axis:])
        lifted = graph.add_axis(node, axis)
        return graph.expand(lifted, wide), tensor.unsqueeze(axis).expand(1, *wide[1:])
    shape = chance.choice(shapes_of(node.width))
    try:
        return graph.reshape(node, (-1, *shape)), tensor.view(1, *shape)
    except RuntimeError:
        return graph.reshape(node, (-1, *shape)), None


def shapes_of(width):
    """List the shapes of one and two axes, and some of three, that hold so many elements."""
    pairs = [(n, width // n) for n in range(1, width + 1) if width % n == 0]
    triples = [(a, n, b // n) for a, b in pairs for n in (2, 3) if b % n == 0]
    return [(width,), *pairs, *triples]


@pytest.mark.parametrize("seed", range(300))
def test_any_chain_of_movements_is_walked_as_torch_does(seed):
    chance, values = random.Random(seed), Values()
    node = values.input("x", (-1, *chance.choice([(12,), (4, 6), (2, 3, 4), (1, 8), (5, 1, 3)])))
    tensor = memory_of(node)
    for _ in range(chance.randint(1, 6)):
        node, tensor = movement(chance, values.graph, node, tensor)
        if tensor is None:  # torch would have to copy, and so do we
            assert access(node) is None
            return
        assert access(node) is not None
        assert torch.equal(walked(node), tensor), node


def test_the_chains_reach_both_ends():
    """Guard the test above against only easy, or only impossible chains."""
    ends = {"walked": 0, "copied": 0}
    for seed in range(300):
        chance, values = random.Random(seed), Values()
        node = values.input("x", (-1, 4, 6))
        tensor = memory_of(node)
        for _ in range(5):
            if tensor is not None:
                node, tensor = movement(chance, values.graph, node, tensor)
        ends["copied" if tensor is None else "walked"] += 1
    assert min(ends.values()) >= 30, ends
