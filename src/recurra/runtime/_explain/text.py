"""The sentences and tables of an explanation."""

from recurra.base import CannotFuse
from recurra.graph import POINTWISE, REDUCTIONS, LoopPlan
from recurra.runtime._explain.costs import Costs, KernelCost
from recurra.runtime._explain.section import Section


def summary(name: str, plan: LoopPlan | None) -> str:
    """Say in one sentence what becomes of a cell."""
    if plan is None:
        return f"{name} is not compiled: `unroll` runs it in the plain loop, one step at a time."
    nodes = list(plan.nodes)
    products = sum(node.op == "matmul" for node in nodes)
    others = sum(node.op in POINTWISE or node.op in REDUCTIONS for node in nodes)
    return (
        f"{name} is compiled: {_count(products, 'product')} and"
        f" {_count(others, 'elementwise operation')} a step, in one kernel."
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
    return (Section("Why", [reason.problem, *details], whole=True), Section("What to do", advice))


def cost_section(costs: Costs, rows: int) -> Section:
    """Lay out what a step costs, in the kernels and around them."""
    kernels = [costs.forward] if costs.backward is None else [costs.forward, costs.backward]
    lines = [f"{'':<44}" + "".join(f"{name:>14}" for name in ("loop", "backward")[: len(kernels)])]
    table = _rows(kernels)
    if costs.backward is None:
        table.pop("  of these saved for the backward pass")
    for label, values in table.items():
        lines.append(f"{label:<44}" + "".join(f"{value:>14,}" for value in values))
    outside = {
        "products before the loop, FLOP a row": costs.before_flops,
        "products after the loop, FLOP a row": costs.after_flops,
        "gradients of weights, FLOP a row": costs.deferred_flops,
    }
    lines += [f"{label:<44}{value:>14,}" for label, value in outside.items() if value]
    return Section("What one step costs", [*lines, *_intensity(costs.forward, rows)])


def _rows(kernels: list[KernelCost]) -> dict[str, list[int]]:
    return {
        "products, FLOP a row": [each.product_flops for each in kernels],
        "elementwise, operations a row": [each.elementwise_flops for each in kernels],
        "read from memory, bytes a row": [each.read_bytes for each in kernels],
        "written to memory, bytes a row": [each.written_bytes for each in kernels],
        "  of these saved for the backward pass": [each.saved_bytes for each in kernels],
        "within an iteration, bytes a row": [each.scratch_bytes for each in kernels],
        "weights, bytes for all rows together": [each.weight_bytes for each in kernels],
    }


def _intensity(cost: KernelCost, rows: int) -> list[str]:
    """Relate products to the weights that they read, for a batch."""
    if not cost.weight_bytes:
        return []
    flops = rows * cost.product_flops
    ratio = flops / cost.weight_bytes
    total = f"With {rows} rows: {flops:,} FLOP of products a step"
    return [f"{total}, {ratio:.1f} for each byte of weights."]
