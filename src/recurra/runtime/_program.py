"""Program: a cell that has been compiled, and the kernels of its loop."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from recurra.base import Cell, State
from recurra.graph import Partition, Recipe, partition, plan_inference, plan_training, trace_step
from recurra.runtime._kernel import Tensors
from recurra.runtime._loops import InferenceLoop, TrainingLoop
from recurra.runtime._products import HANDLERS

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
    def inference(self) -> InferenceLoop:
        """The loop for runs that nobody differentiates."""
        with tracing:
            plan = plan_inference(self.part)
        return InferenceLoop(self.name, plan)

    @cached_property
    def training(self) -> TrainingLoop:
        """The loop for runs with gradients."""
        with tracing:
            plan = plan_training(self.part)
        return TrainingLoop(self.name, plan)

    def build(self) -> None:
        """Build all kernels now."""
        _ = self.inference, self.training

    def inputs(
        self, parameters: Sequence[torch.Tensor], x: torch.Tensor
    ) -> tuple[Tensors, Tensors]:
        """Compute what the loop reads, with gradients: before, weights.

        Args:
            parameters: the cell's parameters and buffers.
            x: the input of all rows and steps, `[N, ...]`.
        """
        values = self._inputs([*parameters, x], len(x))
        cut = len(self.part.before)
        return tuple(values[:cut]), tuple(values[cut:])

    def output(
        self,
        parameters: Sequence[torch.Tensor],
        x: torch.Tensor,
        before: Tensors,
        weights: Tensors,
        exports: Tensors,
    ) -> torch.Tensor:
        """Compute the output of all rows and steps from what came out of the loop."""
        (output,) = self._output([*parameters, x, *before, *weights, *exports], len(x))
        return output

    @cached_property
    def _inputs(self) -> Recipe:
        part = self.part
        return Recipe([*part.before, *part.weights], [*part.step.held, part.step.x], HANDLERS)

    @cached_property
    def _output(self) -> Recipe:
        part, step = self.part, self.part.step
        given = [*step.held, step.x, *part.before, *part.weights, *part.exports]
        return Recipe([step.output], given, HANDLERS)


def compile_cell(cell: Cell, x: torch.Tensor, state: State) -> Program:
    """Compile a cell for inputs and states of these forms.

    Raises:
        CannotFuse: its step cannot be a kernel.
    """
    with tracing:
        return Program(partition(trace_step(cell, x, state)), type(cell).__name__)
