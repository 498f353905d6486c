"""The sentences and tables of an explanation."""

from recurra.base import CannotFuse
from recurra.graph import POINTWISE, REDUCTIONS, LoopPlan
from recurra.runtime._explain._costs import KernelCost
from recurra.runtime._explain._section import Section


def summary(name: str, plan: LoopPlan | None) -> str:
    """Say in one sentence what becomes of a cell."""
    if plan is None:
        return f"{name} is not compiled: `unroll` runs it in the plain loop, one step at a time."
    nodes = list(plan.nodes)
    products = sum(node.op == "matmul" for node in nodes)
    others = sum(node.op in POINTWISE or node.op in REDUCTIONS for node in nodes)
    return (
        f"{name} is compiled: each step is {_count(products, 'product')} and"
        f" {_count(others, 'elementwise operation')} in one fused kernel."
    )


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"


def refusal_sections(reason: CannotFuse) -> tuple[Section, ...]:
    """Say why a cell has no kernel, where, and what to do."""
    details = [f"{label + ':':<10} {detail}" for label, detail in reason.details.items()]
    advice = [
        "change that line, and ask again; or leave it: results are the same, only slower.",
        'With `backend="c"`, `unroll` raises this reason instead of running the plain loop.',
    ]
    return (Section("Why", [reason.problem, *details]), Section("What to do", advice))


def cost_section(
    forward: KernelCost,
    backward: KernelCost | None,
    before: int,
    after: int,
    deferred: int,
    rows: int,
) -> Section:
    """Lay out what a step costs."""
    kernels = [forward] if backward is None else [forward, backward]
    lines = [f"{'':<44}{'loop':>14}" + ("" if backward is None else f"{'way back':>14}")]
    for label, values in _rows(kernels):
        lines.append(f"{label:<44}" + "".join(f"{value:>14,}" for value in values))
    outside = [("before the loop", before), ("after the loop", after)]
    outside += [("gradients of weights, after the way back", deferred)]
    lines += [
        f"{f'products {label}, FLOP a row and step':<58}{value:>14,}"
        for label, value in outside
        if value
    ]
    return Section("What one step costs", [*lines, *_intensity(forward, rows)])


def _rows(kernels: list[KernelCost]) -> list[tuple[str, list[int]]]:
    return [
        ("products, FLOP a row", [each.product_flops for each in kernels]),
        ("elementwise, operations a row", [each.elementwise_flops for each in kernels]),
        ("read from memory, bytes a row", [each.read_bytes for each in kernels]),
        ("written to memory, bytes a row", [each.written_bytes for each in kernels]),
        ("  of these saved for the way back", [each.saved_bytes for each in kernels]),
        ("within a turn, bytes a row", [each.scratch_bytes for each in kernels]),
        ("weights, bytes for all rows together", [each.weight_bytes for each in kernels]),
    ]


def _intensity(cost: KernelCost, rows: int) -> list[str]:
    """Relate products to the weights that they read, for a batch."""
    if not cost.weight_bytes:
        return []
    flops = rows * cost.product_flops
    ratio = flops / cost.weight_bytes
    return [
        f"With {rows} rows: {flops:,} FLOP of products a step, {ratio:.1f} for each byte of weights."
    ]
