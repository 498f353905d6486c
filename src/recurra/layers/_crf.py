"""The linear-chain conditional random field: whole sequences of tags, scored together."""

import math

import torch
from torch import nn

from recurra.base import CannotFuse, check_size, has_values, valid_steps, zero_padding
from recurra.layers._crf_checks import (
    FORBIDDEN,
    check_forbidden,
    check_no_way,
    checked_scores,
    checked_tags,
    penalty_of,
)
from recurra.layers._crf_paths import Paths, best_path, sum_of_paths
from recurra.runtime import Backend, check_backend


class CRF(nn.Module):
    """Score sequences of tags as a whole: what each step says, and which tag follows which.

    Put on top of a tagger where neighbouring tags depend on each other, as in names of several
    words. The network scores each tag at each step; the layer learns how tags follow each other,
    and its answer is the best sequence, not the sequence of the best.

        s(x, y) = start[y_1] + sum_t x_t[y_t] + sum_t transitions[y_{t-1}, y_t] + end[y_T]
        p(y | x) = exp(s(x, y)) / Z(x),   Z(x) = sum over all K^T sequences of exp(s(x, y))

    log Z takes T steps of the forward algorithm, which is a recurrence of its own and runs as a
    compiled kernel; the best sequence takes T steps of Viterbi's algorithm. Source: J. Lafferty et
    al., "Conditional random fields" (2001); on top of an LSTM: Z. Huang et al., "Bidirectional
    LSTM-CRF models for sequence tagging" (2015).

    Args:
        tags: K, how many tags there are.
        allowed: `[K, K]` bool: whether the tag of the column may follow that of the row; what is
            not allowed scores -10,000 besides. Default: all may. What is allowed is a part of
            `state_dict`, as the parameters are.
        allowed_first: `[K]` bool: whether a sequence may begin with a tag. Default: all may.
        allowed_last: `[K]` bool: whether a sequence may end with a tag. Default: all may.
        backend: as in `unroll`, for the forward algorithm. Default: "auto": a kernel, but where
            scores are so far apart that its product would lose terms, a plain loop of `logsumexp`;
            "c" makes a kernel of that too, which is slower.
        device: where the parameters live. Default: PyTorch's.
        dtype: floating point type of the parameters. Default: PyTorch's.

    Raises:
        ShapeError: `tags` is not a positive integer, or what is allowed has another shape.
        DtypeError: what is allowed is not bool.
        UnknownName: `backend` is not a known name.

    Example:
        >>> import torch, recurra
        >>> crf = recurra.layers.CRF(tags=4)
        >>> scores = torch.randn(7, 2, 4)  # [T, B, K], such as a Linear makes of an LSTM's outputs
        >>> tags = torch.randint(4, (7, 2))
        >>> lengths = torch.tensor([7, 5])
        >>> loss = crf(scores, tags, lengths=lengths).mean()
        >>> best, score = crf.decode(scores, lengths=lengths)
        >>> best.shape, score.shape
        (torch.Size([7, 2]), torch.Size([2]))
    """

    penalty_first: torch.Tensor
    penalty_last: torch.Tensor

    def __init__(
        self,
        tags: int,
        *,
        allowed: torch.Tensor | None = None,
        allowed_first: torch.Tensor | None = None,
        allowed_last: torch.Tensor | None = None,
        backend: Backend = "auto",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        K = self.tags = check_size("tags", tags)
        self.backend = check_backend(backend)
        transitions = nn.Parameter(torch.empty(K, K, device=device, dtype=dtype))
        self.paths = Paths(transitions, penalty_of("allowed", allowed, transitions))
        self.start = nn.Parameter(torch.empty(K, device=device, dtype=dtype))
        self.end = nn.Parameter(torch.empty(K, device=device, dtype=dtype))
        for name, given in (("first", allowed_first), ("last", allowed_last)):
            penalty = penalty_of(f"allowed_{name}", given, self.start)
            self.register_buffer(f"penalty_{name}", penalty)
        self.reset_parameters()

    @property
    def transitions(self) -> nn.Parameter:
        """Learnt scores of the tag of the column after that of the row, `[K, K]`."""
        return self.paths.transitions

    def reset_parameters(self) -> None:
        """Draw all scores from U(-0.1, 0.1): at first, the network decides alone."""
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.1, 0.1)

    def forward(
        self, x: torch.Tensor, tags: torch.Tensor, *, lengths: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Give -log p(tags | x) of each row, the loss to be made small.

        Args:
            x: scores of each tag at each step, `[T, B, K]`; padding is never looked at.
            tags: the right tags, `[T, B]` integer, 0..K-1; anything after a row's end.
            lengths: valid steps per row, `[B]` integer, 1..T. Default: all T.

        Returns:
            nats: `[B]`, >= 0 but for rounding.

        Raises:
            ShapeError: x, tags and lengths do not fit each other, or a tag is outside 0..K-1.
            DtypeError: x has not the dtype of the parameters, or tags or lengths are no integers.
            ArgumentError: a row of tags takes a way that is not allowed, or scores are so far
                apart that such a way is the best.
        """
        return self.log_partition(x, lengths=lengths) - self.score(x, tags, lengths=lengths)

    def log_partition(
        self, x: torch.Tensor, *, lengths: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Give log Z(x) of each row, `[B]`, by the forward algorithm.

        Raises:
            ArgumentError: the best way of a row is not allowed, as in `decode`.
        """
        x = checked_scores(x, lengths, self.start)
        first = x[0] + self.start + self.penalty_first  # [B, K]
        further = None if lengths is None else lengths - 1
        alpha = sum_of_paths(self.paths, first, x[1:], further, self.backend)
        total = (alpha + self.end + self.penalty_last).logsumexp(dim=1)  # [B]
        if self._may_hold_forbidden(total, x, lengths):
            self.decode(x, lengths=lengths)  # which refuses
        return total

    def score(
        self, x: torch.Tensor, tags: torch.Tensor, *, lengths: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Give s(x, tags) of each row, `[B]`; the arguments are those of `forward`."""
        x = checked_scores(x, lengths, self.start)
        lengths, valid = _valid(x, lengths)
        tags = torch.where(valid, checked_tags(x, tags, valid), 0)
        last = tags.gather(0, lengths.unsqueeze(0) - 1).squeeze(0)  # [B]
        check_forbidden(tags, valid, self._penalties(tags, valid, last))
        said = zero_padding(x, lengths).gather(2, tags.unsqueeze(2)).squeeze(2)  # [T, B]
        steps = torch.where(valid[1:], self.transitions[tags[:-1], tags[1:]], 0)  # [T-1, B]
        return said.sum(dim=0) + steps.sum(dim=0) + self.start[tags[0]] + self.end[last]

    def marginals(self, x: torch.Tensor, *, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Give the probability of each tag at each step, `[T, B, K]`, 0 after a row's end.

        p(y_t = k | x) is the derivative of log Z by x_t[k]: differentiating the
        forward algorithm is the backward algorithm. No gradient passes through the result.

        Raises:
            ArgumentError: the best way of a row is not allowed, as in `decode`.
        """
        x = checked_scores(x, lengths, self.start)
        if torch._C._get_tracing_state() is not None:
            raise CannotFuse(
                "`torch.jit.trace` cannot hold marginals, which are made by differentiation.",
                fix="torch.export.export(model, arguments)",
            )
        with torch.inference_mode(False), torch.enable_grad():
            x = x.detach().clone().requires_grad_()  # the clone of an inference tensor is none
            total = self.log_partition(x, lengths=lengths).sum()
            return torch.autograd.grad(total, x)[0]

    @torch.no_grad()
    def decode(
        self, x: torch.Tensor, *, lengths: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Find the best sequence of tags by Viterbi's algorithm.

        Args:
            x: scores of each tag at each step, `[T, B, K]`.
            lengths: valid steps per row, `[B]` integer, 1..T. Default: all T.

        Returns:
            tags: the best ones, `[T, B]` int64; -100 after a row's end.
            score: s(x, tags), `[B]`.

        Raises:
            ArgumentError: no way of a row's length is allowed, or scores are so far apart that one
                that is not allowed is the best.
        """
        x = checked_scores(x, lengths, self.start)
        first = x[0] + self.start + self.penalty_first  # [B, K]
        last = self.end + self.penalty_last  # [K]
        tags, score = best_path(self.paths.scores(), first, x[1:], last, lengths)
        lengths, valid = _valid(x, lengths)
        end = tags.gather(0, lengths.unsqueeze(0) - 1).squeeze(0)  # [B]
        check_no_way(self._penalties(torch.where(valid, tags, 0), valid, end))
        return tags, score

    def _penalties(
        self, tags: torch.Tensor, valid: torch.Tensor, last: torch.Tensor
    ) -> torch.Tensor:
        """Add up what is not allowed on the way of each row, `[B]`: 0 where all of it is."""
        steps = torch.where(valid[1:], self.paths.penalty[tags[:-1], tags[1:]], 0)  # [T-1, B]
        return steps.sum(dim=0) + self.penalty_first[tags[0]] + self.penalty_last[last]

    @torch.no_grad()
    def _may_hold_forbidden(
        self, total: torch.Tensor, x: torch.Tensor, lengths: torch.Tensor | None
    ) -> bool:
        """Tell whether log Z, `[B]`, is no larger than ways that are not allowed can make it."""
        if not has_values(total) or not any(bool(each.any()) for each in self.buffers()):
            return False
        lengths, valid = _valid(x, lengths)
        most = torch.where(valid, x.amax(dim=2) + math.log(self.tags), 0).sum(dim=0)  # [B]
        most = most + self.start.max() + (lengths - 1) * self.transitions.max() + self.end.max()
        rounding = math.log(torch.finfo(x.dtype).eps)
        return bool((total <= most + FORBIDDEN - rounding).any())

    def extra_repr(self) -> str:
        """Show the number of tags."""
        return str(self.tags)


def _valid(x: torch.Tensor, lengths: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Give the lengths `[B]` int64, all T by default, and which steps are valid, `[T, B]`."""
    T, B, _ = x.shape
    if lengths is None:
        lengths = torch.full((B,), T, device=x.device)
    lengths = lengths.to(x.device).long()
    return lengths, valid_steps(lengths, T)
