"""What a CRF refuses."""

import torch

from recurra.base import (
    HALF_DTYPES,
    ArgumentError,
    DtypeError,
    ShapeError,
    check_not_proxy,
    describe_tensor,
    has_values,
    is_autocast,
)

FORBIDDEN = -1e4
"""Score of what is not allowed: exp of it is 0, yet sums and gradients stay finite."""


def checked_scores(
    x: torch.Tensor, lengths: torch.Tensor | None, start: torch.Tensor
) -> torch.Tensor:
    """Return scores `[T, B, K]` in the dtype of `start` `[K]`; refuse others and wrong lengths.

    What an autocast layer made in half precision is brought to that dtype, as `unroll` does.
    """
    check_not_proxy(x)
    if not isinstance(x, torch.Tensor) or x.dim() != 3 or x.shape[2] != len(start) or not len(x):
        raise ShapeError(
            "`x` is not scores of the tags of this `CRF`.",
            got=describe_tensor(x),
            expected=f"(T, B, {len(start)}), T >= 1",
        )
    if x.dtype in HALF_DTYPES and is_autocast(x):
        x = x.to(start.dtype)
    if x.dtype != start.dtype:
        raise DtypeError(
            "`x` has not the dtype of the parameters of this `CRF`.",
            got=describe_tensor(x),
            expected=str(start.dtype).removeprefix("torch."),
        )
    if lengths is not None:
        _check_lengths(lengths, x)
    return x


def _check_lengths(lengths: torch.Tensor, x: torch.Tensor) -> None:
    T, B, _ = x.shape
    if not isinstance(lengths, torch.Tensor) or lengths.shape != (B,):
        raise ShapeError(
            "`lengths` is not one for each row.",
            got=describe_tensor(lengths),
            expected=f"({B},) integer",
        )
    if not _are_integers(lengths):
        raise DtypeError(
            "`lengths` are no integers.", got=describe_tensor(lengths), fix="lengths.long()"
        )
    if has_values(lengths) and bool(((lengths < 1) | (lengths > T)).any()):
        raise ShapeError(
            "A row has no possible length: without a step there is no tag.",
            got=f"{int(lengths.min())} .. {int(lengths.max())}",
            expected=f"1 .. {T}",
        )


def checked_tags(x: torch.Tensor, tags: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Return tags `[T, B]` as int64; refuse others than those of the scores x `[T, B, K]`."""
    if not isinstance(tags, torch.Tensor) or tags.shape != x.shape[:2]:
        raise ShapeError(
            "`tags` are not one for each step of each row.",
            got=describe_tensor(tags),
            expected=f"{tuple(x.shape[:2])} integer",
        )
    if not _are_integers(tags):
        raise DtypeError("`tags` are no integers.", got=describe_tensor(tags), fix="tags.long()")
    if has_values(tags) and has_values(valid):
        _check_inside(tags[valid], x.shape[2])
    return tags.long()


def _check_inside(tags: torch.Tensor, count: int) -> None:
    if bool(((tags < 0) | (tags >= count)).any()):
        raise ShapeError(
            "`tags` has one that this `CRF` does not have.",
            got=f"{int(tags.min())} .. {int(tags.max())}",
            expected=f"0 .. {count - 1}",
        )


def _are_integers(numbers: torch.Tensor) -> bool:
    kind = numbers.dtype
    return not (kind.is_floating_point or kind.is_complex or kind == torch.bool)


def check_forbidden(tags: torch.Tensor, valid: torch.Tensor, penalties: torch.Tensor) -> None:
    """Refuse tags `[T, B]` whose probability is 0, so that their loss would be infinite."""
    if not has_values(penalties):
        return
    wrong = (penalties < 0).nonzero()
    if len(wrong):
        row = int(wrong[0])
        raise ArgumentError(
            "A row of `tags` takes a way that this `CRF` does not allow.",
            got=f"row {row}: {tags[valid[:, row], row].tolist()}"[:80],
            expected="ways that `allowed`, `allowed_first` and `allowed_last` leave open",
        )


def check_no_way(penalties: torch.Tensor) -> None:
    """Refuse to answer with a way that is not allowed, from the penalties of the best, `[B]`."""
    if not has_values(penalties):
        return
    wrong = (penalties < 0).nonzero()
    if len(wrong):
        raise ArgumentError(
            "The best way of a row is one that this `CRF` does not allow.",
            got=f"row {int(wrong[0])}",
            expected="an allowed way of its length, and scores that differ by less than 10000",
        )


def penalty_of(name: str, allowed: torch.Tensor | None, like: torch.Tensor) -> torch.Tensor:
    """Turn what is allowed into scores to be added: 0, or far below."""
    if allowed is None:
        return torch.zeros_like(like, requires_grad=False)
    if not isinstance(allowed, torch.Tensor) or allowed.shape != like.shape:
        raise ShapeError(
            f"`{name}` does not say of each tag whether it may stand there.",
            got=describe_tensor(allowed),
            expected=f"{tuple(like.shape)} bool",
        )
    if allowed.dtype != torch.bool:
        raise DtypeError(f"`{name}` is not bool.", got=describe_tensor(allowed), expected="bool")
    if not bool(allowed.any()):
        raise ArgumentError(
            f"`{name}` allows nothing.", got="False everywhere", expected="True somewhere"
        )
    return torch.where(allowed.to(like.device), 0.0, FORBIDDEN).to(like.dtype)
