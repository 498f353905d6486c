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
    reverse: bool = False,
) -> torch.Tensor:
    """Put the time since the step before behind the features of every step.

    From `times`, where a sequence begins, at the first step and at resets, no time has passed: a
    cell that integrates over time then leaves its initial state as it is, whatever its input. Give
    `start` to let time pass before the first step, and to go on from an earlier window.

    Whoever goes through time backwards, as `unroll` and `Recurrent` do with `reverse=True`, comes
    to a step from the one after it: here too, `reverse=True` then gives the time between the two.
    The halves of `Bidirectional` would see the same inputs, right for one of them only: put two
    layers `Recurrent`, each with inputs of its own, side by side.

    Args:
        x: features, `[T, B, I]`.
        times: when each step is, `[T, B]`, in the unit of the cell's time constants. Differences
            are taken in their dtype, of integers in int64: let large stamps be float64.
        elapsed: instead of `times`, the time since the step before, `[T, B]`, >= 0.
        start: with `times`: when the state before the first step is, `[B]`; of a window that goes
            on, the last times of the one before. In reverse, when the state is that the last step
            meets. Default: at the first step, in reverse at each row's last.
        lengths: as in `unroll`, `[B]`, 0..T; times of padding never matter. Default: all of T.
        resets: with `times`: as in `unroll`, `[T, B]`; times may begin anew there. Default: none.
        reverse: with `times`: as in `unroll`. Default: False.

    Returns:
        `[T, B, I + 1]`, for `IrregularlySampled`.

    Raises:
        ShapeError: an argument does not fit x.
        DtypeError: x is not floating point, `resets` not bool, or `lengths` not integer.
        ArgumentError: times are not finite, or decrease; `elapsed` is negative; a length is outside
            of the sequence; or there are both or none of `times` and `elapsed`.

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
    if lengths is None:
        lengths = torch.full((B,), T)
    ends = _ends(lengths, T).to(x.device)
    counts = valid_steps(ends, T)
    if times is not None and elapsed is None:
        elapsed, counts = _differences(times, start, ends, resets, reverse)
    elif elapsed is not None and times is None and start is None and resets is None and not reverse:
        right = elapsed.isfinite() & (elapsed >= 0)
        _check_steps("elapsed", elapsed, counts, right, "times that are negative or not finite")
    else:
        raise ArgumentError(
            "`with_elapsed` takes `times`, with `start`, `resets` and `reverse`, or `elapsed`"
            " alone.",
            fix="with_elapsed(x, times)",
        )
    elapsed = torch.where(counts, elapsed.to(x), x.new_zeros(()))
    return torch.cat([x, elapsed.unsqueeze(-1)], dim=-1)


def _ends(lengths: torch.Tensor, T: int) -> torch.Tensor:
    """Return the lengths, `[B]`, integers in 0..T."""
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise DtypeError(
            "`lengths` is not integer.", got=describe_tensor(lengths), fix="lengths=lengths.long()"
        )
    if ((lengths < 0) | (lengths > T)).any():
        raise ArgumentError(
            "`lengths` has a value outside the sequence.",
            got=lengths.tolist(),
            expected=f"integers in 0..{T}",
        )
    return lengths.long()


def _differences(
    times: torch.Tensor,
    start: torch.Tensor | None,
    ends: torch.Tensor,
    resets: torch.Tensor | None,
    reverse: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the differences of times, and which of them count."""
    if start is not None and not start.isfinite().all():
        raise ArgumentError("`start` is not finite.", got=start.tolist(), expected="finite times")
    counts = valid_steps(ends, len(times))
    _check_steps("times", times, counts, times.isfinite(), "times that are not finite")
    times, start = _exact(times, start)
    if reverse:
        elapsed = _following(times, start, ends) - times  # [T, B]
        wrong = "times after those of the step that follows"
    else:
        first = times[:1] if start is None else start.unsqueeze(0)
        elapsed = torch.cat([first, times]).diff(dim=0)  # [T, B]
        wrong = "times before those of the step before"
    if resets is not None:
        counts = counts & ~resets
    _check_steps("times", times, counts, elapsed >= 0, wrong, reverse=reverse)
    return elapsed, counts


def _exact(
    times: torch.Tensor, start: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Bring times to a dtype whose differences neither wrap nor lose what one of them has."""

    def exact(value: torch.Tensor) -> torch.Tensor:
        return value if value.is_floating_point() else value.long()

    times = exact(times)
    if start is None:
        return times, None
    start = exact(start).to(times.device)
    if start.is_floating_point() != times.is_floating_point():
        return times.double(), start.double()
    return times, start


def _following(times: torch.Tensor, start: torch.Tensor | None, ends: torch.Tensor) -> torch.Tensor:
    """Return the time of the step after each, `[T, B]`; of each row's last step, `start`."""
    steps = torch.arange(len(times), device=times.device).unsqueeze(1)  # [T, 1]
    last = steps == ends.to(times.device) - 1  # [T, B]
    return torch.where(last, times if start is None else start, times.roll(-1, dims=0))


def _check_shape(name: str, value: torch.Tensor, expected: object, holds: bool) -> None:
    if not holds:
        raise ShapeError(
            f"`{name}` has the wrong shape.", got=describe_tensor(value), expected=expected
        )


def _check_steps(
    name: str,
    values: torch.Tensor,
    counts: torch.Tensor,
    right: torch.Tensor,
    wrong: str,
    *,
    reverse: bool = False,
) -> None:
    """Refuse the first step that counts and is not right."""
    places = (counts & ~right).nonzero()
    if len(places):
        step, row = places[0].tolist()
        before = f", after {values[step - 1, row]:g}" if step else ""
        if reverse:
            before = f", before {values[step + 1, row]:g}" if step + 1 < len(values) else ""
        raise ArgumentError(
            f"`{name}` has {wrong}.",
            got=f"{values[step, row]:g} at step {step} of row {row}{before}",
            expected="finite times, sorted in each row; or times between steps, >= 0",
            fix="sort the steps of each row by time; give `lengths` where rows are padded",
        )
