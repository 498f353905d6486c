"""LoopPlan: what a kernel does in one iteration of the loop, for no language or machine.

An iteration works on the rows of the batch that are still running. It is a list of stages:
`Products` multiplies the values of all rows with matrices; `Rows` goes through the rows one by one
and through their features in loops.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import torch

from recurra.graph._access import access
from recurra.graph._node import Node, Shape, describe_shape


@dataclass(frozen=True)
class Location:
    """Where a value lies while an iteration runs.

    Args:
        kind: "input" and "output" are the streams in memory, one row a step; "ahead" a product that
            was made ahead; "state" and "next_state" the state before and after; "scratch" a value
            of all running rows, until the iteration ends; "row" a value of one row, until the next
            row; "vector" a value of parameters.
        index: which of its kind.
        offset: where in it, in elements.
    """

    kind: str
    index: int
    offset: int = 0


@dataclass(frozen=True)
class Product:
    """`left @ weight` for all running rows."""

    node: Node
    weight: int  # which of the plan's weights

    def __str__(self) -> str:
        left, weight = self.node.inputs
        return f"{describe_shape(left.shape)} @ {describe_shape(weight.shape)}"


@dataclass(frozen=True)
class Products:
    """A stage of products, which share a left side or do not wait for each other."""

    items: tuple[Product, ...]


@dataclass(frozen=True)
class FeatureLoop:
    """One loop over the features of a row.

    Args:
        shape: what it runs over.
        kept: how many leading axes stay outside of the reductions in it, if it has any.
        nodes: what is computed for each element, in order.
    """

    shape: Shape
    kept: int | None
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Rows:
    """A stage that takes the rows one by one: all its loops, then the next row."""

    loops: tuple[FeatureLoop, ...]


Stage: TypeAlias = Products | Rows


@dataclass(frozen=True)
class PrefetchedProduct:
    """A product that does not wait for the state, made by the kernel some steps ahead.

        value = left @ weight + bias

    Args:
        node: the value.
        left: which of the plan's inputs.
        weight: which of the plan's weights.
        bias: which of the plan's vectors, or None.
    """

    node: Node
    left: int
    weight: int
    bias: int | None


@dataclass(frozen=True)
class LoopPlan:
    """All that one kernel does.

    Args:
        backward: whether time runs from the last step to the first.
        dtype: of all numbers.
        inputs: streams that are read: before, saved, gradients of loop outputs.
        outputs: streams that are written: loop outputs, saved values, gradients, factors of weight
            gradients.
        state: the state before an iteration.
        next_state: the state after it.
        weights: right sides of products.
        vectors: values of parameters used elementwise.
        stages: what is done, in order.
        locations: where values are read from.
        destinations: where values are written to.
        scratch: widths of the values of kind "scratch".
        row: widths of the values of kind "row".
        ahead: products that are made ahead.
    """

    backward: bool
    dtype: torch.dtype
    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    state: tuple[Node, ...]
    next_state: tuple[Node, ...]
    weights: tuple[Node, ...]
    vectors: tuple[Node, ...]
    stages: tuple[Stage, ...]
    locations: dict[Node, Location] = field(repr=False)
    destinations: dict[Node, tuple[Location, ...]] = field(repr=False)
    scratch: tuple[int, ...]
    row: tuple[int, ...]
    ahead: tuple[PrefetchedProduct, ...] = ()

    @property
    def nodes(self) -> Iterator[Node]:
        """All values that an iteration computes, in order."""
        for stage in self.stages:
            if isinstance(stage, Products):
                yield from (item.node for item in stage.items)
            else:
                yield from (node for loop in stage.loops for node in loop.nodes)

    def verify(self) -> None:
        """Raise ValueError if a value is used before it is there: a fault of the compiler."""
        there = {*self.inputs, *self.state, *self.vectors, *self.weights}
        there |= {each.node for each in self.ahead}
        for node in self.nodes:
            for each in node.inputs:
                base = _base(each)
                if base.op == "cat":
                    missing = [part for part in base.inputs if part not in there]
                else:
                    fixed = base.op == "constant" or not base.has_batch_axis
                    missing = [] if fixed or base in there else [base]
                if missing:
                    raise ValueError(f"{node} uses {missing[0]}, which is not computed yet")
            there.add(node)

    def __str__(self) -> str:
        lines = [f"ahead: {each.node}" for each in self.ahead]
        for number, stage in enumerate(self.stages):
            lines.append(f"stage {number}")
            if isinstance(stage, Products):
                lines += [f"  {item}" for item in stage.items]
            else:
                for loop in stage.loops:
                    lines.append(f"  for each of {list(loop.shape)}")
                    lines += [f"    {node}" for node in loop.nodes]
        return "\n".join(lines)


def _base(node: Node) -> Node:
    found = access(node)
    return node if found is None else found.base
