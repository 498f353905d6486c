"""Partition: a step cut at the borders of its loop.

What the loop reads from outside has to be written to memory before it, one row a step, and what is
read of it after it has to be written by it. So a border is a list of values; which ones follows
from the places of the nodes (`_placement.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from recurra.base import CannotFuse
from recurra.graph._access import MOVEMENTS
from recurra.graph._listing import Listable
from recurra.graph._node import Node, ancestors, describe_shape
from recurra.graph._placement import PlacedStep, Places
from recurra.graph._trace import Step


@dataclass(frozen=True)
class Partition(Listable):
    """A step cut at the borders of its loop.

    Args:
        step: the step; products with [x, h] are split.
        before: values made before the loop that the loop reads, one row a step.
        weights: values of parameters that the loop reads.
        loop_outputs: values of the loop that come out of it at every step.
        place: where each node belongs.
    """

    step: Step
    before: tuple[Node, ...]
    weights: tuple[Node, ...]
    loop_outputs: tuple[Node, ...]
    place: dict[Node, str]

    @property
    def groups(self) -> dict[str, tuple[Node, ...]]:
        """What a step returns, and what crosses the borders of its loop, by name."""
        return {
            "output": (self.step.output,),
            "next_state": self.step.next_state,
            "before": self.before,
            "weights": self.weights,
            "loop_outputs": self.loop_outputs,
        }

    def note(self, node: Node) -> str:
        """Say where a node belongs."""
        return self.place.get(node, "")

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

    @property
    def dtype(self) -> torch.dtype:
        """The floating point type of the loop."""
        nodes = [*self.step.state, *self.before, *self.weights]
        return next((n.dtype for n in nodes if n.dtype.is_floating_point), torch.float32)

    def __str__(self) -> str:
        return "\n".join(
            f"{self.place[node]:>9}  {node}"
            for node in ancestors([self.step.output, *self.step.next_state])
            if node.op not in ("constant",)
        )


def cut(placed: PlacedStep) -> Partition:
    """Cut a step at the borders of its loop.

    Raises:
        CannotFuse: the loop would hold what a kernel has no type for.
    """
    step, place = placed.step, placed.place
    needed = [node for node in place if place[node] == "loop"]
    found = Partition(
        step,
        _before(step, needed, place),
        _weights(step, needed, place),
        tuple(_loop_outputs(step, place)),
        place,
    )
    found.verify()
    return found


def _before(step: Step, needed: list[Node], place: Places) -> tuple[Node, ...]:
    """List what the loop reads of each step, and states that the loop has no part in."""
    read = [
        _border(each, place) for node in needed for each in node.inputs if place[each] == "before"
    ]
    read += [_border(node, place) for node in step.next_state if place[node] == "before"]
    return tuple(_unique(read))


def _weights(step: Step, needed: list[Node], place: Places) -> tuple[Node, ...]:
    """List the values of parameters that the loop reads.

    A value that is the same in every row is not read as it is, with a row for each row of the
    batch: what it repeats is, and the kernel repeats it.
    """
    read = [each for node in needed for each in node.inputs if place[each] == "parameter"]
    read += [node for node in step.next_state if place[node] == "parameter"]
    free = [n for root in (*needed, *step.next_state) for n in _free_parameters(root, place)]
    return tuple(_unique([*read, *free]))


def _border(node: Node, place: Places) -> Node:
    """Return the value whose parts the loop reads: moving is free in a kernel."""
    while node.op in MOVEMENTS and place[node.inputs[0]] == "before":
        node = node.inputs[0]
    return node


def _free_parameters(root: Node, place: Places) -> list[Node]:
    """Find parameters behind values that are the same in every row but have the batch's shape."""
    found: list[Node] = []
    stack = [*root.inputs, root]
    while stack:
        node = stack.pop()
        if place[node] == "free":
            for each in node.inputs:
                (found if place[each] == "parameter" else stack).append(each)
    return found


def _loop_outputs(step: Step, place: Places) -> list[Node]:
    nodes = [node for node in ancestors([step.output]) if place[node] == "after"]
    used = [each for node in nodes for each in node.inputs if place[each] == "loop"]
    if place[step.output] == "loop":
        used.append(step.output)
    return _unique(used)


def _unique(nodes: Iterable[Node]) -> list[Node]:
    return list(dict.fromkeys(nodes))
