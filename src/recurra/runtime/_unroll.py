"""unroll: run any cell over a batch of sequences."""

from typing import cast

import torch

from recurra.base import (
    HALF_DTYPES,
    ArgumentError,
    Cell,
    DtypeError,
    ShapeError,
    State,
    check_lengths,
    check_not_proxy,
    check_same_form,
    describe_state,
    describe_tensor,
    from_half,
    is_autocast,
    map_state,
    state_from_half,
    state_tensors,
)
from recurra.runtime._choice import Backend, check_backend, run
from recurra.runtime._unroll_args import UnrollArgs


def unroll(
    cell: Cell,
    x: torch.Tensor,
    state: State | None = None,
    *,
    lengths: torch.Tensor | None = None,
    resets: torch.Tensor | None = None,
    reverse: bool = False,
    backend: Backend = "auto",
) -> tuple[torch.Tensor, State]:
    """Run a cell over whole sequences.

        y_t, s_t = cell(x_t, s_{t-1})        for t = 1 ... T

    Use it for a single pass of any cell; use `Recurrent` for a layer in a model. Padding after
    `lengths` never matters, whatever it holds (NaN too), to results or to gradients.

    Under `torch.autocast` a cell computes in the dtype of its state, float32 as a rule, since
    errors add up over a sequence; inputs and first states in half precision are converted.

    Args:
        cell: any module with `forward(x, state)` and `initial_state(batch_size)`; see `Cell`.
        x: input, `[T, B, ...]`, time first, T >= 1.
        state: state before the first step, each tensor `[B, ...]`. Default: the cell's initial one.
        lengths: valid steps per row, `[B]`, integer, 0..T. A row of length 0 keeps its state.
            Default: all T.
        resets: `[T, B]` bool. Where true, the row's state returns to the cell's initial state
            (not to `state`) before that step, and gradients stop there. Default: nowhere.
        reverse: go through time backwards; each row starts at its own last valid step, and the
            final state is the one after step 0. Default: False.
        backend: "c" compiles the cell to a kernel for this CPU; "scan" takes all steps at once, by
            PyTorch, for cells that are linear in their state; "reference" is the plain Python loop;
            "auto" takes the kernel, and where there can be none the scan or else the plain loop,
            saying why once. Default: "auto".

    Returns:
        y: outputs, `[T, B, ...]`, y[t] belonging to x[t] in either direction; zero where a row has
            ended.
        state: the state after each row's last step, in the form of the initial state.

    Raises:
        ShapeError: a tensor has the wrong shape, or the state the wrong form.
        DtypeError: `lengths` is not integer or `resets` not bool.
        ArgumentError: a length is outside 0..T.
        UnknownName: there is no such backend.
        CannotFuse: `backend` is "c" and no kernel can hold the step, or "scan" and the cell is not
            linear in its state.
        BackendUnavailable: `backend` cannot run here: there is no C compiler.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.LSTM(3, 5)
        >>> x = torch.randn(7, 2, 3)  # [T, B, I]
        >>> y, state = recurra.unroll(cell, x, lengths=torch.tensor([7, 4]))
        >>> y.shape, bool((y[4:, 1] == 0).all())
        (torch.Size([7, 2, 5]), True)
    """
    check_backend(backend)
    _check_input(x)
    T, B = x.shape[:2]
    lengths = None if lengths is None else _check_lengths(lengths, T, B)
    if resets is not None:
        _check_resets(resets, T, B)
    initial = _initial_state(cell, B)
    if x.dtype in HALF_DTYPES:  # what an autocast layer made: to the dtype of the state
        x = from_half(x, next(state_tensors(initial)).dtype)
    args = UnrollArgs(
        x,
        initial if state is None else _check_state(cell, state, initial),
        initial,
        None if lengths is None else lengths.to(x.device, torch.int64).resolve_neg(),
        None if resets is None else resets.to(x.device),
        reverse,
    )
    if not is_autocast(x):
        return run(backend, cell, args)
    with torch.autocast(x.device.type, enabled=False):  # a cell computes in its state's dtype
        return run(backend, cell, args)


def _check_input(x: object) -> None:
    if isinstance(x, torch.Tensor) and not x.is_nested and x.dim() >= 2:
        if x.shape[0] == 0 or x.shape[1] == 0:
            raise ShapeError(
                "`x` is empty.",
                got=describe_tensor(x),
                expected="[T, B, ...] with T >= 1 and B >= 1",
            )
        return
    check_not_proxy(x)
    if isinstance(x, torch.Tensor) and x.is_nested:
        raise ShapeError(
            "`x` is a nested tensor, whose rows have no common length.",
            got=f"a `{type(x).__name__}`",
            expected="[T, B, ...] and `lengths`",
            fix="x.to_padded_tensor(0.0).transpose(0, 1), and the lengths of its rows",
        )
    raise ShapeError("`x` is not a sequence.", got=describe_tensor(x), expected="[T, B, ...]")


def _check_lengths(lengths: object, T: int, B: int) -> torch.Tensor | None:
    """Return the lengths, or None where all rows have all steps."""
    bounds = check_lengths(lengths, B, T)
    return None if bounds is not None and bounds[0] == T else cast(torch.Tensor, lengths)


def _check_resets(resets: object, T: int, B: int) -> None:
    if not isinstance(resets, torch.Tensor) or resets.shape != (T, B):
        raise ShapeError(
            "`resets` is not one mark per step and row.",
            got=describe_tensor(resets),
            expected=f"({T}, {B}) bool",
        )
    if resets.dtype != torch.bool:
        raise DtypeError(
            "`resets` is not bool.",
            got=describe_tensor(resets),
            expected=f"({T}, {B}) bool",
            fix="resets=resets.bool()",
        )


def _initial_state(cell: Cell, B: int) -> State:
    if not callable(getattr(cell, "initial_state", None)) or not callable(cell):
        raise ArgumentError(
            "`cell` is not a cell.",
            got=describe_tensor(cell),
            expected="a module with forward(x, state) and initial_state(batch_size)",
        )
    initial = cell.initial_state(B)
    if not _has_rows(initial, B):
        raise ShapeError(
            f"`{type(cell).__name__}.initial_state` does not give one row per sequence.",
            got=describe_state(initial),
            expected=f"tensors of shape ({B}, ...)",
        )
    return initial


def _has_rows(state: object, B: int) -> bool:
    """Tell whether a value is a state of tensors `[B, ...]`."""
    parts = (state,) if isinstance(state, torch.Tensor) else state
    if not isinstance(parts, tuple):
        return False
    for part in parts:
        if not (part.shape[:1] == (B,) if isinstance(part, torch.Tensor) else _has_rows(part, B)):
            return False
    return True


def _check_state(cell: Cell, state: State, initial: State) -> State:
    state = state_from_half(state, initial)
    check_same_form(f"`state` is not a state of `{type(cell).__name__}`.", state, initial)
    return map_state(lambda _, given: given, initial, state)  # plain tuples get their names back
