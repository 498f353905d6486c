"""Kernels: the C source of a LoopPlan."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch

from recurra.base import CannotFuse
from recurra.codegen._loops import LoopText, RowText
from recurra.codegen._support import support
from recurra.graph import LoopPlan, Product, Products, Rows, Stage, walk

_PAD = 16  # numbers between rows: rows that are a power of two apart would share their cache sets


@dataclass(frozen=True)
class Source:
    """A C source and the names in it.

    Args:
        text: the source, complete: it includes nothing.
        kernels: names of its functions `int NAME(const struct call *)`.
    """

    text: str
    kernels: tuple[str, ...]


def emit_c(plans: Sequence[tuple[str, LoopPlan]], title: str) -> Source:
    """Write the C of some plans, all of one dtype.

    Args:
        plans: names and plans; each becomes a function `int NAME(const struct call *)`.
        title: what the source says that it is.

    Raises:
        CannotFuse: an operation has no C.
    """
    double = plans[0][1].dtype == torch.float64
    parts = [
        f"/* {title}\n *\n * Written by Recurra. Vectors hold LANES numbers of type real. */",
        f"#define REAL_IS_DOUBLE {int(double)}",
        support("vectors.h", "random.h", "sequence.h", "generated.h"),
    ]
    parts += [_KernelText(name, plan).text() for name, plan in plans]
    return Source("\n".join(parts) + "\n", tuple(name for name, _ in plans))


class _KernelText:
    """One kernel while it is written."""

    def __init__(self, name: str, plan: LoopPlan) -> None:
        self.name = name
        self.plan = plan
        self.functions: list[str] = []
        self.strides = {
            **{("state", i): _stride(node.width) for i, node in enumerate(plan.state)},
            **{("next_state", i): _stride(node.width) for i, node in enumerate(plan.next_state)},
            **{("scratch", i): _stride(width) for i, width in enumerate(plan.scratch)},
            **{("ahead", i): _stride(each.node.width) for i, each in enumerate(plan.ahead)},
        }
        if len(plan.state) > 32 or len(plan.scratch) + len(plan.row) > 256:
            raise CannotFuse("A step has too many values for a kernel.", got=len(plan.scratch))

    def text(self) -> str:
        stages = [
            line
            for number, stage in enumerate(self.plan.stages)
            for line in self._stage(stage, number)
        ]
        body = "\n".join(f"  {line}" for line in stages)
        return "\n".join(
            [
                f"\n/* ---- {self.name} " + "-" * (88 - len(self.name)) + " */\n",
                *self.functions,
                f"static void {self.name}_iteration(const struct iteration *iteration) {{",
                "  const struct call *call = iteration->call;",
                "  (void)call;",
                body,
                "}\n",
                self._description(),
                f"int {self.name}(const struct call *call) {{",
                f"  return call->run(&{self.name}_kernel, call);",
                "}",
            ]
        )

    def _products(self, stage: Products, number: int) -> list[str]:
        lines = [f"/* stage {number}: products of all running rows with matrices */"]
        for item in stage.items:
            lines += self._product(item)
        return lines

    def _product(self, item: Product) -> list[str]:
        """Return the calls of one product: one for each head and each line within a row."""
        node = item.node
        left, weight = node.inputs
        found = walk(left)
        place = self.plan.locations[found.base]
        a, lda = self._block(place.kind, place.index)
        own = self.plan.locations[node]
        c, ldc = self._block(own.kind, own.index)
        K, N = weight.shape[-2:]
        heads = weight.shape[0] if len(weight.shape) == 3 else 1
        lines = []
        outer = list(zip(left.row_shape[:-1], found.strides[:-1], strict=True))
        offsets = [(0, 0, 0)]
        for axis, (size, step) in enumerate(outer):
            is_head = axis == 0 and heads > 1
            offsets = [
                (a_at + place * step, c_at * size + place, head + (place if is_head else 0))
                for a_at, c_at, head in offsets
                for place in range(size)
            ]
        for a_at, c_at, head in offsets:
            panels = f"call->panels[{item.weight}]"
            if head:
                panels += f" + {head} * call->packed_size({K}, {N})"
            lines.append(
                f"multiply(iteration, {K}, {N},"
                f" {a} + {place.offset + found.offset + a_at}, {lda},"
                f" {panels}, {c} + {own.offset + c_at * N}, {ldc});"
            )
        return lines

    def _block(self, kind: str, index: int) -> tuple[str, int]:
        """Return where the rows of a value begin, and how far apart they are."""
        return f"iteration->{kind}[{index}]", self.strides[kind, index]

    def _rows(self, stage: Rows, number: int) -> list[str]:
        rows = RowText(self.plan, self.strides)
        lines = [
            f"/* stage {number}: row by row */",
            "for (long i = first_row(iteration); i < last_row(iteration); i++) {",
            "  const long line = iteration->line[i];",
            "  (void)line;",
        ]
        for place, loop in enumerate(stage.loops):
            text = LoopText(self.plan, loop, f"{self.name}_{number}_{place}")
            self.functions.append(text.function())
            lines += ["  {", *(f"    {line}" for line in text.call(rows)), "  }"]
        return [*lines, "}"]

    def _stage(self, stage: Stage, number: int) -> list[str]:
        if isinstance(stage, Products):
            lines = self._products(stage, number)
        else:
            lines = self._rows(stage, number)
        return [*lines, "end_stage(iteration);"]

    def _description(self) -> str:
        plan, name = self.plan, self.name
        states = [node.width for node in plan.state]
        scratch = [self.strides["scratch", i] for i in range(len(plan.scratch))]
        row = [_stride(width) for width in plan.row]
        heads = [prod(node.shape[:-2]) for node in plan.weights]
        arrays = {
            "state_width": states,
            "state_stride": [self.strides["state", i] for i in range(len(states))],
            "scratch_stride": [*scratch, *row],
            "scratch_of_rows": [1] * len(scratch) + [0] * len(row),
            "weight_heads": heads,
            "weight_K": [node.shape[-2] for node in plan.weights],
            "weight_N": [node.shape[-1] for node in plan.weights],
        }
        lines = [
            f"static const {'int' if key == 'scratch_of_rows' else 'long'} {name}_{key}[] ="
            f" {{{', '.join(map(str, values or [0]))}}};"
            for key, values in arrays.items()
        ]
        lines.append(
            f"static const struct kernel {name}_kernel = {{\n"
            f"    {name}_iteration, {int(plan.backward)},"
            f" {len(states)}, {name}_state_width, {name}_state_stride,\n"
            f"    {len(scratch) + len(row)}, {name}_scratch_stride, {name}_scratch_of_rows,\n"
            f"    {len(heads)}, {name}_weight_heads, {name}_weight_K, {name}_weight_N,\n"
            f"    {len(plan.ahead)}, {name}_ahead}};"
        )
        return "\n".join([self._aheads(), *lines])

    def _aheads(self) -> str:
        """Return the table of products that are made ahead."""
        entries = [
            f"{{{each.left}, {each.weight}, {-1 if each.bias is None else each.bias},"
            f" {_stride(self.plan.inputs[each.left].width)}, {self.strides['ahead', place]}}}"
            for place, each in enumerate(self.plan.ahead)
        ]
        table = ", ".join(entries or ["{0}"])
        return f"static const struct ahead_product {self.name}_ahead[] = {{{table}}};"


def _stride(width: int) -> int:
    """Return how far apart rows lie: whole cache lines, and never a power of two."""
    return -(-width // _PAD) * _PAD + _PAD
