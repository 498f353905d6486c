"""Listing: the graph after a pass, as text, one line a node.

    %7 = matmul(%5, %6) [B, 16] float32 loop  # cell.py:12  drive = h @ self.weight

`RECURRA_STAGES` in the environment prints it while steps are compiled: "1" after every pass, names
of passes, with commas between them, after those.
"""

import os
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import PurePath

from recurra.base import UnknownName
from recurra.graph._node import Node, ancestors, describe_shape
from recurra.graph._plan import LoopPlan, Products, Stage

VARIABLE = "RECURRA_STAGES"

Names = Mapping[Node, str]


class Listable:
    """What a pass returns: a graph that can be listed."""

    @property
    def groups(self) -> dict[str, tuple[Node, ...]]:
        """The nodes that the graph is for, by name."""
        raise NotImplementedError

    @property
    def plans(self) -> dict[str, LoopPlan]:
        """The plans that there are so far, by name."""
        return {}

    def note(self, node: Node) -> str:  # noqa: ARG002 - most have nothing to say
        """Say in a word or none what is to be known of a node."""
        return ""


def listing(found: Listable) -> str:
    """Write a graph, every node after its inputs, then what it is for, and its plans."""
    nodes = ancestors(chain.from_iterable(found.groups.values()))
    names = {node: f"%{number}" for number, node in enumerate(nodes)}
    lines = [_line(node, names, found.note(node)) for node in nodes]
    for label, group in found.groups.items():
        lines.append(f"{label}: {', '.join(names[node] for node in group) or 'none'}")
    for label, plan in found.plans.items():
        lines += [f"plan {label}", *(f"  {line}" for line in _plan_lines(plan, names))]
    return "\n".join(lines)


def _line(node: Node, names: Names, note: str) -> str:
    operands = [*(names[each] for each in node.inputs), *map(str, _arguments(node))]
    form = f"{describe_shape(node.shape)} {str(node.dtype).removeprefix('torch.')}"
    line = f"{names[node]} = {node.op}({', '.join(operands)}) {form} {note}".rstrip()
    return line if node.where is None else f"{line}  # {_without_folder(node.where)}"


def _without_folder(where: str) -> str:
    place, gap, code = where.partition("  ")
    return f"{PurePath(place).name}{gap}{code}"


def _arguments(node: Node) -> tuple[object, ...]:
    """Return what else defines a node; of an opaque one its name, as its function has no text."""
    return node.arguments[:1] if node.op == "opaque" else node.arguments


def _plan_lines(plan: LoopPlan, names: Names) -> list[str]:
    lines = [f"ahead: {names[each.node]}" for each in plan.ahead]
    for number, stage in enumerate(plan.stages):
        lines += [f"stage {number}: {line}" for line in _stage_lines(stage, names)]
    return lines


def _stage_lines(stage: Stage, names: Names) -> list[str]:
    if isinstance(stage, Products):
        return [f"products {', '.join(names[each.node] for each in stage.items)}"]
    return [
        f"for each of {list(loop.shape)}: {', '.join(names[node] for node in loop.nodes)}"
        for loop in stage.loops
    ]


def print_if_asked(name: str, found: Listable, known: tuple[str, ...]) -> None:
    """Print what a pass returned to the standard error, if the environment asks for it.

    Args:
        name: of the pass.
        found: what it returned.
        known: the names of all passes.

    Raises:
        UnknownName: the environment names a pass that there is not.
    """
    asked = os.environ.get(VARIABLE, "")
    if asked in ("", "0"):
        return
    wanted = known if asked == "1" else tuple(each.strip() for each in asked.split(","))
    for each in wanted:
        if each not in known:
            raise UnknownName.among(VARIABLE, each, ("1", *known))
    if name in wanted:
        sys.stderr.write(f"== {name}\n{listing(found)}\n\n")
