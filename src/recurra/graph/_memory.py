"""Memory: which values of an iteration need a place, and which.

A value stays in a register as long as all who read it sit in its own loop and read the element
that was just computed. All others need memory, and the rule is how long it has to last:

    row        read in later loops of the same stage: one row's worth, used again for the next row
    scratch    read in another stage, or by a product: all running rows, until the iteration ends
    next_state  it is the state after the iteration, and has a place already: it is read from there
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recurra.graph._access import is_same_element, iteration, readers
from recurra.graph._node import Node, Shape, row_strides
from recurra.graph._ops import is_pointwise
from recurra.graph._order import Group, Position
from recurra.graph._plan import Location, LoopPlan


@dataclass(frozen=True)
class Piece(Location):
    """A part of a larger value: how to walk over it."""

    strides: Shape = ()

    @staticmethod
    def of(place: Location, whole: Node, axis: int, start: int) -> "Piece":
        """Return the part of a place that begins at `start` of an axis of the whole value."""
        steps = row_strides(whole.shape)
        step = steps[axis] or 1
        return Piece(place.kind, place.index, place.offset + start * step, steps)


class Memory:
    """Decides which values need memory, and where.

    Args:
        plan: its streams, state and vectors have places of their own.
        nodes: what an iteration computes, in order.
        positions: where each is computed.
        home: the loop that each is in.
    """

    def __init__(
        self,
        plan: LoopPlan,
        nodes: Sequence[Node],
        positions: dict[Node, Position],
        home: dict[Node, Group],
    ) -> None:
        self.plan = plan
        self.nodes = nodes
        self.positions = positions
        self.home = home
        self.used = readers(nodes)
        self.locations: dict[Node, Location] = {}
        self.destinations: dict[Node, list[Location]] = {}
        self.scratch: list[int] = []
        self.row: list[int] = []

    def given_out(self) -> LoopPlan:
        """Return the plan with a place for each value that needs one.

        Concatenations come last: a piece is written straight into all places of the whole.
        """
        self._place_what_comes_in_and_goes_out()
        for node in self.nodes:
            self._place(node)
        for node in self.nodes:
            if node.op == "cat":
                self._place_pieces(node)
        destinations = {node: tuple(found) for node, found in self.destinations.items()}
        scratch, row = tuple(self.scratch), tuple(self.row)
        return replace(
            self.plan, locations=self.locations, destinations=destinations, scratch=scratch, row=row
        )

    def _place_what_comes_in_and_goes_out(self) -> None:
        plan = self.plan
        comes_in = (("input", plan.inputs), ("state", plan.state), ("vector", plan.vectors))
        for kind, group in comes_in:
            self.locations |= {node: Location(kind, index) for index, node in enumerate(group)}
        for kind, group in (("next_state", plan.next_state), ("output", plan.outputs)):
            for index, node in enumerate(group):
                self.destinations.setdefault(node, []).append(Location(kind, index))

    def _place(self, node: Node) -> None:
        """Give a value a place to be read from, if it is read from memory.

        The state after the iteration will do as it is. A stream will not, since its rows do not lie
        side by side: such a value is written twice, first to where it is read.
        """
        own = self.destinations.setdefault(node, [])
        if not self._needs_memory(node):
            return
        next_state = next((place for place in own if place.kind == "next_state"), None)
        if next_state is not None:
            self.locations[node] = next_state
        else:
            self.locations[node] = self._new_place(node)
            own.insert(0, self.locations[node])

    def _needs_memory(self, node: Node) -> bool:
        """Tell whether somebody reads a value who does not sit in the same loop."""
        if node.op == "matmul":
            return True
        return any(not self._sits_beside(node, *reader) for reader in self.used.get(node, []))

    def _sits_beside(self, node: Node, user: Node, operand: Node) -> bool:
        if user.op == "cat":
            return node.op != "cat"
        if not is_pointwise(node.op) or user.op == "matmul":
            return False
        same = self.home[user] is self.home[node]
        return same and is_same_element(operand, iteration(user))

    def _new_place(self, node: Node) -> Location:
        stage = self.positions[node][0]
        users = [user for user, _ in self.used.get(node, [])]
        pieces = list(node.inputs) if node.op == "cat" else []
        stays = node.op != "matmul" and all(
            each.op != "matmul" and self.positions[each][0] == stage for each in (*users, *pieces)
        )
        kind, sizes = ("row", self.row) if stays else ("scratch", self.scratch)
        sizes.append(node.width)
        return Location(kind, len(sizes) - 1)

    def _place_pieces(self, node: Node) -> None:
        """Let the pieces of a concatenation be written straight into it."""
        (axis,) = node.arguments
        start = 0
        for piece in node.inputs:
            for place in self.destinations[node]:
                self.destinations.setdefault(piece, []).append(Piece.of(place, node, axis, start))
            start += piece.shape[axis]
