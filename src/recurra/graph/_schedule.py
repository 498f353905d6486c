"""Schedule: from values and what they are made from to a LoopPlan.

Elementwise values with the same features go into one loop, where they stay in registers. A new loop
is needed to read what another one has to finish first (a sum, a shifted or permuted value); a new
stage to read a product. Values are computed as late as the loop of their users allows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import torch

from recurra.graph._access import Access, access
from recurra.graph._node import Node, Shape, ancestors, row_strides
from recurra.graph._ops import REDUCTIONS, is_pointwise
from recurra.graph._plan import FeatureLoop, LoopPlan, Place, Product, Products, Rows, Stage

Position = tuple[int, int]  # stage (products on odd ones, rows on even ones), loop in the stage


def schedule(
    *,
    backward: bool,
    inputs: Sequence[Node],
    state: Sequence[Node],
    outputs: Sequence[Node],
    following: Sequence[Node],
    dtype: torch.dtype,
) -> LoopPlan:
    """Put the work of one turn in order and give every value a place.

    Args:
        backward: whether time runs backwards.
        inputs: streams to read from.
        state: the state before the turn.
        outputs: streams to write.
        following: the state after the turn.
        dtype: of all numbers.
    """
    roots = [*outputs, *following]
    leaves = {node for node in ancestors(roots) if _is_leaf(node)}
    nodes = [node for node in ancestors(roots, leaves) if _is_computed(node, leaves)]
    positions = _latest(_earliest(nodes), nodes, roots)
    used = [base(each) for node in nodes for each in operands(node)]
    plan = LoopPlan(
        backward=backward,
        dtype=dtype,
        inputs=_those(inputs, used),
        outputs=tuple(outputs),
        state=tuple(state),
        following=tuple(following),
        weights=tuple(dict.fromkeys(n.inputs[1] for n in nodes if n.op == "matmul")),
        vectors=tuple(dict.fromkeys(each for each in used if _is_vector(each))),
        stages=(),
        places={},
        stores={},
        scratch=(),
        row=(),
    )
    return _placed(plan, nodes, positions)


def operands(node: Node) -> tuple[Node, ...]:
    """Return the inputs that are read element by element: all but the right side of a product."""
    return node.inputs[:1] if node.op == "matmul" else node.inputs


def base(node: Node) -> Node:
    """Return the value behind a movement."""
    return walk(node).base


def walk(node: Node) -> Access:
    """Return the walk of an operand; every operand has one once the graph is laid out."""
    found = access(node)
    assert found is not None, node
    return found


def iteration(node: Node) -> Shape:
    """Return what a loop that computes a node runs over, without axes of one element."""
    shape = node.inputs[0].row_shape if node.op in REDUCTIONS else node.row_shape
    return tuple(size for size in shape if size != 1)


def is_same_element(operand: Node, shape: Shape) -> bool:
    """Tell whether a loop over `shape` reads an operand where it would compute it."""
    found = walk(operand)
    if tuple(n for n in found.base.row_shape if n != 1) != shape:
        return False
    sizes = zip(operand.row_shape, found.strides, strict=True)
    steps = tuple(step for size, step in sizes if size != 1)
    return found.offset == 0 and steps == row_strides(shape) and len(steps) == len(shape)


def _is_leaf(node: Node) -> bool:
    return node.op in ("input", "constant") or not node.varies


def _is_vector(node: Node) -> bool:
    return not node.varies and node.op != "constant"


def _is_computed(node: Node, leaves: set[Node]) -> bool:
    if node in leaves:
        return False
    return is_pointwise(node.op) or node.op in ("matmul", "cat") or node.op in REDUCTIONS


def _those(candidates: Sequence[Node], used: Iterable[Node]) -> tuple[Node, ...]:
    wanted = set(used)
    return tuple(each for each in candidates if each in wanted)


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
    """Return the first position in which `node` may read an operand."""
    source = base(operand)
    if source not in positions:
        return (0, 0)
    stage, loop = positions[source]
    if source.op == "matmul":
        return (stage + 1, 0)
    if node.op == "matmul" or node.op == "cat":
        return (stage, loop)
    together = is_pointwise(source.op) and is_same_element(operand, iteration(node))
    return (stage, loop) if together else (stage, loop + 1)


def _latest(
    positions: dict[Node, Position], nodes: Sequence[Node], roots: Sequence[Node]
) -> dict[Node, Position]:
    """Move elementwise values to the stage of their users, where they then stay in registers."""
    used = readers(nodes)
    fixed = set(roots)
    found = dict(positions)
    for node in reversed(nodes):
        if not is_pointwise(node.op) or node in fixed or not used.get(node):
            continue
        if all(_reads_in_place(user, operand) for user, operand in used[node]):
            found[node] = max(found[node], min(found[user] for user, _ in used[node]))
    return found


def readers(nodes: Sequence[Node]) -> dict[Node, list[tuple[Node, Node]]]:
    """Map each value to those who read it, and through which operand."""
    table: dict[Node, list[tuple[Node, Node]]] = {}
    for node in nodes:
        for each in operands(node):
            table.setdefault(base(each), []).append((node, each))
    return table


def _reads_in_place(user: Node, operand: Node) -> bool:
    return is_pointwise(user.op) and is_same_element(operand, iteration(user))


@dataclass
class _Group:
    """A loop that is being filled."""

    position: Position
    shape: Shape
    kept: int | None = None
    nodes: list[Node] = field(default_factory=list)


def _placed(plan: LoopPlan, nodes: Sequence[Node], positions: dict[Node, Position]) -> LoopPlan:
    groups, home = _grouped(nodes, positions)
    places, stores, scratch, row = _Memory(plan, nodes, positions, home).places()
    stages = _stages(plan, nodes, groups, positions)
    done = replace(
        plan,
        stages=stages,
        places=places,
        stores=stores,
        scratch=tuple(scratch),
        row=tuple(row),
    )
    done.verify()
    return done


def _grouped(
    nodes: Sequence[Node], positions: dict[Node, Position]
) -> tuple[list[_Group], dict[Node, _Group]]:
    """Gather values into loops.

    A reduction joins the loop that computes what it reduces, as long as all reductions of a loop
    keep the same axes; otherwise it goes into a loop of its own, after that one.
    """
    groups: list[_Group] = []
    home: dict[Node, _Group] = {}
    for node in nodes:
        if node.op in ("matmul", "cat"):
            continue
        position, shape, kept = positions[node], iteration(node), _kept(node)
        for group in groups:
            fits = kept is None or group.kept in (None, kept)
            if group.position == position and group.shape == shape and fits:
                break
        else:
            group = _Group(position, shape)
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


def _stages(
    plan: LoopPlan, nodes: Sequence[Node], groups: list[_Group], home: dict[Node, Position]
) -> tuple[Stage, ...]:
    products: dict[int, list[Product]] = {}
    for node in nodes:
        if node.op == "matmul":
            item = Product(node, plan.weights.index(node.inputs[1]))
            products.setdefault(home[node][0], []).append(item)
    loops: dict[int, list[_Group]] = {}
    for group in groups:
        loops.setdefault(group.position[0], []).append(group)
    stages: list[Stage] = []
    for number in sorted({*products, *loops}):
        if number in products:
            stages.append(Products(tuple(products[number])))
        else:
            ordered = sorted(loops[number], key=lambda group: group.position)
            stages.append(
                Rows(tuple(FeatureLoop(g.shape, g.kept, tuple(g.nodes)) for g in ordered))
            )
    return tuple(stages)


class _Memory:
    """Decides which values need memory, and where."""

    def __init__(
        self,
        plan: LoopPlan,
        nodes: Sequence[Node],
        home: dict[Node, Position],
        groups: dict[Node, _Group],
    ) -> None:
        self.plan = plan
        self.nodes = nodes
        self.home = home
        self.groups = groups
        self.used = readers(nodes)
        self.scratch: list[int] = []
        self.row: list[int] = []

    def places(
        self,
    ) -> tuple[dict[Node, Place], dict[Node, tuple[Place, ...]], list[int], list[int]]:
        plan = self.plan
        places: dict[Node, Place] = {}
        for kind, group in (
            ("input", plan.inputs),
            ("state", plan.state),
            ("vector", plan.vectors),
        ):
            places |= {node: Place(kind, index) for index, node in enumerate(group)}
        stores: dict[Node, list[Place]] = {}
        for kind, group in (("following", plan.following), ("output", plan.outputs)):
            for index, node in enumerate(group):
                stores.setdefault(node, []).append(Place(kind, index))
        for node in self.nodes:
            self._place(node, places, stores)
        for node in [n for n in self.nodes if n.op == "cat"]:
            self._place_pieces(node, stores)
        return (
            places,
            {node: tuple(found) for node, found in stores.items()},
            self.scratch,
            self.row,
        )

    def _place(
        self, node: Node, places: dict[Node, Place], stores: dict[Node, list[Place]]
    ) -> None:
        own = stores.setdefault(node, [])
        if not self._needs_memory(node):
            return
        following = next((place for place in own if place.kind == "following"), None)
        if following is not None:
            places[node] = following
        else:
            places[node] = self._new_place(node)
            own.insert(0, places[node])

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
        same = self.groups[user] is self.groups[node]
        return same and is_same_element(operand, iteration(user))

    def _new_place(self, node: Node) -> Place:
        stage = self.home[node][0]
        readers = [user for user, _ in self.used.get(node, [])]
        pieces = list(node.inputs) if node.op == "cat" else []
        stays = node.op != "matmul" and all(
            each.op != "matmul" and self.home[each][0] == stage for each in (*readers, *pieces)
        )
        kind, sizes = ("row", self.row) if stays else ("scratch", self.scratch)
        sizes.append(node.width)
        return Place(kind, len(sizes) - 1)

    def _place_pieces(self, node: Node, stores: dict[Node, list[Place]]) -> None:
        """Let the pieces of a concatenation be written straight into it."""
        (axis,) = node.arguments
        start = 0
        for piece in node.inputs:
            for place in stores[node]:
                stores.setdefault(piece, []).append(Piece.of(place, node, axis, start))
            start += piece.shape[axis]


@dataclass(frozen=True)
class Piece(Place):
    """A part of a larger value: how to walk over it."""

    strides: Shape = ()

    @staticmethod
    def of(place: Place, whole: Node, axis: int, start: int) -> "Piece":
        steps = row_strides(whole.shape)
        step = steps[axis] or 1
        return Piece(place.kind, place.index, place.offset + start * step, steps)
