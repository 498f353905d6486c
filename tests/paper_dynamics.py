"""Recurrences after dynamical systems, each as a user would write it in plain PyTorch."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm


class EchoState(nn.Module):
    """A fixed leaky reservoir with a learnt readout (Jaeger et al. 2007)."""

    def __init__(self, input_size=3, size=7, leak=0.3):
        super().__init__()
        reservoir = torch.randn(size, size)
        radius = torch.linalg.eigvals(reservoir).abs().max()
        self.register_buffer("W", 0.9 * reservoir / radius)
        self.register_buffer("Win", torch.rand(size, input_size) - 0.5)
        self.out = nn.Linear(input_size + size + 1, 2)
        self.leak = leak

    def initial_state(self, batch_size):
        return self.W.new_zeros(batch_size, self.W.shape[0])

    def forward(self, x, h):
        drive = x @ self.Win.t()
        drive += h @ self.W.t()
        h = (1 - self.leak) * h
        h += self.leak * drive.tanh_()
        one = torch.ones(x.shape[0], 1, dtype=x.dtype, device=x.device)
        return self.out(torch.cat([one, x, h], dim=1)), h


class LegendreMemory(nn.Module):
    """A delay line in Legendre polynomials (Voelker, Kajic & Eliasmith 2019)."""

    def __init__(self, input_size=3, hidden_size=5, order=4, theta=6.0):
        super().__init__()
        q = torch.arange(order)
        i, j = torch.meshgrid(q, q, indexing="ij")
        sign = torch.where(i < j, -1.0, (-1.0) ** (i - j + 1))
        A = (2 * i + 1) * sign / theta
        B = (2 * q + 1) * (-1.0) ** q / theta
        self.register_buffer("A", torch.linalg.matrix_exp(A))
        self.register_buffer("B", torch.linalg.solve(A, (self.A - torch.eye(order)) @ B))
        self.e_x = nn.Parameter(torch.randn(1, input_size))
        self.e_h = nn.Parameter(torch.randn(1, hidden_size))
        self.e_m = nn.Parameter(torch.randn(1, order))
        self.W_x = nn.Linear(input_size, hidden_size, bias=False)
        self.W_h = nn.Linear(hidden_size, hidden_size)
        self.W_m = nn.Linear(order, hidden_size, bias=False)

    def initial_state(self, batch_size):
        return self.A.new_zeros(batch_size, 5), self.A.new_zeros(batch_size, 4)

    def forward(self, x, state):
        h, m = state
        u = F.linear(x, self.e_x) + F.linear(h, self.e_h) + F.linear(m, self.e_m)  # [B, 1]
        m = F.linear(m, self.A) + u * self.B
        h = torch.tanh(self.W_x(x) + self.W_h(h) + self.W_m(m))
        return h, (h, m)


class ClockworkRNN(nn.Module):
    """Modules that run at their own periods (Koutnik et al. 2014); the state counts the steps."""

    def __init__(self, input_size=3, module_size=2, periods=(1, 2, 4)):
        super().__init__()
        hidden_size = module_size * len(periods)
        self.into = nn.Linear(input_size, hidden_size)
        self.weight = nn.Parameter(torch.randn(hidden_size, hidden_size) * 0.5)
        period = torch.tensor(periods).repeat_interleave(module_size)
        self.register_buffer("period", period)
        self.register_buffer("slower", period[:, None] <= period[None, :])

    def initial_state(self, batch_size):
        h = self.weight.new_zeros(batch_size, len(self.weight))
        return h, torch.zeros(batch_size, dtype=torch.long)

    def forward(self, x, state):
        h, step = state
        drive = self.into(x) + h @ (self.weight * self.slower).T
        active = step.unsqueeze(1) % self.period == 0
        h = torch.where(active, torch.tanh(drive), h)
        return h, (h, step + 1)


class ExpRNN(nn.Module):
    """An orthogonal matrix, the exponential of a skew one (Lezcano-Casado & Martinez 2019)."""

    def __init__(self, input_size=3, hidden_size=5):
        super().__init__()
        self.A = nn.Parameter(torch.randn(hidden_size, hidden_size) * 0.5)
        self.into = nn.Linear(input_size, hidden_size, bias=False)
        self.b = nn.Parameter(torch.rand(hidden_size) * 0.1)

    def initial_state(self, batch_size):
        return self.A.new_zeros(batch_size, self.A.shape[0])

    def forward(self, x, h):
        A = self.A.triu(diagonal=1)
        z = self.into(x) + h @ torch.linalg.matrix_exp(A - A.t())
        h = torch.sign(z) * torch.relu(torch.abs(z) + self.b)
        return h, h


class WeightNormRNN(nn.Module):
    """Elman network (1990) with weight normalisation (Salimans & Kingma 2016)."""

    def __init__(self, input_size=5, hidden_size=3):
        super().__init__()
        self.i2h = weight_norm(nn.Linear(input_size, hidden_size))
        self.h2h = weight_norm(nn.Linear(hidden_size, hidden_size, bias=False))

    def initial_state(self, batch_size):
        return self.i2h.bias.new_zeros(batch_size, self.h2h.out_features)

    def forward(self, x, h):
        h = F.hardtanh(self.i2h(x) + self.h2h(h), -0.9, 0.9)
        return h, h


class UnitaryPhases(nn.Module):
    """Complex numbers as pairs, turned by learnt phases (after Arjovsky, Shah & Bengio 2016)."""

    def __init__(self, input_size=3, units=4):
        super().__init__()
        self.into = nn.Linear(input_size, 2 * units)
        self.phase = nn.Parameter(torch.rand(units) * 2 * math.pi)
        self.bias = nn.Parameter(torch.rand(units) * 0.1)

    def initial_state(self, batch_size):
        return self.phase.new_full((batch_size, len(self.phase), 2), 0.5)

    def forward(self, x, state):
        real, imaginary = state[..., 0], state[..., 1]
        cos, sin = torch.cos(self.phase), torch.sin(self.phase)
        turned = torch.stack([real * cos - imaginary * sin, real * sin + imaginary * cos], dim=-1)
        z = turned + self.into(x).reshape(x.shape[0], -1, 2)
        size = z.pow(2).sum(dim=-1, keepdim=True).sqrt()
        state = z * (F.relu(size + self.bias.unsqueeze(-1)) / (size + 1e-5))
        return state.flatten(start_dim=1), state
