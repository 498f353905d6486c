"""Streams: one step at a time, with as little around it as can be."""

import ctypes
from collections.abc import Sequence
from typing import cast

import torch
from torch import nn

from recurra.base import (
    BackendUnavailable,
    CannotFuse,
    Cell,
    ShapeError,
    State,
    check_size,
    describe_tensor,
    map_state,
    run_step,
    state_tensors,
    warn_once,
)
from recurra.graph import evaluate, partition, plan_inference, trace_step
from recurra.runtime._launch import Launch, Operands, course
from recurra.runtime._program import InferenceKernel


class Stream:
    """Runs a cell step by step as data comes in, and keeps the state in between.

    Use it where one input at a time has to be answered at once: audio, sensors, control. The whole
    step, input projection included, is one kernel; a row's results are the same bits whatever other
    rows run beside it. There are no gradients. When the cell's weights change, the next step sees
    it.

    Args:
        cell: the cell; where it cannot be a kernel, its own `forward` runs, which is said once.
        batch_size: rows that run side by side, >= 1. Default: 1.

    Raises:
        ShapeError: `batch_size` is not a positive integer.

    Example:
        >>> import torch, recurra
        >>> stream = recurra.Stream(recurra.GRU(3, 5))
        >>> for x in torch.randn(4, 1, 3):
        ...     y = stream(x)  # [1, 5]
        >>> y.shape, stream.state.shape
        (torch.Size([1, 5]), torch.Size([1, 5]))
    """

    def __init__(self, cell: Cell, batch_size: int = 1) -> None:
        self.cell = cell
        self.batch_size = check_size("batch_size", batch_size)
        self._kernel: _StepKernel | None = None
        self._plain = False
        self._state: State = self._initial()

    @property
    def state(self) -> State:
        """The state after the last step: a copy."""
        state = self._state
        if self._kernel is not None:
            parts = iter(self._kernel.state())
            state = map_state(lambda _: next(parts), state)
        return map_state(lambda part: part.clone(), state)

    @state.setter
    def state(self, state: State) -> None:
        self._state = map_state(lambda _, part: part.detach().clone(), self._state, state)
        if self._kernel is not None:
            self._kernel.set_state(tuple(state_tensors(self._state)))

    def reset(self, rows: torch.Tensor | None = None) -> None:
        """Return to the initial state, all rows or those that `rows` `[B]` bool marks."""
        initial = self._initial()
        if rows is None:
            self.state = initial
            return
        self.state = map_state(
            lambda new, old: torch.where(rows.reshape(-1, *(1,) * (new.dim() - 1)), new, old),
            initial,
            self.state,
        )

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Run one step: x `[B, ...]` to the output `[B, ...]`, a new tensor.

        Raises:
            ShapeError: x does not have `batch_size` rows, or another form than at the first step.
        """
        kernel = self._kernel
        if kernel is None:
            if not self._plain:
                self._prepare(x)
                return self(x)
            return self._step_plainly(x)
        if x.shape != kernel.shape or x.dtype != kernel.dtype:
            raise ShapeError(
                "`x` does not have the form of the stream's first input.",
                got=describe_tensor(x),
                expected=f"{tuple(kernel.shape)} {kernel.dtype}",
            )
        return kernel.step(x)

    def _prepare(self, x: torch.Tensor) -> None:
        if x.shape[:1] != (self.batch_size,):
            raise ShapeError(
                "`x` does not have one row for each row of the stream.",
                got=describe_tensor(x),
                expected=f"({self.batch_size}, ...)",
            )
        try:
            if not isinstance(self.cell, nn.Module):
                raise CannotFuse("The cell is no `nn.Module`.", got=type(self.cell).__name__)
            self._kernel = _StepKernel(self.cell, x.detach(), self._state)
        except (CannotFuse, BackendUnavailable) as reason:
            self._plain = True
            name = type(self.cell).__name__
            warn_once(f"stream {name}", f"Streams of `{name}` run its own forward: {reason}")

    @torch.no_grad()
    def _step_plainly(self, x: torch.Tensor) -> torch.Tensor:
        y, self._state = run_step(self.cell, x, self._state)
        return y

    @torch.no_grad()
    def _initial(self) -> State:
        return map_state(lambda part: part.clone(), self.cell.initial_state(self.batch_size))


class _StepKernel:
    """One step as a kernel, with all that its call needs made beforehand."""

    def __init__(self, cell: nn.Module, x: torch.Tensor, state: State) -> None:
        self.cell = cell
        self.shape, self.dtype = x.shape, x.dtype
        self.part = partition(trace_step(cast(Cell, cell), x, state), whole=True)
        self.kernel = InferenceKernel(type(cell).__name__, plan_inference(self.part))
        plan = self.kernel.plan.forward
        if not plan.outputs or list(plan.inputs) != list(plan.inputs[:1]):
            raise CannotFuse("The step has an output that does not depend on its input or state.")
        self.along = course(1, len(x), None, None, reverse=False)
        self.slots = [
            tuple(part.clone().contiguous() for part in state_tensors(state)) for _ in "ab"
        ]
        self.output_shape = (len(x), *plan.outputs[0].shape[1:])
        self.output_dtype = plan.dtype
        self.now = 0
        self.tensors = [*cell.parameters(), *cell.buffers()]
        self.versions: list[tuple[int, int]] = []

    def state(self) -> tuple[torch.Tensor, ...]:
        """The tensors of the state after the last step."""
        return self.slots[self.now]

    def set_state(self, state: Sequence[torch.Tensor]) -> None:
        """Go on from another state."""
        for slot, part in zip(self.slots[self.now], state, strict=True):
            slot.copy_(part)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        """Run one step."""
        versions = [(tensor.data_ptr(), tensor._version) for tensor in self.tensors]
        if versions != self.versions:
            self._prepare(versions)
        if not x.is_contiguous():
            x = x.contiguous()
        y = torch.empty(self.output_shape, dtype=self.output_dtype)
        launch = self.launches[self.now]
        launch.arrays["inputs"][0] = x.data_ptr()
        launch.arrays["outputs"][0] = y.data_ptr()
        self.run(launch.reference)
        self.now = 1 - self.now
        return y

    @torch.no_grad()
    def _prepare(self, versions: list[tuple[int, int]]) -> None:
        """Pack the weights, and make the two calls that the steps take in turn."""
        plan = self.kernel.plan
        held = [
            *dict(self.cell.named_parameters()).values(),
            *dict(self.cell.named_buffers()).values(),
        ]
        known = dict(zip(self.part.step.held, held, strict=True))
        weights = evaluate(self.part.weights, known, 1)
        loop = dict(zip(plan.loop.weights, weights, strict=True))
        vectors = [each.contiguous() for each in evaluate(plan.forward.vectors, loop, 1)]
        matrices = evaluate(plan.forward.weights, loop, 1)
        blank = torch.empty(self.shape, dtype=self.dtype)
        output = torch.empty(self.output_shape, dtype=self.output_dtype)
        first, second = self.slots
        self.launches = [
            Launch(
                self.along,
                Operands(
                    [blank] * len(plan.forward.inputs), [output], vectors, matrices, start, end
                ),
                plan.forward.dtype,
            )
            for start, end in ((first, second), (second, first))
        ]
        for launch in self.launches:
            launch.pack_now()
        self.run: ctypes._NamedFuncPointer = self.kernel.forward
        self.versions = versions
