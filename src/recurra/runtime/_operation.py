"""The operation `recurra::unroll`: a compiled cell as one node of `torch.compile` and `export`.

They see its form only, which the fake kernel gives for any T and B. Outside of them it is not used:
there autograd knows what stands before and after the loop, and nothing has to be computed twice.
"""

import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, cast

import torch
from torch import nn

from recurra.base import (
    BackendUnavailable,
    CannotFuse,
    Cell,
    State,
    assume_constant_result,
    check_lengths,
    functional_clone,
    state_tensors,
    unflatten_state,
    warn_once,
)
from recurra.runtime._fused import fused_loop
from recurra.runtime._guards import Guard, parameters_and_buffers, reachable
from recurra.runtime._input_gradients import input_gradients
from recurra.runtime._kernels import readable
from recurra.runtime._program import Program, compile_cell
from recurra.runtime._reference import reference_loop
from recurra.runtime._unroll_args import UnrollArgs
from recurra.runtime._verify import is_verifying, verified

Form = tuple[tuple[int, ...], torch.dtype]


class _Numbered(NamedTuple):
    """A compiled cell, and what tells that the cell is still the same; not for exported models."""

    program: Program
    cell: "weakref.ref[Any]"
    guard: Guard | None


class _Operands(NamedTuple):
    """What the operation is differentiated by: the tensors that it is given, in groups.

    Args:
        parameters: parameters and buffers of the cell.
        x: input, `[T, B, ...]`.
        state: tensors of the state before the first step.
        initial: tensors of what resets return to; empty where there are no resets.
    """

    parameters: Sequence[torch.Tensor]
    x: torch.Tensor
    state: Sequence[torch.Tensor]
    initial: Sequence[torch.Tensor]

    def flat(self) -> list[torch.Tensor]:
        """List them all."""
        return [*self.parameters, self.x, *self.state, *self.initial]

    @property
    def counts(self) -> tuple[int, int]:
        """How many parameters and tensors of the state there are; `grouped` needs them."""
        return len(self.parameters), len(self.state)


def _grouped(tensors: Sequence[Any], counts: tuple[int, int]) -> _Operands:
    """Undo `flat`; for gradients, some of which may be None, too."""
    x = counts[0]
    end = x + 1 + counts[1]
    return _Operands(list(tensors[:x]), tensors[x], list(tensors[x + 1 : end]), list(tensors[end:]))


_numbered: list[_Numbered] = []
_REFUSED = -1


def unroll_operation(cell: Cell, args: UnrollArgs) -> tuple[torch.Tensor, State] | None:
    """Run a compiled cell over a sequence as one operation; None where no kernel can hold it."""
    x, state, initial, lengths, resets, reverse = args
    tensors = list(state_tensors(state))
    forms = [(tuple(part.shape[1:]), part.dtype) for part in tensors]
    number = program_number(cell, (tuple(x.shape[2:]), x.dtype), forms)
    if number == _REFUSED:
        return None
    assert isinstance(cell, nn.Module)
    held = parameters_and_buffers(cell)
    returns = list(state_tensors(initial)) if resets is not None else []
    y, *final = torch.ops.recurra.unroll(
        number, held, x, tensors, returns, lengths, resets, reverse
    )
    return y, unflatten_state(final, state)


@assume_constant_result
def program_number(cell: Cell, x: Form, state: Sequence[Form]) -> int:
    """Compile a cell, and return the number under which the operation finds it.

    No error may leave this function, which `torch.compile` takes for a constant: a refusal is a
    number, too, and said here.
    """
    is_exporting = torch.compiler.is_exporting()
    try:
        with ThreadPoolExecutor(1) as elsewhere:  # where no mode of a compiler is in force
            _numbered.append(elsewhere.submit(_compiled, cell, x, state, is_exporting).result())
    except (CannotFuse, BackendUnavailable) as reason:
        name = type(cell).__name__
        warn_once(
            f"compiled {name}: {reason.problem}", f"`{name}` runs in the plain loop: {reason}"
        )
        return _REFUSED
    return len(_numbered) - 1


def _compiled(cell: Cell, x: Form, state: Sequence[Form], is_exporting: bool) -> _Numbered:
    guard = None
    if isinstance(cell, nn.Module) and not is_exporting:
        guard = Guard(cell, reachable(cell))
    example = torch.empty((1, *x[0]), dtype=x[1])
    parts = [torch.empty((1, *shape), dtype=dtype) for shape, dtype in state]
    program = compile_cell(cell, example, unflatten_state(parts, cell.initial_state(1)))
    program.build()  # inside of an operation nothing can be traced
    return _Numbered(program, weakref.ref(cell), guard)


@torch.library.custom_op("recurra::unroll", mutates_args=(), device_types="cpu")
def _unroll(
    program: int,
    parameters: list[torch.Tensor],
    x: torch.Tensor,
    state: list[torch.Tensor],
    initial: list[torch.Tensor],
    lengths: torch.Tensor | None,
    resets: torch.Tensor | None,
    reverse: bool,
) -> list[torch.Tensor]:
    with torch.no_grad():
        return _run(program, _Operands(parameters, x, state, initial), lengths, resets, reverse)


def _run(
    program: int,
    operands: _Operands,
    lengths: torch.Tensor | None,
    resets: torch.Tensor | None,
    reverse: bool,
) -> list[torch.Tensor]:
    parameters, x, state, initial = operands
    if lengths is not None:
        check_lengths(lengths, x.shape[1], len(x))  # nobody knew their values until now
        lengths = lengths.to(torch.int64)
    args = UnrollArgs(x, tuple(state), tuple(initial), lengths, resets, reverse)
    args, parameters = args.readable(), readable(parameters)
    compiled, reference, guard = _numbered[program]
    cell = reference()
    if cell is not None and _has_changed(compiled, cell, guard, args):
        return _run_plainly(cell, parameters, args)
    loop = partial(fused_loop, compiled)
    is_whole = cell is not None and len(parameters_and_buffers(cell)) == len(parameters)
    if is_verifying() and cell is not None and is_whole:  # views have their weights for a call only
        loop = partial(verified, loop, "operation", compiled, cell, by_place=True)
    y, final = loop(parameters, args)
    return [y, *final]


def _has_changed(program: Program, cell: nn.Module, guard: Guard | None, args: UnrollArgs) -> bool:
    """Tell whether a cell does not compute what `torch.compile` met, on so many rows or at all."""
    if guard is None or not guard.has_its_parameters(cell):
        return False  # it has others now, or for its runs only: `torch.compile` looks at these
    if not guard.is_same(cell):
        return True
    if guard.asks_sizes:
        try:
            program.check_batch_size(cell, args.x[0], _like_its_own(cell, args.state))
        except CannotFuse:
            return True
    return False


def _run_plainly(
    cell: nn.Module, parameters: Sequence[torch.Tensor], args: UnrollArgs
) -> list[torch.Tensor]:
    """Run the cell as it is now, since `torch.compile` does not look into steps."""
    name = type(cell).__name__
    warn_once(
        f"compiled {name}",
        f"`{name}` is not what it was when `torch.compile` met it, or asks how many rows there "
        "are: it runs in the plain loop. torch.compiler.reset() lets it be compiled anew.",
    )
    other = functional_clone(cell, parameters_and_buffers(cell), parameters)
    state, initial = args.state, args.initial
    args = args._replace(
        state=_like_its_own(cell, state),
        initial=_like_its_own(cell, initial if args.resets is not None else state),
    )
    y, end = reference_loop(cast(Cell, other), args)
    return [y, *state_tensors(end)]


def _like_its_own(cell: nn.Module, state: State) -> State:
    return unflatten_state(state_tensors(state), cast(Cell, cell).initial_state(1))


@_unroll.register_fake
def _(
    program: int,
    parameters: list[torch.Tensor],
    x: torch.Tensor,
    state: list[torch.Tensor],
    *_: Any,
) -> list[torch.Tensor]:
    output = _numbered[program].program.part.step.output
    y = x.new_empty((*x.shape[:2], *output.shape[1:]), dtype=output.dtype)
    return [y, *(torch.empty_like(part, memory_format=torch.contiguous_format) for part in state)]


@torch.library.custom_op("recurra::unroll_backward", mutates_args=(), device_types="cpu")
def _unroll_backward(
    program: int,
    parameters: list[torch.Tensor],
    x: torch.Tensor,
    state: list[torch.Tensor],
    initial: list[torch.Tensor],
    lengths: torch.Tensor | None,
    resets: torch.Tensor | None,
    reverse: bool,
    gradients: list[torch.Tensor],
) -> list[torch.Tensor]:
    """Run forward again, with gradients, and go back. What has no gradient gets zeros."""
    operands = _Operands(parameters, x, state, initial)
    sources = [each.detach() for each in operands.flat()]
    needed = [each.is_floating_point() for each in sources]
    for each, need in zip(sources, needed, strict=True):
        each.requires_grad_(need)
    with _recording():
        results = _run(program, _grouped(sources, operands.counts), lengths, resets, reverse)
        found = input_gradients(results, sources, gradients, needed)
    return [
        torch.zeros_like(source, memory_format=torch.contiguous_format)
        if each is None
        else each.clone(memory_format=torch.contiguous_format)
        for source, each in zip(sources, found, strict=True)
    ]


@contextmanager
def _recording() -> Iterator[None]:
    """Let autograd record, which it does not inside of an operation."""
    include = torch._C._dispatch_tls_local_include_set()
    exclude = torch._C.DispatchKeySet(torch._C.DispatchKey.AutocastCPU)
    with torch._C._ForceDispatchKeyGuard(include, exclude), torch.enable_grad():
        yield


@_unroll_backward.register_fake
def _(
    program: int,
    parameters: list[torch.Tensor],
    x: torch.Tensor,
    state: list[torch.Tensor],
    initial: list[torch.Tensor],
    *_: Any,
) -> list[torch.Tensor]:
    sources = _Operands(parameters, x, state, initial).flat()
    return [torch.empty_like(each, memory_format=torch.contiguous_format) for each in sources]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: list[torch.Tensor]) -> None:
    program, parameters, x, state, initial, lengths, resets, reverse = inputs
    operands = _Operands(parameters, x, state, initial)
    ctx.program, ctx.reverse, ctx.counts = program, reverse, operands.counts
    ctx.save_for_backward(*operands.flat(), lengths, resets)


def _go_back(ctx: Any, gradients: Sequence[torch.Tensor]) -> tuple[Any, ...]:
    *tensors, lengths, resets = ctx.saved_tensors
    operands = _grouped(tensors, ctx.counts)
    found = torch.ops.recurra.unroll_backward(
        ctx.program, *operands, lengths, resets, ctx.reverse, list(gradients)
    )
    differentiable = [
        gradient if tensor.is_floating_point() else None
        for tensor, gradient in zip(tensors, found, strict=True)
    ]
    return None, *_grouped(differentiable, ctx.counts), None, None, None


_unroll.register_autograd(_go_back, setup_context=_keep)

__all__ = ["CannotFuse", "program_number", "unroll_operation"]
