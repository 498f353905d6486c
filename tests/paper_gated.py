"""Gated cells from the literature, each as a user would write it in plain PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


class DeepGRU(nn.Module):
    """Two GRU cells above each other, both outputs read (Graves 2013); a nested state."""

    def __init__(self, input_size=3):
        super().__init__()
        self.lower = nn.GRUCell(input_size, 4)
        self.upper = nn.GRUCell(4 + input_size, 2)
        self.read = nn.Linear(6, 3)

    def initial_state(self, batch_size):
        new_zeros = self.read.weight.new_zeros
        return ((new_zeros(batch_size, 4),), (new_zeros(batch_size, 2),))

    def forward(self, x, state):
        (lower,), (upper,) = state
        lower = self.lower(x, lower)
        upper = self.upper(torch.cat([lower, x], -1), upper)
        return self.read(torch.hstack([lower, upper])), ((lower,), (upper,))


class RecurrentHighway(nn.Module):
    """Three highway layers within a step (Zilly et al. 2017)."""

    def __init__(self, input_size=3, hidden_size=5, depth=3):
        super().__init__()
        self.x_h = nn.Linear(input_size, hidden_size)
        self.x_t = nn.Linear(input_size, hidden_size)
        self.layers_h = nn.ModuleList(nn.Linear(hidden_size, hidden_size) for _ in range(depth))
        self.layers_t = nn.ModuleList(nn.Linear(hidden_size, hidden_size) for _ in range(depth))

    def initial_state(self, batch_size):
        return self.x_h.bias.new_zeros(batch_size, len(self.x_h.bias))

    def forward(self, x, s):
        for depth, (layer_h, layer_t) in enumerate(zip(self.layers_h, self.layers_t, strict=True)):
            if depth == 0:
                h = torch.tanh(self.x_h(x) + layer_h(s))
                t = torch.sigmoid(self.x_t(x) + layer_t(s))
            else:
                h, t = torch.tanh(layer_h(s)), torch.sigmoid(layer_t(s))
            s = h * t + s * (1 - t)
        return s, s


class BistableCell(nn.Module):
    """Neuromodulated bistable recurrent cell (Vecoven, Ernst & Drion 2021)."""

    def __init__(self, input_size=3, hidden_size=5):
        super().__init__()
        self.Ua = nn.Linear(input_size, hidden_size, bias=False)
        self.Wa = nn.Linear(hidden_size, hidden_size, bias=False)
        self.Uc = nn.Linear(input_size, hidden_size)
        self.Wc = nn.Linear(hidden_size, hidden_size, bias=False)
        self.U = nn.Linear(input_size, hidden_size, bias=False)

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, self.U.out_features).to(self.U.weight)

    def forward(self, x, h):
        a = 1 + torch.tanh(self.Ua(x) + self.Wa(h))
        c = torch.sigmoid(self.Uc(x) + self.Wc(h))
        h = c * h + (1 - c) * torch.tanh(self.U(x) + a * h)
        return h, h


class Hawk(nn.Module):
    """Real-gated linear recurrent unit in a gated block with RMS norm (De et al. 2024)."""

    def __init__(self, size=5, c=8.0):
        super().__init__()
        self.norm = nn.RMSNorm(size)
        self.gates = nn.Linear(size, 2 * size)
        self.decay = nn.Parameter(torch.rand(size) - 1)
        self.branch = nn.Linear(size, size)
        self.out = nn.Linear(size, size, bias=False)
        self.c = c

    def initial_state(self, batch_size):
        return self.decay.new_zeros(batch_size, self.decay.shape[-1])

    def forward(self, x, h):
        u = self.norm(x)
        r, i = torch.sigmoid(self.gates(u)).split([5, 5], dim=-1)
        log_a = -self.c * F.softplus(self.decay) * r
        a = torch.exp(log_a)
        h = a * h + torch.sqrt(-torch.expm1(2 * log_a)) * (i * u)
        return x + self.out(h * F.gelu(self.branch(u))), h
