"""The one table of all cells and layers; every law runs over it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from recurra import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Concatenate,
    Recurrent,
    Residual,
    Stack,
    cells,
)
from recurra.cells import ACTIVATIONS
from recurra.layers import Layer


class Narrowing(nn.Module):
    """State a bare tensor, wider than the output."""

    def __init__(self):
        super().__init__()
        self.into = nn.Linear(3, 4)
        self.weight_hidden = nn.Parameter(torch.zeros(4, 4))
        self.out = nn.Linear(4, 2)

    def initial_state(self, batch_size):
        return self.weight_hidden.new_zeros(batch_size, 4)

    def forward(self, x, hidden):
        hidden = torch.sin(self.into(x) + hidden @ self.weight_hidden)
        return self.out(hidden), hidden


class Memory(NamedTuple):
    matrix: torch.Tensor  # [B, 2, 3]
    level: torch.Tensor  # [B]


class NestedState(nn.Module):
    """A NamedTuple within a plain tuple; parts with one, two and three dimensions."""

    def __init__(self):
        super().__init__()
        self.key = nn.Linear(3, 2)
        self.value = nn.Linear(3, 3)
        self.weight_hidden = nn.Parameter(torch.zeros(2, 2))

    def initial_state(self, batch_size):
        new_zeros = self.weight_hidden.new_zeros
        memory = Memory(new_zeros(batch_size, 2, 3), new_zeros(batch_size))
        return (new_zeros(batch_size, 2), memory)

    def forward(self, x, state):
        trace, memory = state
        key = torch.tanh(self.key(x) + trace @ self.weight_hidden)  # [B, 2]
        matrix = 0.7 * memory.matrix + key.unsqueeze(2) * self.value(x).unsqueeze(1)
        level = torch.cos(memory.level) + matrix.mean(dim=(1, 2))
        y = (key.unsqueeze(2) * matrix).sum(dim=1) * level.unsqueeze(1)  # [B, 3]
        return y, (trace * 0.5 + key, Memory(matrix, level))


class LearntStart(nn.Module):
    """The initial state is a parameter, the same for every row."""

    def __init__(self):
        super().__init__()
        self.start = nn.Parameter(torch.zeros(4))
        self.into = nn.Linear(3, 4)
        self.weight_hidden = nn.Parameter(torch.zeros(4, 4))

    def initial_state(self, batch_size):
        return self.start.expand(batch_size, 4)

    def forward(self, x, hidden):
        hidden = torch.tanh(self.into(x) + hidden @ self.weight_hidden)
        return hidden, hidden


class OneFeature(nn.Module):
    """The output has a single feature, which must not be broadcast away."""

    def __init__(self):
        super().__init__()
        self.into = nn.Linear(3, 4, bias=False)
        self.weight_hidden = nn.Parameter(torch.zeros(4, 4))
        self.out = nn.Linear(4, 1)

    def initial_state(self, batch_size):
        return self.weight_hidden.new_zeros(batch_size, 4)

    def forward(self, x, hidden):
        hidden = torch.sin(self.into(x) + hidden @ self.weight_hidden)
        return self.out(hidden), hidden


class UsedTwice(nn.Module):
    """A buffer, and one matrix for both the input and the state."""

    def __init__(self):
        super().__init__()
        self.weight_hidden = nn.Parameter(torch.zeros(3, 3))
        self.register_buffer("decay", torch.tensor([0.9, 0.5, -0.7]))

    def initial_state(self, batch_size):
        return self.weight_hidden.new_zeros(batch_size, 3)

    def forward(self, x, hidden):
        hidden = self.decay * hidden + torch.tanh(x + hidden @ self.weight_hidden)
        return hidden @ self.weight_hidden, hidden


class Normed(nn.Module):
    """Layer normalisation of the drive."""

    def __init__(self):
        super().__init__()
        self.into = nn.Linear(3, 4)
        self.weight_hidden = nn.Parameter(torch.zeros(4, 4))
        self.norm = nn.LayerNorm(4)

    def initial_state(self, batch_size):
        return self.weight_hidden.new_zeros(batch_size, 4)

    def forward(self, x, hidden):
        hidden = torch.tanh(self.norm(self.into(x) + hidden @ self.weight_hidden))
        return hidden, hidden


class LateOutput(nn.Module):
    """The output is made from the state before the step, and is no part of a state."""

    def __init__(self):
        super().__init__()
        self.into = nn.Linear(3, 4)
        self.weight_hidden = nn.Parameter(torch.zeros(4, 4))
        self.short_cut = nn.Linear(3, 4)

    def initial_state(self, batch_size):
        return self.weight_hidden.new_zeros(batch_size, 4)

    def forward(self, x, hidden):
        y = hidden * self.short_cut(x)
        return y, torch.sin(self.into(x) + hidden @ self.weight_hidden)


class Elapsing(nn.Module):
    """A cell whose times of any sign become times that can be; the last feature holds them."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cells.IrregularlySampled(cell)
        self.initial_state = self.cell.initial_state

    def forward(self, x, state):
        return self.cell(torch.cat([x[:, :-1], F.softplus(x[:, -1:])], dim=1), state)


class Gappy(nn.Module):
    """A cell whose second and third feature are missing where they are negative."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell
        self.initial_state = cell.initial_state

    def forward(self, x, state):
        some = x[:, 1:3]
        gaps = torch.where(some > 0, some, torch.full_like(some, math.nan))
        return self.cell(torch.cat([x[:, :1], gaps, x[:, 3:]], dim=1), state)


class LearntMemory(nn.Module):
    """Attention to places that are parameters, the same for every row."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell
        self.start = nn.Parameter(torch.zeros(cell.places, cell.score.memory_size))

    def initial_state(self, batch_size):
        return self.cell.attend(self.start.expand(batch_size, -1, -1))

    def forward(self, x, state):
        return self.cell(x, state)


@dataclass(frozen=True)
class Specimen:
    """One cell or layer, small.

    Args:
        name: what the test report calls it.
        make: makes the cell or layer.
        input_size: features of its input, or the shape of one row of it.
        direction: "forward" if every part goes forward in time, so that it can be split and run
            step by step; "reverse" if every part goes backwards; "both" otherwise.
    """

    name: str
    make: Callable[[], nn.Module]
    input_size: int | tuple[int, ...] = 3
    direction: str = "forward"

    def cell(self) -> nn.Module:
        """Make the cell, float64, with random weights."""
        return with_random_weights(self.make().double())

    def layer(self) -> Layer:
        """Make the layer, or the layer around the cell, float64, with random weights."""
        module = self.cell()
        return module if isinstance(module, Layer) else Recurrent(module)


def with_random_weights(module: nn.Module) -> nn.Module:
    """Make all weights normal, and recurrent ones rotations, so that gradients live on."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith("weight_hidden"):
                for gate in parameter.split(parameter.shape[1]):
                    nn.init.orthogonal_(gate, gain=1.1)
                    gate += 0.1 * torch.randn_like(gate)  # no two entries are to be alike
            else:
                parameter.normal_(std=1 / math.sqrt(parameter.shape[-1]))
    return module


def _rnn(activation: str, **options) -> Specimen:
    name = "-".join(["RNN", activation, *options])
    return Specimen(name, lambda: RNN(3, 4, activation=activation, **options))


def _normed(wrapper, make) -> Iterator[Specimen]:
    for of, size in (("input", 3), ("hidden", 4), ("output", 4)):
        name = f"{wrapper.__name__}-{of}"
        yield Specimen(name, lambda of=of, size=size: wrapper(make(), size, of=of))


def _attending(name, make) -> Specimen:
    return Specimen(f"Attention-{name}", lambda: LearntMemory(make()))


ATTENTION = (
    _attending(
        "Bahdanau-additive",
        lambda: cells.BahdanauCell(GRU(5, 4), cells.AdditiveScore(4, 2, 3), 3),
    ),
    _attending(
        "Bahdanau-weights",
        lambda: cells.BahdanauCell(LSTM(5, 4), cells.GeneralScore(4, 2), 3, give_weights=True),
    ),
    _attending("Luong-dot", lambda: cells.LuongCell(LSTM(7, 2), cells.DotScore(2), 3, 4)),
    _attending("Luong-general", lambda: cells.LuongCell(GRU(7, 3), cells.GeneralScore(3, 2), 3, 4)),
    _attending(
        "Luong-concat", lambda: cells.LuongCell(LSTM(7, 3), cells.AdditiveScore(3, 2, 4), 3, 4)
    ),
)

CELLS = (
    *(_rnn(activation) for activation in ACTIVATIONS),
    _rnn("tanh", bias=False),
    Specimen("LSTM", lambda: LSTM(3, 4)),
    Specimen("LSTM-bias", lambda: LSTM(3, 4, bias=False)),
    Specimen("LSTM-forget_bias", lambda: LSTM(3, 4, forget_bias=-2.0)),
    Specimen("PeepholeLSTM", lambda: cells.PeepholeLSTM(3, 4)),
    Specimen("CoupledLSTM", lambda: cells.CoupledLSTM(3, 4)),
    Specimen("IRNN", lambda: cells.IRNN(3, 4)),
    Specimen("AntisymmetricRNN", lambda: cells.AntisymmetricRNN(3, 4)),
    Specimen("MinimalGatedUnit", lambda: cells.MinimalGatedUnit(3, 4)),
    Specimen("UGRNN", lambda: cells.UGRNN(3, 4)),
    Specimen("MultiplicativeLSTM", lambda: cells.MultiplicativeLSTM(3, 4)),
    Specimen("CoRNN", lambda: cells.CoRNN(3, 4, time_step=0.5)),
    Specimen("LEM", lambda: cells.LEM(3, 4)),
    Specimen("MinGRU", lambda: cells.MinGRU(3, 4)),
    Specimen("MinLSTM", lambda: cells.MinLSTM(3, 4)),
    Specimen("LRU", lambda: cells.LRU(3, 4)),
    Specimen("HGRN", lambda: cells.HGRN(3, 4, lower_bound=0.3)),
    Specimen("SRU", lambda: cells.SRU(3, 4)),
    Specimen("SRU-peephole", lambda: cells.SRU(3, 4, peephole=True)),
    Specimen("QRNN", lambda: cells.QRNN(3, 4)),
    Specimen("QRNN-window", lambda: cells.QRNN(3, 4, window=3)),
    Specimen("LayerNormLSTM", lambda: cells.LayerNormLSTM(3, 4)),
    Specimen("NoInputGateLSTM", lambda: cells.NoInputGateLSTM(3, 4)),
    Specimen("NoForgetGateLSTM", lambda: cells.NoForgetGateLSTM(3, 4)),
    Specimen("NoOutputGateLSTM", lambda: cells.NoOutputGateLSTM(3, 4)),
    Specimen("NoInputActivationLSTM", lambda: cells.NoInputActivationLSTM(3, 4)),
    Specimen("NoOutputActivationLSTM", lambda: cells.NoOutputActivationLSTM(3, 4)),
    Specimen("FullGateRecurrenceLSTM", lambda: cells.FullGateRecurrenceLSTM(3, 4)),
    Specimen("LiGRU", lambda: cells.LiGRU(3, 4)),
    Specimen("LightRecurrentUnit", lambda: cells.LightRecurrentUnit(3, 4)),
    Specimen("LayerNormGRU", lambda: cells.LayerNormGRU(3, 4)),
    Specimen("ProjectionLSTM", lambda: cells.ProjectionLSTM(3, 5, projection_size=2)),
    Specimen("SLSTM", lambda: cells.SLSTM(3, 4)),
    Specimen("SLSTM-heads", lambda: cells.SLSTM(3, 6, heads=3)),
    Specimen("MLSTM", lambda: cells.MLSTM(3, 4)),
    Specimen("MLSTM-heads", lambda: cells.MLSTM(3, 4, heads=2)),
    Specimen("FastGRNN", lambda: cells.FastGRNN(3, 4)),
    Specimen("FastGRNN-ranks", lambda: cells.FastGRNN(3, 4, input_rank=2, hidden_rank=3)),
    Specimen("LayerNormLSTM-bias", lambda: cells.LayerNormLSTM(3, 4, bias=False)),
    Specimen("LayerNormGRU-bias", lambda: cells.LayerNormGRU(3, 4, bias=False)),
    Specimen("Jordan", lambda: cells.Jordan(3, 4, output_size=2, decay=0.3)),
    Specimen("IndRNN", lambda: cells.IndRNN(3, 4, activation="tanh")),
    Specimen("ClockworkRNN-123", lambda: cells.ClockworkRNN(3, 6, periods=(1, 2, 3))),
    Specimen("CTRNN", lambda: cells.CTRNN(3, 4, time_constant=2.0)),
    Specimen("CTRNN-noise", lambda: cells.CTRNN(3, 4, time_constant=2.0, noise=0.1).eval()),
    Specimen("CTRNN-irregular", lambda: Elapsing(cells.CTRNN(3, 4)), 4),
    Specimen("DaleCTRNN", lambda: cells.DaleCTRNN(3, 5, time_constant=2.0)),
    Specimen(
        "DaleCTRNN-masked",
        lambda: cells.masked(cells.DaleCTRNN(3, 4), torch.ones(4, 4).tril(2)),
    ),
    Specimen("LTC", lambda: cells.LTC(3, 4, unfolds=3)),
    Specimen("LTC-irregular", lambda: Elapsing(cells.LTC(3, 4, unfolds=2)), 4),
    Specimen("CfC", lambda: cells.CfC(3, 4, backbone_size=5)),
    Specimen("CfC-irregular", lambda: Elapsing(cells.CfC(3, 4, backbone_size=5)), 4),
    Specimen("CfC-no_gate", lambda: cells.CfC(3, 4, mode="no_gate", backbone_size=5)),
    Specimen(
        "CfC-pure",
        lambda: cells.CfC(3, 4, mode="pure", backbone_size=5, backbone_layers=2),
    ),
    Specimen("GRUD", lambda: Gappy(cells.GRUD(3, 4))),
    Specimen("GRUD-irregular", lambda: Gappy(Elapsing(cells.GRUD(3, 4, mean=[1, 2, 3]))), 4),
    Specimen("GRU-after", lambda: GRU(3, 4)),
    Specimen("GRU-before", lambda: GRU(3, 4, reset="before")),
    Specimen("GRU-after-bias", lambda: GRU(3, 4, bias=False)),
    Specimen("GRU-before-bias", lambda: GRU(3, 4, reset="before", bias=False)),
    Specimen("DropConnect", lambda: cells.DropConnect(LSTM(3, 4), 0.3, redraw=False)),
    *_normed(cells.LayerNormCell, lambda: LSTM(3, 4)),
    *_normed(cells.RMSNormCell, lambda: GRU(3, 4)),
    Specimen("ResidualCell", lambda: cells.ResidualCell(GRU(4, 4)), input_size=4),
    Specimen("HighwayCell", lambda: cells.HighwayCell(LSTM(4, 4), 4), input_size=4),
    *ATTENTION,
    Specimen("Narrowing", Narrowing),
    Specimen("NestedState", NestedState),
    Specimen("LearntStart", LearntStart),
    Specimen("OneFeature", OneFeature),
    Specimen("UsedTwice", UsedTwice),
    Specimen("Normed", Normed),
    Specimen("LateOutput", LateOutput),
)

PLAIN = (
    Specimen("ConvLSTM", lambda: cells.ConvLSTM(2, 3, size=4), input_size=(2, 4)),
    Specimen("ConvLSTM-plane", lambda: cells.ConvLSTM(2, 3, size=(3, 2)), input_size=(2, 3, 2)),
    Specimen("PeepholeConvLSTM", lambda: cells.PeepholeConvLSTM(2, 3, size=4), input_size=(2, 4)),
    Specimen("ConvGRU", lambda: cells.ConvGRU(2, 3, size=4, kernel_size=5), input_size=(2, 4)),
    Specimen("ConvGRU-plane", lambda: cells.ConvGRU(2, 3, size=(3, 2)), input_size=(2, 3, 2)),
)
"""Cells that no kernel holds."""

EVERY_CELL = (*CELLS, *PLAIN)

BIDIRECTIONAL = (
    Specimen("Bidirectional", lambda: Bidirectional(GRU(3, 4), LSTM(3, 2)), direction="both"),
    Specimen(
        "Bidirectional-LearntStart",
        lambda: Bidirectional(NestedState(), LearntStart()),
        direction="both",
    ),
)

LAYERS = (
    Specimen("Recurrent-reverse", lambda: Recurrent(LSTM(3, 4), reverse=True), direction="reverse"),
    Specimen(
        "Recurrent-reverse-LearntStart",
        lambda: Recurrent(LearntStart(), reverse=True),
        direction="reverse",
    ),
    Specimen(
        "Stack",
        lambda: Stack([Recurrent(LSTM(3, 4)), Recurrent(GRU(4, 3)), Recurrent(NestedState())]),
    ),
    *BIDIRECTIONAL,
    Specimen(
        "Bidirectional-conv",
        lambda: Bidirectional(cells.ConvGRU(2, 3, size=4), cells.ConvLSTM(2, 1, size=4)),
        input_size=(2, 4),
        direction="both",
    ),
    Specimen(
        "Concatenate-conv",
        lambda: Stack(
            [
                Concatenate(Recurrent(cells.ConvGRU(2, 3, size=4))),  # 2 -> 5 channels
                Residual(Recurrent(cells.ConvGRU(5, 5, size=4))),
            ]
        ),
        input_size=(2, 4),
    ),
    Specimen("Residual", lambda: Residual(Recurrent(GRU(4, 4))), input_size=4),
    Specimen("Concatenate", lambda: Concatenate(Recurrent(LearntStart()))),
    Specimen(
        "nested-forward",
        lambda: Stack(
            [
                Concatenate(Recurrent(Narrowing())),  # 3 -> 5
                Residual(Stack([Recurrent(RNN(5, 3)), Recurrent(LSTM(3, 5))])),
            ]
        ),
    ),
    Specimen(
        "nested-both",
        lambda: Stack(
            [
                Concatenate(Bidirectional(GRU(3, 2), LearntStart())),  # 3 -> 9
                Residual(Bidirectional(LSTM(9, 5), RNN(9, 4))),
            ]
        ),
        direction="both",
    ),
)

ZOO = (*EVERY_CELL, *LAYERS)
FORWARD = tuple(specimen for specimen in ZOO if specimen.direction == "forward")


def name_of(specimen: Specimen) -> str:
    """Name a specimen for `pytest.mark.parametrize(..., ids=name_of)`."""
    return specimen.name
