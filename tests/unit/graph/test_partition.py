"""Partition: each value of a step is in the earliest place, or the latest, that it can be in."""

from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import recurra
from recurra.base import CannotFuse
from recurra.graph import ancestors, partition, trace_step

I, H = 3, 5  # noqa: E741


def part_of(cell, features=I):
    x = torch.zeros(2, features, dtype=next(cell.parameters()).dtype)
    return partition(trace_step(cell, x, cell.initial_state(2)))


def ops(part, place):
    """List the operations of a place, apart from inputs and what only moves."""
    free = ("input", "constant", "slice", "expand", "reshape", "permute", "opaque")
    return sorted(n.op for n in part.place if part.place[n] == place and n.op not in free)


def test_lstm():
    part = part_of(recurra.LSTM(I, H))
    assert ops(part, "before") == ["affine"]
    assert ops(part, "after") == []
    loop = ops(part, "loop")
    assert loop.count("matmul") == 1
    assert (loop.count("sigmoid"), loop.count("tanh")) == (3, 2)
    assert [node.shape for node in part.before] == [(-1, 4 * H)]
    assert [node.shape for node in part.weights] == [(H, 4 * H)]
    assert part.loop_outputs == (part.step.output,)


class Everywhere(nn.Module):
    """One product in each place, and a value of parameters alone."""

    def __init__(self):
        super().__init__()
        self.both = nn.Linear(I + H, H)
        self.out = nn.Linear(H, 2)
        self.scale = nn.Parameter(torch.ones(H))

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, H)

    def forward(self, x, hidden):
        hidden = self.both(torch.cat([x, hidden], -1)).tanh() * torch.exp(self.scale)
        return self.out(hidden).exp(), hidden


def test_each_place():
    part = part_of(Everywhere())
    assert ops(part, "before").count("matmul") + ops(part, "before").count("affine") == 1
    loop = ops(part, "loop")
    assert loop.count("matmul") == 1
    assert "tanh" in loop
    assert "exp" not in loop  # neither that of the output nor that of the parameter
    assert ops(part, "after") == ["affine", "exp"]
    made = [n for n in part.place if part.place[n] == "parameter" and "exp" in str(n)]
    assert len(made) == 1
    assert made[0] in part.weights


def test_what_the_loop_reads_is_all_it_reads():
    for cell in (recurra.LSTM(I, H), recurra.GRU(I, H), Everywhere()):
        part = part_of(cell)
        given = {*part.before, *part.weights, *part.step.state}
        loop = ancestors([*part.loop_outputs, *part.step.next_state], given)
        strangers = [n for n in loop if n.op == "input" and n not in given]
        assert strangers == []


class Hopeful(NamedTuple):
    total: torch.Tensor
    idle: torch.Tensor


class NoProductInside(nn.Module):
    """Gates that see only x: all products leave, and a part of the state that never changes."""

    def __init__(self):
        super().__init__()
        self.into = nn.Linear(I, H)

    def initial_state(self, batch_size):
        return Hopeful(torch.zeros(batch_size, H), torch.zeros(batch_size, 2))

    def forward(self, x, state):
        gate = self.into(x).sigmoid()
        total = gate * state.total + (1 - gate)
        return total, Hopeful(total, state.idle)


def test_products_of_x_alone_all_leave():
    part = part_of(NoProductInside())
    assert "matmul" not in ops(part, "loop")
    assert ops(part, "before") == ["affine"]
    assert part.step.next_state[1] is part.step.state[1]


class Delay(NoProductInside):
    """The next state is x itself: nothing but a value made before the loop."""

    def forward(self, x, state):
        drive = self.into(x)
        return state.total, Hopeful(drive, state.idle)


def test_a_state_that_is_made_before_the_loop():
    part = part_of(Delay())
    assert part.step.next_state[0] in part.before
    assert part.loop_outputs == (part.step.state[0],)


class Counting(NoProductInside):
    def initial_state(self, batch_size):
        return Hopeful(torch.zeros(batch_size, H), torch.zeros(batch_size, 2, dtype=torch.int64))


class Mixing(NoProductInside):
    def initial_state(self, batch_size):
        return Hopeful(torch.zeros(batch_size, H), torch.zeros(batch_size, 2, dtype=torch.float64))


@pytest.mark.parametrize(
    ("cell", "problem"), [(Counting(), "would need integers"), (Mixing(), "mixes dtypes")]
)
def test_dtypes_that_kernels_do_not_have(cell, problem):
    with pytest.raises(CannotFuse, match=problem):
        part_of(cell)


class Readout(nn.Module):
    """A memory of D x D numbers, of which the output reads D."""

    def __init__(self):
        super().__init__()
        self.read = nn.Linear(I, 8)
        self.out = nn.Linear(8, 8)

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 8, 8)

    def forward(self, x, memory):
        q = self.read(x)
        memory = 0.9 * memory + q.unsqueeze(1) * q.unsqueeze(2)
        return self.out((memory * q.unsqueeze(1)).sum(dim=2)), memory


def test_a_large_memory_is_read_in_the_loop():
    part = part_of(Readout())
    assert [node.width for node in part.loop_outputs] == [8]
    assert "sum" in ops(part, "loop")
    assert ops(part, "after") == ["affine"]  # a product with a parameter: one for all steps


class LightWork(nn.Module):
    """Elementwise work on both sides of the loop, some of which other products need."""

    def __init__(self):
        super().__init__()
        self.into, self.scale = nn.Linear(I, 2 * H), nn.Parameter(torch.rand(H))
        self.mix, self.out = nn.Linear(H, H), nn.Linear(H, H)

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, H)

    def forward(self, x, h):
        gate, drive = self.into(x).chunk(2, dim=1)
        shared = torch.tanh(drive)  # a product before the loop needs it: it stays outside
        h = F.softplus(gate).neg().exp() * h + shared * self.mix(shared)
        y = self.out(torch.relu(h) * gate.sigmoid())
        return y, h + self.scale * gate  # of a parameter: its gradient is summed outside


def test_light_work_goes_into_the_loop():
    part = part_of(LightWork())
    loop, before = ops(part, "loop"), ops(part, "before")
    assert {"exp", "relu", "sigmoid", "call"} <= set(loop)
    assert "call" not in before
    assert before.count("tanh") == 1
    assert ops(part, "after") == ["affine"]
    assert [node.op for node in part.loop_outputs] == ["mul"]
