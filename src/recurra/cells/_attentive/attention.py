"""Attention over an external memory, around any cell."""

from abc import abstractmethod
from copy import copy
from typing import Any, NamedTuple, Self

import torch
from torch import nn

from recurra.base import (
    ArgumentError,
    Cell,
    ShapeError,
    State,
    check_same_form,
    check_size,
    state_tensors,
)
from recurra.cells._attentive.attention_memory import AttendedMemory, look, memory_of
from recurra.cells._attentive.attention_scores import Score
from recurra.cells._wrappers.wrapper import Wrapper


class BahdanauState(NamedTuple):
    """The state of the cell inside, and the memory of the row."""

    inner: Any
    memory: AttendedMemory


class LuongState(NamedTuple):
    """The state of the cell inside, z_t `[B, A]`, and the memory of the row."""

    inner: Any
    attended: torch.Tensor
    memory: AttendedMemory


class _AttentionCell(Wrapper):
    """A cell inside, a score, and a memory of S places in the state of each row."""

    def __init__(
        self, cell: Cell, score: Score, places: int, *, fed: int, give_weights: bool
    ) -> None:
        super().__init__(cell)
        self._check_fed(fed)
        self.score = score
        self.places = check_size("places", places)
        self.give_weights = give_weights

    def _check_fed(self, fed: int) -> None:
        """Refuse a cell whose inputs have no room beside what is fed to it."""
        found = getattr(self.cell, "input_size", fed + 1)
        if found <= fed:
            raise ShapeError(
                f"The cell inside of `{type(self).__name__}` has no inputs left for x.",
                got=f"{type(self.cell).__name__} with input_size={found}",
                expected=f"those of x and {fed} more",
            )

    def of_places(self, places: int) -> Self:
        """Return the same cell, with the very same weights, for memories of another size.

        For sequences of many lengths: each batch takes a cell as large as its longest memory, and
        none looks at places that no row has.

        Args:
            places: S of the other cell.

        Raises:
            ShapeError: `places` is not a positive integer.
        """
        other = copy(self)  # whose tables of weights and modules are those of this one
        other.places = check_size("places", places)
        return other

    @abstractmethod
    def _start(self, inner: State, memory: AttendedMemory) -> Any:
        """Put a state together."""

    def initial_state(self, batch_size: int) -> Any:
        """Return the cell's initial state, with nothing in the memory: contexts are zero."""
        inner = self.cell.initial_state(batch_size)
        like = next(state_tensors(inner))
        values = like.new_zeros(batch_size, self.places, self.score.memory_size)
        return self._start(inner, memory_of(self.score, self.places, values, _no_places(values)))

    def attend(
        self,
        memory: torch.Tensor,
        lengths: torch.Tensor | None = None,
        *,
        inner: State | None = None,
    ) -> Any:
        """Return the state to start from: `unroll(cell, x, cell.attend(memory, lengths))`.

        Args:
            memory: what to look at, such as the outputs of an encoder, batch first:
                `[B, up to S, D]`.
            lengths: places of each row, `[B]`, integer. What lies beyond never matters, whatever it
                is. Default: all.
            inner: state of the cell inside, such as the last one of an encoder. Default: its
                initial state.

        Raises:
            ShapeError: `memory` or `lengths` has the wrong shape, or `inner` another form.
            DtypeError: `lengths` is not integer.
            ArgumentError: a length is outside of the memory.
        """
        prepared = memory_of(self.score, self.places, memory, lengths)
        initial = self.cell.initial_state(len(memory))
        if inner is None:
            inner = initial
        name = type(self.cell).__name__
        check_same_form(f"`inner` is not a state of `{name}`.", inner, initial)
        return self._start(inner, prepared)

    def split(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Cut outputs `[..., O + S]` of `give_weights=True` into outputs and attention weights."""
        return y[..., : -self.places], y[..., -self.places :]

    def _given(self, y: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        return torch.cat([y, weights], dim=1) if self.give_weights else y

    def extra_repr(self) -> str:
        """Show the number of places."""
        return f"places={self.places}"


def _checked(score: Score) -> Score:
    if not isinstance(score, Score):
        raise ArgumentError(
            "`score` is not a score.",
            got=repr(score),
            expected="AdditiveScore, DotScore, GeneralScore, or one of your own",
        )
    return score


def _no_places(values: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(values), dtype=torch.int64, device=values.device)


class BahdanauCell(_AttentionCell):
    """Let a cell look at a memory before each step, led by its own state.

        a_t = softmax over s of score(h_{t-1}, m_s)            attention weights
        c_t = sum over s of a_ts m_s                           context
        y_t, s_t = cell([x_t, c_t], s_{t-1})

    For sequences that answer other sequences: the memory is the encoder's outputs, and the cell
    reads there what the next output needs. The memory belongs to the row and travels in its state,
    which `attend` makes; a reset forgets it. The first tensor of the cell's state is taken for h.
    Source: D. Bahdanau et al., "Neural machine translation by jointly learning to align and
    translate", ICLR (2015).

    Args:
        cell: the cell inside, whose inputs are [x_t, c_t]: I + D features.
        score: how places are scored for h; the paper's is `AdditiveScore`.
        places: S, of the memory at most; shorter memories are padded. Each S is compiled by itself.
        give_weights: whether outputs are [y_t, a_t], which `split` cuts again. Default: False.

    Raises:
        ShapeError: `places` is not a positive integer, the cell has no inputs for the context, or
            an h of another size than the score takes.
        ArgumentError: `score` is none.

    Example:
        >>> import torch, recurra
        >>> score = recurra.cells.AdditiveScore(query_size=5, memory_size=4, hidden_size=6)
        >>> cell = recurra.cells.BahdanauCell(recurra.GRU(3 + 4, 5), score, places=8)
        >>> memory, lengths = torch.randn(2, 8, 4), torch.tensor([8, 6])
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3), cell.attend(memory, lengths))
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    def __init__(
        self, cell: Cell, score: Score, places: int, *, give_weights: bool = False
    ) -> None:
        fed = _checked(score).memory_size
        super().__init__(cell, score, places, fed=fed, give_weights=give_weights)
        self.require_hidden(score.query_size)

    @property
    def input_size(self) -> int:
        """Features of x_t, without those of the context."""
        return super().input_size - self.score.memory_size

    def _start(self, inner: State, memory: AttendedMemory) -> BahdanauState:
        return BahdanauState(inner, memory)

    def forward(self, x: torch.Tensor, state: BahdanauState) -> tuple[torch.Tensor, BahdanauState]:
        """Run one step: x `[B, I]` and the state to the output and the new state."""
        inner, memory = state
        context, weights = look(self.score, next(state_tensors(inner)), memory)
        y, inner = self.cell(torch.cat([x, context], dim=1), inner)
        return self._given(y, weights), BahdanauState(inner, memory)


class LuongCell(_AttentionCell):
    """Let a cell look at a memory after each step, led by its output, and feed back what it found.

        q_t, s_t = cell([x_t, z_{t-1}], s_{t-1})               input feeding
        a_t = softmax over s of score(q_t, m_s)                attention weights
        c_t = sum over s of a_ts m_s                           context
        z_t = tanh(W [c_t, q_t])
        y_t = z_t

    As `BahdanauCell`, with the output of this step as the query; z_{t-1} tells the next step what
    was looked at already. Source: M.-T. Luong et al., "Effective approaches to attention-based
    neural machine translation", EMNLP (2015).

    Args:
        cell: the cell inside, whose inputs are [x_t, z_{t-1}]: I + A features.
        score: how places are scored for q_t: `DotScore`, `GeneralScore`, or `AdditiveScore` for
            the paper's "concat".
        places: S, of the memory at most; shorter memories are padded. Each S is compiled by itself.
        output_size: A, features of z_t.
        give_weights: whether outputs are [z_t, a_t], which `split` cuts again. Default: False.
        device: where W lives. Default: PyTorch's.
        dtype: floating point type of W. Default: PyTorch's.

    Raises:
        ShapeError: a size is not a positive integer, the cell has no inputs for z_{t-1}, or other
            outputs than the score takes; in a step, if the cell does not tell.
        ArgumentError: `score` is none.

    Example:
        >>> import torch, recurra
        >>> score = recurra.cells.GeneralScore(query_size=5, memory_size=4)
        >>> inner = recurra.LSTM(3 + 6, 5)
        >>> cell = recurra.cells.LuongCell(inner, score, 8, 6, give_weights=True)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3), cell.attend(torch.randn(2, 8, 4)))
        >>> z, weights = cell.split(y)
        >>> z.shape, weights.shape
        (torch.Size([7, 2, 6]), torch.Size([7, 2, 8]))
    """

    def __init__(
        self,
        cell: Cell,
        score: Score,
        places: int,
        output_size: int,
        *,
        give_weights: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        fed = check_size("output_size", output_size)
        super().__init__(cell, _checked(score), places, fed=fed, give_weights=give_weights)
        self.require_size("output_size", score.query_size)
        self.attended_size = output_size
        joined = score.memory_size + score.query_size
        self.join = nn.Linear(joined, output_size, bias=False, device=device, dtype=dtype)

    @property
    def input_size(self) -> int:
        """Features of x_t, without those fed back."""
        return super().input_size - self.attended_size

    @property
    def output_size(self) -> int:
        """Features of z_t."""
        return self.attended_size

    def _start(self, inner: State, memory: AttendedMemory) -> LuongState:
        values = memory.values
        return LuongState(inner, values.new_zeros(len(values), self.attended_size), memory)

    def forward(self, x: torch.Tensor, state: LuongState) -> tuple[torch.Tensor, LuongState]:
        """Run one step: x `[B, I]` and the state to the output and the new state."""
        inner, attended, memory = state
        query, inner = self.cell(torch.cat([x, attended], dim=1), inner)
        context, weights = look(self.score, query, memory)
        attended = self.join(torch.cat([context, query], dim=1)).tanh()  # [B, A]
        return self._given(attended, weights), LuongState(inner, attended, memory)
