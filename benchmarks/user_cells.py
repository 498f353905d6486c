"""Cells that no library has a kernel for, as a user would write them, and what their steps cost."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from recurra import GRU, LSTM, RNN
from recurra.cells import LRU, MinGRU

Pair = tuple[torch.Tensor, torch.Tensor]


class LayerNormLSTM(nn.Module):
    """LSTM with normalised gates and cell (Ba, Kiros & Hinton 2016)."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_input = nn.Linear(input_size, 4 * hidden_size, bias=False)
        self.weight_hidden = nn.Linear(hidden_size, 4 * hidden_size)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden_size) for _ in range(5))

    def initial_state(self, batch_size: int) -> Pair:
        """Return zeros."""
        zeros = self.weight_input.weight.new_zeros(batch_size, self.hidden_size)
        return zeros, zeros

    def forward(self, x: torch.Tensor, state: Pair) -> tuple[torch.Tensor, Pair]:
        """Run one step."""
        h, c = state
        gates = (self.weight_input(x) + self.weight_hidden(h)).chunk(4, dim=-1)
        i, f, g, o = (norm(gate) for norm, gate in zip(self.norms, gates, strict=False))
        c = torch.sigmoid(f + 1) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(self.norms[4](c))
        return h, (h, c)


class PeepholeLSTM(nn.Module):
    """LSTM whose gates see the cell (Gers & Schmidhuber 2000)."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.linear = nn.Linear(input_size + hidden_size, 4 * hidden_size)
        self.peep = nn.Parameter(torch.randn(3, hidden_size) * 0.1)

    def initial_state(self, batch_size: int) -> Pair:
        """Return zeros."""
        zeros = self.peep.new_zeros(batch_size, self.hidden_size)
        return zeros, zeros

    def forward(self, x: torch.Tensor, state: Pair) -> tuple[torch.Tensor, Pair]:
        """Run one step."""
        h, c = state
        i, f, g, o = self.linear(torch.cat([x, h], dim=-1)).chunk(4, dim=-1)
        i = torch.sigmoid(i + self.peep[0] * c)
        f = torch.sigmoid(f + self.peep[1] * c)
        c = f * c + i * torch.tanh(g)
        h = torch.sigmoid(o + self.peep[2] * c) * torch.tanh(c)
        return h, (h, c)


class ResetBeforeGRU(nn.Module):
    """GRU as first published, the reset before the product (Cho et al. 2014)."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.gates = nn.Linear(input_size + hidden_size, 2 * hidden_size)
        self.candidate = nn.Linear(input_size + hidden_size, hidden_size)

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return zeros."""
        return self.candidate.bias.new_zeros(batch_size, self.candidate.out_features)

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> Pair:
        """Run one step."""
        r, z = torch.sigmoid(self.gates(torch.cat([x, h], dim=-1))).chunk(2, dim=-1)
        n = torch.tanh(self.candidate(torch.cat([x, r * h], dim=-1)))
        h = (1 - z) * n + z * h
        return h, h


SLSTMState = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


class SLSTM(nn.Module):
    """Exponential gates with normaliser and stabiliser, dense weights (Beck et al. 2024)."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.W = nn.Linear(input_size, 4 * hidden_size)
        self.R = nn.Linear(hidden_size, 4 * hidden_size, bias=False)

    def initial_state(self, batch_size: int) -> SLSTMState:
        """Return zeros, and a normaliser of one."""
        zeros = self.R.weight.new_zeros(batch_size, self.hidden_size)
        return zeros, zeros, zeros + 1, zeros

    def forward(self, x: torch.Tensor, state: SLSTMState) -> tuple[torch.Tensor, SLSTMState]:
        """Run one step."""
        h, c, n, m = state
        z, i, f, o = (self.W(x) + self.R(h)).chunk(4, dim=-1)
        log_f = F.logsigmoid(f)
        m_new = torch.maximum(log_f + m, i)
        i = torch.exp(i - m_new)
        f = torch.exp(log_f + m - m_new)
        c = f * c + i * torch.tanh(z)
        n = f * n + i
        h = torch.sigmoid(o) * c / n
        return h, (h, c, n, m_new)


class DaleRNN(nn.Module):
    """Continuous-time rates whose units either excite or inhibit (Song, Yang & Wang 2016)."""

    def __init__(self, input_size: int, hidden_size: int, alpha: float = 0.2) -> None:
        super().__init__()
        self.alpha = alpha
        self.sign: torch.Tensor
        self.mask: torch.Tensor
        self.weight_input = nn.Linear(input_size, hidden_size)
        self.weight = nn.Parameter(torch.rand(hidden_size, hidden_size) / hidden_size)
        sign = torch.ones(hidden_size)
        sign[int(0.8 * hidden_size) :] = -4.0
        self.register_buffer("sign", torch.diag(sign))
        self.register_buffer("mask", 1 - torch.eye(hidden_size))

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return zeros."""
        return self.weight.new_zeros(batch_size, len(self.weight))

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> Pair:
        """Run one step."""
        weight = (torch.relu(self.weight) * self.mask) @ self.sign
        drive = self.weight_input(x) + F.linear(torch.relu(h), weight)
        h = (1 - self.alpha) * h + self.alpha * drive
        return torch.relu(h), h


class LiGRU(nn.Module):
    """GRU without reset gate, with a ReLU candidate (Ravanelli et al. 2018)."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.w = nn.Linear(input_size, 2 * hidden_size)
        self.u = nn.Linear(hidden_size, 2 * hidden_size, bias=False)

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return zeros."""
        return self.u.weight.new_zeros(batch_size, self.u.in_features)

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> Pair:
        """Run one step."""
        a, z = (self.w(x) + self.u(h)).chunk(2, dim=-1)
        z = torch.sigmoid(z)
        h = z * h + (1 - z) * torch.relu(a)
        return h, h


class IndRNN(nn.Module):
    """Units that see only themselves (Li et al. 2018)."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.weight_input = nn.Linear(input_size, hidden_size)
        bound = 1 / math.sqrt(hidden_size)
        self.u = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, 1))

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return zeros."""
        return self.u.new_zeros(batch_size, len(self.u))

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> Pair:
        """Run one step."""
        h = torch.relu(self.weight_input(x) + self.u * h)
        return h, h


@dataclass(frozen=True)
class CellKind:
    """A cell and the matrix products of its step.

    Args:
        name: in tables.
        make: from input size and hidden size.
        recurrent: H x H matrices that a step multiplies the state with.
        inputs: H x I matrices that it multiplies the input with.
    """

    name: str
    make: Callable[[int, int], nn.Module]
    recurrent: float
    inputs: float


def _vanilla(input_size: int, hidden_size: int) -> nn.Module:
    return RNN(input_size, hidden_size, activation="relu")


LIBRARY = {
    "LSTM": CellKind("LSTM", LSTM, 4, 4),
    "GRU": CellKind("GRU", GRU, 3, 3),
    "RNN": CellKind("RNN", _vanilla, 1, 1),
}
LINEAR = {
    "MinGRU": CellKind("MinGRU", MinGRU, 0, 2),
    "LRU": CellKind("LRU", LRU, 0, 5),
}
USER = {
    kind.name: kind
    for kind in (
        CellKind("LN-LSTM", LayerNormLSTM, 4, 4),
        CellKind("peephole LSTM", PeepholeLSTM, 4, 4),
        CellKind("GRU reset before", ResetBeforeGRU, 3, 3),
        CellKind("sLSTM", SLSTM, 4, 4),
        CellKind("Dale CT-RNN", DaleRNN, 1, 1),
        CellKind("LiGRU", LiGRU, 2, 2),
        CellKind("IndRNN", IndRNN, 0, 1),
    )
}
