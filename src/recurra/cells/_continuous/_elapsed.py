"""Inputs that say how far apart their steps are."""

import torch

from recurra.base import ArgumentError, DtypeError, ShapeError, describe_tensor, valid_steps


def with_elapsed(
    x: torch.Tensor,
    times: torch.Tensor | None = None,
    *,
    elapsed: torch.Tensor | None = None,
    start: torch.Tensor | None = None,
    lengths: torch.Tensor | None = None,
    resets: torch.Tensor | None = None,
) -> torch.Tensor:
    """Put the time since the step before behind the features of every step.

    From `times`, where a sequence begins, at the first step and at resets, no time has passed: a
    cell that integrates over time then leaves its initial state as it is, whatever its input. Give
    `start` to let time pass before the first step, and to go on from an earlier window.

    Args:
        x: features, `[T, B, I]`.
        times: when each step is, `[T, B]`, in the unit of the cell's time constants. Differences
            are taken in their dtype: let large stamps be float64.
        elapsed: instead of `times`, the time since the step before, `[T, B]`, >= 0.
        start: with `times`: when the state before the first step is, `[B]`; of a window that goes
            on, the last times of the one before. Default: at the first step.
        lengths: as in `unroll`, `[B]`; times of padding never matter. Default: all of T.
        resets: with `times`: as in `unroll`, `[T, B]`; times may begin anew there. Default: none.

    Returns:
        `[T, B, I + 1]`, for `IrregularlySampled`.

    Raises:
        ShapeError: an argument does not fit x.
        DtypeError: x is not floating point, or `resets` not bool.
        ArgumentError: times are not finite, or decrease; `elapsed` is negative; or there are both
            or none of them.

    Example:
        >>> import torch
        >>> from recurra.cells import with_elapsed
        >>> with_elapsed(torch.zeros(3, 1, 1), torch.tensor([[2.0], [2.5], [4.0]]))[..., -1]
        tensor([[0.0000],
                [0.5000],
                [1.5000]])
    """
    _check_shape("x", x, "(T, B, I)", isinstance(x, torch.Tensor) and x.dim() == 3)
    if not x.is_floating_point():
        raise DtypeError("`x` is not floating point.", got=describe_tensor(x), fix="x.float()")
    T, B, _ = x.shape
    shapes = {"times": (T, B), "elapsed": (T, B), "start": (B,), "lengths": (B,), "resets": (T, B)}
    given = (times, elapsed, start, lengths, resets)
    for (name, shape), value in zip(shapes.items(), given, strict=True):
        if value is not None:
            _check_shape(name, value, shape, getattr(value, "shape", None) == shape)
    if resets is not None and resets.dtype != torch.bool:
        raise DtypeError(
            "`resets` is not bool.", got=describe_tensor(resets), fix="resets=resets.bool()"
        )
    counts = torch.ones(T, B, dtype=torch.bool, device=x.device)
    if lengths is not None:
        counts = valid_steps(lengths.to(x.device), T)
    if times is not None and elapsed is None:
        elapsed, counts = _differences(times, start, counts, resets)
    elif elapsed is not None and times is None and start is None and resets is None:
        right = elapsed.isfinite() & (elapsed >= 0)
        _check_steps("elapsed", elapsed, counts, right, "times that are negative or not finite")
    else:
        raise ArgumentError(
            "`with_elapsed` takes `times`, with `start` and `resets`, or `elapsed` alone.",
            fix="with_elapsed(x, times)",
        )
    elapsed = torch.where(counts, elapsed.to(x), x.new_zeros(()))
    return torch.cat([x, elapsed.unsqueeze(-1)], dim=-1)


def _differences(
    times: torch.Tensor,
    start: torch.Tensor | None,
    counts: torch.Tensor,
    resets: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the differences of times, and which of them count."""
    if start is not None and not start.isfinite().all():
        raise ArgumentError("`start` is not finite.", got=start.tolist(), expected="finite times")
    _check_steps("times", times, counts, times.isfinite(), "times that are not finite")
    first = times[:1] if start is None else start.unsqueeze(0)
    elapsed = torch.cat([first, times]).diff(dim=0)  # [T, B]
    if resets is not None:
        counts = counts & ~resets
    _check_steps("times", times, counts, elapsed >= 0, "times before those of the step before")
    return elapsed, counts


def _check_shape(name: str, value: torch.Tensor, expected: object, holds: bool) -> None:
    if not holds:
        raise ShapeError(
            f"`{name}` has the wrong shape.", got=describe_tensor(value), expected=expected
        )


def _check_steps(
    name: str, values: torch.Tensor, counts: torch.Tensor, right: torch.Tensor, wrong: str
) -> None:
    """Refuse the first step that counts and is not right."""
    places = (counts & ~right).nonzero()
    if len(places):
        step, row = places[0].tolist()
        before = f", after {values[step - 1, row]:g}" if step else ""
        raise ArgumentError(
            f"`{name}` has {wrong}.",
            got=f"{values[step, row]:g} at step {step} of row {row}{before}",
            expected="finite times, sorted in each row; or times between steps, >= 0",
            fix="sort the steps of each row by time; give `lengths` where rows are padded",
        )
