"""Stages: each pass, applied to the whole that it is given, a step or the loop of one.

The files of `_passes` change a graph and know no more than they need, such as where a node belongs;
here they get it.
"""

from recurra.graph._graph import Graph
from recurra.graph._iterations import factors_of
from recurra.graph._loop import Joint
from recurra.graph._node import Node, ancestors
from recurra.graph._passes.distribute import distribute
from recurra.graph._passes.fuse_bias import fuse_bias
from recurra.graph._passes.merge_products import merge_products
from recurra.graph._passes.push_slices import push_slices
from recurra.graph._passes.reassociate_sums import reassociate_sums
from recurra.graph._passes.rewrite import rewrite
from recurra.graph._passes.split_products import split_products
from recurra.graph._placement import PlacedStep
from recurra.graph._sink_into_loop import sink_into_loop


def split(placed: PlacedStep) -> PlacedStep:
    """Split the products with [x, h], so that x's part can leave the loop."""
    state = set(placed.step.state)
    rule = split_products(lambda node: not state.isdisjoint(ancestors([node])))
    return placed.with_roots(rewrite(placed.step.graph, placed.roots, rule))


def regroup(placed: PlacedStep) -> PlacedStep:
    """Add up outside of the loop what can be."""
    return placed.with_roots(reassociate_sums(placed.step.graph, placed.roots, placed.place))


def join(placed: PlacedStep) -> PlacedStep:
    """Join biases to the products that stay outside of the loop."""
    place = placed.place
    outside = {node for node in place if place[node] in ("before", "after")}

    def rule(graph: Graph, node: Node) -> Node:
        return fuse_bias(graph, node) if node in outside else node

    joined = placed.with_roots(rewrite(placed.step.graph, placed.roots, rule))
    return placed if joined is placed else join(joined)  # a second bias finds the first one joined


def merge(placed: PlacedStep) -> PlacedStep:
    """Merge the products that share their left side."""
    return placed.with_roots(merge_products(placed.step.graph, placed.roots, placed.place))


def draw(placed: PlacedStep) -> PlacedStep:
    """Draw light work beside the loop into it."""
    return PlacedStep(placed.step, sink_into_loop(placed.step, placed.place))


def distribute_all(joint: Joint) -> Joint:
    """Apply elementwise operations to the parts of concatenations."""
    return joint.with_roots(rewrite(joint.loop.graph, joint.roots, distribute))


def push(joint: Joint) -> Joint:
    """Move slices to the operands of elementwise operations.

    Factors of weight gradients are wanted whole, though it is after the loop that they are read:
    as further roots they stay so.
    """
    factors = [] if joint.gradients is None else factors_of(joint.roots)
    roots = push_slices(joint.loop.graph, [*joint.roots, *factors])
    return joint.with_roots(roots[: len(joint.roots)])
