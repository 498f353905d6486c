"""The forward pass in words: what runs once, before, in and after the loop."""

from collections.abc import Sequence

from recurra.graph import LoopPlan, Node, Partition, ancestors, describe_shape
from recurra.runtime._explain.kernels import kernel_lines, operations
from recurra.runtime._explain.names import Names, is_view, line_of, over_steps, with_shape
from recurra.runtime._explain.section import Section, code_line

_FREE = ("slice", "permute", "reshape", "expand", "constant", "input", "stop", "item")


def forward_sections(part: Partition, plan: LoopPlan, names: Names) -> list[Section]:
    """Describe the parts of a step and the kernel of its loop."""
    return [
        Section("Once a call: what depends on parameters only", _parameter_lines(part, names)),
        Section(
            f"Before the loop, over all steps at once: what needs `{names.x}` but not the state",
            outside_lines(_placed(part, "before"), names) + _ahead(plan),
        ),
        Section("In the loop, at every step: one fused kernel", kernel_lines(plan, names)),
        Section(
            "After the loop, over all steps at once: what no next state needs",
            outside_lines(_placed(part, "after"), names) + _waiting(part, names),
        ),
    ]


def _ahead(plan: LoopPlan) -> list[str]:
    """Say which of this the kernel makes itself."""
    count = len(plan.ahead)
    if count == 0:
        return []
    products = "this product" if count == 1 else f"{count} of these products"
    return [
        f"the kernel makes {products} itself, for a few steps at once, while it is in the cache"
    ]


def _placed(part: Partition, place: str) -> list[Node]:
    return [node for node in part.place if part.place[node] == place and node.op not in _FREE]


def _parameter_lines(part: Partition, names: Names) -> list[str]:
    used = ancestors([part.step.output, *part.step.next_state])
    made = [n for n in used if part.place.get(n) == "parameter" and not is_view(n)]
    found = [with_shape(names.pieces(node), node) for node in made if node.op != "constant"]
    return found or ["nothing: parameters are used as they are"]


def outside_lines(nodes: Sequence[Node], names: Names) -> list[str]:
    """Describe values that PyTorch computes over all steps at once, below the user's lines."""
    lines: list[str] = []
    groups: dict[object, list[Node]] = {}
    for node in nodes:
        groups.setdefault(line_of(node), []).append(node)
    for group in groups.values():
        products = [node for node in group if node.op in ("matmul", "affine")]
        others = [node for node in group if node not in products]
        lines += code_line(group[0])
        lines += [f"  {_outside_product(node, names)}" for node in products]
        if others:
            lines.append(f"  {operations(others)}")
    return lines or ["nothing"]


def _outside_product(node: Node, names: Names) -> str:
    left, weight, *bias = node.inputs
    added = f" + {names.parameter(bias[0])}" if bias else ""
    sizes = f"{over_steps(left.shape)} @ {describe_shape(weight.shape)}"
    return f"product {names.outside(left)} @ {names.parameter(weight)}{added}  {sizes}"


def _waiting(part: Partition, names: Names) -> list[str]:
    """Say what of the loop comes out of it for this."""
    after = _placed(part, "after")
    if not after:
        return []
    found = [names.outside(node) for node in part.loop_outputs]
    return [f"  reads of the loop: {', '.join(found)}"]
