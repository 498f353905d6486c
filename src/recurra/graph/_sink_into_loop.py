"""Draw in: light work that could stay outside of a loop, but is done better inside of it.

What PyTorch computes before or after a loop passes over the memory of all steps, operation after
operation. In the kernel an elementwise operation costs a few cycles between two others. So products
stay outside, one for all steps, and what is elementwise between them and the loop goes in.
"""

import torch

from recurra.graph._access import MOVEMENTS
from recurra.graph._node import Node, users
from recurra.graph._ops import is_pointwise
from recurra.graph._placement import Places
from recurra.graph._trace import Step

_LIGHT_CALLS = {
    getattr(torch.ops.aten, name).default
    for name in ("elu", "gelu", "hardtanh", "leaky_relu", "silu", "softplus")
}
"""Elementwise operators that are several operations of a kernel."""


def sink_into_loop(step: Step, place: Places) -> Places:
    """Return places where elementwise work beside the loop is inside of it.

    Args:
        step: the step.
        place: where each node could be at the earliest, or at the latest.
    """
    drawn = dict(place)
    _draw_what_comes_after(step, drawn)
    for node in _before(step, drawn):
        drawn[node] = "loop"
    return drawn


def _draw_what_comes_after(step: Step, place: Places) -> None:
    for node in list(place):
        if place[node] == "after":
            read = [each.width for each in node.inputs if place[each] == "loop"]
            fits = all(place[each] != "after" for each in node.inputs)
            if fits and _is_light(node, step, place) and node.width <= max(read, default=0):
                place[node] = "loop"


def _before(step: Step, place: Places) -> set[Node]:
    """Find the nodes before the loop that only the loop uses, through elementwise work.

    The search goes from what the loop reads towards x. It stops at what is not light: that stays
    outside, and the loop reads it instead. Movements go along with what they look at, for the loop
    reads through them at no cost.
    """
    roots = [node for node in step.next_state if place[node] == "before"]
    read = [each for node in place if place[node] == "loop" for each in node.inputs]
    found: set[Node] = set()
    stack = [node for node in (*roots, *read) if place[node] == "before"]
    while stack:
        chain = _chain(stack.pop(), place)
        if _is_light(chain[-1], step, place) and chain[-1] not in found:
            found.update(chain)
            stack += [each for each in chain[-1].inputs if place[each] == "before"]
    return _without_other_users(found, place)


def _chain(node: Node, place: Places) -> list[Node]:
    """Return a value, and what it is a look at, down to what was computed."""
    chain = [node]
    while chain[-1].op in MOVEMENTS and place[chain[-1].inputs[0]] == "before":
        chain.append(chain[-1].inputs[0])
    return chain


def _without_other_users(found: set[Node], place: Places) -> set[Node]:
    """Leave out what something that stays outside needs, too.

    It would be computed twice, outside and inside. Whatever is left out is itself outside then, and
    its own inputs have a user there: so it is repeated until nothing changes.
    """
    of = users(place)
    while True:
        kept = {
            node
            for node in found
            if all(place[user] == "loop" or user in found for user in of.get(node, []))
        }
        if kept == found:
            return found
        found = kept


def _is_light(node: Node, step: Step, place: Places) -> bool:
    """Tell whether a value is elementwise and of no parameter: its gradient would cost more."""
    if node.op == "call":
        light = getattr(node.arguments[0], "target", None) in _LIGHT_CALLS
    else:
        light = is_pointwise(node.op)
    fits = light and node.dtype in (step.state[0].dtype, torch.bool)
    return fits and not any(_is_of_parameters(each, place) for each in node.inputs)


def _is_of_parameters(node: Node, place: Places) -> bool:
    """Tell whether a value is made from parameters alone, even where it has a row for each row."""
    if place[node] == "free":
        return any(_is_of_parameters(each, place) for each in node.inputs)
    return place[node] == "parameter"
