"""What a kernel costs, counted from its plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from recurra.graph import (
    POINTWISE,
    REDUCTIONS,
    InferencePlan,
    LoopPlan,
    Node,
    Partition,
    TrainingPlan,
    ancestors,
)


@dataclass(frozen=True)
class KernelCost:
    """What one iteration of a kernel costs.

    One operation counts as one, a product of K by N as 2 K N; copies and changes of dtype are free.

    Args:
        products: number of matrix products.
        product_flops: of the products, per row and step.
        elementwise_flops: of everything else, per row and step.
        read_bytes: read from memory, per row and step: what came before the loop, or was saved.
        written_bytes: written to memory, per row and step.
        weight_bytes: of the matrices, per step: all rows share them.
        scratch_bytes: of values within an iteration, per row; they stay in the cache.
        saved_bytes: the part of `written_bytes` that waits for the backward pass.
    """

    products: int
    product_flops: int
    elementwise_flops: int
    read_bytes: int
    written_bytes: int
    weight_bytes: int
    scratch_bytes: int
    saved_bytes: int = 0


@dataclass(frozen=True)
class Costs:
    """What one step of a cell costs, in its kernels and around them.

    Args:
        forward: the kernel of the loop.
        backward: the kernel of the backward pass, or None where no gradients are asked for.
        before_flops: of the products that left the loop to run before it, per row and step.
        after_flops: of those that run after it.
        deferred_flops: of the gradients of weights, summed up after the backward pass.
    """

    forward: KernelCost
    backward: KernelCost | None
    before_flops: int
    after_flops: int
    deferred_flops: int


def count_costs(part: Partition, plan: TrainingPlan | InferencePlan) -> Costs:
    """Count what a step costs by its plan."""
    before, after = (
        sum(_product_flops(node) for node in part.place if part.place[node] == place)
        for place in ("before", "after")
    )
    if isinstance(plan, InferencePlan):
        return Costs(kernel_cost(plan.forward), None, before, after, 0)
    forward, backward = kernel_cost(plan.forward, plan.saved), kernel_cost(plan.backward)
    deferred = sum(map(_over_rows_flops, ancestors(plan.d_weights)))
    return Costs(forward, backward, before, after, deferred)


def kernel_cost(plan: LoopPlan, saved: Sequence[Node] = ()) -> KernelCost:
    """Count what one iteration of a plan does and moves."""
    size = plan.dtype.itemsize
    nodes = list(plan.nodes)
    return KernelCost(
        products=sum(node.op == "matmul" for node in nodes),
        product_flops=sum(map(_product_flops, nodes)),
        elementwise_flops=sum(map(_elementwise_flops, nodes)),
        read_bytes=size * sum(node.width for node in plan.inputs),
        written_bytes=size * sum(node.width for node in plan.outputs),
        weight_bytes=size * sum(node.width for node in plan.weights),
        scratch_bytes=size * (sum(plan.scratch) + sum(plan.row)),
        saved_bytes=size * sum(node.width for node in saved),
    )


def _product_flops(node: Node) -> int:
    if node.op not in ("matmul", "affine"):
        return 0
    left, weight = node.inputs[:2]
    return 2 * left.width * weight.shape[-1]


def _elementwise_flops(node: Node) -> int:
    if node.op in REDUCTIONS:
        return node.inputs[0].width
    return node.width if node.op in POINTWISE else 0


def _over_rows_flops(node: Node) -> int:
    if node.op == "sum_of_rows":
        return node.inputs[0].width
    if node.op != "product_over_rows":
        return 0
    left, right = node.inputs
    return 2 * left.width * right.shape[-1]
