"""Recurrences after dynamical systems, each as a user would write it in plain PyTorch."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm


class IndRNN(nn.Module):
    """Every unit sees only itself (Li et al. 2018), its weight clamped."""

    def __init__(self, input_size=3, hidden_size=7):
        super().__init__()
        self.into = nn.Linear(input_size, hidden_size)
        self.u = nn.Parameter(torch.empty(hidden_size).uniform_(-1.2, 1.2))

    def initial_state(self, batch_size):
        return self.u.new_zeros(batch_size, self.u.shape[0])

    def forward(self, x, h):
        h = F.relu(self.into(x) + torch.clamp(self.u, -1.1, 1.1) * h)
        return h, h


class AntisymmetricRNN(nn.Module):
    """Stable by an antisymmetric matrix (Chang et al. 2019), gated."""

    def __init__(self, input_size=3, hidden_size=5, epsilon=0.3, gamma=0.1):
        super().__init__()
        self.W = nn.Parameter(torch.randn(hidden_size, hidden_size) * 0.4)
        self.Vh = nn.Linear(input_size, hidden_size)
        self.Vz = nn.Linear(input_size, hidden_size)
        self.epsilon, self.gamma = epsilon, gamma

    def initial_state(self, batch_size):
        return self.W.new_zeros(batch_size, len(self.W))

    def forward(self, x, h):
        A = self.W - self.W.transpose(0, 1) - self.gamma * torch.eye(len(self.W)).to(self.W)
        recurrent = h @ A.t()
        z = torch.sigmoid(recurrent + self.Vz(x))
        h = h + self.epsilon * z * torch.tanh(recurrent + self.Vh(x))
        return h, h


class CoRNN(nn.Module):
    """Coupled oscillators: position and velocity (Rusch & Mishra 2021)."""

    def __init__(self, input_size=5, hidden_size=3, dt=0.2, gamma=1.3, epsilon=0.9):
        super().__init__()
        self.dt, self.gamma, self.epsilon = dt, gamma, epsilon
        self.i2h = nn.Linear(input_size + 2 * hidden_size, hidden_size)

    def initial_state(self, batch_size):
        zeros = self.i2h.bias.new_zeros(batch_size, 3)
        return zeros, zeros

    def forward(self, x, state):
        hy, hz = state
        drive = torch.tanh(self.i2h(torch.cat((x, hz, hy), 1)))
        hz = hz + self.dt * (drive - self.gamma * hy - self.epsilon * hz)
        hy = hy + self.dt * hz
        return hy, (hy, hz)


class LEM(nn.Module):
    """Long expressive memory: two states with learnt time steps (Rusch et al. 2022)."""

    def __init__(self, ninp=3, nhid=4, dt=1.0):
        super().__init__()
        self.dt = dt
        self.inp2hid = nn.Linear(ninp, 4 * nhid)
        self.hid2hid = nn.Linear(nhid, 3 * nhid)
        self.transform_z = nn.Linear(nhid, nhid)

    def initial_state(self, batch_size):
        y = self.transform_z.weight.new_zeros(batch_size, 4)
        return y, y

    def forward(self, x, state):
        y, z = state
        i_dt1, i_dt2, i_z, i_y = self.inp2hid(x).chunk(4, 1)
        h_dt1, h_dt2, h_y = self.hid2hid(y).chunk(3, 1)
        ms_dt_bar = self.dt * torch.sigmoid(i_dt1 + h_dt1)
        ms_dt = self.dt * torch.sigmoid(i_dt2 + h_dt2)
        z = (1.0 - ms_dt) * z + ms_dt * torch.tanh(i_y + h_y)
        y = (1.0 - ms_dt_bar) * y + ms_dt_bar * torch.tanh(self.transform_z(z) + i_z)
        return y, (y, z)


class DaleRNN(nn.Module):
    """Leaky rate units, each excitatory or inhibitory (Song, Yang & Wang 2016)."""

    def __init__(self, input_size=3, excitatory=5, inhibitory=2, alpha=0.2):
        super().__init__()
        hidden_size = excitatory + inhibitory
        self.input2h = nn.Linear(input_size, hidden_size)
        self.h2h = nn.Parameter(torch.rand(hidden_size, hidden_size) * 0.5)
        self.bias = nn.Parameter(torch.zeros(hidden_size))
        sign = torch.cat([torch.ones(excitatory), -torch.ones(inhibitory)])
        self.register_buffer("sign", sign)
        self.register_buffer("mask", 1 - torch.eye(hidden_size))
        self.readout = nn.Linear(excitatory, 2)
        self.excitatory = excitatory
        self.alpha = alpha

    def initial_state(self, batch_size):
        zeros = self.bias.new_zeros(batch_size, len(self.bias))
        return zeros, zeros  # current and rate

    def effective_weight(self):
        return torch.abs(self.h2h) * self.mask * self.sign

    def forward(self, x, state):
        current, rate = state
        drive = self.input2h(x) + F.linear(rate, self.effective_weight(), self.bias)
        current = current * (1 - self.alpha) + drive * self.alpha
        rate = torch.relu(current)
        return self.readout(rate[:, : self.excitatory]), (current, rate)


class LTC(nn.Module):
    """Liquid time constants, fused solver of six unfolds (Hasani et al. 2021)."""

    def __init__(self, input_size=3, units=5, unfolds=6):
        super().__init__()
        self.unfolds = unfolds
        self.gleak = nn.Parameter(torch.rand(units))
        self.vleak = nn.Parameter(torch.rand(units) * 0.4 - 0.2)
        self.cm = nn.Parameter(torch.rand(units) * 0.2 + 0.4)
        self.w, self.mu, self.sigma, self.erev = self.synapses(units, units)
        self.sensory = nn.ParameterList(self.synapses(input_size, units))

    @staticmethod
    def synapses(before, after):
        strength = nn.Parameter(torch.rand(before, after))
        threshold = nn.Parameter(torch.rand(before, after) * 0.5 + 0.3)
        slope = nn.Parameter(torch.rand(before, after) * 2 + 3)
        reversal = nn.Parameter(torch.randint(0, 2, (before, after)) * 2.0 - 1)
        return strength, threshold, slope, reversal

    def initial_state(self, batch_size):
        return self.cm.new_zeros(batch_size, self.cm.shape[0])

    def forward(self, x, v):
        w, mu, sigma, erev = self.sensory
        sensory = F.softplus(w) * torch.sigmoid(sigma * (x.unsqueeze(-1) - mu))  # [B, I, units]
        sensory_numerator = torch.sum(sensory * erev, dim=1)
        sensory_denominator = torch.sum(sensory, dim=1)
        cm_t = F.softplus(self.cm) * self.unfolds
        gleak = F.softplus(self.gleak)
        for _ in range(self.unfolds):
            active = F.softplus(self.w) * torch.sigmoid(self.sigma * (v.unsqueeze(-1) - self.mu))
            numerator = (active * self.erev).sum(dim=1) + sensory_numerator
            denominator = active.sum(dim=1) + sensory_denominator
            v = (cm_t * v + gleak * self.vleak + numerator) / (cm_t + gleak + denominator + 1e-8)
        return v, v


class LeCunTanh(nn.Module):
    def forward(self, x):
        return 1.7159 * torch.tanh(0.666 * x)


class CfC(nn.Module):
    """Closed-form continuous-time network (Hasani et al. 2022); the last input is the time."""

    def __init__(self, input_size=3, hidden_size=5):
        super().__init__()
        self.hidden_size = hidden_size
        self.backbone = nn.Sequential(nn.Linear(input_size - 1 + hidden_size, 7), LeCunTanh())
        self.ff1 = nn.Linear(7, hidden_size)
        self.ff2 = nn.Linear(7, hidden_size)
        self.time_a = nn.Linear(7, hidden_size)
        self.time_b = nn.Linear(7, hidden_size)

    def initial_state(self, batch_size):
        return self.ff1.weight.new_zeros(batch_size, self.hidden_size)

    def forward(self, x, hx):
        x, elapsed = x[:, :-1], x[:, -1]
        trunk = self.backbone(torch.cat([x, hx], 1))
        ff1, ff2 = torch.tanh(self.ff1(trunk)), torch.tanh(self.ff2(trunk))
        t_interp = torch.sigmoid(
            -self.time_a(trunk) * elapsed.view(x.size(0), 1) + self.time_b(trunk)
        )
        h = ff1 * (1.0 - t_interp) + t_interp * ff2
        return h, h


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
