"""A kernel in words: its stages, one after the other."""

from collections.abc import Iterator, Sequence

from recurra.graph import (
    POINTWISE,
    REDUCTIONS,
    LoopPlan,
    Node,
    Products,
    Rows,
    ancestors,
    describe_shape,
    walk,
)
from recurra.runtime._explain.names import Line, Names, counted, lines_of, operation

Entry = tuple[list[str], list[Line]]  # words, and the user's lines behind them


def kernel_lines(plan: LoopPlan, names: Names) -> list[str]:
    """Describe the stages of a kernel, each with the user's lines that it comes from."""
    lines: list[str] = []
    said: list[Line] = []
    for number, stage in enumerate(plan.stages, 1):
        entries = _products(stage, names) if isinstance(stage, Products) else _rows(stage)
        for place, (words, origins) in enumerate(entries):
            lines.append(f"{'   ' if place else f'{number}. '}{words[0]}")
            lines += [f"     {line}" for line in words[1:]]
            lines += [f"     {'  '.join(line)}" for line in origins if origins != said]
            said = origins
    return lines or ["nothing"]


def _products(stage: Products, names: Names) -> Iterator[Entry]:
    for item in stage.items:
        left, weight = item.node.inputs
        sizes = f"{describe_shape(left.shape)} @ {describe_shape(weight.shape)}"
        words = [f"product {names.value(left)} @ {names.parameter(weight)}  {sizes}"]
        yield words + _why_inside(left, names), lines_of([item.node])
    if len(stage.items) > 1 and len({walk(item.node.inputs[0]) for item in stage.items}) == 1:
        yield [f"these {len(stage.items)} share their left side"], []


def _why_inside(left: Node, names: Names) -> list[str]:
    """Say which part of the state a product waits for."""
    needed = [f"`{name}`" for name in names.states(ancestors([left]))]
    return [f"cannot leave the loop: depends on {', '.join(needed)}"] if needed else []


def _rows(stage: Rows) -> Iterator[Entry]:
    for loop in stage.loops:
        sizes = " x ".join(map(str, loop.shape)) or "1"
        words = f"one pass over {sizes} features of each row: {operations(loop.nodes)}"
        yield [words], lines_of(loop.nodes)


def operations(nodes: Sequence[Node]) -> str:
    """Count operations by name: `3 add, 2 tanh`; the movements of memory last."""
    computed = [each for each in nodes if each.op in POINTWISE or each.op in REDUCTIONS]
    others = [each for each in nodes if each not in computed]
    return counted([operation(node) for node in (*computed, *others)])
