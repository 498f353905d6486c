"""The paths of a linear-chain CRF: their sum by the forward algorithm, the best by Viterbi's."""

import math

import torch
from torch import nn

from recurra.base import has_values, is_recording, over_features, valid_steps
from recurra.runtime import Backend, unroll

NO_TAG = -100
"""What stands after a row's end: the target that PyTorch's losses leave out."""


class Paths(nn.Module):
    """One step of the forward algorithm, by a product of matrices.

        alpha_t[j] = log sum_i exp(alpha_{t-1}[i] + a[i, j]) + x_t[j]

    With m the largest alpha_{t-1} and c[j] the largest a[., j], the sum is

        log sum_i exp(alpha_{t-1}[i] - m) exp(a[i, j] - c[j]) + m + c[j]

    whose second factor does not change from step to step: K exponentials a step and a product, for
    K^2 exponentials. Where alpha and a are spread so wide that a sum holds nothing but numbers too
    small to be written, the product loses it; `sum_of_paths` notices.

    Args:
        transitions: learnt part of a, `[K, K]`, from row to column.
        penalty: fixed part of a, `[K, K]`: 0, or far below where a transition is not allowed.
    """

    penalty: torch.Tensor

    def __init__(self, transitions: nn.Parameter, penalty: torch.Tensor) -> None:
        super().__init__()
        self.transitions = transitions
        self.register_buffer("penalty", penalty)

    def scores(self) -> torch.Tensor:
        """Give a, `[K, K]`."""
        return self.transitions + self.penalty

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return alpha_0 = 0, `[B, K]`; `sum_of_paths` always gives another."""
        return self.transitions.new_zeros(batch_size, len(self.transitions))

    def forward(self, x: torch.Tensor, alpha: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: scores x `[B, K]` and alpha `[B, K]` to the next alpha."""
        scores = self.scores()
        most = scores.detach().amax(dim=0)  # [K]
        factors = (scores - most).exp()  # [K, K]
        m = alpha.detach().amax(dim=1, keepdim=True)  # [B, 1]
        alpha = ((alpha - m).exp() @ factors).log() + m + most + x
        return alpha, alpha


class WidePaths(Paths):
    """One step of the forward algorithm, by K^2 exponentials: right however wide the spread."""

    def forward(self, x: torch.Tensor, alpha: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: scores x `[B, K]` and alpha `[B, K]` to the next alpha."""
        alpha = (alpha.unsqueeze(2) + self.scores()).logsumexp(dim=1) + x
        return alpha, alpha


def sum_of_paths(
    paths: Paths,
    first: torch.Tensor,
    x: torch.Tensor,
    lengths: torch.Tensor | None,
    backend: Backend,
) -> torch.Tensor:
    """Give alpha after the last step of each row, `[B, K]`.

    Args:
        paths: the recurrence.
        first: alpha after the first step, `[B, K]`.
        x: scores of all further steps, `[T-1, B, K]`.
        lengths: valid steps of each row of x, `[B]`. Default: all.
        backend: as in `unroll`; where the spread is too wide for the product, "auto" takes the
            plain loop, and any other is honoured.
    """
    if not len(x):
        return first
    if not (has_values(x) or torch.compiler.is_compiling()):  # whether terms are lost is not known
        last = unroll(_wide(paths), x, first, lengths=lengths, backend=backend)[1]
        assert isinstance(last, torch.Tensor)
        return last
    every, last = unroll(paths, x, first, lengths=lengths, backend=backend)
    if not _is_exact(every, paths.scores(), first, x, lengths):
        # as a kernel this form is slower than the plain loop, whose exponentials PyTorch makes, so
        # that "auto" takes the loop; who asks for a kernel gets one
        loop: Backend = "reference" if backend == "auto" else backend
        _, last = unroll(_wide(paths), x, first, lengths=lengths, backend=loop)
    assert isinstance(last, torch.Tensor)  # as the state of `Paths` is
    return last


def _wide(paths: Paths) -> WidePaths:
    return WidePaths(paths.transitions, paths.penalty)


@torch.no_grad()
def _is_exact(
    every: torch.Tensor,
    scores: torch.Tensor,
    first: torch.Tensor,
    x: torch.Tensor,
    lengths: torch.Tensor | None,
) -> bool:
    """Tell whether no sum was so small that terms of it were lost.

    Each lost term is below the smallest normal number; K of them are below the rounding of a sum
    that is larger than K times that number by the inverse of the rounding.
    """
    before = torch.cat([first.unsqueeze(0), every[:-1]]).amax(dim=2, keepdim=True)  # [T-1, B, 1]
    sums = every - x - before - scores.amax(dim=0)  # [T-1, B, K]
    if lengths is not None:
        valid = valid_steps(lengths.to(x.device), len(x)).unsqueeze(2)
        sums = torch.where(valid, sums, 0)
    limits = torch.finfo(x.dtype)
    return bool((sums >= math.log(len(scores) * limits.tiny / limits.eps)).all())


@torch.no_grad()
def best_path(
    scores: torch.Tensor,
    first: torch.Tensor,
    x: torch.Tensor,
    last: torch.Tensor,
    lengths: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Find the best path of each row and its score, by Viterbi's algorithm.

    A plain loop: over maxima of K^2 sums, PyTorch is as fast as a kernel of ours or faster.

    Args:
        scores: of transitions, `[K, K]`, from row to column.
        first: scores of the first step, `[B, K]`.
        x: scores of all further steps, `[T-1, B, K]`.
        last: scores of ending with a tag, `[K]`.
        lengths: valid steps of each row, the first included, `[B]`. Default: all.

    Returns:
        tags: `[T, B]` int64; `NO_TAG` after a row's end.
        score: `[B]`.
    """
    T = len(x) + 1
    valid = None if lengths is None else valid_steps(lengths.to(x.device), T)  # [T, B]
    stay = torch.arange(len(scores), device=x.device).expand_as(first)
    best, came_from = first, []  # [B, K] of all paths to each tag, and the tags before
    to_from = scores.T.contiguous()  # [K, K]
    if is_recording():
        x = x.view(T - 1, *x.shape[1:])  # so that what is recorded refuses other lengths
    for t, scores_here in enumerate(x.unbind(0), 1):
        through, before = (best.unsqueeze(1) + to_from).max(dim=2)  # each [B, K]
        through = through + scores_here
        if valid is not None:
            going = over_features(valid[t], best)
            through, before = torch.where(going, through, best), torch.where(going, before, stay)
        best = through
        came_from.append(before)
    score, tag = (best + last).max(dim=1)  # each [B]
    tags = [tag]
    for before in reversed(came_from):
        tag = before.gather(1, tag.unsqueeze(1)).squeeze(1)
        tags.append(tag)
    found = torch.stack(tags[::-1])  # [T, B]
    return found if valid is None else torch.where(valid, found, NO_TAG), score
