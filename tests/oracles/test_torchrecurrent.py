# Cells against those of another library, weights copied. Left out is its LEM, whose hidden state
# sees the memory before the step, where the paper has the one after.
import pytest
import torch

from compare import assert_close
from recurra import cells, unroll
from recurra.base import state_tensors
from zoo import with_random_weights

torchrecurrent = pytest.importorskip("torchrecurrent", reason="pip install 'recurra[oracles]'")

X, H, T, B = 3, 4, 5, 2


def plain(cell):
    return {"weight_ih": cell.weight_input, "weight_hh": cell.weight_hidden, "bias_ih": cell.bias}


def swapped(cell):
    def swap(rows):
        return torch.cat(rows.chunk(2)[::-1])

    return plain(cell) | {"weight_ih": swap(cell.weight_input), "bias_ih": swap(cell.bias)}


def fast(cell):
    return plain(cell) | {"zeta": cell.zeta, "nu": cell.nu}


def peepholes(cell):
    return plain(cell) | {"weight_ph": cell.weight_peephole.flatten()}


def oscillators(cell):
    return plain(cell) | {"weight_ch": cell.weight_velocity}


def multiplied(cell):
    return {
        "weight_ih": torch.cat([cell.weight_input_mixed, cell.weight_input]),
        "weight_hh": cell.weight_hidden_mixed,
        "weight_mh": cell.weight_hidden,
        "bias_ih": torch.cat([torch.zeros(H), cell.bias]),
    }


TWINS = {
    "MinimalGatedUnit": ("MGUCell", {}, plain),
    "UGRNN": ("UGRNNCell", {}, plain),
    "LiGRU": ("LiGRUCell", {}, plain),
    "LightRecurrentUnit": ("LightRUCell", {}, swapped),
    "FastGRNN": ("FastGRNNCell", {"nonlinearity": "sigmoid"}, fast),
    "AntisymmetricRNN": ("AntisymmetricRNNCell", {"epsilon": 0.1, "gamma": 0.01}, plain),
    "PeepholeLSTM": ("PeepholeLSTMCell", {}, peepholes),
    "NoForgetGateLSTM": ("OriginalLSTMCell", {}, plain),
    "MultiplicativeLSTM": ("MultiplicativeLSTMCell", {}, multiplied),
    "CoRNN": ("coRNNCell", {"dt": 0.05, "gamma": 1.0, "epsilon": 1.0}, oscillators),
}


def twins(name):
    their_name, options, weights = TWINS[name]
    ours = with_random_weights(getattr(cells, name)(X, H).double())
    if name == "NoForgetGateLSTM":  # theirs is that of 1997
        torch.nn.init.zeros_(ours.weight_peephole)
    theirs = getattr(torchrecurrent, their_name)(X, H, **options).double()
    filled = weights(ours)
    with torch.no_grad():
        for key, parameter in theirs.named_parameters():
            parameter.copy_(filled.get(key, torch.zeros_like(parameter)))
    assert filled.keys() <= dict(theirs.named_parameters()).keys()
    return ours, theirs


@pytest.mark.parametrize("name", TWINS)
def test_cells_of_another_library(name):
    ours, theirs = twins(name)
    x = torch.randn(T, B, X, dtype=torch.float64)
    start = [torch.randn_like(part) for part in state_tensors(ours.initial_state(B))]
    one = len(start) == 1
    state, outputs = start[0] if one else tuple(start), []
    y, end = unroll(ours, x, start[0] if one else type(ours.initial_state(B))(*start))
    for step in x:
        state = theirs(step, state)
        outputs.append(state if one else state[0])
    assert_close(y, torch.stack(outputs), "y")
    for mine, other in zip(state_tensors(end), [state] if one else state, strict=True):
        assert_close(mine, other, "state")
