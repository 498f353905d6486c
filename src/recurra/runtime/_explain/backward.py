"""The backward pass in words: what is saved, computed again, and left for after the loop."""

from recurra.graph import Node, TrainingPlan, ancestors
from recurra.runtime._explain.kernels import kernel_lines
from recurra.runtime._explain.names import (
    Names,
    counted,
    gradients_among,
    line_of,
    operation,
    over_steps,
    with_shape,
)
from recurra.runtime._explain.section import Section


def backward_sections(plan: TrainingPlan, names: Names) -> list[Section]:
    """Describe the kernel that goes back through the loop, and what surrounds it."""
    return [
        Section("Saved by the loop for the backward pass", _saved_lines(plan, names)),
        Section(
            "The backward pass, from the last step to the first: one fused kernel",
            kernel_lines(plan.backward, names) + _repeated_lines(plan),
        ),
        Section(
            "After the backward pass, over all steps at once: gradients of what the loop reads",
            _deferred_lines(plan, names),
        ),
    ]


def _saved_lines(plan: TrainingPlan, names: Names) -> list[str]:
    size = plan.forward.dtype.itemsize
    numbers = sum(node.width for node in plan.saved)
    found = [_saved_line(node, names) for node in plan.saved]
    total = f"{numbers} numbers = {numbers * size:,} bytes for each row and step"
    return [*found, total] if found else ["nothing: all it needs is there or computed again"]


def _saved_line(node: Node, names: Names) -> str:
    if node.op == "input":
        return with_shape(names.value(node), node)
    line = line_of(node)
    return with_shape(operation(node), node) + (f"  {'  '.join(line)}" if line else "  a slope")


def _repeated_lines(plan: TrainingPlan) -> list[str]:
    """Say what of the forward pass is computed a second time instead of being saved."""
    kernel = plan.backward
    gradients = gradients_among(ancestors([*kernel.outputs, *kernel.next_state]))
    again = [operation(node) for node in kernel.nodes if node not in gradients]
    if not again:
        return []
    return [f"   of these computed again, since saving would cost more: {counted(again)}"]


def _deferred_lines(plan: TrainingPlan, names: Names) -> list[str]:
    lines = []
    for index, gradient in enumerate(plan.d_weights):
        sums = [n for n in ancestors([gradient]) if n.op in ("product_over_rows", "sum_of_rows")]
        for node in sums:
            lines.append(f"{names.weight(index)}: {_sum_over_rows(node)}")
    return [
        *lines,
        "the rest by PyTorch: the backward pass through what runs before and after the loop",
    ]


def _sum_over_rows(node: Node) -> str:
    sides = [over_steps(each.shape) for each in node.inputs]
    if node.op == "product_over_rows":
        return f"one product {sides[0]} @ {sides[1]}"
    return f"one sum over the rows of {sides[0]}"
