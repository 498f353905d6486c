"""Program: a cell that has been compiled, and the kernels of its loop."""

import ctypes
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from recurra.base import Cell, State
from recurra.codegen import Source, emit_c
from recurra.graph import (
    InferencePlan,
    LoopPlan,
    Node,
    Partition,
    TrainingPlan,
    evaluate,
    partition,
    plan_inference,
    plan_training,
    trace_step,
)
from recurra.runtime._build import build, load
from recurra.runtime._launch import Course, Launch, Operands
from recurra.runtime._memory import empty
from recurra.runtime._products import HANDLERS

Tensors = tuple[torch.Tensor, ...]

tracing = threading.RLock()
"""Held while a cell is traced, which PyTorch cannot do in two threads at once."""


@dataclass(frozen=True)
class Program:
    """A compiled cell; kernels are built when they are first needed.

    Args:
        part: the cell's step, cut at the borders of its loop.
        name: of the cell, for the names of files and functions.
    """

    part: Partition
    name: str

    @cached_property
    def inference(self) -> "InferenceKernel":
        """The kernel for runs that nobody differentiates."""
        with tracing:
            plan = plan_inference(self.part)
        return InferenceKernel(self.name, plan)

    @cached_property
    def training(self) -> "TrainingKernels":
        """The kernels for runs with gradients."""
        with tracing:
            plan = plan_training(self.part)
        return TrainingKernels(self.name, plan)

    def build(self) -> None:
        """Build all kernels now."""
        _ = self.inference, self.training

    def inputs(
        self, parameters: Sequence[torch.Tensor], x: torch.Tensor
    ) -> tuple[dict[Node, torch.Tensor], Tensors, Tensors]:
        """Compute what the loop reads, with gradients: all values known, before, weights.

        Args:
            parameters: the cell's parameters and buffers.
            x: the input of all rows and steps, `[N, ...]`.
        """
        known: dict[Node, torch.Tensor] = {self.part.step.x: x}
        known |= dict(zip(self.part.step.held, parameters, strict=True))
        wanted = (*self.part.before, *self.part.weights)
        values = evaluate(wanted, known, len(x), HANDLERS)
        known |= dict(zip(wanted, values, strict=True))
        cut = len(self.part.before)
        return known, tuple(values[:cut]), tuple(values[cut:])

    def output(
        self, known: dict[Node, torch.Tensor], exports: Sequence[torch.Tensor], rows: int
    ) -> torch.Tensor:
        """Compute the output of all rows and steps from what came out of the loop."""
        values = known | dict(zip(self.part.exports, exports, strict=True))
        (output,) = evaluate([self.part.step.output], values, rows, HANDLERS)
        return output


def compile_cell(cell: Cell, x: torch.Tensor, state: State) -> Program:
    """Compile a cell for inputs and states of these forms.

    Raises:
        CannotFuse: its step cannot be a kernel.
    """
    with tracing:
        return Program(partition(trace_step(cell, x, state)), type(cell).__name__)


class InferenceKernel:
    """The kernel of a loop without gradients.

    Args:
        name: of the cell.
        plan: what to do.
    """

    def __init__(self, name: str, plan: InferencePlan) -> None:
        self.plan = plan
        self.source = emit_c([("forward", plan.forward)], f"{name}, forward")
        self.forward = _kernels(name, self.source)[0]

    def run(
        self, along: Course, before: Tensors, weights: Tensors, state: Tensors, initial: Tensors
    ) -> tuple[Tensors, Tensors]:
        """Run the loop: exports `[N, ...]` and final states `[B, ...]`."""
        known = _given(self.plan.loop.before, before) | _given(self.plan.loop.weights, weights)
        outputs = _outputs(self.plan.forward, along)
        final = tuple(
            torch.empty_like(part, memory_format=torch.contiguous_format) for part in state
        )
        _run(self.forward, self.plan.forward, along, known, outputs, state, final, initial, None)
        return outputs, final


class TrainingKernels:
    """The kernels of a loop, forward and backward.

    Args:
        name: of the cell.
        plan: what to do.
    """

    def __init__(self, name: str, plan: TrainingPlan) -> None:
        self.plan = plan
        self.source = emit_c(
            [("forward", plan.forward), ("backward", plan.backward)],
            f"{name}, forward and backward",
        )
        self.forward, self.backward = _kernels(name, self.source)

    def run(
        self, along: Course, before: Tensors, weights: Tensors, state: Tensors, initial: Tensors
    ) -> tuple[Tensors, Tensors, Tensors]:
        """Run the loop: exports `[N, ...]`, final states `[B, ...]`, and what `go_back` needs."""
        plan = self.plan
        known = _given(plan.loop.before, before) | _given(plan.loop.weights, weights)
        outputs = _outputs(plan.forward, along)
        final = tuple(
            torch.empty_like(part, memory_format=torch.contiguous_format) for part in state
        )
        _run(self.forward, plan.forward, along, known, outputs, state, final, initial, None)
        cut = len(plan.loop.exports)
        outputs = tuple(outputs[place] for place in plan.makes)
        return outputs[:cut], final, outputs[cut:]

    def go_back(
        self,
        along: Course,
        before: Tensors,
        weights: Tensors,
        saved: Tensors,
        d_exports: Tensors,
        d_final: Tensors,
        needed: Sequence[bool],
    ) -> tuple[Tensors, tuple[torch.Tensor | None, ...], Tensors, Tensors]:
        """Return the gradients of before, weights, the state and the initial state.

        Gradients of weights that are not needed are left out: they are products of their own.
        """
        plan = self.plan
        known = _given(plan.loop.before, before) | _given(plan.loop.weights, weights)
        known |= _given(plan.saved_inputs, saved) | _given(plan.gradients.d_exports, d_exports)
        outputs = _outputs(plan.backward, along)
        d_state = tuple(
            torch.empty_like(each, memory_format=torch.contiguous_format) for each in d_final
        )
        d_initial = tuple(torch.zeros_like(each) for each in d_state)
        _run(self.backward, plan.backward, along, known, outputs, d_final, d_state, None, d_initial)
        cut = len(plan.gradients.d_before)
        known |= _given(plan.saved, saved)
        outputs = tuple(outputs[place] for place in plan.goes_back)
        known |= _given(plan.made, outputs[cut:])
        wanted = needed[len(before) : len(before) + len(weights)]
        return outputs[:cut], self._d_weights(known, along.lines, wanted), d_state, d_initial

    def _d_weights(
        self, known: dict[Node, torch.Tensor], lines: int, wanted: Sequence[bool]
    ) -> tuple[torch.Tensor | None, ...]:
        pairs = list(zip(self.plan.d_weights, wanted, strict=True))
        found = iter(evaluate([node for node, want in pairs if want], known, lines, HANDLERS))
        return tuple(next(found) if want else None for _, want in pairs)


def _kernels(name: str, source: Source) -> list["ctypes._NamedFuncPointer"]:
    library = load(build(source.text, name=name))
    return [getattr(library, kernel) for kernel in source.kernels]


def _given(nodes: Sequence[Node], tensors: Sequence[torch.Tensor]) -> dict[Node, torch.Tensor]:
    return dict(zip(nodes, tensors, strict=True))


def _outputs(plan: LoopPlan, along: Course) -> Tensors:
    return tuple(
        empty([-size * along.lines if size < 0 else size for size in node.shape], plan.dtype)
        for node in plan.outputs
    )


def _run(
    kernel: "ctypes._NamedFuncPointer",
    plan: LoopPlan,
    along: Course,
    known: dict[Node, torch.Tensor],
    outputs: Tensors,
    state: Tensors,
    final: Tensors,
    initial: Tensors | None,
    d_initial: Tensors | None,
) -> None:
    """Bring the operands into the form that a kernel reads, and launch it."""
    dtype = plan.dtype

    def solid(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        return [tensor.detach().to(dtype).contiguous() for tensor in tensors]

    matrices = evaluate(plan.weights, known, along.lines)
    operands = Operands(
        inputs=solid([known[node] for node in plan.inputs]),
        outputs=outputs,
        vectors=solid(evaluate(plan.vectors, known, along.lines)),
        weights=[matrix.detach() for matrix in matrices],
        state=solid(state),
        final=final,
        initial=None if initial is None else solid(initial),
        d_initial=d_initial,
    )
    Launch(along, operands, dtype).run(kernel)
