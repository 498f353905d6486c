"""Choice: run a cell by its kernels where it has some, by the plain loop otherwise."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress
from functools import partial
from operator import attrgetter, itemgetter
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
from recurra.runtime._fused import fused_loop
from recurra.runtime._guards import Guard, parameters_and_buffers, reachable
from recurra.runtime._kernels import (
    PackedWeightCache,
    SignsTurned,
    check_circumstances,
    check_memory,
    check_plain,
    check_readable,
    readable,
)
from recurra.runtime._program import ParameterConstants, Program, compile_cell
from recurra.runtime._reference import reference_loop
from recurra.runtime._scanned import scanned_loop
from recurra.runtime._unroll_args import UnrollArgs
from recurra.runtime._verify import is_verifying, verified

Backend: TypeAlias = Literal["auto", "reference", "scan", "c", "triton"]

# where a scan beats the plain loop; docs/benchmarks.md has the times
_STEPS_OF_A_SCAN = 32  # for fewer the plain loop is as fast
_NUMBERS_OF_A_STEP = 4096  # with larger states memory decides on a CPU, and a scan reads more of it

_BACKENDS = ("auto", "reference", "scan", "c")

_shape, _dtype, _but_rows = attrgetter("shape"), attrgetter("dtype"), itemgetter(slice(1, None))

_MAX_LOOKS = 5
_MAX_PROGRAMS = 256
_programs: OrderedDict[Hashable, Program | CannotFuse] = OrderedDict()
_compiling = threading.RLock()


class _Known(NamedTuple):
    """The program of a cell that ran before, or why there is none."""

    guard: Guard
    form: tuple[Hashable, ...]
    program: Program | CannotFuse
    weight_cache: PackedWeightCache[ParameterConstants]


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


def run(backend: Backend, cell: Cell, args: UnrollArgs) -> tuple[torch.Tensor, State]:
    """Run a cell over a sequence, on a backend or on the best there is."""
    lengths, is_compiling = args.lengths, torch.compiler.is_compiling()
    if lengths is not None and has_values(lengths) and int(lengths.max()) == 0:
        backend = "reference"  # nothing runs, not even a kernel
    if backend == "reference":
        return _run_plainly(cell, args)
    if is_compiling and backend != "scan":
        return _as_operation(backend, cell, args)
    run_fast = _run_scan if backend == "scan" else _run_kernels
    try:
        return run_fast(cell, args)
    except ShapeError as problem:
        refusal: Exception = problem
    except (CannotFuse, BackendUnavailable) as reason:
        refusal = reason
    # no longer within `except`: a mistake in the step is not to be shown as one after another
    if isinstance(refusal, CannotFuse | BackendUnavailable) and backend == "auto":
        return _run_without_kernels(cell, args, refusal)
    if isinstance(refusal, ShapeError):  # a cell against its contract: said of the given tensors
        _run_plainly(cell, args)
    raise refusal


def _run_without_kernels(
    cell: Cell, args: UnrollArgs, reason: CannotFuse | BackendUnavailable
) -> tuple[torch.Tensor, State]:
    """Run a cell by a scan where that is possible and faster, by the plain loop otherwise."""
    if _scan_is_faster(args):
        with suppress(CannotFuse):
            results = _run_scan(cell, args)
            _say(cell, reason, "as a scan: all steps at once, by PyTorch")
            return results
    results = _run_plainly(cell, args)  # first: a mistake in the call is better to hear of
    if not args.x.is_meta:  # where nothing is computed, nothing is slow
        _say(cell, reason, "in the plain loop, which is slower")
    return results


def _run_plainly(cell: Cell, args: UnrollArgs) -> tuple[torch.Tensor, State]:
    if not torch.compiler.is_compiling():
        held = parameters_and_buffers(cell) if isinstance(cell, nn.Module) else []
        check_memory(args.x, [*held, *state_tensors(args.state)])
    return reference_loop(cell, args)


def _as_operation(backend: Backend, cell: Cell, args: UnrollArgs) -> tuple[torch.Tensor, State]:
    from recurra.runtime._operation import unroll_operation  # few compile; defining it takes time

    results = unroll_operation(cell, args)
    if results is None and backend == "c":
        raise CannotFuse("A warning says why the cell has no kernel for `torch.compile`.")
    return reference_loop(cell, args) if results is None else results


def _run_kernels(cell: Cell, args: UnrollArgs) -> tuple[torch.Tensor, State]:
    check_circumstances()
    if not args.x.is_cpu:
        check_plain([args.x])
    program, tensors, weight_cache = _found(cell, args)
    check_plain([*tensors, *args.tensors()])
    loop = partial(fused_loop, program, weight_cache=weight_cache)
    if is_verifying():
        loop = partial(verified, loop, "kernel", program, cast(nn.Module, cell))
    try:
        y, final = loop(tensors, args)
    except SignsTurned:  # seldom: so nobody else pays for looking
        y, final = loop(readable(tensors), args.readable())
    return y, unflatten_state(final, args.state)


def _scan_is_faster(args: UnrollArgs) -> bool:
    """Tell whether a scan is worth trying in place of the plain loop."""
    numbers = sum(each.numel() for each in state_tensors(args.state))
    if args.x.is_meta:
        return False
    small = args.x.device.type != "cpu" or numbers <= _NUMBERS_OF_A_STEP
    return small and len(args.x) >= _STEPS_OF_A_SCAN


def _run_scan(cell: Cell, args: UnrollArgs) -> tuple[torch.Tensor, State]:
    if torch.compiler.is_compiling():
        raise CannotFuse("A scan is not for `torch.compile`.", fix='backend="auto"')
    check_circumstances()
    if args.x.is_cpu:
        args = args.readable()
    program, held, _ = _found(cell, args)
    if isinstance(program.scan, CannotFuse):
        raise program.scan
    loop = partial(scanned_loop, program, program.scan)
    if is_verifying():
        loop = partial(verified, loop, "scan", program, cast(nn.Module, cell))
    y, final = loop(readable(held) if args.x.is_cpu else held, args)
    return y, unflatten_state(final, args.state)


def _found(
    cell: Cell, args: UnrollArgs
) -> tuple[Program, list[torch.Tensor], PackedWeightCache[ParameterConstants] | None]:
    """Return the compiled cell, its tensors, and what is kept of them: from earlier calls, if any.

    Raises:
        CannotFuse: no kernel can hold its step, or read its parameters.
    """
    if not isinstance(cell, nn.Module):
        raise CannotFuse("The cell is no `nn.Module`.", got=type(cell).__name__)
    form = _form_of(args.x, args.state)
    known = _known.get(cell)
    if known is None or known.form != form or not known.guard.is_valid(cell):
        if args.x.is_cpu:
            check_plain(args.tensors())  # before anything is made of them
        known = _look_up(cell, form, args)
        _remember(cell, known)
    if isinstance(known.program, CannotFuse):
        raise known.program
    if known.guard.asks_sizes:
        known.program.check_batch_size(cell, args.x[0], args.state)
    return known.program, known.guard.parameters_and_buffers, known.weight_cache


def _form_of(x: torch.Tensor, state: State) -> tuple[Hashable, ...]:
    """Return what tracing looks at of an input `[T, B, ...]` and a state: all but T and B."""
    parts = list(state_tensors(state))
    sizes = tuple(map(_but_rows, map(_shape, parts)))
    dtypes = tuple(map(_dtype, parts))
    return (x.shape[2:], x.dtype, type(state), sizes, dtypes, torch.get_default_dtype())


def _remember(cell: nn.Module, known: _Known) -> None:
    """Keep what is known of a cell for its next call.

    A guard holds on to what it compares. Parameters that were computed for this call, as
    parametrizations do, would be kept with all that they were computed from.
    """
    if all(each.is_leaf for each in known.guard.parameters_and_buffers):
        _known[cell] = known
    else:
        _known.pop(cell, None)


def _look_up(cell: nn.Module, form: tuple[Hashable, ...], args: UnrollArgs) -> _Known:
    """Find the program of a cell among those of cells that read the same, or compile it.

    Other threads may change what the step reads while it is looked at: then it is looked at again.
    """
    if any(map(is_lazy, parameters_and_buffers(cell))):
        raise CannotFuse(f"`{type(cell).__name__}` has parameters without a shape.")
    for _ in range(_MAX_LOOKS):
        found = reachable(cell)
        guard = Guard(cell, found)
        program = _found_or_compiled((found.key, form), cell, args.x, args.state)
        if reachable(cell).key == found.key:
            weight_cache: PackedWeightCache[ParameterConstants] = PackedWeightCache(guard.constants)
            return _Known(guard, form, program, weight_cache)
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
