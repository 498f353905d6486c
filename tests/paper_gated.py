"""Gated cells from the literature, each as a user would write it in plain PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


class GRUBefore(nn.Module):
    """Reset before the product (Cho et al. 2014), a Linear a gate on [x, h]."""

    def __init__(self, input_size=3, hidden_size=5):
        super().__init__()
        self.update = nn.Linear(input_size + hidden_size, hidden_size)
        self.reset = nn.Linear(input_size + hidden_size, hidden_size)
        self.candidate = nn.Linear(input_size + hidden_size, hidden_size)

    def initial_state(self, batch_size):
        return self.update.bias.new_zeros(batch_size, self.update.out_features)

    def forward(self, x, h):
        xh = torch.cat([x, h], dim=1)
        z = torch.sigmoid(self.update(xh))
        r = torch.sigmoid(self.reset(xh))
        n = torch.tanh(self.candidate(torch.cat([x, r * h], dim=1)))
        h = (1 - z) * h + z * n
        return h, h


class GRUAfter(nn.Module):
    """Reset after the product, as cuDNN has it (Chung et al. 2014), by slices."""

    def __init__(self, input_size=7, hidden_size=3):
        super().__init__()
        self.hidden_size = hidden_size
        self.x2h = nn.Linear(input_size, 3 * hidden_size)
        self.h2h = nn.Linear(hidden_size, 3 * hidden_size)

    def initial_state(self, batch_size):
        return self.h2h.weight.new_zeros((batch_size, self.hidden_size))

    def forward(self, x, h):
        H = self.hidden_size
        gx, gh = self.x2h(x), self.h2h(h)
        r = torch.sigmoid(gx[:, :H] + gh[:, :H])
        z = torch.sigmoid(gx[:, H : 2 * H] + gh[:, H : 2 * H])
        n = torch.tanh(gx[:, -H:] + r * gh[:, -H:])
        h = n + z * (h - n)
        return h, h


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


class MinimalGatedUnit(nn.Module):
    """One gate forgets and resets (Zhou et al. 2016)."""

    def __init__(self, input_size=3, hidden_size=5):
        super().__init__()
        self.Wf = nn.Parameter(torch.randn(hidden_size, input_size + hidden_size) * 0.4)
        self.bf = nn.Parameter(torch.zeros(hidden_size))
        self.Wh = nn.Parameter(torch.randn(hidden_size, input_size + hidden_size) * 0.4)
        self.bh = nn.Parameter(torch.zeros(hidden_size))

    def initial_state(self, batch_size):
        return self.bf.new_zeros(batch_size, self.bf.numel())

    def forward(self, x, h):
        f = torch.sigmoid(torch.cat([h, x], 1) @ self.Wf.T + self.bf)
        candidate = torch.tanh(torch.cat([f * h, x], 1) @ self.Wh.T + self.bh)
        h = (1 - f) * h + f * candidate
        return h, h


class LiGRU(nn.Module):
    """No reset gate, a ReLU candidate (Ravanelli et al. 2018), without the batch norm."""

    def __init__(self, input_size=5, hidden_size=7):
        super().__init__()
        self.w = nn.Linear(input_size, 2 * hidden_size, bias=False)
        self.u = nn.Linear(hidden_size, 2 * hidden_size, bias=False)

    def initial_state(self, batch_size):
        return self.u.weight.new_zeros(batch_size, self.u.in_features)

    def forward(self, x, ht):
        at, zt = (self.w(x) + self.u(ht)).chunk(2, 1)
        zt = torch.sigmoid(zt)
        hcand = torch.relu(at)
        ht = zt * ht + (1 - zt) * hcand
        return ht, ht


class UGRNN(nn.Module):
    """Update gate RNN (Collins, Sohl-Dickstein & Sussillo 2017)."""

    def __init__(self, input_size=3, hidden_size=4):
        super().__init__()
        self.linear = nn.Linear(input_size + hidden_size, 2 * hidden_size)
        self.hidden_size = hidden_size

    def initial_state(self, batch_size):
        return next(self.parameters()).new_zeros(batch_size, self.hidden_size)

    def forward(self, x, h):
        c, g = self.linear(torch.cat([h, x], dim=-1)).view(-1, 2, self.hidden_size).unbind(1)
        g = F.hardtanh(g / 6 + 2 / 3, 0.0, 1.0)  # PyTorch's hardsigmoid has its 1/6 in float32
        h = g * h + (1.0 - g) * F.elu(c)
        return h, h


class LightRecurrentUnit(nn.Module):
    """The candidate does not see the state (Ye et al. 2024)."""

    def __init__(self, input_size=3, hidden_size=5):
        super().__init__()
        self.candidate = nn.Sequential(nn.Linear(input_size, hidden_size), nn.Tanh())
        self.forget_x = nn.Linear(input_size, hidden_size)
        self.forget_h = nn.Linear(hidden_size, hidden_size, bias=False)

    def initial_state(self, batch_size):
        return self.forget_x.bias.new_zeros(batch_size, self.forget_x.out_features)

    def forward(self, x, h):
        f = self.forget_x(x).add_(self.forget_h(h)).sigmoid_()
        h = torch.addcmul((1 - f) * h, f, self.candidate(x))
        return h, h


class FastGRNN(nn.Module):
    """One low-rank matrix for gate and candidate, two scalars (Kusupati et al. 2018)."""

    def __init__(self, input_size=5, hidden_size=7, rank=2):
        super().__init__()
        self.W = nn.Parameter(torch.randn(input_size, hidden_size) * 0.4)
        self.U1 = nn.Parameter(torch.randn(hidden_size, rank) * 0.6)
        self.U2 = nn.Parameter(torch.randn(rank, hidden_size) * 0.6)
        self.bias_gate = nn.Parameter(torch.ones(1, hidden_size))
        self.bias_update = nn.Parameter(torch.ones(1, hidden_size))
        self.zeta = nn.Parameter(torch.tensor(1.0))
        self.nu = nn.Parameter(torch.tensor(-4.0))

    def initial_state(self, batch_size):
        return self.W.new_zeros(batch_size, self.W.shape[1])

    def forward(self, x, h):
        pre = torch.matmul(x, self.W) + torch.matmul(torch.matmul(h, self.U1), self.U2)
        z = torch.sigmoid(pre + self.bias_gate)
        c = torch.tanh(pre + self.bias_update)
        h = z * h + (torch.sigmoid(self.zeta) * (1.0 - z) + torch.sigmoid(self.nu)) * c
        return h, h


class MinGRU(nn.Module):
    """Gate and candidate of the input alone (Feng et al. 2024), candidate made positive."""

    def __init__(self, input_size=3, hidden_size=5):
        super().__init__()
        self.to_hidden_and_gate = nn.Linear(input_size, 2 * hidden_size, bias=False)

    def initial_state(self, batch_size):
        weight = self.to_hidden_and_gate.weight
        return weight.new_full((batch_size, len(weight) // 2), 0.5)

    def forward(self, x, h):
        candidate, gate = self.to_hidden_and_gate(x).chunk(2, dim=-1)
        candidate = torch.where(candidate >= 0, candidate + 0.5, candidate.sigmoid())
        h = torch.lerp(h, candidate, gate.sigmoid())
        return h, h


class QRNN(nn.Module):
    """Convolution over the last two inputs, then fo-pooling (Bradbury et al. 2017)."""

    def __init__(self, input_size=3, hidden_size=4):
        super().__init__()
        self.now = nn.Linear(input_size, 3 * hidden_size)
        self.before = nn.Linear(input_size, 3 * hidden_size, bias=False)

    def initial_state(self, batch_size):
        weight = self.now.weight  # the input before, and the pool
        return weight.new_zeros(batch_size, 3), weight.new_zeros(batch_size, 4)

    def forward(self, x, state):
        x_before, c = state
        z, f, o = torch.tensor_split(self.now(x) + self.before(x_before), 3, dim=1)
        f = torch.sigmoid(f)
        c = f * c + (1 - f) * torch.tanh(z)
        return torch.sigmoid(o) * c, (x, c)


class SRU(nn.Module):
    """Simple recurrent unit with highway output (Lei et al. 2018)."""

    def __init__(self, size=5):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(size, 3 * size) / size**0.5)
        self.weight_c = nn.Parameter(torch.rand(2 * size))
        self.bias = nn.Parameter(torch.zeros(2 * size))
        self.scale_x = 3**0.5

    def initial_state(self, batch_size):
        return self.weight.new_zeros(batch_size, self.weight.size(0))

    def forward(self, x, c):
        U = x.mm(self.weight).view(x.size(0), 3, -1)
        vf, vr = self.weight_c.chunk(2)
        bf, br = self.bias.chunk(2)
        f = (U[:, 1] + vf * c + bf).sigmoid()
        r = (U[:, 2] + vr * c + br).sigmoid()
        c = U[:, 0] + (c - U[:, 0]) * f
        h = r * torch.tanh(c) + (1 - r) * x * self.scale_x
        return h, c


class GRUD(nn.Module):
    """Decay of missing inputs and of the state (Che et al. 2018); x holds value, mask and delta."""

    def __init__(self, features=3, hidden_size=5):
        super().__init__()
        self.gamma_x = nn.Parameter(torch.rand(features))
        self.gamma_h = nn.Linear(features, hidden_size)
        self.gates = nn.Linear(2 * features + hidden_size, 2 * hidden_size)
        self.candidate = nn.Linear(2 * features + hidden_size, hidden_size)
        self.register_buffer("x_mean", torch.tensor([0.1, -0.3, 0.7]))

    def initial_state(self, batch_size):
        return self.candidate.bias.new_zeros(batch_size, 5), self.x_mean.expand(batch_size, -1)

    def forward(self, x, state):
        h, x_last = state
        value, mask, delta = x.chunk(3, dim=1)
        seen = mask > 0
        m = seen.to(x.dtype)
        delta = F.softplus(delta)
        decay_x = torch.exp(-F.relu(self.gamma_x * delta))
        decay_h = torch.exp(-torch.clamp(self.gamma_h(delta), min=0.0))
        x_last = torch.where(seen, value, x_last)
        x_hat = m * value + (1 - m) * (decay_x * x_last + (1 - decay_x) * self.x_mean)
        h = decay_h * h
        z, r = self.gates(torch.cat([x_hat, h, m], dim=1)).sigmoid().chunk(2, dim=1)
        n = self.candidate(torch.cat([x_hat, r * h, m], dim=1)).tanh()
        h = (1 - z) * h + z * n
        return h, (h, x_last)


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
