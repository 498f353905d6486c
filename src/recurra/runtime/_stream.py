"""Streams: one step at a time, with as little around it as can be."""

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import nn

from recurra.base import (
    BackendUnavailable,
    CannotFuse,
    Cell,
    DtypeError,
    ShapeError,
    State,
    check_not_proxy,
    check_same_form,
    check_size,
    describe_tensor,
    from_half,
    is_example,
    map_state,
    no_autocast,
    over_features,
    run_step,
    state_from_half,
    state_tensors,
    unflatten_state,
    warn_once,
)
from recurra.graph import InferencePlan, evaluate, plan_inference
from recurra.runtime._guards import Guard, load_or_trace, parameters_and_buffers, reachable
from recurra.runtime._kernels import (
    CallForm,
    InferenceLoop,
    Launch,
    Operands,
    address,
    check_circumstances,
    check_readable,
    dtypes_of,
    in_dtypes,
    lay_out_rows,
    readable,
    sample_of,
    three_strides,
)
from recurra.runtime._program import tracing
from recurra.runtime._tracing import beyond_dynamo
from recurra.runtime._verify import is_due, is_verifying, verified_step

_tracing = torch._C._get_tracing_state
_modes, _function_modes = torch._C._len_torch_dispatch_stack, torch._C._len_torch_function_stack


class Stream:
    """Runs a cell step by step as data comes in, and keeps the state in between.

    Use it where one input at a time has to be answered at once: audio, sensors, control. The whole
    step, input projection included, is one kernel; a row's results are the same bits whatever other
    rows run beside it. There are no gradients. When the cell changes, its weights or its numbers,
    the next step sees it. Only where few numbers of a parameter of more than 512 bytes are written
    to through `.data` or NumPy, which PyTorch does not count, they may go unnoticed.

    Args:
        cell: the cell; where it cannot be a kernel, its own `forward` runs, which is said once.
        batch_size: rows that run side by side, >= 1. Default: 1.
        weights: `torch.bfloat16` rounds the matrices of a float32 cell to half of their memory,
            which a step of few rows spends its time reading; everything else stays float32.
            Default: as they are.

    Raises:
        ShapeError: `batch_size` is not a positive integer.
        DtypeError: `weights` is neither None nor bfloat16, or the cell is not float32.

    Example:
        >>> import torch, recurra
        >>> stream = recurra.Stream(recurra.GRU(3, 5))
        >>> for x in torch.randn(4, 1, 3):
        ...     y = stream(x)  # [1, 5]
        >>> y.shape, stream.state.shape
        (torch.Size([1, 5]), torch.Size([1, 5]))
    """

    def __init__(
        self, cell: Cell, batch_size: int = 1, *, weights: torch.dtype | None = None
    ) -> None:
        self.cell = cell
        self._halves = self._checked(weights)
        self.batch_size = check_size("batch_size", batch_size)
        self._kernel: _StepKernel | None = None
        self._form: tuple[torch.Size, torch.dtype] | None = None
        self._state: State = self._initial()

    def _checked(self, weights: torch.dtype | None) -> bool:
        """Tell whether weights are to be rounded to halves."""
        if weights not in (None, torch.bfloat16):
            raise DtypeError(
                "`weights` is a dtype that streams do not keep weights in.",
                got=weights,
                expected="None or torch.bfloat16",
            )
        part = next(state_tensors(self.cell.initial_state(1)))
        if weights is not None and part.dtype != torch.float32:
            raise DtypeError(
                "Only the weights of a float32 cell can be rounded to bfloat16.",
                got=f"a state of {part.dtype}",
                expected="torch.float32",
            )
        return weights is not None

    @property
    def state(self) -> State:
        """The state after the last step: a copy."""
        state = self._state
        if self._kernel is not None:
            state = unflatten_state(self._kernel.state(), state)
        return map_state(lambda part: part.clone(), state)

    @state.setter
    def state(self, state: State) -> None:
        state = state_from_half(state, self._state)
        check_same_form(
            f"`state` is not a state of `{type(self.cell).__name__}`.", state, self._state
        )
        self._go_on_from(map_state(lambda _, part: part, self._state, state))

    def reset(self, rows: torch.Tensor | None = None) -> None:
        """Return to the initial state, all rows or those that `rows` `[B]` bool marks.

        Raises:
            ShapeError: `rows` is not one mark per row.
            DtypeError: `rows` is not bool.
        """
        initial = self._initial()
        if rows is None:
            self._go_on_from(initial)
            return
        self._check_rows(rows)
        self.state = map_state(
            lambda new, old: torch.where(over_features(rows, new), new, old), initial, self.state
        )

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Run one step: x `[B, ...]` to the output `[B, ...]`, a new tensor.

        Raises:
            ShapeError: x does not have `batch_size` rows, or another shape than at the first step.
            DtypeError: x or the cell's weights have another dtype than at the first step.
        """
        if not isinstance(x, torch.Tensor) or (x.shape, x.dtype) != self._form:
            self._prepare(x)
        kernel = self._kernel
        if kernel is None:
            return self._step_plainly(x)
        try:
            if _tracing() is not None or _modes() or _function_modes():
                check_circumstances()
            if not kernel.guard.is_same(self.cell):  # type: ignore[arg-type]
                self._go_on_from(self.state)
                self._compile(x)
                return self(x)
            if is_verifying() and not kernel.halves and is_due(kernel, "stream", followed=False):
                state = self.state
                return verified_step(kernel.step, kernel.state, kernel.cell, x, state)
            return kernel.step(x)
        except CannotFuse:  # here and now, or for this tensor
            return self._step_aside(x)

    def _prepare(self, x: object) -> None:
        """Check the input of the first step, or one of another form, and compile for it."""
        check_not_proxy(x)
        if not isinstance(x, torch.Tensor) or x.shape[:1] != (self.batch_size,):
            raise ShapeError(
                "`x` does not have one row for each row of the stream.",
                got=describe_tensor(x),
                expected=f"({self.batch_size}, ...)",
            )
        if self._form is not None:
            shape, dtype = self._form
            raise (ShapeError if x.shape != shape else DtypeError)(
                "`x` does not have the form of the stream's first input.",
                got=describe_tensor(x),
                expected=f"{tuple(shape)} {str(dtype).removeprefix('torch.')}",
            )
        try:
            check_circumstances()
        except CannotFuse:  # the cell's own forward runs; the next step may be compiled
            return
        self._compile(x)
        self._form = x.shape, x.dtype

    @beyond_dynamo
    def _compile(self, x: torch.Tensor) -> None:
        self._kernel = None
        try:
            if not isinstance(self.cell, nn.Module):
                raise CannotFuse("The cell is no `nn.Module`.", got=type(self.cell).__name__)
            if not x.is_cpu:
                raise CannotFuse("The kernels of this version run on CPUs only.", got=x.device)
            x = self._as_precise(x)
            with torch.inference_mode(False), no_autocast():  # a cell computes in its state's dtype
                self._kernel = _StepKernel(self.cell, x, self._state, halves=self._halves)
        except (CannotFuse, BackendUnavailable) as reason:
            name = type(self.cell).__name__
            warn_once(f"stream {name}", f"Streams of `{name}` run its own forward: {reason}")

    def _check_rows(self, rows: object) -> None:
        expected = f"({self.batch_size},) bool"
        if not isinstance(rows, torch.Tensor) or rows.shape != (self.batch_size,):
            raise ShapeError(
                "`rows` is not one mark per row.", got=describe_tensor(rows), expected=expected
            )
        if rows.dtype != torch.bool:
            raise DtypeError("`rows` is not bool.", got=describe_tensor(rows), expected=expected)

    @torch.inference_mode(False)
    def _go_on_from(self, state: State) -> None:
        self._state = map_state(lambda part: part.detach().clone(), state)
        if self._kernel is not None:
            self._kernel.set_state(tuple(state_tensors(self._state)))

    @torch.no_grad()
    def _step_plainly(self, x: torch.Tensor) -> torch.Tensor:
        if is_example(x):
            raise CannotFuse(
                "A `Stream` keeps its state from call to call, which a model that is recorded or "
                "transformed cannot do.",
                got=f"a `{type(x).__name__}` while PyTorch records or transforms",
                expected="a tensor with numbers",
                fix="torch.export.export(cell, (x, state)): the state goes in and comes out",
            )
        with no_autocast():
            y, state = run_step(self.cell, self._as_precise(x), self._state)
        # a step may return x itself, or a state as its output: both are the user's to write to
        self._state = map_state(lambda part: _apart(part, x), state)
        return y.clone()

    def _as_precise(self, x: torch.Tensor) -> torch.Tensor:
        return from_half(x, next(state_tensors(self._state)).dtype)

    def _step_aside(self, x: torch.Tensor) -> torch.Tensor:
        """Run one step of the cell's own forward, and go on by the kernel if it can read on."""
        if x.is_neg():
            return self(x.resolve_neg())
        self._state = self.state
        y = self._step_plainly(x)
        try:
            readable(list(state_tensors(self._state)))
            self._go_on_from(self._state)
        except CannotFuse:
            self._kernel = None
        return y

    @torch.no_grad()
    def _initial(self) -> State:
        return map_state(lambda part: part.clone(), self.cell.initial_state(self.batch_size))


def _apart(tensor: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return a tensor, copied if another may lie in the same memory."""
    try:
        is_apart = tensor.untyped_storage().data_ptr() != other.untyped_storage().data_ptr()
    except (NotImplementedError, RuntimeError):  # nobody can tell
        is_apart = False
    return tensor if is_apart else tensor.clone()


class _StepKernel:
    """One step as a kernel, with all that its call needs made beforehand."""

    def __init__(self, cell: nn.Module, x: torch.Tensor, state: State, *, halves: bool) -> None:
        self.cell = cell
        self.halves = halves
        self.shape = x.shape
        check_readable([*parameters_and_buffers(cell), x, *state_tensors(state)])
        self.guard = Guard(cell, reachable(cell))
        with tracing:
            self.part, entry = load_or_trace(cast(Cell, cell), x, state, whole=True)
            inference = entry.plan(InferencePlan, self.part, plan_inference)
        self.kernel = InferenceLoop(type(cell).__name__, inference)
        plan = self.kernel.plan.forward
        if not plan.outputs or list(plan.inputs) != list(plan.inputs[:1]):
            raise CannotFuse("The step has an output that does not depend on its input or state.")
        self.layout = lay_out_rows(1, len(x), None, None, reverse=False)
        self.slots = [
            tuple(part.to(plan.dtype, copy=True).contiguous() for part in state_tensors(state))
            for _ in "ab"
        ]
        self.output_shape = (len(x), *plan.outputs[0].shape[1:])
        self.number = plan.dtype
        self.returns = plan.outputs[0].dtype
        self.now = 0
        self.is_unwritten: Callable[[], bool] = lambda: False

    def state(self) -> tuple[torch.Tensor, ...]:
        """The tensors of the state after the last step."""
        return in_dtypes(self.slots[self.now], dtypes_of(self.part.step.state))

    def set_state(self, state: Sequence[torch.Tensor]) -> None:
        """Go on from another state."""
        for slot, part in zip(self.slots[self.now], state, strict=True):
            slot.copy_(part)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        """Run one step."""
        if not self.is_unwritten():
            self._prepare()
        place = address(x)
        if not (x.dtype == self.number and x.is_contiguous()):
            x = x.to(self.number).contiguous()
            place = address(x)
        y = torch.empty_like(self.output)
        launch = self.launches[self.now]
        launch.words[self.x_word] = place
        launch.words[self.y_word] = y.data_ptr()
        if not launch.run(self.kernel.function):  # somebody has written to the weights
            self._prepare()
            return self.step(x)
        self.now = 1 - self.now
        return y if self.returns == self.number else y.to(self.returns)

    def _check_form(self, held: Sequence[torch.Tensor]) -> None:
        for node, tensor in zip(self.part.step.parameters_and_buffers, held, strict=True):
            if node.shape != tensor.shape or node.dtype != tensor.dtype:
                raise DtypeError(
                    f"`{type(self.cell).__name__}` has other forms of weights than at the first "
                    "step of the stream.",
                    got=describe_tensor(tensor),
                    expected=f"{tuple(node.shape)} {str(node.dtype).removeprefix('torch.')}",
                    fix="stream = recurra.Stream(cell)",
                )

    @torch.no_grad()
    def _prepare(self) -> None:
        """Pack the weights, and make the two calls that the steps take in turn."""
        plan = self.kernel.plan
        held = readable(parameters_and_buffers(self.cell))
        self._check_form(held)
        is_unwritten = self.guard.watch_writing()  # from before they are read
        watched = sample_of(list(self.cell.parameters()))
        known = dict(zip(self.part.step.parameters_and_buffers, held, strict=True))
        weights = evaluate(self.part.weights, known, 1)
        loop = dict(zip(plan.loop.weights, weights, strict=True))
        vectors = [each.contiguous() for each in evaluate(plan.forward.vectors, loop, 1)]
        matrices = evaluate(plan.forward.weights, loop, 1)
        strides = [step for weight in matrices for step in three_strides(weight)]
        blank = torch.empty(self.shape, dtype=self.number, device="cpu")
        self.output = torch.empty(self.output_shape, dtype=self.number, device="cpu")
        first, second = self.slots
        form = CallForm(plan.forward, halves=self.halves)
        self.x_word, self.y_word = form.starts["inputs"], form.starts["outputs"]
        inputs = [blank] * len(plan.forward.inputs)
        packed = form.packed(matrices)
        self.launches = [
            Launch(
                form,
                self.layout,
                Operands(inputs, [self.output], vectors, matrices, strides, start, end),
                packed,
                watched,
            )
            for start, end in ((first, second), (second, first))
        ]
        self.is_unwritten = is_unwritten
