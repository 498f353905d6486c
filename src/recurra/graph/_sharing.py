"""Sharing: which values lie in memory that is not theirs alone.

A plain loop stacks its outputs, so that they are new. One that is computed after the loop may be a
view: of the user's own `x`, of a parameter, or of one number that stands in many places. Whoever
writes to it would write to those.
"""

from collections.abc import Set

from recurra.graph._node import Node

_VIEWS = ("call", "cast", "copy", "item", "opaque", "permute", "reshape", "slice", "stop")
"""Operations that may return what they were given, or a part of it."""


def is_shared(node: Node, own: Set[Node]) -> bool:
    """Tell whether a value may lie in memory that others know.

    Args:
        node: the value.
        own: values that lie in memory of their own.
    """
    if node in own:
        return False
    if node.op in _VIEWS:
        return any(is_shared(each, own) for each in node.inputs)
    return node.op in ("expand", "input")
