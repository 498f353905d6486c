"""Choice: run a cell by its kernels where it has some, by the plain loop otherwise."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Literal, TypeAlias, cast

import torch
from torch import nn
from torch.autograd import forward_ad

from recurra.base import (
    BackendUnavailable,
    CannotFuse,
    Cell,
    ShapeError,
    State,
    UnknownName,
    state_tensors,
    warn_once,
)
from recurra.runtime._fused import fused_loop
from recurra.runtime._identity import identity
from recurra.runtime._operation import unroll_operation
from recurra.runtime._program import Program, compile_cell
from recurra.runtime._reference import reference_loop

Backend: TypeAlias = Literal["auto", "reference", "c", "triton"]

_MOST_PROGRAMS = 256
_programs: OrderedDict[Hashable, Program | CannotFuse] = OrderedDict()
_compiling = threading.RLock()


def check_backend(backend: Backend) -> Backend:
    """Return `backend` if it can run here; raise UnknownName or BackendUnavailable otherwise."""
    if backend in ("auto", "reference", "c"):
        return backend
    if backend == "triton":
        raise BackendUnavailable(
            "`backend` names kernels for GPUs, which this version of Recurra does not have yet.",
            got=repr(backend),
            expected="'auto', 'c' or 'reference'",
        )
    raise UnknownName.among("backend", backend, ("auto", "reference", "c"))


def run(
    backend: Backend,
    cell: Cell,
    x: torch.Tensor,
    state: State,
    *,
    initial: State,
    lengths: torch.Tensor | None,
    resets: torch.Tensor | None,
    reverse: bool,
) -> tuple[torch.Tensor, State]:
    """Run a cell over a sequence: the arguments of `reference_loop`, and the backend."""
    if lengths is not None and not torch.compiler.is_compiling() and int(lengths.max()) == 0:
        backend = "reference"  # nothing runs, not even a kernel

    def plainly() -> tuple[torch.Tensor, State]:
        return reference_loop(
            cell, x, state, initial=initial, lengths=lengths, resets=resets, reverse=reverse
        )

    if backend == "reference":
        return plainly()
    try:
        if torch.compiler.is_compiling():
            return unroll_operation(
                cell,
                x,
                state,
                initial=initial,
                lengths=lengths,
                resets=resets,
                reverse=reverse,
            )
        program = program_for(cell, x, state, initial)
        return fused_loop(
            program,
            cell,
            x,
            state,
            initial=initial,
            lengths=lengths,
            resets=resets,
            reverse=reverse,
        )
    except ShapeError:  # a cell against its contract: said of the tensors that were given
        plainly()
        raise
    except (CannotFuse, BackendUnavailable) as reason:
        if backend == "c":
            raise
        results = plainly()  # first, since a mistake in the call is the better message
        _say(cell, reason)
        return results


def program_for(cell: Cell, x: torch.Tensor, state: State, initial: State) -> Program:
    """Return the compiled cell, from those compiled before if there is one.

    Raises:
        CannotFuse: no kernel can hold its step, or run under the present circumstances.
    """
    _check_circumstances(x, [*state_tensors(state), *state_tensors(initial)])
    if not isinstance(cell, nn.Module):
        raise CannotFuse("The cell is no `nn.Module`.", got=type(cell).__name__)
    key = identity(cell, x[0], state)
    with _compiling:
        found = _programs.get(key)
        if found is None:
            found = _programs[key] = _compiled(cell, x, state)
            if len(_programs) > _MOST_PROGRAMS:
                _programs.popitem(last=False)
        _programs.move_to_end(key)
    if isinstance(found, CannotFuse):
        raise found
    return found


def _compiled(cell: nn.Module, x: torch.Tensor, state: State) -> Program | CannotFuse:
    try:
        return compile_cell(cast(Cell, cell), x[0], state)
    except CannotFuse as reason:
        return reason.with_traceback(None)


def _check_circumstances(x: torch.Tensor, states: list[torch.Tensor]) -> None:
    """Refuse what kernels are not made for, before a cell is looked at."""
    if any(tensor.device.type != "cpu" for tensor in (x, *states)):
        raise CannotFuse("The kernels of this version run on CPUs only.", got=x.device)
    if torch._C._are_functorch_transforms_active():
        raise CannotFuse("Kernels cannot be transformed by `torch.func` (vmap, jvp, grad).")
    if forward_ad._current_level >= 0:
        raise CannotFuse("Kernels have no forward-mode derivatives.")


def _say(cell: Cell, reason: CannotFuse | BackendUnavailable) -> None:
    name = type(cell).__name__
    warn_once(
        f"{name}: {reason.problem}",
        f"`{name}` runs in the plain loop, which is slower: {reason}",
    )
