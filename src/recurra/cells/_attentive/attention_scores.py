"""Scores of attention: how well each place of a memory answers a query."""

import math
from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import ShapeError, State, check_size, describe_tensor


class Score(nn.Module, ABC):
    """What all scores share: the sizes of the query and of a place of the memory.

    Args:
        query_size: Q, features of the query.
        memory_size: D, features of each place.
    """

    def __init__(self, query_size: int, memory_size: int) -> None:
        super().__init__()
        self.query_size = check_size("query_size", query_size)
        self.memory_size = check_size("memory_size", memory_size)

    def keys(self, memory: torch.Tensor) -> State:
        """Return what can be made of a memory `[B, S, D]` once, before any query is known."""
        del memory
        return ()

    @abstractmethod
    def score(self, query: torch.Tensor, memory: torch.Tensor, keys: State) -> torch.Tensor:
        """Score each place, `[B, S]`, without looking at sizes."""

    def forward(self, query: torch.Tensor, memory: torch.Tensor, keys: State) -> torch.Tensor:
        """Score each place of a memory `[B, S, D]` for a query `[B, Q]`, `[B, S]`."""
        if query.dim() != 2 or query.shape[1] != self.query_size:
            raise ShapeError(
                f"The query of `{type(self).__name__}` has the wrong shape.",
                got=describe_tensor(query),
                expected=f"(B, {self.query_size})",
                fix=f"{type(self).__name__}(query_size={query.shape[-1]}, ...)",
            )
        return self.score(query, memory, keys)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.query_size}, {self.memory_size}"


class DotScore(Score):
    """Score by the inner product of the query and a place: Luong's "dot".

        e_s = q . m_s

    No parameters; query and memory need to be of one size. Source: M.-T. Luong et al., "Effective
    approaches to attention-based neural machine translation", EMNLP (2015).

    Args:
        size: features of the query and of each place.

    Raises:
        ShapeError: `size` is not a positive integer.
    """

    def __init__(self, size: int) -> None:
        super().__init__(check_size("size", size), size)

    def score(self, query: torch.Tensor, memory: torch.Tensor, keys: State) -> torch.Tensor:
        """Multiply and add up."""
        del keys
        return (query.unsqueeze(1) * memory).sum(dim=2)


class GeneralScore(Score):
    """Score by a product with a matrix in between: Luong's "general".

        e_s = (W q) . m_s

    Query and memory may differ in size and in what their features mean. Source: M.-T. Luong et al.,
    "Effective approaches to attention-based neural machine translation", EMNLP (2015).

    Args:
        query_size: Q, features of the query.
        memory_size: D, features of each place.
        device: where W lives. Default: PyTorch's.
        dtype: floating point type of W. Default: PyTorch's.

    Raises:
        ShapeError: a size is not a positive integer.
    """

    def __init__(
        self,
        query_size: int,
        memory_size: int,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(query_size, memory_size)
        self.weight = nn.Parameter(torch.empty(memory_size, query_size, device=device, dtype=dtype))
        _fill(self)

    def score(self, query: torch.Tensor, memory: torch.Tensor, keys: State) -> torch.Tensor:
        """Bring the query to the memory's features, multiply and add up."""
        del keys
        return (F.linear(query, self.weight).unsqueeze(1) * memory).sum(dim=2)


class AdditiveScore(Score):
    """Score by a small network that sees the query and a place: Bahdanau's, and Luong's "concat".

        e_s = v . tanh(W q + U m_s)

    The most expressive of the three, and the slowest: A numbers for each place at every step. U m_s
    is made once. With [W, U] as one matrix of [q, m_s] it is what Luong calls "concat". Source:
    D. Bahdanau et al., "Neural machine translation by jointly learning to align and translate",
    ICLR (2015).

    Args:
        query_size: Q, features of the query.
        memory_size: D, features of each place.
        hidden_size: A, features of the network in between.
        device: where W, U and v live. Default: PyTorch's.
        dtype: floating point type of W, U and v. Default: PyTorch's.

    Raises:
        ShapeError: a size is not a positive integer.
    """

    def __init__(
        self,
        query_size: int,
        memory_size: int,
        hidden_size: int,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(query_size, memory_size)
        A = check_size("hidden_size", hidden_size)
        self.weight_query = nn.Parameter(torch.empty(A, query_size, device=device, dtype=dtype))
        self.weight_memory = nn.Parameter(torch.empty(A, memory_size, device=device, dtype=dtype))
        self.weight_score = nn.Parameter(torch.empty(A, device=device, dtype=dtype))
        _fill(self)

    def keys(self, memory: torch.Tensor) -> State:
        """Return U m_s, `[B, S, A]`."""
        return F.linear(memory, self.weight_memory)

    def score(self, query: torch.Tensor, memory: torch.Tensor, keys: State) -> torch.Tensor:
        """Add the query to the keys, bend, and weigh."""
        del memory
        assert isinstance(keys, torch.Tensor)
        drive = F.linear(query, self.weight_query).unsqueeze(1) + keys  # [B, S, A]
        return (drive.tanh() * self.weight_score).sum(dim=2)


def _fill(score: nn.Module) -> None:
    """Draw all parameters from U(-1/sqrt(n), 1/sqrt(n)), n their inputs, as `torch.nn` does."""
    for parameter in score.parameters():
        bound = 1 / math.sqrt(parameter.shape[-1])
        nn.init.uniform_(parameter, -bound, bound)
