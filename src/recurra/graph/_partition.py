"""Partition: which values of a step wait for the state, and which do not.

    parameter   depends on parameters only: once a call
    before      depends on x, not on the state: once, over all T steps
    loop        what the next state needs: step after step, in the kernel
    after       depends on the state, but no next state needs it: once, over all T steps

Elementwise work beside the loop goes into it, where it costs less than passes over all steps.

Nobody annotates this: it is read off the graph.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch

from recurra.base import CannotFuse
from recurra.graph._access import MOVEMENTS
from recurra.graph._draw_in import draw_in
from recurra.graph._graph import Graph
from recurra.graph._node import Node, ancestors, describe_shape
from recurra.graph._passes._join_bias import join_bias
from recurra.graph._passes._merge_products import merge_products
from recurra.graph._passes._regroup_sums import regroup_sums
from recurra.graph._passes._rewrite import rewrite
from recurra.graph._passes._split_products import split_products
from recurra.graph._trace import Step
from recurra.graph._untraceable import refuses


@dataclass(frozen=True)
class Partition:
    """A step cut at the borders of its loop.

    Args:
        step: the step; products with [x, h] are split.
        before: values made before the loop that the loop reads, one row a step.
        weights: values of parameters that the loop reads.
        exports: values of the loop that come out of it at every step.
        place: where each node belongs.
    """

    step: Step
    before: tuple[Node, ...]
    weights: tuple[Node, ...]
    exports: tuple[Node, ...]
    place: dict[Node, str]

    def verify(self) -> None:
        """Raise CannotFuse where the loop would hold what a kernel has no type for."""
        for node in (*self.before, *self.weights, *self.step.state):
            if not (node.dtype.is_floating_point or node.dtype == torch.bool):
                raise CannotFuse(
                    "The loop of a step would need integers.",
                    got=f"{describe_shape(node.shape)} {node.dtype}",
                    expected="floating point or bool",
                    where=node.where,
                )
        dtypes = {n.dtype for n in (*self.before, *self.weights, *self.step.state)} - {torch.bool}
        if len(dtypes) > 1 or dtypes - {torch.float32, torch.float64}:
            raise CannotFuse(
                "The loop of a step mixes dtypes, or has one that no kernel computes in.",
                got=", ".join(sorted(map(str, dtypes))),
                expected="float32 or float64 throughout",
            )

    def __str__(self) -> str:
        return "\n".join(
            f"{self.place[node]:>9}  {node}"
            for node in ancestors([self.step.output, *self.step.following])
            if node.op not in ("constant",)
        )


@refuses
def partition(step: Step, *, whole: bool = False) -> Partition:
    """Find the parts of a step.

    Args:
        step: the step.
        whole: whether everything that differs from row to row goes into the loop, as single steps
            of a stream need it. Default: only what waits for the state.
    """
    if whole:
        place = _all_in_loop(step)
    else:
        step = _merged(_joined(_regrouped(_split(step))))
        place = draw_in(step, _places(step))
    needed = [node for node in place if place[node] == "loop"]
    roots = set(step.following)
    before = _unique(
        _border(each, place) for node in needed for each in node.inputs if place[each] == "before"
    )
    before += [_border(n, place) for n in step.following if place[n] == "before"]
    weights = _unique(each for node in needed for each in node.inputs if place[each] == "parameter")
    weights += [n for n in roots if place[n] == "parameter"]
    free = _unique(n for root in needed + list(roots) for n in _free_parameters(root, place))
    exports = _exports(step, place)
    found = Partition(
        step, tuple(_unique(before)), tuple(_unique([*weights, *free])), tuple(exports), place
    )
    found.verify()
    return found


def _split(step: Step) -> Step:
    state = set(step.state)
    rule = split_products(lambda node: not state.isdisjoint(ancestors([node])))
    return _with_roots(step, rewrite(step.graph, _roots(step), rule))


def _regrouped(step: Step) -> Step:
    """Add up outside of the loop what can be."""
    return _with_roots(step, regroup_sums(step.graph, _roots(step), _places(step)))


def _joined(step: Step) -> Step:
    """Join biases to the products that stay outside of the loop."""
    place = _places(step)
    outside = {node for node in place if place[node] in ("before", "after")}

    def rule(graph: Graph, node: Node) -> Node:
        return join_bias(graph, node) if node in outside else node

    joined = _with_roots(step, rewrite(step.graph, _roots(step), rule))
    return step if joined == step else _joined(joined)  # a second bias finds the first one joined


def _merged(step: Step) -> Step:
    """Merge the products that share their left side."""
    return _with_roots(step, merge_products(step.graph, _roots(step), _places(step)))


def _roots(step: Step) -> list[Node]:
    return [step.output, *step.following]


def _with_roots(step: Step, roots: Sequence[Node]) -> Step:
    output, *following = roots
    return replace(step, output=output, following=tuple(following))


def _descendants(nodes: Sequence[Node], sources: set[Node]) -> set[Node]:
    """Find the nodes that are made from any of `sources`, those included; `nodes` in order."""
    found = set(sources)
    for node in nodes:
        if any(each in found for each in node.inputs):
            found.add(node)
    return found


def _places(step: Step) -> dict[Node, str]:
    nodes = ancestors([step.output, *step.following])
    with_state = _descendants(nodes, set(step.state))
    with_x = _descendants(nodes, {step.x})
    carried = set(ancestors(step.following))
    place = dict.fromkeys(step.state, "loop") | {step.x: "before"}
    for node in nodes:
        if node in with_state:
            inside = node in carried or node in step.state or _reduces_state(step, node, place)
            place[node] = "loop" if inside else "after"
        elif node in with_x:
            place[node] = "before"
        else:
            place[node] = "free" if node.varies else "parameter"
    return place


def _reduces_state(step: Step, node: Node, place: dict[Node, str]) -> bool:
    """Tell whether a value read off the loop is so much larger than y that it had better stay.

    A matrix of a memory a step would be written for all steps, and read once after the loop.
    """
    if any(place[each] == "parameter" for each in node.inputs):
        return False  # one large product is better than many small ones
    read = [each.width for each in node.inputs if place[each] == "loop"]
    return max(read, default=0) > 2 * step.output.width


def _all_in_loop(step: Step) -> dict[Node, str]:
    place = _places(step)
    inside = {node: "loop" for node in place if place[node] in ("before", "after")}
    return place | inside | {step.x: "before"}


def _border(node: Node, place: dict[Node, str]) -> Node:
    """Return the value whose parts the loop reads: moving is free in a kernel."""
    while node.op in MOVEMENTS and place[node.inputs[0]] == "before":
        node = node.inputs[0]
    return node


def _free_parameters(root: Node, place: dict[Node, str]) -> list[Node]:
    """Find parameters behind values that are the same in every row but have the batch's shape."""
    found: list[Node] = []
    stack = [*root.inputs, root]
    while stack:
        node = stack.pop()
        if place[node] == "free":
            for each in node.inputs:
                (found if place[each] == "parameter" else stack).append(each)
    return found


def _exports(step: Step, place: dict[Node, str]) -> list[Node]:
    nodes = [node for node in ancestors([step.output]) if place[node] == "after"]
    used = [each for node in nodes for each in node.inputs if place[each] == "loop"]
    if place[step.output] == "loop":
        used.append(step.output)
    return _unique(used)


def _unique(nodes: Iterable[Node]) -> list[Node]:
    return list(dict.fromkeys(nodes))
