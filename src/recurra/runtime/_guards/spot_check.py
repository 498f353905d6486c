"""Spot checks: one step of a cell's own forward, to find its program on disk and to hold it to."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar, cast

import torch
from torch import nn

from recurra.base import Cell, State, functional_clone, map_state, run_step, state_tensors
from recurra.graph import CompiledEvaluator, Partition, Step, Watched
from recurra.runtime._guards.cache_key import cell_form, environment_form, state_form
from recurra.runtime._guards.call_tracer import CallTracer
from recurra.runtime._guards.fingerprint import Fingerprinter, digest
from recurra.runtime._guards.guard import parameters_and_buffers
from recurra.runtime._guards.reads import PLAIN_TENSORS, Reachable, reachable
from recurra.runtime._guards.values_asked import ValuesAsked

_Traced = TypeVar("_Traced")

_SCALES = (0.1, 1.0, 10.0)  # of rows in turn: small numbers, usual ones, such as saturate
_ROUNDINGS = 1000  # how many a step may differ by


class SpotCheck:
    """A step that was run on numbers made up for it.

    The numbers are those of the cell, shaken, since many weights start as zeros, which hide what
    they are multiplied with. Neither the cell nor the user's random numbers change. Where the code
    may ask how many rows there are, it gets as many as `x` has.

    Args:
        cell: the cell.
        x: input of one step `[B, ...]`, for its form only.
        state: state before it, likewise.
        whole: whether everything goes into the loop.
        found: what the step may read. Default: it is looked for.

    Attributes:
        key: by which another process finds the program; None if it cannot recognise it.

    Raises:
        CannotFuse: the step does something that a kernel cannot.
    """

    def __init__(
        self,
        cell: nn.Module,
        x: torch.Tensor,
        state: State,
        *,
        whole: bool,
        found: Reachable | None = None,
    ) -> None:
        fingerprinter = Fingerprinter()
        found = found or reachable(cell)
        other, given = _made_up(cell, x, state, len(x) if found.asks_sizes else len(_SCALES))
        self._rows = given.x.shape[0]
        self._tracer = CallTracer(type(cell).__name__, found, fingerprinter, other.modules())
        is_plain = all(type(each) in PLAIN_TENSORS for each in parameters_and_buffers(cell))
        asked = ValuesAsked(type(cell).__name__, found.constants)
        self._samples = []
        for start in _starts(given.state, found) if is_plain else ():
            results = _run(self._tracer, asked, other, given.x, start)
            self._samples.append(
                _Sample([*given.parameters, given.x, *state_tensors(start)], results)
            )
        self.key = None
        with suppress(Exception):  # NotCacheable, or what objects raise when they are looked at
            known = [environment_form(), whole, cell_form(fingerprinter, cell)]
            known += [state_form(fingerprinter, x), state_form(fingerprinter, state)]
            if self.ran():
                self.key = digest([*known, self._tracer.form()])

    def follow(self, trace: Callable[[], _Traced]) -> _Traced:
        """Trace the step: watched, if it could not be watched when it was tried.

        Raises:
            CannotFuse: the step does something that a kernel cannot.
        """
        return trace() if self.ran() else self._tracer.follow(trace)

    def ran(self) -> bool:
        """Tell whether the step did not fail."""
        return bool(self._samples) and self._samples[0].expected is not None

    def agrees(self, part: Partition) -> bool:
        """Tell whether a program computes what the cell does."""
        return self.ran() and all(self._agrees_on(sample, part.step) for sample in self._samples)

    def _agrees_on(self, sample: "_Sample", step: Step) -> bool:
        given = [*step.parameters_and_buffers, step.x, *step.state]
        if [self._form(node) for node in given] != [self._form(value) for value in sample.given]:
            return False
        with torch.no_grad():
            found = CompiledEvaluator([step.output, *step.next_state], given)(
                sample.given, self._rows
            )
        expected = sample.expected
        return (
            expected is not None
            and len(found) == len(expected)
            and all(map(_is_close, found, expected))
        )

    def _form(self, value: Any) -> Any:
        """Return dtype and shape of a node or a tensor, rows where there are any."""
        sizes = tuple(value.shape)
        if not isinstance(value, torch.Tensor):
            sizes = tuple(self._rows if size < 0 else size for size in sizes)
        return value.dtype, sizes


class _Sample(NamedTuple):
    """Numbers that a step was run on, and what it made of them: None where it failed."""

    given: list[torch.Tensor]
    expected: list[torch.Tensor] | None


class _Given(NamedTuple):
    parameters: list[torch.Tensor]
    x: torch.Tensor
    state: State


def _made_up(cell: nn.Module, x: torch.Tensor, state: State, rows: int) -> tuple[nn.Module, _Given]:
    """Return a cell of the same making with numbers of its own, and what it is to be run on."""
    generator = torch.Generator().manual_seed(1)
    tensors = parameters_and_buffers(cell)
    values = [_shaken(tensor, generator) for tensor in tensors]
    start = map_state(lambda part: _drawn(part, generator, rows), state)
    return functional_clone(cell, tensors, values), _Given(
        values, _drawn(x, generator, rows), start
    )


def _starts(state: State, found: Reachable) -> list[State]:
    """List the states to run the step on.

    Two parts of a state may be one tensor, as in `return h, (h, h)`. A trace is of parts that are
    two. Where the code may ask for that, by `h is c`, the step is run on parts that are one, too.
    """
    firsts: dict[Any, torch.Tensor] = {}
    one = map_state(lambda part: firsts.setdefault((part.dtype, part.shape), part), state)
    has_twins = len(firsts) < len(list(state_tensors(state)))
    return [state, one] if found.compares_identity and has_twins else [state]


def _run(
    tracer: CallTracer, asked: ValuesAsked, cell: nn.Module, x: torch.Tensor, state: State
) -> list[torch.Tensor] | None:
    """Run the step; return what it makes, None where it fails or its numbers tell nothing."""
    drawn = torch.get_rng_state()
    try:
        copies = {part: part.clone() for part in state_tensors(state)}
        given = x.clone(), map_state(copies.__getitem__, state)
        with asked.where_needed():
            results = tracer.follow(lambda: Watched(cell).forward(*given))
        if asked.refusal is not None:
            raise asked.refusal
        y, next_state = run_step(cast(Cell, cell), x, state, results)
        found = [each.detach() for each in (y, *state_tensors(next_state))]
        return found if any(each.isfinite().any() for each in found) else None
    except Exception:  # whatever the user's code raises; tracing says it better
        refusal = tracer.refusal or asked.refusal
        if refusal is not None:
            raise refusal from None
        return None
    finally:
        torch.set_rng_state(drawn)


def _drawn(like: torch.Tensor, generator: torch.Generator, rows: int) -> torch.Tensor:
    """Make up a value `[B, ...]` of the form of another."""
    shape = (rows, *like.shape[1:])
    if not like.dtype.is_floating_point:
        return torch.randint(0, 2, shape, generator=generator).to(like.dtype)
    scales = torch.tensor(_SCALES, dtype=like.dtype).repeat(-(-rows // len(_SCALES)))[:rows]
    drawn = torch.randn(shape, generator=generator, dtype=like.dtype)
    return drawn * scales.reshape(-1, *(1,) * (len(shape) - 1))


def _shaken(tensor: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
    """Copy a weight with a little noise, of few numbers, as there may be many weights."""
    copy = tensor.detach().clone()
    if isinstance(tensor, nn.Parameter) and copy.dtype.is_floating_point:
        noise = torch.full((), 0.1, dtype=copy.dtype)
        for axis, size in enumerate(copy.shape):
            drawn = torch.randn(size, generator=chance, dtype=copy.dtype)
            noise = noise * drawn.reshape(-1, *(1,) * (copy.dim() - axis - 1))
        copy += noise
    return nn.Parameter(copy, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else copy


def _is_close(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Tell whether values are equal but for rounding, and not a number at the same places."""
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return False
    if not expected.dtype.is_floating_point:
        return torch.equal(found, expected)
    if expected.numel() == 0:
        return True
    sizes = expected.nan_to_num(0.0, 0.0, 0.0).abs().reshape(len(expected), -1)
    scale = sizes.amax(1).clamp_min(1.0).reshape(-1, *(1,) * (expected.dim() - 1))
    most = _ROUNDINGS * torch.finfo(expected.dtype).eps
    return torch.allclose(found / scale, expected / scale, rtol=0.0, atol=most, equal_nan=True)
