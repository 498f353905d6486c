"""Save: choose what the forward pass keeps for the backward pass, and what is computed again.

Kept: results of products, reductions and functions that cost more than a read from memory. Computed
again: cheap elementwise work whose operands are at hand anyway.
"""

from collections.abc import Sequence

from recurra.graph._access import MOVEMENTS
from recurra.graph._node import Node, ancestors
from recurra.graph._ops import CHEAP

GRADIENT_KINDS = ("d_loop_output", "d_next_state")


def is_gradient_input(node: Node) -> bool:
    """Tell whether a node is a gradient that comes from outside."""
    return node.op == "input" and node.arguments[0] in GRADIENT_KINDS


def backward_nodes(roots: Sequence[Node]) -> set[Node]:
    """Find the nodes that depend on incoming gradients."""
    found: set[Node] = set()
    for node in ancestors(roots):
        if is_gradient_input(node) or any(each in found for each in node.inputs):
            found.add(node)
    return found


def base_of(node: Node) -> Node:
    """Return the value behind slices, reshapes, permutations and repetitions."""
    while node.op in MOVEMENTS:
        node = node.inputs[0]
    return node


def choose_saved(roots: Sequence[Node], kept: Sequence[Node]) -> list[Node]:
    """Return the forward values that the backward pass has to find in memory, in order.

    Args:
        roots: what the backward pass makes.
        kept: forward values that are needed in memory anyway, as factors of weight gradients.

    What the backward pass needs is the border: forward values that a backward one reads, seen
    through movements, which cost nothing. Whatever costs more than a read from memory is saved, and
    so are the factors. What is left is cheap, and computed again if all that it is made of, down
    through cheap operations, is at hand or saved. Otherwise it is saved itself: to save what is
    missing below it instead could take several values for the one. The border is gone through
    inputs first, so that a value saved for its own sake serves those that are made of it.
    """
    backward = backward_nodes(roots)
    border = [
        base_of(each)
        for node in ancestors(roots)
        if node in backward
        for each in node.inputs
        if each not in backward
    ]
    border += [base_of(root) for root in roots if root not in backward]
    needed = [node for node in ancestors([*border, *kept]) if node in {*border, *kept}]
    saved = {node for node in needed if _must_be_saved(node)} | set(map(base_of, kept))
    saved = {node for node in saved if not is_at_hand(node)}
    for node in needed:
        if not _can_be_repeated(node, saved):
            saved.add(node)
    return [node for node in ancestors([*border, *kept]) if node in saved]


def is_at_hand(node: Node) -> bool:
    """Tell whether a value is there without being saved: inputs, numbers, parameters."""
    is_input = node.op == "input" and node.arguments[0] != "state"
    return is_input or node.op == "constant" or not node.has_batch_axis


def _must_be_saved(node: Node) -> bool:
    return not is_at_hand(node) and node.op not in CHEAP


def _can_be_repeated(node: Node, saved: set[Node]) -> bool:
    base = base_of(node)
    if is_at_hand(base) or base in saved:
        return True
    return base.op in CHEAP and all(_can_be_repeated(each, saved) for each in base.inputs)
