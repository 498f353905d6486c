# Projections of all three and the older GRU, against loops over the equations.
import pytest
import torch

import recurra
from compare import assert_same, measure, random_input
from recurra import nn as ours
from recurra.nn import TensorShapeError

T, B, INPUT, H, P = 5, 3, 3, 4, 2


def weights_of(module, suffix):
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
    return [getattr(module, name + suffix) for name in names]


def elman(module, x, h, suffix):
    w_ih, w_hh, b_ih, b_hh, w_hr = weights_of(module, suffix)
    h = torch.tanh(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh) @ w_hr.T
    return h, h


def gru(module, x, h, suffix):
    w_ih, w_hh, b_ih, b_hh, w_hr = weights_of(module, suffix)
    blocks = [slice(0, H), slice(H, 2 * H), slice(2 * H, 3 * H)]
    small = h @ w_hr.T

    def drive(gate, seen):
        return x @ w_ih[gate].T + b_ih[gate], seen @ w_hh[gate].T + b_hh[gate]

    r, z = (torch.sigmoid(sum(drive(gate, small))) for gate in blocks[:2])
    if module.reset == "after":
        from_x, from_h = drive(blocks[2], small)
        n = torch.tanh(from_x + r * from_h)
    else:
        n = torch.tanh(sum(drive(blocks[2], (r * h) @ w_hr.T)))
    h = (1 - z) * n + z * h
    return h @ w_hr.T, h


PROJECTED = {
    "RNN": (lambda **o: ours.RNN(INPUT, H, proj_size=P, **o), elman, P),
    "GRU-after": (lambda **o: ours.GRU(INPUT, H, proj_size=P, **o), gru, H),
    "GRU-before": (lambda **o: ours.GRU(INPUT, H, proj_size=P, reset="before", **o), gru, H),
}


@pytest.mark.parametrize(("make", "step", "state_size"), PROJECTED.values(), ids=PROJECTED)
def test_projections(make, step, state_size):
    module = make(num_layers=2, dtype=torch.float64)
    hx = torch.randn(2, B, state_size, dtype=torch.float64, requires_grad=True)

    def loop(x, hx):
        states = list(hx)
        outputs = []
        for y in x:
            for depth, suffix in enumerate(("_l0", "_l1")):
                y, states[depth] = step(module, y, states[depth], suffix)
            outputs.append(y)
        return torch.stack(outputs), torch.stack(states)

    x = random_input(T, B, INPUT)
    got = measure(module, module, x, hx)
    assert got.y.shape == (T, B, P)
    assert_same(got, measure(module, loop, x, hx))


@pytest.mark.parametrize(("make", "step", "state_size"), PROJECTED.values(), ids=PROJECTED)
def test_projections_both_ways(make, step, state_size):
    del step
    module = make(num_layers=2, bidirectional=True)
    assert module.weight_ih_l1.shape[1] == 2 * P
    assert module.weight_hr_l1_reverse.shape == (P, H)
    x = torch.randn(T, B, INPUT)
    y, h_n = module(x)
    assert y.shape == (T, B, 2 * P)
    assert h_n.shape == (4, B, state_size)
    lengths = torch.tensor([5, 3, 1])
    assert torch.equal(module(x, h_n, lengths=lengths)[0][3:, 1], torch.zeros(2, 2 * P))


def test_the_state_of_a_projected_gru_is_not_projected():
    module = ours.GRU(INPUT, H, proj_size=P)
    with pytest.raises(TensorShapeError):
        module(torch.ones(T, B, INPUT), torch.ones(1, B, P))
    x = torch.randn(T, B, INPUT)
    whole, end = module(x)
    first, middle = module(x[:2])
    second, last = module(x[2:], middle)
    assert torch.allclose(torch.cat([first, second]), whole)
    assert torch.allclose(last, end)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
def test_reset_before_is_that_of_our_cell(bias):
    module = ours.GRU(INPUT, H, reset="before", bias=bias, dtype=torch.float64)
    cell = recurra.GRU(INPUT, H, reset="before", bias=bias, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_input.copy_(module.weight_ih_l0)
        cell.weight_hidden.copy_(module.weight_hh_l0)
        if bias:
            cell.bias.copy_(module.bias_ih_l0 + module.bias_hh_l0)
    x = torch.randn(T, B, INPUT, dtype=torch.float64)
    y, state = recurra.Recurrent(cell)(x)
    mine, h_n = module(x)
    assert torch.allclose(mine, y, rtol=0, atol=1e-12)
    assert torch.allclose(h_n[0], state, rtol=0, atol=1e-12)
    after = ours.GRU(INPUT, H, bias=bias, dtype=torch.float64)
    after.load_state_dict(module.state_dict(), strict=True)
    assert not torch.allclose(after(x)[0], y, atol=1e-3)
