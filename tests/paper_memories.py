"""Recurrences with memories and other plain ones, as a user would write them in plain PyTorch."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn


class AttentiveHistory(nn.Module):
    """Attention over the last three states (after Cheng, Dong & Lapata 2016)."""

    def __init__(self, input_size=3, hidden_size=5, span=3):
        super().__init__()
        self.span = span
        self.query = nn.Linear(input_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size, bias=False)
        self.score = nn.Linear(hidden_size, 1, bias=False)
        self.update = nn.Linear(input_size + hidden_size, hidden_size)

    def initial_state(self, batch_size):
        return self.update.bias.new_zeros(batch_size, self.span, self.update.out_features)

    def forward(self, x, history):
        energy = self.score(torch.tanh(self.key(history) + self.query(x).unsqueeze(1)))  # [B, 3, 1]
        attention = torch.softmax(energy, dim=1)
        summary = (attention * history).sum(dim=1)
        h = torch.tanh(self.update(torch.cat([x, summary], dim=-1)))
        history = torch.cat([history[:, 1:], h.unsqueeze(1)], dim=1)
        return h, history


class FastWeights(nn.Module):
    """Outer products corrected by the delta rule (Schlag, Irie & Schmidhuber 2021)."""

    def __init__(self, input_size=5, key_size=3, value_size=4):
        super().__init__()
        self.slow = nn.Linear(input_size, 2 * key_size + value_size + 1)
        self.sizes = [key_size, key_size, value_size, 1]

    def initial_state(self, batch_size):
        return self.slow.weight.new_zeros(batch_size, self.sizes[2], self.sizes[0])

    def forward(self, x, W):
        q, k, v, beta = torch.split(self.slow(x), self.sizes, dim=-1)
        q, k = (F.elu(part) + 1 for part in (q, k))
        q, k = q / q.sum(-1, keepdim=True), k / k.sum(-1, keepdim=True)
        v_old = torch.einsum("bvk,bk->bv", W, k)
        W = W + torch.einsum("bv,bk->bvk", torch.sigmoid(beta) * (v - v_old), k)
        return torch.einsum("bvk,bk->bv", W, q), W


class DecayingFastWeights(nn.Module):
    """Fast weights read in an inner loop (Ba et al. 2016), normalised each time."""

    def __init__(self, input_size=3, hidden_size=5, decay=0.9, rate=0.4):
        super().__init__()
        self.w = nn.Linear(input_size + hidden_size, hidden_size)
        self.gain = nn.Parameter(torch.ones(hidden_size))
        self.decay, self.rate = decay, rate

    def initial_state(self, batch_size):
        h = self.gain.new_zeros(batch_size, len(self.gain))
        return h, self.gain.new_zeros(batch_size, len(self.gain), len(self.gain))

    def forward(self, x, state):
        h, A = state
        drive = self.w(torch.cat([x, h], 1))
        A = self.decay * A + self.rate * (h[:, :, None] @ h[:, None, :])
        h = torch.tanh(drive)
        for _ in range(2):
            read = drive + torch.matmul(A, h.unsqueeze(-1)).squeeze(-1)
            h = torch.tanh(F.layer_norm(read, read.shape[-1:], weight=self.gain))
        return h, (h, A)


class MaxoutRNN(nn.Module):
    """The best of three pieces a unit (Goodfellow et al. 2013; Cai, Shi & Liu 2013)."""

    def __init__(self, input_size=5, hidden_size=3, pieces=3):
        super().__init__()
        self.linear = nn.Linear(input_size + hidden_size, hidden_size * pieces)
        self.hidden_size, self.pieces = hidden_size, pieces

    def initial_state(self, batch_size):
        return self.linear.bias.new_zeros(batch_size, self.hidden_size)

    def forward(self, x, h):
        z = self.linear(torch.cat([x, h], dim=1))
        z = z.view(z.shape[0], self.hidden_size, self.pieces)
        h = 0.5 * z.max(dim=2).values + 0.3 * torch.amin(z, dim=-1)
        return h, h


class StackRNN(nn.Module):
    """A stack with soft push, pop and no-op (Joulin & Mikolov 2015)."""

    def __init__(self, input_size=3, hidden_size=4, depth=5):
        super().__init__()
        self.U = nn.Linear(input_size, hidden_size)
        self.R = nn.Linear(hidden_size, hidden_size, bias=False)
        self.P = nn.Linear(2, hidden_size, bias=False)
        self.action = nn.Linear(hidden_size, 3)
        self.push = nn.Linear(hidden_size, 1)
        self.depth = depth

    def initial_state(self, batch_size):
        return (
            self.U.bias.new_zeros(batch_size, len(self.U.bias)),
            self.U.bias.new_full((batch_size, self.depth), -1.0),
        )

    def forward(self, x, state):
        h, stack = state
        h = torch.sigmoid(self.U(x) + self.R(h) + self.P(stack[:, :2]))
        a = torch.softmax(self.action(h), dim=1)
        pushed = torch.cat([torch.sigmoid(self.push(h)), stack[:, :-1]], dim=1)
        popped = F.pad(stack[:, 1:], (0, 1), value=-1.0)
        stack = a[:, 0:1] * pushed + a[:, 1:2] * popped + a[:, 2:] * stack
        return h, (h, stack)


class EntityNetwork(nn.Module):
    """Keyed slots with gated writes, normalised (Henaff et al. 2017)."""

    def __init__(self, input_size=3, slots=2):
        super().__init__()
        self.keys = nn.Parameter(torch.randn(slots, input_size))
        self.U = nn.Linear(input_size, input_size, bias=False)
        self.V = nn.Linear(input_size, input_size, bias=False)
        self.W = nn.Linear(input_size, input_size, bias=False)
        self.activation = nn.PReLU()

    def initial_state(self, batch_size):
        return self.keys.expand(batch_size, *self.keys.shape)

    def forward(self, x, memory):
        s = x.unsqueeze(1)  # [B, 1, I]
        gate = torch.sigmoid((s * memory).sum(-1) + x @ self.keys.t())  # [B, slots]
        candidate = self.activation(self.U(memory) + self.V(self.keys) + self.W(s))
        memory = F.normalize(memory + gate.unsqueeze(-1) * candidate, dim=-1)
        return memory.flatten(1), memory


class RelationalMemory(nn.Module):
    """Slots that attend to each other and to the input (Santoro et al. 2018), one head."""

    def __init__(self, input_size=3, slots=2, size=4):
        super().__init__()
        self.into = nn.Linear(input_size, size)
        self.qkv = nn.Linear(size, 3 * size)
        self.mlp = nn.Sequential(nn.Linear(size, size), nn.SiLU(), nn.Linear(size, size))
        self.norm = nn.LayerNorm(size)
        self.slots, self.size = slots, size

    def initial_state(self, batch_size):
        eye = torch.eye(self.slots, self.size).to(self.into.weight)
        return eye.repeat(batch_size, 1, 1)

    def forward(self, x, memory):
        rows = torch.cat([memory, self.into(x).unsqueeze(1)], dim=1)  # [B, slots + 1, size]
        q, k, v = self.qkv(rows).chunk(3, dim=-1)
        scores = q[:, : self.slots] @ k.transpose(-2, -1) / self.size**0.5
        attended = self.norm(memory + F.softmax(scores, dim=-1) @ v)
        memory = memory + torch.tanh(self.mlp(attended))
        return memory.reshape(memory.size(0), -1), 0.7 * memory


class ContextState(NamedTuple):
    hidden: torch.Tensor
    slow: torch.Tensor


class StructurallyConstrained(nn.Module):
    """Slow context units beside fast hidden ones (Mikolov et al. 2014)."""

    def __init__(self, input_size=3, hidden_size=5, slow_size=2):
        super().__init__()
        self.B = nn.Parameter(torch.randn(input_size, slow_size))
        self.A = nn.Parameter(torch.randn(input_size, hidden_size))
        self.P = nn.Parameter(torch.randn(slow_size, hidden_size))
        self.R = nn.Parameter(torch.randn(hidden_size, hidden_size) * 0.4)
        self.U = nn.Parameter(torch.randn(hidden_size, 3))
        self.V = nn.Parameter(torch.randn(slow_size, 3))
        self.alpha = nn.Parameter(torch.tensor(2.0))

    def initial_state(self, batch_size):
        new_zeros = self.R.new_zeros
        return ContextState(hidden=new_zeros(batch_size, 5), slow=new_zeros(batch_size, 2))

    def forward(self, x, state):
        alpha = self.alpha.sigmoid()
        slow = (1 - alpha) * (x @ self.B) + alpha * state.slow
        hidden = torch.sigmoid(slow @ self.P + x @ self.A + state.hidden @ self.R)
        return hidden @ self.U + slow @ self.V, state._replace(hidden=hidden, slow=slow)


class MultiplicativeIntegration(nn.Module):
    """Wx and Uh multiplied besides added (Wu et al. 2016)."""

    def __init__(self, input_size=3, hidden_size=5):
        super().__init__()
        self.W = nn.Linear(input_size, hidden_size, bias=False)
        self.U = nn.Linear(hidden_size, hidden_size, bias=False)
        self.alpha, self.beta1, self.beta2, self.b = (
            nn.Parameter(torch.rand(hidden_size)) for _ in range(4)
        )

    def initial_state(self, batch_size):
        return self.b.new_zeros(batch_size, self.b.size(0))

    def forward(self, x, h):
        Wx, Uh = self.W(x), self.U(h)
        h = torch.tanh(self.alpha * Wx * Uh + self.beta1 * Uh + self.beta2 * Wx + self.b)
        return h, h


class SecondOrder(nn.Module):
    """A weight for every pair of input and state (Giles et al. 1992)."""

    def __init__(self, input_size=3, hidden_size=4):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(hidden_size, hidden_size, input_size) * 0.4)
        self.bias = nn.Parameter(torch.zeros(hidden_size))

    def initial_state(self, batch_size):
        h = self.bias.new_zeros(batch_size, len(self.bias))
        h[:, 0] = 1.0
        return h

    def forward(self, x, h):
        h = torch.sigmoid(torch.einsum("kij,bi,bj->bk", self.weight, h, x) + self.bias)
        return h, h


class DeepTransition(nn.Module):
    """Several layers between one state and the next (Pascanu et al. 2014), with a short cut."""

    def __init__(self, input_size=5, hidden_size=3):
        super().__init__()
        self.transition = nn.Sequential(
            nn.Linear(input_size + hidden_size, 7),
            nn.GELU(),
            nn.LayerNorm(7),
            nn.Linear(7, hidden_size),
            nn.Softsign(),
        )

    def initial_state(self, batch_size):
        return self.transition[3].weight.new_zeros(batch_size, 3)

    def forward(self, x, h):
        h = 0.6 * h + self.transition(torch.cat([x, h], dim=-1))
        return h, h
