# Whole networks there and back again.
import pytest
import torch
from torch_twins import INPUT, KINDS, cells_of, make_theirs, places

from compare import assert_close
from recurra.layers import from_torch, load_into_torch

OPTIONS = [
    {},
    {"num_layers": 2, "bidirectional": True},
    {"num_layers": 2, "bias": False},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_round_trip(kind, options):
    theirs = make_theirs(kind, **options)
    ours = from_torch(theirs)
    back = make_theirs(kind, **options)
    x = torch.randn(5, 2, INPUT, dtype=torch.float64)
    assert not torch.allclose(back(x)[0], theirs(x)[0])  # other weights, so far
    load_into_torch(ours, back)
    assert_close(back(x)[0].detach(), theirs(x)[0].detach(), "y")

    again = from_torch(back)
    for name, weight in ours.state_dict().items():
        assert torch.equal(again.state_dict()[name], weight), name


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_copies(kind):
    theirs = make_theirs(kind)
    ours = from_torch(theirs)
    before = {name: weight.clone() for name, weight in ours.state_dict().items()}
    back = make_theirs(kind)
    load_into_torch(ours, back)
    with torch.no_grad():
        for parameter in (*theirs.parameters(), *back.parameters()):
            parameter.zero_()
    for name, weight in ours.state_dict().items():
        assert torch.equal(weight, before[name]), name


def test_every_cell_keeps_its_place():
    theirs = make_theirs("LSTM", num_layers=2, bidirectional=True)
    ours = from_torch(theirs)
    for (_, suffix), cell in zip(places(theirs), cells_of(ours), strict=True):
        assert torch.equal(cell.weight_input, getattr(theirs, "weight_ih" + suffix))


def test_batch_first_is_kept():
    theirs = make_theirs("GRU", num_layers=2, batch_first=True)
    x = torch.randn(2, 5, INPUT, dtype=torch.float64)
    assert_close(from_torch(theirs)(x)[0].detach(), theirs(x)[0].detach(), "y")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept(dtype):
    ours = from_torch(make_theirs("GRU", dtype=dtype))
    assert {parameter.dtype for parameter in ours.parameters()} == {dtype}


@pytest.mark.parametrize("training", [True, False])
def test_dropout_and_mode_are_kept(training):
    theirs = make_theirs("GRU", num_layers=2, dropout=0.3).train(training)
    ours = from_torch(theirs)
    assert ours.dropout.p == 0.3
    assert {module.training for module in ours.modules()} == {training}
