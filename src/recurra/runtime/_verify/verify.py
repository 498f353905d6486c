"""RECURRA_VERIFY: the plain loop beside each kernel for its first calls, and both compared."""

import os
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import nn

from recurra.base import (
    CannotFuse,
    State,
    no_autocast,
    state_tensors,
)
from recurra.runtime._guards import parameters_and_buffers
from recurra.runtime._kernels import readable, supported
from recurra.runtime._unroll_args import UnrollArgs
from recurra.runtime._verify.sides import Check, Tensors

Loop: TypeAlias = Callable[[Sequence[torch.Tensor], UnrollArgs], tuple[torch.Tensor, Tensors]]

FIRST_CALLS = 4

# looking a name up in `os.environ` that is not there takes longer than the rest of a guard
_environment = getattr(os.environ, "_data", os.environ)
_encode = getattr(os.environ, "encodekey", str)
_KEY = _encode("RECURRA_VERIFY")

_calls: Counter[tuple[int, str, bool]] = Counter()
_followed: set[int] = set()
_counting = threading.Lock()


def is_verifying() -> bool:
    """Tell whether `RECURRA_VERIFY` asks for comparisons, at this moment."""
    return _KEY in _environment and os.environ["RECURRA_VERIFY"] not in ("", "0")


def verified(
    loop: Loop,
    how: str,
    program: object,
    cell: nn.Module,
    held: Sequence[torch.Tensor],
    args: UnrollArgs,
    *,
    by_place: bool = False,
) -> tuple[torch.Tensor, Tensors]:
    """Run a loop, and in its first calls the plain loop beside it.

    Results are compared at once, gradients when somebody goes back, under the same cotangents. What
    is returned is the loop's own; gradients of gradients are not compared.

    Args:
        loop: runs the compiled cell.
        how: what it is: "kernel" or "scan".
        program: what was compiled; its first calls are compared, with and without gradients.
        cell: the cell, for the plain loop.
        held: its parameters and buffers, or what is computed with in their places.
        args: what it runs over.
        by_place: whether the state is a tuple of tensors, whatever the cell's is.

    Returns:
        y: outputs, `[T, B, ...]`.
        final: tensors of the final state.

    Raises:
        VerificationError: the plain loop computes something else, beyond rounding.
    """
    returns = state_tensors(args.initial) if args.resets is not None else ()
    sources = (*held, args.x, *state_tensors(args.state), *returns)
    followed = torch.is_grad_enabled() and any(source.requires_grad for source in sources)
    if _has_saving_hooks() or not is_due(program, how, followed=followed):
        return loop(held, args)
    check = Check(loop, how, cell, len(held), args, by_place=by_place)
    if followed:
        y, *final = _Verified.apply(check, *sources)  # type: ignore[no-untyped-call]
        return y, tuple(final)
    results = check.run(sources)
    return results[0], results[1:]


@torch.no_grad()
def verified_step(
    step: Callable[[torch.Tensor], torch.Tensor],
    state_after: Callable[[], Tensors],
    cell: nn.Module,
    x: torch.Tensor,
    state: State,
) -> torch.Tensor:
    """Run one step of a stream, and the cell's own beside it.

    Args:
        step: runs the kernel.
        state_after: gives the tensors of the state that the kernel holds.
        cell: the cell.
        x: input, `[B, ...]`.
        state: state before the step.

    Returns:
        The output of the kernel, `[B, ...]`.

    Raises:
        VerificationError: the cell computes something else, beyond rounding.
        CannotFuse: a kernel cannot read the input.
    """
    readable([x])
    held = parameters_and_buffers(cell)
    args = UnrollArgs(x.unsqueeze(0), state, state, None, None, False)  # x [1, B, ...]

    def loop(_: object, args: UnrollArgs) -> tuple[torch.Tensor, Tensors]:
        return step(args.x[0]).unsqueeze(0), state_after()

    check = Check(loop, "stream", cell, len(held), args)
    return check.run((*held, args.x, *state_tensors(state)))[0][0]


def _has_saving_hooks() -> bool:
    """Tell whether what is saved for the backward pass is counted or moved, as by checkpoints."""
    return torch._C._autograd._top_saved_tensors_default_hooks(True) is not None


def is_due(program: object, how: str, *, followed: bool) -> bool:
    """Count the calls of a program, and tell whether this is one to compare."""
    number = id(program)
    with _counting:
        if number not in _followed:
            _followed.add(number)
            weakref.finalize(program, _forget, number).atexit = False
        _calls[number, how, followed] += 1
        return (
            _calls[number, how, followed] <= FIRST_CALLS or os.environ["RECURRA_VERIFY"] == "always"
        )


def _forget(number: int) -> None:
    _followed.discard(number)
    for key in [key for key in list(_calls) if key[0] == number]:
        _calls.pop(key, None)


class _Verified(torch.autograd.Function):
    """Both loops as one operation of autograd, so that both get the cotangents of the user."""

    @staticmethod
    def forward(ctx: Any, check: Check, *sources: torch.Tensor) -> Any:
        ctx.set_materialize_grads(False)
        ctx.check = check
        ctx.save_for_backward(*sources)
        with torch.enable_grad():
            results = check.run(sources)
        own = tuple(each.detach().clone() for each in results)
        ctx.mark_non_differentiable(
            *(mine for mine, each in zip(own, results, strict=True) if not each.requires_grad)
        )
        return own

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor | None) -> Any:
        check, needed = ctx.check, ctx.needs_input_grad[1:]
        given = supported([each for each in cotangents if each is not None])
        if isinstance(given, CannotFuse):  # batched, say: nobody can compare these numbers
            return (None, *check.compiled.gradients(cotangents, needed))
        with no_autocast():
            gradients = check.gradients([_plain(each) for each in cotangents], needed)
            if torch.is_grad_enabled():
                gradients = check.again(ctx.saved_tensors, cotangents, needed)
        return (None, *gradients)


def _plain(cotangent: torch.Tensor | None) -> torch.Tensor | None:
    return None if cotangent is None else cotangent.detach()
