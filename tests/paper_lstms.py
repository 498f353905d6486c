"""LSTMs from the literature, each as a user would write it in plain PyTorch."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn


class LayerNormLSTM(nn.Module):
    """Layer normalisation (Ba, Kiros & Hinton 2016), one norm a gate and one for the cell."""

    def __init__(self, input_size=3, hidden_size=5):
        super().__init__()
        self.hidden_size = hidden_size
        self.into = nn.Linear(input_size, 4 * hidden_size, bias=False)
        self.recurrent = nn.Linear(hidden_size, 4 * hidden_size)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden_size) for _ in range(4))
        self.norm_cell = nn.LayerNorm(hidden_size)

    def initial_state(self, batch_size):
        zeros = self.into.weight.new_zeros(batch_size, self.hidden_size)
        return zeros, zeros

    def forward(self, x, state):
        h, c = state
        gates = (self.into(x) + self.recurrent(h)).chunk(4, dim=1)
        i, f, g, o = [norm(gate) for norm, gate in zip(self.norms, gates, strict=True)]
        c = torch.sigmoid(f + 1) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(self.norm_cell(c))
        return h, (h, c)


class PeepholeLSTM(nn.Module):
    """The gates see the cell (Gers & Schmidhuber 2000): diagonal weights, a Linear a gate."""

    def __init__(self, input_size=5, hidden_size=3):
        super().__init__()
        joint = input_size + hidden_size
        self.input_gate = nn.Linear(joint, hidden_size)
        self.forget_gate = nn.Linear(joint, hidden_size)
        self.output_gate = nn.Linear(joint, hidden_size)
        self.candidate = nn.Linear(joint, hidden_size)
        self.peep_i = nn.Parameter(torch.rand(hidden_size))
        self.peep_f = nn.Parameter(torch.rand(hidden_size))
        self.peep_o = nn.Parameter(torch.rand(hidden_size))

    def initial_state(self, batch_size):
        return (
            torch.zeros(batch_size, 3, dtype=self.peep_i.dtype),
            torch.zeros(batch_size, 3, dtype=self.peep_i.dtype),
        )

    def forward(self, x, state):
        h, c = state
        xh = torch.cat([x, h], dim=-1)
        i = torch.sigmoid(self.input_gate(xh) + self.peep_i * c)
        f = torch.sigmoid(self.forget_gate(xh) + self.peep_f * c)
        c = f * c + i * torch.tanh(self.candidate(xh))
        o = torch.sigmoid(self.output_gate(xh) + self.peep_o * c)
        h = o * torch.tanh(c)
        return h, (h, c)


class CIFG(nn.Module):
    """Coupled input and forget gate (Greff et al. 2017), mixed by lerp."""

    def __init__(self, input_size=3, hidden_size=7):
        super().__init__()
        self.hidden_size = hidden_size
        self.linear = nn.Linear(input_size + hidden_size, 3 * hidden_size)

    def initial_state(self, batch_size):
        return tuple(self.linear.bias.new_zeros(2, batch_size, self.hidden_size).unbind(0))

    def forward(self, x, state):
        h, c = state
        gates = self.linear(torch.cat((x, h), 1))
        f, o, g = gates.split(self.hidden_size, dim=1)
        c = torch.lerp(g.tanh(), c, f.sigmoid())
        h = o.sigmoid() * c.tanh()
        return h, (h, c)


class ProjectedState(NamedTuple):
    projected: torch.Tensor
    cell: torch.Tensor


class ProjectedLSTM(nn.Module):
    """LSTM with a recurrent projection (Sak, Senior & Beaufays 2014)."""

    def __init__(self, input_size=3, hidden_size=7, projection_size=2):
        super().__init__()
        self.weight_x = nn.Parameter(torch.randn(4 * hidden_size, input_size) * 0.4)
        self.weight_r = nn.Parameter(torch.randn(4 * hidden_size, projection_size) * 0.4)
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))
        self.weight_p = nn.Parameter(torch.randn(projection_size, hidden_size) * 0.4)

    def initial_state(self, batch_size):
        projection_size, hidden_size = self.weight_p.shape
        return ProjectedState(
            self.bias.new_zeros(batch_size, projection_size),
            self.bias.new_zeros(batch_size, hidden_size),
        )

    def forward(self, x, state):
        drive = F.linear(x, self.weight_x, self.bias) + F.linear(state.projected, self.weight_r)
        i, f, g, o = drive.chunk(4, -1)
        cell = state.cell * torch.sigmoid(f) + torch.sigmoid(i) * torch.tanh(g)
        projected = F.linear(torch.sigmoid(o) * torch.tanh(cell), self.weight_p)
        return projected, ProjectedState(projected, cell)


class MultiplicativeLSTM(nn.Module):
    """The state enters through a product with the input (Krause et al. 2016)."""

    def __init__(self, input_size=3, hidden_size=5):
        super().__init__()
        self.mx = nn.Linear(input_size, hidden_size, bias=False)
        self.mh = nn.Linear(hidden_size, hidden_size, bias=False)
        self.x2gates = nn.Linear(input_size, 4 * hidden_size)
        self.m2gates = nn.Linear(hidden_size, 4 * hidden_size, bias=False)

    def initial_state(self, batch_size):
        hidden_size = self.mh.in_features
        h = self.mh.weight.new_zeros(batch_size, hidden_size)
        return h, torch.zeros_like(h)

    def forward(self, x, state):
        h, c = state
        m = self.mx(x) * self.mh(h)
        gates = self.x2gates(x) + self.m2gates(m)
        H = h.shape[1]
        candidate = torch.tanh(gates[:, :H])
        i, o, f = torch.sigmoid(gates[:, H:]).chunk(3, dim=1)
        c = f * c + i * candidate
        return torch.tanh(c * o), (torch.tanh(c * o), c)


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


class SLSTMState(NamedTuple):
    c: torch.Tensor
    n: torch.Tensor
    h: torch.Tensor
    m: torch.Tensor


class SLSTM(nn.Module):
    """Exponential gates, normaliser and stabiliser (Beck et al. 2024); weights block-diagonal."""

    def __init__(self, input_size=3, heads=4, head_size=3):
        super().__init__()
        self.heads, self.head_size = heads, head_size
        self.W = nn.Linear(input_size, 4 * heads * head_size)
        self.R = nn.Parameter(torch.randn(4, heads, head_size, head_size) / math.sqrt(head_size))
        self.group_norm = nn.GroupNorm(heads, heads * head_size)

    def initial_state(self, batch_size):
        zeros = self.R.new_zeros(batch_size, self.heads * self.head_size)
        return SLSTMState(zeros, zeros, zeros, zeros)

    def forward(self, x, state):
        c, n, h, m = state
        B = x.shape[0]
        per_head = h.view(B, self.heads, self.head_size)
        recurrent = torch.einsum("bhd,ghed->bghe", per_head, self.R)
        drive = self.W(x).view(B, 4, -1) + recurrent.reshape(B, 4, -1)
        z, i, f, o = drive.unbind(dim=1)
        log_f = F.logsigmoid(f)
        m_new = torch.maximum(log_f + m, i)
        i = torch.exp(i - m_new)
        f = torch.exp(log_f + m - m_new)
        c = f * c + i * torch.tanh(z)
        n = f * n + i
        h = torch.sigmoid(o) * (c / n)
        return self.group_norm(h), SLSTMState(c, n, h, m_new)


class MLSTM(nn.Module):
    """Matrix memory with exponential gates (Beck et al. 2024), one head."""

    def __init__(self, input_size=5, size=3):
        super().__init__()
        self.size = size
        self.q = nn.Linear(input_size, size)
        self.k = nn.Linear(input_size, size)
        self.v = nn.Linear(input_size, size)
        self.i = nn.Linear(input_size, 1)
        self.f = nn.Linear(input_size, 1)
        self.o = nn.Linear(input_size, size)

    def initial_state(self, batch_size):
        weight = self.q.weight
        return (
            weight.new_zeros(batch_size, self.size, self.size),
            weight.new_zeros(batch_size, self.size),
            weight.new_zeros(batch_size),
        )

    def forward(self, x, state):
        C, n, m = state
        q, k, v = self.q(x), self.k(x) / math.sqrt(self.size), self.v(x)
        log_i = self.i(x).squeeze(-1)
        log_f = -F.softplus(-self.f(x).squeeze(-1))
        m_new = torch.max(log_f + m, log_i)
        i = torch.exp(log_i - m_new)[:, None]
        f = torch.exp(log_f + m - m_new)[:, None]
        C = f[..., None] * C + i[..., None] * torch.einsum("bv,bk->bvk", v, k)
        n = f * n + i * k
        scale = torch.clamp(torch.abs(torch.sum(n * q, dim=1, keepdim=True)), min=0.5)
        h = torch.sigmoid(self.o(x)) * torch.bmm(C, q.unsqueeze(2)).squeeze(2) / scale
        return h, (C, n, m_new)
