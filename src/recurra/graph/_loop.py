"""Loop: one iteration of the loop of a step in operations of kernels, and its gradients."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from recurra.graph._graph import Graph
from recurra.graph._listing import Listable
from recurra.graph._node import Node
from recurra.graph._partition import Partition


@dataclass(frozen=True)
class Loop:
    """One iteration of the loop, forward: what it reads and makes.

    Args:
        graph: knows the nodes.
        before: inputs that differ from step to step.
        weights: inputs that are the same for all rows and steps.
        state: tensors of the state before.
        loop_outputs: what comes out at every step.
        next_state: tensors of the state after.
    """

    graph: Graph
    before: tuple[Node, ...]
    weights: tuple[Node, ...]
    state: tuple[Node, ...]
    loop_outputs: tuple[Node, ...]
    next_state: tuple[Node, ...]


@dataclass(frozen=True)
class Gradients:
    """The same iteration backwards: from gradients of what it makes to gradients of what it reads.

    Args:
        d_loop_outputs: gradients that come in at every step.
        d_next_state: gradients of the state after.
        d_before: gradients that go out at every step; None where nothing depends on the input.
        d_weights: gradients of weights, as sums over rows of two factors.
        d_state: gradients of the state before.
    """

    d_loop_outputs: tuple[Node, ...]
    d_next_state: tuple[Node, ...]
    d_before: tuple[Node, ...]
    d_weights: tuple[Node, ...]
    d_state: tuple[Node, ...]


@dataclass(frozen=True)
class Joint(Listable):
    """The loop and its gradients in one graph: what both need is one node, and found as such.

    Args:
        part: the step that the loop was cut out of.
        loop: the iteration forward.
        gradients: the iteration backwards, or None where nobody differentiates.
    """

    part: Partition
    loop: Loop
    gradients: Gradients | None

    @property
    def groups(self) -> dict[str, tuple[Node, ...]]:
        """What the iterations make, by name."""
        forward = {"loop_outputs": self.loop.loop_outputs, "next_state": self.loop.next_state}
        if self.gradients is None:
            return forward
        found = self.gradients
        backward = {"d_before": found.d_before, "d_weights": found.d_weights}
        return {**forward, **backward, "d_state": found.d_state}

    @property
    def roots(self) -> list[Node]:
        """What the iterations make, one after the other."""
        return list(chain.from_iterable(self.groups.values()))

    def with_roots(self, roots: Sequence[Node]) -> "Joint":
        """Return the iterations that make other nodes of equal values."""
        rest = iter(roots)
        groups = {name: tuple(islice(rest, len(group))) for name, group in self.groups.items()}
        loop_outputs, next_state = groups.pop("loop_outputs"), groups.pop("next_state")
        loop = replace(self.loop, loop_outputs=loop_outputs, next_state=next_state)
        gradients = None if self.gradients is None else replace(self.gradients, **groups)
        return Joint(self.part, loop, gradients)
