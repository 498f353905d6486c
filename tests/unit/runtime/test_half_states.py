"""Under autocast, first states in half precision are taken as inputs are."""

import pytest
import torch
from torch import nn

import recurra
from recurra import GRU, LSTM, LSTMState, Recurrent, Stream, unroll
from recurra.base import DtypeError, ShapeError, map_state, state_tensors

T, B, D, H = 5, 2, 3, 4
HALVES = [torch.bfloat16, torch.float16]
every_half = pytest.mark.parametrize("half", HALVES)


def autocast():
    return torch.autocast("cpu", torch.bfloat16)


@every_half
@pytest.mark.parametrize("backend", ["c", "reference"])
@pytest.mark.parametrize("make", [LSTM, GRU])
def test_unroll_and_layers(half, backend, make):
    cell, x = make(D, H), torch.randn(T, B, D)
    state = map_state(
        lambda p: torch.randn_like(p).to(half).requires_grad_(), cell.initial_state(B)
    )
    expected = unroll(cell, x, map_state(torch.Tensor.float, state), backend="reference")
    with autocast():
        results = [unroll(cell, x, state, backend=backend)]
        results.append(Recurrent(cell, backend=backend)(x.to(half).float(), state))
        plain = tuple(state) if isinstance(state, tuple) else state
        results.append(unroll(cell, x, plain, backend=backend))
    torch.testing.assert_close(results[0], expected)
    torch.testing.assert_close(results[2], expected)
    assert all(part.dtype == torch.float32 for part in state_tensors(results[1][1]))
    slopes = torch.autograd.grad(results[0][0].sum(), list(state_tensors(state)))
    assert all(slope.dtype == half and slope.any() for slope in slopes)


@every_half
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_drop_ins(half, kind):
    mine, theirs = (getattr(of, kind)(D, H, num_layers=2) for of in (recurra.nn, nn))
    theirs.load_state_dict(mine.state_dict())
    x, parts = torch.randn(T, B, D), [torch.randn(2, B, H).to(half) for _ in "hc"]
    hx = tuple(parts) if kind == "LSTM" else parts[0]
    whole = tuple(part.float() for part in parts) if kind == "LSTM" else parts[0].float()
    with autocast():
        got = mine(x, hx)[0]
        mine.backend = "reference"
        again = mine(x, hx)[0]
    torch.testing.assert_close(got, theirs(x, whole)[0])
    torch.testing.assert_close(again, got)


def test_an_encoder_and_a_decoder_by_a_bridge():
    encoder, decoder = recurra.nn.LSTM(D, H), recurra.nn.LSTM(D, H)
    bridge = nn.Linear(H, H)
    x = torch.randn(T, B, D)
    with autocast():
        _, (h, c) = encoder(x)
        start = bridge(h), bridge(c)
        assert start[0].dtype == torch.bfloat16
        y, _ = decoder(x, start)
    y.sum().backward()
    assert encoder.weight_ih_l0.grad.any()
    assert y.dtype == torch.float32


@every_half
def test_streams(half):
    cell, x = GRU(D, H), torch.randn(3, B, D)
    state = torch.randn(B, H).to(half)
    stream, other = Stream(cell, B), Stream(cell, B)
    other.state = state.float()
    with autocast():
        stream.state = state
        got = [stream(each) for each in x]
    torch.testing.assert_close(got, [other(each) for each in x])


@every_half
def test_streams_of_halves(half):
    cell, x = GRU(D, H), torch.randn(3, B, D).to(half)
    stream, other = Stream(cell, B), Stream(cell, B)
    with autocast():
        got = [stream(each) for each in x]
    assert got[0].dtype == torch.float32
    torch.testing.assert_close(got, [other(each.float()) for each in x])


@every_half
def test_outside_of_autocast_and_of_other_forms_they_are_refused(half):
    cell, x = LSTM(D, H), torch.randn(T, B, D)
    state = map_state(lambda part: part.to(half), cell.initial_state(B))
    with pytest.raises((ShapeError, DtypeError)):
        unroll(cell, x, state)
    with autocast():
        for wrong in (state.hidden, (state.hidden,), LSTMState(state.hidden, None)):
            with pytest.raises(ShapeError):
                unroll(cell, x, wrong)
        with pytest.raises(ShapeError):
            unroll(cell, x, map_state(torch.Tensor.double, state))
