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
    check_lengths,
    functional_clone,
    state_tensors,
    unflatten_state,
    warn_once,
)
from recurra.runtime._fused import fused_loop
from recurra.runtime._program import Program, compile_cell
from recurra.runtime._reference import reference_loop
from recurra.runtime._unroll_args import UnrollArgs
from recurra.runtime.guards import Guard, parameters_and_buffers, reachable
from recurra.runtime.kernels import readable
from recurra.runtime.verify import is_verifying, verified

Form = tuple[tuple[int, ...], torch.dtype]


class _Numbered(NamedTuple):
    """A compiled cell, and what tells that the cell is still the same; not for exported models."""

    program: Program
    cell: "weakref.ref[Any]"
    guard: Guard | None


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


# All that `torch.compiler.assume_constant_result` does, without importing the compiler's front end,
# which takes longer than the rest of PyTorch.
program_number._dynamo_marked_constant = True  # type: ignore[attr-defined]


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
        return _run(program, parameters, x, state, initial, lengths, resets, reverse)


def _run(
    program: int,
    parameters: Sequence[torch.Tensor],
    x: torch.Tensor,
    state: Sequence[torch.Tensor],
    initial: Sequence[torch.Tensor],
    lengths: torch.Tensor | None,
    resets: torch.Tensor | None,
    reverse: bool,
) -> list[torch.Tensor]:
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
        how = "operation"
        y, final = verified(loop, how, compiled, cell, parameters, args, by_place=True)
    else:
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
    sources = [each.detach() for each in (*parameters, x, *state, *initial)]
    smooth = [each.requires_grad_() for each in sources if each.is_floating_point()]
    cuts = (len(parameters), len(parameters) + 1, len(parameters) + 1 + len(state))
    with _recording():
        results = _run(
            program,
            sources[: cuts[0]],
            sources[cuts[0]],
            sources[cuts[1] : cuts[2]],
            sources[cuts[2] :],
            lengths,
            resets,
            reverse,
        )
        pairs = [pair for pair in zip(results, gradients, strict=True) if pair[0].requires_grad]
        found = iter(
            torch.autograd.grad(
                [result for result, _ in pairs],
                smooth,
                [gradient for _, gradient in pairs],
                allow_unused=True,
                materialize_grads=True,
            )
        )
    return [
        next(found).clone(memory_format=torch.contiguous_format)
        if each.is_floating_point()
        else torch.zeros_like(each)
        for each in sources
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
    sources = (*parameters, x, *state, *initial)
    return [torch.empty_like(each, memory_format=torch.contiguous_format) for each in sources]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: list[torch.Tensor]) -> None:
    program, parameters, x, state, initial, lengths, resets, reverse = inputs
    ctx.program, ctx.reverse = program, reverse
    ctx.counts = (len(parameters), len(state), len(initial))
    ctx.save_for_backward(*parameters, x, *state, *initial, lengths, resets)


def _go_back(ctx: Any, gradients: Sequence[torch.Tensor]) -> tuple[Any, ...]:
    *tensors, lengths, resets = ctx.saved_tensors
    parameters, state, initial = ctx.counts
    groups = [
        list(tensors[:parameters]),
        tensors[parameters],
        list(tensors[parameters + 1 : parameters + 1 + state]),
        list(tensors[parameters + 1 + state :]),
    ]
    found = torch.ops.recurra.unroll_backward(
        ctx.program, *groups, lengths, resets, ctx.reverse, list(gradients)
    )
    smooth = [
        gradient if tensor.is_floating_point() else None
        for tensor, gradient in zip(tensors, found, strict=True)
    ]
    return (
        None,
        smooth[:parameters],
        smooth[parameters],
        smooth[parameters + 1 : parameters + 1 + state],
        smooth[parameters + 1 + state : parameters + 1 + state + initial],
        None,
        None,
        None,
    )


_unroll.register_autograd(_go_back, setup_context=_keep)

__all__ = ["CannotFuse", "program_number", "unroll_operation"]
