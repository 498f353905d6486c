"""Loops: the C of one `FeatureLoop`, a function that takes a few features of a row at a time."""

from dataclasses import dataclass, field
from math import prod

import torch

from recurra.codegen._expressions import REDUCTIONS, expression, number
from recurra.graph import (
    FeatureLoop,
    Location,
    LoopPlan,
    Node,
    Shape,
    is_same_element,
    row_strides,
    walk,
)


@dataclass(frozen=True)
class Pointer:
    """A pointer into the row at hand, and how the loop moves it along its axes."""

    name: str
    place: Location
    strides: Shape
    written: bool


@dataclass
class LoopText:
    """A loop while it is written.

    Args:
        plan: tells where values lie.
        loop: what to compute.
        name: of the C function.
    """

    plan: LoopPlan
    loop: FeatureLoop
    name: str
    pointers: dict[tuple[Location, Shape, bool], Pointer] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    names: dict[Node, str] = field(default_factory=dict)
    totals: list[tuple[Node, str]] = field(default_factory=list)
    loaded: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in self.loop.nodes:
            if node.op in REDUCTIONS:
                self._add_reduction(node)
            else:
                self._add_pointwise(node)
        self.axes = self._collapsed()

    def _add_pointwise(self, node: Node) -> None:
        operands = [self._operand(each) for each in node.inputs]
        name = self.names[node] = f"{node.op}_{len(self.names)}"
        kind = "mask" if node.dtype == torch.bool else "vec"
        comment = f"  // {_short(node.where)}" if node.where else ""
        self.lines.append(f"const {kind} {name} = {expression(node, operands)};{comment}")
        for place in self.plan.destinations.get(node, ()):
            self._store(node, name, place)

    def _store(self, node: Node, name: str, place: Location) -> None:
        strides = getattr(place, "strides", ()) or row_strides(node.shape)
        pointer = self._pointer(place, self._steps(node.row_shape, strides), written=True)
        value = f"from_mask({name})" if node.dtype == torch.bool else name
        self.lines.append(
            f"store_{_manner(pointer)}({_at(pointer)}, {value}{_stride(pointer)}, n);"
        )

    def _add_reduction(self, node: Node) -> None:
        start, step, _ = REDUCTIONS[node.op]
        operand = self._operand(node.inputs[0])
        total = f"{node.op}_{len(self.totals)}"
        self.totals.append((node, total))
        taken = f"first_lanes({operand}, n, {start})"
        self.lines.append(f"*{total} = {step.format('*' + total, taken)};")

    def _operand(self, operand: Node) -> str:
        if operand in self.names and is_same_element(operand, self.loop.shape):
            return self.names[operand]
        found = walk(operand)
        if found.base.op == "constant":
            return number(found.base.arguments[0], operand.dtype)
        if found.base in self.names and is_same_element(operand, self.loop.shape):
            return self.names[found.base]
        place = self.plan.locations[found.base]
        place = Location(place.kind, place.index, place.offset + found.offset)
        pointer = self._pointer(place, self._steps(operand.row_shape, found.strides), written=False)
        text = f"load_{_manner(pointer)}({_at(pointer)}{_stride(pointer)}, n)"
        text = f"splat(*{pointer.name})" if self._inner(pointer) == 0 else text
        return self._loaded(text, operand.dtype)

    def _loaded(self, text: str, dtype: torch.dtype) -> str:
        """Return the name of a vector that is loaded once, before anything is stored."""
        if dtype == torch.bool:
            text = f"ne({text}, splat(0))"
        if text not in self.loaded:
            self.loaded[text] = f"in_{len(self.loaded)}"
            kind = "mask" if dtype == torch.bool else "vec"
            self.lines.append(f"const {kind} {self.loaded[text]} = {text};")
        return self.loaded[text]

    def _inner(self, pointer: Pointer) -> int:
        return pointer.strides[-1] if pointer.strides else 0

    def _steps(self, shape: Shape, strides: Shape) -> Shape:
        return tuple(step for size, step in zip(shape, strides, strict=True) if size != 1)

    def _pointer(self, place: Location, strides: Shape, *, written: bool) -> Pointer:
        plain = Location(place.kind, place.index, place.offset)
        key = (plain, strides, written)
        if key not in self.pointers:
            name = f"{place.kind}{place.index}" + (f"_at{place.offset}" if place.offset else "")
            taken = [each.name for each in self.pointers.values()]
            while name in taken:
                name += "_"
            self.pointers[key] = Pointer(name, plain, strides, written)
        return self.pointers[key]

    def _collapsed(self) -> list[tuple[int, dict[str, int]]]:
        """Join axes that every pointer walks in one go: (size, stride of each pointer)."""
        axes: list[tuple[int, dict[str, int]]] = []
        for axis, size in enumerate(self.loop.shape):
            steps = {pointer.name: pointer.strides[axis] for pointer in self.pointers.values()}
            if axes and axis != self.loop.kept:
                last_size, last = axes[-1]
                if all(last[name] == size * steps[name] for name in steps):
                    axes[-1] = (last_size * size, steps)
                    continue
            axes.append((size, steps))
        return axes or [(1, dict.fromkeys((p.name for p in self.pointers.values()), 0))]

    @property
    def outer(self) -> list[tuple[int, dict[str, int]]]:
        """The axes around the innermost one, which is taken a vector at a time."""
        return self.axes[:-1]

    @property
    def count(self) -> int:
        """How many features the innermost axis has."""
        return self.axes[-1][0]

    def function(self) -> str:
        """Return the C function that computes lanes j .. j + n of the innermost axis."""
        arguments = ["long j", "long n"]
        arguments += [
            f"{'' if pointer.written else 'const '}real *{pointer.name}"
            for pointer in self.pointers.values()
        ]
        arguments += [f"vec *{total}" for _, total in self.totals]
        body = "\n".join(f"  {line}" for line in self.lines)
        return (
            f"INLINE void {self.name}({', '.join(arguments)}) {{\n  (void)j, (void)n;\n{body}\n}}\n"
        )

    def call(self, rows: "RowText") -> list[str]:
        """Return the C that runs the function over all features of a row."""
        lines: list[str] = []
        shifts: dict[str, list[str]] = {pointer.name: [] for pointer in self.pointers.values()}
        kept_axes = self._kept_axes()
        opened = 0
        for depth, (size, steps) in enumerate(self.outer):
            if self.totals and depth == kept_axes:
                lines += self._open_totals()
            lines.append(f"for (long a{depth} = 0; a{depth} < {size}; a{depth}++) {{")
            opened += 1
            for name, step in steps.items():
                if step:
                    shifts[name].append(f"a{depth} * {step}")
        if self.totals and kept_axes >= len(self.outer):
            lines += self._open_totals()
        pointers = [
            " + ".join([rows.pointer(pointer), *shifts[pointer.name]])
            for pointer in self.pointers.values()
        ]
        lines += self._inner_loop(pointers)
        closing = ["}"] * (opened - min(kept_axes, opened)) if self.totals else ["}"] * opened
        lines += closing
        if self.totals:
            lines += self._close_totals(rows, kept_axes)
            lines += ["}"] * min(kept_axes, opened)
        return lines

    def _kept_axes(self) -> int:
        """Count the collapsed axes that stay outside of the reductions."""
        if not self.totals:
            return 0
        kept = prod(self.loop.shape[: self.loop.kept or 0])
        count, size = 0, 1
        while size < kept:
            size *= self.axes[count][0]
            count += 1
        return count

    def _open_totals(self) -> list[str]:
        return [f"vec {total} = splat({REDUCTIONS[node.op][0]});" for node, total in self.totals]

    def _close_totals(self, rows: "RowText", kept_axes: int) -> list[str]:
        lines = []
        place_of = " + ".join(
            ["0"]
            + [
                f"a{depth} * {prod(size for size, _ in self.axes[depth + 1 : kept_axes])}"
                for depth in range(kept_axes)
            ]
        )
        for node, total in self.totals:
            whole = REDUCTIONS[node.op][2].format(total)
            for place in self.plan.destinations.get(node, ()):
                pointer = Pointer("", Location(place.kind, place.index, place.offset), (), True)
                lines.append(f"({rows.pointer(pointer)})[{place_of}] = {whole};")
        return lines

    def _inner_loop(self, pointers: list[str]) -> list[str]:
        totals = [f"&{total}" for _, total in self.totals]
        count = self.count

        def run(j: str, n: str) -> str:
            return f"{self.name}({', '.join([j, n, *pointers, *totals])});"

        return [
            f"for (long j = 0; j + LANES <= {count}; j += LANES) {run('j', 'LANES')}",
            f"if ({count} % LANES) {run(f'{count} - {count} % LANES', f'{count} % LANES')}",
        ]


class RowText:
    """How the rows of values are found, in the C of a stage."""

    def __init__(self, plan: LoopPlan, strides: dict[tuple[str, int], int]) -> None:
        self.plan = plan
        self.strides = strides

    def pointer(self, pointer: Pointer) -> str:
        """Return where the row at hand begins."""
        kind, index, offset = pointer.place.kind, pointer.place.index, pointer.place.offset
        shift = f" + {offset}" if offset else ""
        if kind in ("input", "output"):
            nodes = self.plan.inputs if kind == "input" else self.plan.outputs
            return f"call->{kind}s[{index}] + line * {nodes[index].width}{shift}"
        if kind == "vector":
            return f"call->vectors[{index}]{shift}"
        if kind == "row":
            return f"iteration->scratch[{len(self.plan.scratch) + index}]{shift}"
        row = "(iteration->ahead_line + i)" if kind == "ahead" else "i"
        return f"iteration->{kind}[{index}] + {row} * {self.strides[kind, index]}{shift}"


def _manner(pointer: Pointer) -> str:
    return "lanes" if pointer.strides and pointer.strides[-1] == 1 else "spread"


def _at(pointer: Pointer) -> str:
    if not pointer.strides or pointer.strides[-1] == 0:
        return pointer.name
    step = pointer.strides[-1]
    return f"{pointer.name} + j" if step == 1 else f"{pointer.name} + j * {step}"


def _stride(pointer: Pointer) -> str:
    if _manner(pointer) == "lanes":
        return ""
    return f", {pointer.strides[-1] if pointer.strides else 1}"


def _short(where: str | None) -> str:
    """Return the user's line without its place, so that moving it compiles nothing anew."""
    return "" if where is None else where.partition("  ")[2].replace("\\", "")
