"""Program: a cell that has been compiled, and the kernels of its loop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import torch
from torch import nn

from recurra.base import CannotFuse, Cell, State
from recurra.graph import (
    CompiledEvaluator,
    InferencePlan,
    Node,
    Partition,
    TrainingPlan,
    is_shared,
    plan_inference,
    plan_scan,
    plan_training,
)
from recurra.runtime._gradient_paths import GradientPaths
from recurra.runtime._guards import CacheEntry, check_batch_size, load_or_trace
from recurra.runtime._kernels import (
    HANDLERS,
    InferenceLoop,
    Tensors,
    TrainingLoop,
    Weights,
)
from recurra.runtime._scan import ScanLoop
from recurra.runtime._tracing import Tracing

tracing = Tracing()


class ParameterConstants(NamedTuple):
    """What is made of parameters alone.

    Args:
        reads: values that the loop reads.
        weights: what its kernel reads of them.
    """

    reads: Sequence[torch.Tensor]
    weights: Weights


@dataclass(frozen=True)
class Program:
    """A compiled cell; kernels are built when they are first needed.

    Args:
        part: the cell's step, cut at the borders of its loop.
        name: of the cell, for the names of files and functions.
        cache_entry: keeps its plans on disk.
        batch_sizes: numbers of rows on which it was held to the step of its cell, and what came of
            it: None where it computes the same.
    """

    part: Partition
    name: str
    cache_entry: CacheEntry
    batch_sizes: dict[int, CannotFuse | None] = field(default_factory=dict)

    @cached_property
    def inference(self) -> InferenceLoop:
        """The loop for runs that nobody differentiates."""
        with tracing:
            plan = self.cache_entry.plan(InferencePlan, self.part, plan_inference)
        return InferenceLoop(self.name, plan)

    @cached_property
    def training(self) -> TrainingLoop:
        """The loop for runs with gradients."""
        with tracing:
            plan = self.cache_entry.plan(TrainingPlan, self.part, plan_training)
        return TrainingLoop(self.name, plan)

    @cached_property
    def scan(self) -> ScanLoop | CannotFuse:
        """The loop for all steps at once, or why there is none."""
        try:
            with tracing:
                return ScanLoop(plan_scan(self.part))
        except CannotFuse as reason:
            return reason.with_traceback(None)

    @cached_property
    def paths(self) -> GradientPaths:
        """The paths through its step on which gradients flow."""
        return GradientPaths(self.part)

    def check_batch_size(self, cell: nn.Module, x: torch.Tensor, state: State) -> None:
        """Hold it to a step of its cell on as many rows as `x` `[B, ...]` has, once for each B.

        Raises:
            CannotFuse: the step computes something else on so many rows.
        """
        B = len(x)
        if B not in self.batch_sizes:
            with tracing:
                self.batch_sizes[B] = _refusal_of(
                    lambda: check_batch_size(cell, x, state, self.part)
                )
        refusal = self.batch_sizes[B]
        if refusal is not None:
            raise refusal

    def build(self) -> None:
        """Build all kernels now."""
        _ = self.inference, self.training

    def constants(
        self, parameters: Sequence[torch.Tensor], *, pack: bool = False
    ) -> ParameterConstants:
        """Make what depends on parameters alone, for runs that nobody differentiates.

        Args:
            parameters: the cell's parameters and buffers.
            pack: whether to pack the matrices for many runs. Default: each run packs them.
        """
        with torch.inference_mode(False):  # it may be kept for calls in and out of it
            reads = self._constants_evaluator([each.detach() for each in parameters], 1)
            return ParameterConstants(reads, self.inference.kernel.weights(reads, pack=pack))

    def inputs(self, parameters: Sequence[torch.Tensor], x: torch.Tensor) -> Tensors:
        """Compute what the loop reads, with gradients: before, then weights."""
        return tuple(self._training_evaluators[0]([*parameters, x], len(x)))

    def output(
        self,
        parameters: Sequence[torch.Tensor],
        x: torch.Tensor,
        inputs: Tensors,
        loop_outputs: Tensors,
    ) -> torch.Tensor:
        """Compute the output of all rows and steps from what came out of the loop."""
        (output,) = self._training_evaluators[1]([*parameters, x, *inputs, *loop_outputs], len(x))
        return output.clone(memory_format=torch.contiguous_format) if self.shares_output else output

    @cached_property
    def shares_output(self) -> bool:
        """Whether the output lies in memory of something else, and is to be copied for users."""
        return is_shared(self.part.step.output, set(self.part.loop_outputs))

    @cached_property
    def _constants_evaluator(self) -> CompiledEvaluator:
        return CompiledEvaluator(self.inference.fixed, self.part.step.parameters_and_buffers)

    @cached_property
    def inference_evaluators(self) -> tuple[CompiledEvaluator, CompiledEvaluator]:
        """How to make what the inference loop reads of the input, and the output afterwards."""
        return self._evaluators(self.inference.per_step, self.inference.fixed)

    @cached_property
    def _training_evaluators(self) -> tuple[CompiledEvaluator, CompiledEvaluator]:
        return self._evaluators((*self.part.before, *self.part.weights))

    def _evaluators(
        self, reads: Sequence[Node], already: Sequence[Node] = ()
    ) -> tuple[CompiledEvaluator, CompiledEvaluator]:
        """Return how to make what a loop reads, and how to make the output afterwards."""
        part = self.part
        known = [*part.step.parameters_and_buffers, part.step.x, *already]
        return (
            CompiledEvaluator(reads, known, HANDLERS),
            CompiledEvaluator([part.step.output], [*known, *reads, *part.loop_outputs], HANDLERS),
        )


def compile_cell(cell: Cell, x: torch.Tensor, state: State) -> Program:
    """Compile a cell for inputs and states of these forms.

    Raises:
        CannotFuse: its step cannot be a kernel.
    """
    with tracing:
        part, entry = load_or_trace(cell, x, state)
    return Program(part, type(cell).__name__, entry, {len(x): None})


def _refusal_of(check: Callable[[], None]) -> CannotFuse | None:
    try:
        check()
    except CannotFuse as refusal:
        return refusal.with_traceback(None)
    return None
