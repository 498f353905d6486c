"""Choice: run a cell by its kernels where it has some, by the plain loop otherwise."""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from contextlib import suppress
from functools import partial
from typing import Literal, NamedTuple, TypeAlias, cast
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from recurra.base import (
    BackendUnavailable,
    CannotFuse,
    Cell,
    ShapeError,
    State,
    UnknownName,
    has_values,
    state_tensors,
    unflatten_state,
    warn_once,
)
from recurra.runtime._form import form_of
from recurra.runtime._fused import fused_loop
from recurra.runtime._guard import Guard, parameters_and_buffers
from recurra.runtime._kept import KeptWeights
from recurra.runtime._passage import Passage
from recurra.runtime._program import Program, compile_cell
from recurra.runtime._reachable import reachable
from recurra.runtime._reference import reference_loop
from recurra.runtime._scanned import scanned_loop
from recurra.runtime._supported import (
    SignsTurned,
    check_circumstances,
    check_memory,
    check_plain,
    check_readable,
    readable,
    readable_passage,
    tensors_of,
)
from recurra.runtime._verify import is_verifying, verified

Backend: TypeAlias = Literal["auto", "reference", "scan", "c", "triton"]

# where a scan beats the plain loop; docs/benchmarks.md has the times
_STEPS_OF_A_SCAN = 32  # for fewer the plain loop is as fast
_NUMBERS_OF_A_STEP = 4096  # with larger states memory decides on a CPU, and a scan reads more of it

_BACKENDS = ("auto", "reference", "scan", "c")

_MAX_LOOKS = 5
_MAX_PROGRAMS = 256
_programs: OrderedDict[Hashable, Program | CannotFuse] = OrderedDict()
_compiling = threading.RLock()


class _Known(NamedTuple):
    """The program of a cell that ran before, or why there is none."""

    guard: Guard
    form: tuple[Hashable, ...]
    program: Program | CannotFuse
    kept: KeptWeights


_known: WeakKeyDictionary[nn.Module, _Known] = WeakKeyDictionary()


def check_backend(backend: Backend) -> Backend:
    """Return `backend` if it can run here; raise UnknownName or BackendUnavailable otherwise."""
    if backend in _BACKENDS:
        return backend
    if backend == "triton":
        raise BackendUnavailable(
            "`backend` names kernels for GPUs, which this version of Recurra does not have yet.",
            got=repr(backend),
            expected="'auto', 'c', 'scan' or 'reference'",
        )
    raise UnknownName.among("backend", backend, _BACKENDS)


def run(backend: Backend, cell: Cell, passage: Passage) -> tuple[torch.Tensor, State]:
    """Run a cell over a sequence, on a backend or on the best there is."""
    lengths, is_compiling = passage.lengths, torch.compiler.is_compiling()
    if lengths is not None and has_values(lengths) and int(lengths.max()) == 0:
        backend = "reference"  # nothing runs, not even a kernel
    if backend == "reference":
        return _run_plainly(cell, passage)
    if is_compiling and backend != "scan":
        return _as_operation(backend, cell, passage)
    run_fast = _run_scan if backend == "scan" else _run_kernels
    try:
        return run_fast(cell, passage)
    except ShapeError as problem:
        refusal: Exception = problem
    except (CannotFuse, BackendUnavailable) as reason:
        refusal = reason
    # no longer within `except`: a mistake in the step is not to be shown as one after another
    if isinstance(refusal, CannotFuse | BackendUnavailable) and backend == "auto":
        return _run_without_kernels(cell, passage, refusal)
    if isinstance(refusal, ShapeError):  # a cell against its contract: said of the given tensors
        _run_plainly(cell, passage)
    raise refusal


def _run_without_kernels(
    cell: Cell, passage: Passage, reason: CannotFuse | BackendUnavailable
) -> tuple[torch.Tensor, State]:
    """Run a cell by a scan where that is possible and faster, by the plain loop otherwise."""
    if _scan_is_faster(passage):
        with suppress(CannotFuse):
            results = _run_scan(cell, passage)
            _say(cell, reason, "as a scan: all steps at once, by PyTorch")
            return results
    results = _run_plainly(cell, passage)  # first: a mistake in the call is better to hear of
    if not passage.x.is_meta:  # where nothing is computed, nothing is slow
        _say(cell, reason, "in the plain loop, which is slower")
    return results


def _run_plainly(cell: Cell, passage: Passage) -> tuple[torch.Tensor, State]:
    if not torch.compiler.is_compiling():
        held = parameters_and_buffers(cell) if isinstance(cell, nn.Module) else []
        check_memory(passage.x, [*held, *state_tensors(passage.state)])
    return reference_loop(cell, passage)


def _as_operation(backend: Backend, cell: Cell, passage: Passage) -> tuple[torch.Tensor, State]:
    from recurra.runtime._operation import unroll_operation  # few compile; defining it takes time

    results = unroll_operation(cell, passage)
    if results is None and backend == "c":
        raise CannotFuse("A warning says why the cell has no kernel for `torch.compile`.")
    return reference_loop(cell, passage) if results is None else results


def _run_kernels(cell: Cell, passage: Passage) -> tuple[torch.Tensor, State]:
    check_circumstances()
    if not passage.x.is_cpu:
        check_plain([passage.x])
    program, tensors, kept = _found(cell, passage)
    check_plain([*tensors, *tensors_of(passage)])
    try:
        y, final = _run_kernel(program, kept, cell, tensors, passage)
    except SignsTurned:  # seldom: so nobody else pays for looking
        turned = readable(tensors), readable_passage(passage)
        y, final = _run_kernel(program, kept, cell, *turned)
    return y, unflatten_state(final, passage.state)


def _run_kernel(
    program: Program,
    kept: KeptWeights | None,
    cell: Cell,
    tensors: Sequence[torch.Tensor],
    passage: Passage,
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    if not is_verifying():
        return fused_loop(program, tensors, passage, kept)
    loop = partial(fused_loop, program, kept=kept)
    return verified(loop, "kernel", program, cast(nn.Module, cell), tensors, passage)


def _scan_is_faster(passage: Passage) -> bool:
    """Tell whether a scan is worth trying in place of the plain loop."""
    numbers = sum(each.numel() for each in state_tensors(passage.state))
    if passage.x.is_meta:
        return False
    small = passage.x.device.type != "cpu" or numbers <= _NUMBERS_OF_A_STEP
    return small and len(passage.x) >= _STEPS_OF_A_SCAN


def _run_scan(cell: Cell, passage: Passage) -> tuple[torch.Tensor, State]:
    if torch.compiler.is_compiling():
        raise CannotFuse("A scan is not for `torch.compile`.", fix='backend="auto"')
    check_circumstances()
    if passage.x.is_cpu:
        passage = readable_passage(passage)
    program, held, _ = _found(cell, passage)
    if isinstance(program.scan, CannotFuse):
        raise program.scan
    loop = partial(scanned_loop, program, program.scan)
    if is_verifying():
        loop = partial(verified, loop, "scan", program, cast(nn.Module, cell))
    y, final = loop(readable(held) if passage.x.is_cpu else held, passage)
    return y, unflatten_state(final, passage.state)


def _found(cell: Cell, passage: Passage) -> tuple[Program, list[torch.Tensor], KeptWeights | None]:
    """Return the compiled cell, its tensors, and what is kept of them: from earlier calls, if any.

    Raises:
        CannotFuse: no kernel can hold its step, or read its parameters.
    """
    if not isinstance(cell, nn.Module):
        raise CannotFuse("The cell is no `nn.Module`.", got=type(cell).__name__)
    form = form_of(passage.x, passage.state)
    known = _known.get(cell)
    if known is None or known.form != form or not known.guard.is_valid(cell):
        if passage.x.is_cpu:
            check_plain(tensors_of(passage))  # before anything is made of them
        known = _look_up(cell, form, passage)
        _remember(cell, known)
    if isinstance(known.program, CannotFuse):
        raise known.program
    if known.guard.asks_sizes:
        known.program.check_batch_size(cell, passage.x[0], passage.state)
    return known.program, known.guard.parameters_and_buffers, known.kept


def _remember(cell: nn.Module, known: _Known) -> None:
    """Keep what is known of a cell for its next call.

    A guard holds on to what it compares. Parameters that were computed for this call, as
    parametrizations do, would be kept with all that they were computed from.
    """
    if all(each.is_leaf for each in known.guard.parameters_and_buffers):
        _known[cell] = known
    else:
        _known.pop(cell, None)


def _look_up(cell: nn.Module, form: tuple[Hashable, ...], passage: Passage) -> _Known:
    """Find the program of a cell among those of cells that read the same, or compile it.

    Other threads may change what the step reads while it is looked at: then it is looked at again.
    """
    if any(map(is_lazy, parameters_and_buffers(cell))):
        raise CannotFuse(f"`{type(cell).__name__}` has parameters without a shape.")
    for _ in range(_MAX_LOOKS):
        found = reachable(cell)
        guard = Guard(cell, found)
        program = _found_or_compiled((found.key, form), cell, passage.x, passage.state)
        if reachable(cell).key == found.key:
            kept = KeptWeights(guard.constants)
            return _Known(guard, form, program, kept)
        _programs.pop((found.key, form), None)
    raise CannotFuse(f"What the step of `{type(cell).__name__}` reads changes all the time.")


def _found_or_compiled(
    key: Hashable, cell: nn.Module, x: torch.Tensor, state: State
) -> Program | CannotFuse:
    with _compiling:
        found = _programs.get(key)
        if found is None:
            found = _programs[key] = _compiled(cell, x, state)
            if len(_programs) > _MAX_PROGRAMS:
                _programs.popitem(last=False)
        _programs.move_to_end(key)
    return found


def _compiled(cell: nn.Module, x: torch.Tensor, state: State) -> Program | CannotFuse:
    if x.is_cpu:  # as closely as can be, since this seldom runs
        check_readable([*parameters_and_buffers(cell), x, *state_tensors(state)])
    try:
        return compile_cell(cast(Cell, cell), x[0], state)
    except CannotFuse as reason:
        return reason.with_traceback(None)


def _say(cell: Cell, reason: CannotFuse | BackendUnavailable, how: str) -> None:
    name = type(cell).__name__
    warn_once(f"{name}: {reason.problem}", f"`{name}` runs {how}: {reason}")
