"""Order: in which stage and which loop of an iteration each value is computed.

A position is a pair (stage, loop in the stage). Stages of rows are even, those of products odd, so
that between two of one kind there is always room for one of the other. Within a stage of rows its
loops run one after the other for a row, then for the next row.

Values are placed twice. Forward through the graph each gets the earliest position in which its
operands are there; that decides what has to wait for what, and how many stages there are. Then,
backward through the graph, an elementwise value moves to where it is read, if it can stay in a
register there: computed at the earliest, it would wait in memory for its only user.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from recurra.graph._access import base, is_same_element, iteration, operands, readers
from recurra.graph._node import Node, Shape
from recurra.graph._ops import REDUCTIONS, is_pointwise

Position = tuple[int, int]  # stage (products on odd ones, rows on even ones), loop in the stage


def positions_of(nodes: Sequence[Node], roots: Sequence[Node]) -> dict[Node, Position]:
    """Find the position of each value.

    Args:
        nodes: what is computed, every node after its operands.
        roots: values that are written where they are computed, and so are not moved.
    """
    return _latest(_earliest(nodes), nodes, roots)


def _earliest(nodes: Sequence[Node]) -> dict[Node, Position]:
    """Find for each node the first stage and loop in which its operands are there."""
    positions: dict[Node, Position] = {}
    for node in nodes:
        found = [_after(node, each, positions) for each in operands(node)]
        stage, loop = max(found, default=(0, 0))
        if node.op == "matmul":
            positions[node] = (stage + 1 if stage % 2 == 0 else stage, 0)
        else:
            positions[node] = (stage, loop)
    return positions


def _after(node: Node, operand: Node, positions: dict[Node, Position]) -> Position:
    """Return the first position in which `node` may read an operand.

    A product is complete after its stage, for it is made for all rows at once. A product reads
    whole rows of memory, and is put into the next odd stage by the caller, so any loop of this one
    is early enough; a concatenation is not computed at all, its pieces are written into it. All
    else is a loop over features: it may join the loop that computes its operand if it reads, at
    each iteration, the very element that was just computed; anything else, a sum, a neighbour, a
    transposed value, is complete only when that loop has ended.
    """
    source = base(operand)
    if source not in positions:
        return (0, 0)
    stage, loop = positions[source]
    if source.op == "matmul":
        return (stage + 1, 0)
    if node.op in ("matmul", "cat"):
        return (stage, loop)
    together = is_pointwise(source.op) and is_same_element(operand, iteration(node))
    return (stage, loop) if together else (stage, loop + 1)


def _latest(
    positions: dict[Node, Position], nodes: Sequence[Node], roots: Sequence[Node]
) -> dict[Node, Position]:
    """Move elementwise values to the stage of their users, where they then stay in registers.

    The first of the users decides: later, its operand would not be there. Moving a value later is
    always allowed, since its own operands are there from the earliest position on and memory is
    given out afterwards (`_memory.py`). Users come before the value in this walk, so that they have
    been moved already, and a chain of values moves as one.
    """
    used = readers(nodes)
    fixed = set(roots)
    found = dict(positions)
    for node in reversed(nodes):
        if not is_pointwise(node.op) or node in fixed or not used.get(node):
            continue
        if all(_reads_in_place(user, operand) for user, operand in used[node]):
            found[node] = max(found[node], min(found[user] for user, _ in used[node]))
    return found


def _reads_in_place(user: Node, operand: Node) -> bool:
    return is_pointwise(user.op) and is_same_element(operand, iteration(user))


@dataclass
class Group:
    """A loop that is being filled.

    Args:
        position: of all its values.
        shape: what it runs over.
        kept: how many leading axes stay outside of the reductions in it, if it has any.
        nodes: its values, in order.
    """

    position: Position
    shape: Shape
    kept: int | None = None
    nodes: list[Node] = field(default_factory=list)

    def takes(self, position: Position, shape: Shape, kept: int | None) -> bool:
        """Tell whether a value of this form may join."""
        fits = kept is None or self.kept in (None, kept)
        return self.position == position and self.shape == shape and fits


def grouped(
    nodes: Sequence[Node], positions: dict[Node, Position]
) -> tuple[list[Group], dict[Node, Group]]:
    """Gather values into loops.

    A reduction joins the loop that computes what it reduces, as long as all reductions of a loop
    keep the same axes; otherwise it goes into a loop of its own, after that one.

    Returns:
        The loops, and for each value the one that it is in.
    """
    groups: list[Group] = []
    home: dict[Node, Group] = {}
    for node in nodes:
        if node.op in ("matmul", "cat"):
            continue
        position, shape, kept = positions[node], iteration(node), _kept(node)
        group = next((each for each in groups if each.takes(position, shape, kept)), None)
        if group is None:
            group = Group(position, shape)
            groups.append(group)
        group.kept = kept if kept is not None else group.kept
        group.nodes.append(node)
        home[node] = group
    return groups, home


def _kept(node: Node) -> int | None:
    """Count the axes in front of those that a reduction runs over."""
    if node.op not in REDUCTIONS:
        return None
    (axes,) = node.arguments
    inner = node.inputs[0].row_shape
    return sum(1 for axis, size in enumerate(inner) if size != 1 and axis not in axes)
