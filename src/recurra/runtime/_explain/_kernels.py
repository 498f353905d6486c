"""A kernel in words: its stages, one after the other."""

from collections.abc import Iterator, Sequence
from math import prod

from recurra.graph import (
    POINTWISE,
    REDUCTIONS,
    FeatureLoop,
    LoopPlan,
    Node,
    Product,
    Products,
    ancestors,
    describe_shape,
    walk,
)
from recurra.runtime._explain._names import Names, counted, lines_of, operation


def kernel_lines(plan: LoopPlan, names: Names) -> list[str]:
    """Describe the stages of a kernel."""
    lines: list[str] = []
    for number, stage in enumerate(plan.stages, 1):
        if isinstance(stage, Products):
            found = _products(stage, names)
        else:
            found = [line for loop in stage.loops for line in _feature_loop(loop)]
        lines += [
            f"{f'{number}.' if not place else '':<3}{line}" for place, line in enumerate(found)
        ]
    return lines or ["nothing"]


def _products(stage: Products, names: Names) -> list[str]:
    lines: list[str] = []
    for item in stage.items:
        left, weight = item.node.inputs
        sizes = f"{describe_shape(left.shape)} @ {describe_shape(weight.shape)}"
        lines.append(f"product {names.value(left)} @ {names.parameter(weight)}  {sizes}")
        lines += [f"  {line}" for line in _why_inside(item, names)]
        lines += [f"  {'  '.join(line)}" for line in lines_of([item.node])]
    return [*lines, *_sharing(stage.items)]


def _why_inside(item: Product, names: Names) -> Iterator[str]:
    """Say which part of the state a product waits for, where that is not plain."""
    left = item.node.inputs[0]
    needed = names.states(ancestors([left]))
    if needed:
        yield f"cannot leave the loop: depends on {', '.join(f'`{name}`' for name in needed)}"


def _sharing(items: Sequence[Product]) -> list[str]:
    """Say which products read the same values."""
    sides = [walk(item.node.inputs[0]) for item in items]
    if len(items) > 1 and len(set(sides)) == 1:
        return [f"these {len(items)} share their left side"]
    return []


def _feature_loop(loop: FeatureLoop) -> list[str]:
    size = prod(loop.shape)
    sizes = f"{size}" if len(loop.shape) < 2 else f"{' x '.join(map(str, loop.shape))}"
    lines = [f"features one pass over {sizes} of each row: {operations(loop.nodes)}"]
    return lines + [f"  {'  '.join(line)}" for line in lines_of(loop.nodes)]


def operations(nodes: Sequence[Node]) -> str:
    """Count operations by name: `3 add, 2 tanh`; the movements of memory last."""
    computed = [each for each in nodes if each.op in POINTWISE or each.op in REDUCTIONS]
    others = [each for each in nodes if each not in computed]
    return counted([operation(node) for node in (*computed, *others)])
