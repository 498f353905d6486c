"""LSTMs from the literature, each as a user would write it in plain PyTorch."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn


class LSTMWithReadout(nn.Module):
    """A deep output after the LSTM (Pascanu et al. 2014): an MLP that sees input and state."""

    def __init__(self, input_size=5, hidden_size=3, output_size=4):
        super().__init__()
        self.x2h = nn.Linear(input_size, 4 * hidden_size)
        self.h2h = nn.Linear(hidden_size, 4 * hidden_size)
        self.readout = nn.Sequential(
            nn.Linear(input_size + hidden_size, 6),
            nn.LeakyReLU(0.1),
            nn.Linear(6, 6, bias=False),
            nn.Tanh(),
            nn.Linear(6, output_size),
        )

    def initial_state(self, batch_size):
        return self.h2h.bias.new_zeros(batch_size, 3), self.h2h.bias.new_zeros(batch_size, 3)

    def forward(self, x, hidden):
        hx, cx = hidden
        gates = self.x2h(x) + self.h2h(hx)
        ingate, forgetgate, cellgate, outgate = gates.chunk(4, 1)
        cy = F.sigmoid(forgetgate) * cx + F.sigmoid(ingate) * F.tanh(cellgate)
        hy = F.sigmoid(outgate) * F.tanh(cy)
        logits = self.readout(torch.cat([hy, x], dim=1))
        return F.log_softmax(logits, dim=-1), (hy, cy)


class ResidualLSTM(nn.Module):
    """A short cut over torch's own LSTM cell (Kim, El-Khamy & Lee 2017)."""

    def __init__(self, input_size=5):
        super().__init__()
        self.inner = nn.LSTMCell(input_size, input_size)

    def initial_state(self, batch_size):
        h = self.inner.weight_hh.new_zeros(batch_size, self.inner.hidden_size)
        return h, h.clone()

    def forward(self, x, state):
        h, c = self.inner(x, state)
        return x + h, (h, c)


class PhasedState(NamedTuple):
    hidden: torch.Tensor
    cell: torch.Tensor
    time: torch.Tensor  # [B]


class PhasedLSTM(nn.Module):
    """A rhythmic time gate opens each unit (Neil, Pfeiffer & Liu 2016)."""

    def __init__(self, input_size=3, hidden_size=5, leak=0.001, open_ratio=0.6):
        super().__init__()
        self.inner = nn.LSTMCell(input_size, hidden_size)
        self.log_period = nn.Parameter(torch.rand(hidden_size) * 1.5)
        self.shift = nn.Parameter(torch.rand(hidden_size))
        self.leak = leak
        self.open_ratio = open_ratio

    def initial_state(self, batch_size):
        zeros = self.shift.new_zeros(batch_size, len(self.shift))
        return PhasedState(zeros, zeros, self.shift.new_zeros(batch_size))

    def time_gate(self, time):
        period = torch.exp(self.log_period)
        phase = torch.remainder(time.unsqueeze(1) - self.shift, period) / period
        rising = 2 * phase / self.open_ratio
        k = torch.where(phase < self.open_ratio, 2 - rising, self.leak * phase)
        return torch.where(phase < 0.5 * self.open_ratio, rising, k)

    def forward(self, x, state):
        hidden, cell = self.inner(x, (state.hidden, state.cell))
        k = self.time_gate(state.time)
        hidden = k * hidden + (1 - k) * state.hidden
        cell = k * cell + (1 - k) * state.cell
        return hidden, PhasedState(hidden, cell, state.time + 1)
