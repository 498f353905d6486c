"""Prefetch inputs: a kernel makes products of the input itself, shortly before they are read.

Made for all steps at once, as training needs them, they take more memory than anything else, and
have left the cache when they are read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recurra.graph._graph import Graph
from recurra.graph._loop import Loop
from recurra.graph._node import ROWS, Node, ancestors
from recurra.graph._partition import Partition
from recurra.graph._plan import Location, LoopPlan, PrefetchedProduct

_MAX = 16  # products; more would be a step with more inputs than anybody writes


@dataclass(frozen=True)
class Found:
    """A plan that looks ahead.

    Args:
        plan: the plan.
        reads: values of the step that have to be computed before the loop.
        given: the same as inputs of the loop.
    """

    plan: LoopPlan
    reads: tuple[Node, ...]
    given: tuple[Node, ...]


def prefetch_inputs(part: Partition, loop: Loop, plan: LoopPlan) -> Found:
    """Take products with parameters from before the loop into its kernel.

    Args:
        part: the step, cut.
        loop: its loop.
        plan: the plan of the loop, which reads those products as inputs.

    A product can go into the kernel if nobody else wants it: neither what is computed after the
    loop, nor another value that is made before it. What it is made of takes its place among what
    has to be there beforehand.
    """
    later = set(ancestors([part.step.output], part.loop_outputs))
    for node in part.before:  # what others are made of before the loop is there already
        later.update(ancestors(node.inputs))
    pairs = list(zip(part.before, loop.before, strict=True))
    chosen = [
        (product, value)
        for product, value in pairs
        if value in plan.inputs and product not in later and _is_product(product, plan)
    ][:_MAX]
    kept = [pair for pair in pairs if pair not in chosen]
    operands = list(dict.fromkeys(each for product, _ in chosen for each in product.inputs))
    inputs = _inputs(loop.graph, operands)
    found = _with(plan, chosen, dict(zip(operands, inputs, strict=True)))
    return Found(
        found,
        (*(node for node, _ in kept), *part.weights, *operands),
        (*(node for _, node in kept), *loop.weights, *inputs),
    )


def _is_product(node: Node, plan: LoopPlan) -> bool:
    """Tell whether a value is one row of numbers times a matrix of parameters."""
    if node.op not in ("matmul", "affine"):
        return False
    left, *parameters = node.inputs
    shapes = [each.shape for each in parameters]
    plain = [left.shape[:1], *map(len, shapes)] == [(ROWS,), *([2, 1] if shapes[1:] else [2])]
    fits = len(left.shape) == 2 and shapes[1:] in ([], [shapes[0][1:]])
    return plain and fits and {each.dtype for each in node.inputs} == {plan.dtype}


def _inputs(graph: Graph, operands: Sequence[Node]) -> list[Node]:
    return [
        graph.input("operand", place, node.shape, node.dtype) for place, node in enumerate(operands)
    ]


def _with(
    plan: LoopPlan, chosen: Sequence[tuple[Node, Node]], inputs: dict[Node, Node]
) -> LoopPlan:
    """Put products in the place of inputs, and what they are made from beside the others."""
    values = [value for _, value in chosen]
    lefts = dict.fromkeys(inputs[product.inputs[0]] for product, _ in chosen)
    streams = (*(node for node in plan.inputs if node not in values), *lefts)
    weights, vectors = list(plan.weights), list(plan.vectors)
    aheads = []
    for product, value in chosen:
        left, weight, *bias = (inputs[each] for each in product.inputs)
        aheads.append(
            PrefetchedProduct(
                value,
                streams.index(left),
                _place_in(weights, weight),
                _place_in(vectors, bias[0]) if bias else None,
            )
        )
    places = dict(plan.locations)
    for node in streams:
        old = places.get(node, Location("input", 0))
        places[node] = replace(old, index=streams.index(node))
    for index, each in enumerate(aheads):
        places[each.node] = replace(places[each.node], kind="ahead", index=index)
    places |= {node: Location("vector", index) for index, node in enumerate(vectors)}
    return replace(
        plan,
        inputs=streams,
        weights=tuple(weights),
        vectors=tuple(vectors),
        locations=places,
        ahead=tuple(aheads),
    )


def _place_in(nodes: list[Node], node: Node) -> int:
    """Return where a node is in a list, after adding it where it was not."""
    if node not in nodes:
        nodes.append(node)
    return nodes.index(node)
