"""Schedule: from values and what they are made from to a LoopPlan.

Elementwise values with the same features go into one loop, where they stay in registers. A new loop
is needed to read what another one has to finish first (a sum, a shifted or permuted value); a new
stage to read a product. Which of them a value is in is found in `_order.py`, where it lies in
`_memory.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch

from recurra.graph._access import base, operands
from recurra.graph._memory import Memory
from recurra.graph._node import Node, ancestors
from recurra.graph._ops import REDUCTIONS, is_pointwise
from recurra.graph._order import Group, Position, grouped, positions_of
from recurra.graph._plan import FeatureLoop, LoopPlan, Product, Products, Rows, Stage


def schedule(
    *,
    backward: bool,
    inputs: Sequence[Node],
    state: Sequence[Node],
    outputs: Sequence[Node],
    next_state: Sequence[Node],
    dtype: torch.dtype,
) -> LoopPlan:
    """Put the work of one iteration in order and give every value a place.

    Args:
        backward: whether time runs backwards.
        inputs: streams to read from.
        state: the state before the iteration.
        outputs: streams to write.
        next_state: the state after the iteration.
        dtype: of all numbers.
    """
    roots = [*outputs, *next_state]
    nodes = _computed(roots)
    used = [base(each) for node in nodes for each in operands(node)]
    plan = LoopPlan(
        backward=backward,
        dtype=dtype,
        inputs=_those(inputs, used),
        outputs=tuple(outputs),
        state=tuple(state),
        next_state=tuple(next_state),
        weights=tuple(dict.fromkeys(n.inputs[1] for n in nodes if n.op == "matmul")),
        vectors=tuple(dict.fromkeys(each for each in used if _is_vector(each))),
        stages=(),
        locations={},
        destinations={},
        scratch=(),
        row=(),
    )
    return _in_order(plan, nodes, positions_of(nodes, roots))


def _computed(roots: Sequence[Node]) -> list[Node]:
    """List what an iteration computes: not what it finds in memory, nor movements (free)."""
    leaves = {node for node in ancestors(roots) if _is_leaf(node)}
    return [node for node in ancestors(roots, leaves) if _is_computed(node, leaves)]


def _is_leaf(node: Node) -> bool:
    return node.op in ("input", "constant") or not node.has_batch_axis


def _is_vector(node: Node) -> bool:
    return not node.has_batch_axis and node.op != "constant"


def _is_computed(node: Node, leaves: set[Node]) -> bool:
    if node in leaves:
        return False
    return is_pointwise(node.op) or node.op in ("matmul", "cat") or node.op in REDUCTIONS


def _those(candidates: Sequence[Node], used: Iterable[Node]) -> tuple[Node, ...]:
    wanted = set(used)
    return tuple(each for each in candidates if each in wanted)


def _in_order(plan: LoopPlan, nodes: Sequence[Node], positions: dict[Node, Position]) -> LoopPlan:
    groups, home = grouped(nodes, positions)
    placed = Memory(plan, nodes, positions, home).given_out()
    done = replace(placed, stages=_stages(plan, nodes, groups, positions))
    done.verify()
    return done


def _stages(
    plan: LoopPlan, nodes: Sequence[Node], groups: list[Group], positions: dict[Node, Position]
) -> tuple[Stage, ...]:
    """Write out the stages by number; odd ones are of products, so that none is of both kinds."""
    products: dict[int, list[Product]] = {}
    for node in nodes:
        if node.op == "matmul":
            item = Product(node, plan.weights.index(node.inputs[1]))
            products.setdefault(positions[node][0], []).append(item)
    loops: dict[int, list[Group]] = {}
    for group in groups:
        loops.setdefault(group.position[0], []).append(group)
    return tuple(
        Products(tuple(products[number])) if number in products else _rows(loops[number])
        for number in sorted({*products, *loops})
    )


def _rows(groups: list[Group]) -> Rows:
    ordered = sorted(groups, key=lambda group: group.position)
    return Rows(tuple(FeatureLoop(each.shape, each.kept, tuple(each.nodes)) for each in ordered))
