"""Choice: run a cell by its kernels where it has some, by the plain loop otherwise."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress
from typing import Literal, NamedTuple, TypeAlias, cast
from weakref import WeakKeyDictionary

import torch
from torch import nn

from recurra.base import (
    BackendUnavailable,
    CannotFuse,
    Cell,
    ShapeError,
    State,
    UnknownName,
    has_values,
    map_state,
    state_tensors,
    warn_once,
)
from recurra.runtime._fused import fused_loop
from recurra.runtime._identity import form_of, held_tensors, identity
from recurra.runtime._kept import KeptWeights
from recurra.runtime._passage import Passage
from recurra.runtime._program import Program, compile_cell
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
from recurra.runtime._watch import Watch

Backend: TypeAlias = Literal["auto", "reference", "scan", "c", "triton"]

# where a scan beats the plain loop; docs/benchmarks.md has the times
_STEPS_OF_A_SCAN = 32  # for fewer the plain loop is as fast
_NUMBERS_OF_A_STEP = 4096  # with larger states memory decides on a CPU, and a scan reads more of it

_BACKENDS = ("auto", "reference", "scan", "c")

_MOST_PROGRAMS = 256
_programs: OrderedDict[Hashable, Program | CannotFuse] = OrderedDict()
_compiling = threading.RLock()


class _Known(NamedTuple):
    """The program of a cell that ran before: to see that a cell is the same is quickly done."""

    watch: Watch
    form: tuple[Hashable, ...]
    program: Program
    kept: KeptWeights

    def still_holds(self) -> bool:
        return self.watch.is_same() and self.watch.has_same_forms()


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
    try:
        if backend == "scan":
            return _run_scan(cell, passage)
        return _as_operation(cell, passage) if is_compiling else _run_kernels(cell, passage)
    except ShapeError:  # a cell against its contract: said of the tensors that were given
        _run_plainly(cell, passage)
        raise
    except (CannotFuse, BackendUnavailable) as reason:
        if backend != "auto":
            raise
        return _run_without_kernels(cell, passage, reason)


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
        held = held_tensors(cell) if isinstance(cell, nn.Module) else []
        check_memory(passage.x, [*held, *state_tensors(passage.state)])
    return reference_loop(cell, passage)


def _as_operation(cell: Cell, passage: Passage) -> tuple[torch.Tensor, State]:
    from recurra.runtime._operation import unroll_operation  # few compile; defining it takes time

    return unroll_operation(cell, passage)


def _run_kernels(cell: Cell, passage: Passage) -> tuple[torch.Tensor, State]:
    check_circumstances()
    check_plain(tensors_of(passage))
    program, held, kept = _found(cell, passage)
    check_plain(held)
    try:
        y, final = fused_loop(program, held, passage, kept)
    except SignsTurned:  # seldom: so nobody else pays for looking
        y, final = fused_loop(program, readable(held), readable_passage(passage), kept)
    ends = iter(final)
    return y, map_state(lambda _: next(ends), passage.state)


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
    parameters = readable(held) if passage.x.is_cpu else held
    y, final = scanned_loop(program, program.scan, parameters, passage)
    ends = iter(final)
    return y, map_state(lambda _: next(ends), passage.state)


def _found(cell: Cell, passage: Passage) -> tuple[Program, list[torch.Tensor], KeptWeights | None]:
    """Return the compiled cell, its tensors, and what is kept of them: from earlier calls, if any.

    Raises:
        CannotFuse: no kernel can hold its step, or read its parameters.
    """
    if not isinstance(cell, nn.Module):
        raise CannotFuse("The cell is no `nn.Module`.", got=type(cell).__name__)
    x, state = passage.x, passage.state
    form = form_of(x, state)
    known = _known.get(cell)
    if known is not None and known.form == form and known.still_holds():
        return known.program, known.watch.held, known.kept
    try:
        key = (*identity(cell), *form)
    except (RuntimeError, ValueError):  # parameters that have no shape yet
        check_readable(held_tensors(cell))
        raise
    program = _found_or_compiled(key, cell, x, state)
    watch = Watch(cell)
    kept = KeptWeights() if watch.sees_all else None
    if kept is not None:
        _known[cell] = _Known(watch, form, program, kept)
    return program, watch.held, kept


def _found_or_compiled(key: Hashable, cell: nn.Module, x: torch.Tensor, state: State) -> Program:
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
    if x.is_cpu:
        check_readable([*held_tensors(cell), x, *state_tensors(state)])  # as seldom as this runs
    try:
        return compile_cell(cast(Cell, cell), x[0], state)
    except CannotFuse as reason:
        return reason.with_traceback(None)


def _say(cell: Cell, reason: CannotFuse | BackendUnavailable, how: str) -> None:
    name = type(cell).__name__
    warn_once(f"{name}: {reason.problem}", f"`{name}` runs {how}: {reason}")
