# What PyTorch demands of its recurrent modules, demanded of ours: its samples, and the laws that
# its tests state, in our words.
import pickle

import pytest
import torch
from pytorch_samples import CELLS, LAYERS, make, mistakes, samples
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence

from compare import assert_close
from recurra import RecurraError
from recurra import nn as ours

ALL = (*LAYERS, *CELLS)
float64 = torch.float64


def tensors(value):
    """Flatten whatever a module takes or gives."""
    if isinstance(value, PackedSequence):
        return [value.data]
    if isinstance(value, torch.Tensor):
        return [value]
    return [each for part in value for each in tensors(part)]


def assert_all_close(got, expected):
    for place, (mine, other) in enumerate(zip(tensors(got), tensors(expected), strict=True)):
        assert_close(mine.detach(), other.detach(), f"result {place}")


def theirs_like(name, sample, module):
    arguments = sample.constructor_input
    twin = getattr(torch.nn, name)(*arguments.args, **{**arguments.kwargs, "dtype": float64})
    twin.load_state_dict(module.state_dict(), strict=True)
    return twin.train(module.training)


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("name", ALL)
def test_the_reference_of_each_sample(name, training):
    for sample in samples(name, training=training):
        module = make(name, sample, dtype=float64).train(training)
        given = sample.forward_input
        got = module(*given.args, **given.kwargs)
        assert_all_close(got, theirs_like(name, sample, module)(*given.args, **given.kwargs))
        if sample.reference_fn is not None and torch.is_tensor(given.args[0]):
            assert_all_close(got, sample.reference_fn(module, *given.args, **given.kwargs))


@pytest.mark.parametrize("name", ALL)
def test_the_errors_of_each_sample(name):
    for mistake in mistakes(name):
        sample = mistake.module_error_input
        if mistake.error_on.name == "CONSTRUCTION_ERROR":
            with pytest.raises(mistake.error_type) as caught:
                make(name, sample)
        else:
            module = make(name, sample)
            with pytest.raises(mistake.error_type) as caught:
                module(*sample.forward_input.args, **sample.forward_input.kwargs)
        assert isinstance(caught.value, RecurraError)


# Gradients of gradients go through the plain loop, and say so.
# The parameters are taken along: gradcheck moves them in place, and the module sees it.
@pytest.mark.filterwarnings("ignore:Gradients of gradients")
@pytest.mark.parametrize("check", [torch.autograd.gradcheck, torch.autograd.gradgradcheck])
@pytest.mark.parametrize("name", ALL)
def test_gradients_and_their_gradients(name, check):
    for sample in samples(name, gradients=True):
        given = sample.forward_input.args
        if not torch.is_tensor(given[0]):
            continue  # there is no tensor to move inside of a PackedSequence
        module = make(name, sample, dtype=float64)

        def run(*_, module=module, given=given):
            return tuple(tensors(module(*given)))

        assert check(run, (*tensors(given), *module.parameters()), fast_mode=True)


@pytest.mark.parametrize("name", ALL)
def test_inputs_that_do_not_lie_in_order(name):
    for sample in samples(name):
        given = sample.forward_input.args
        if not torch.is_tensor(given[0]):
            continue
        module = make(name, sample, dtype=float64)
        spread = [
            torch.stack([each, each], dim=-1)[..., 0] if torch.is_tensor(each) else each
            for each in given
        ]
        assert not spread[0].is_contiguous()
        assert torch.equal(spread[0], given[0])
        assert_all_close(module(*spread), module(*given))


@pytest.mark.parametrize("name", ALL)
def test_inputs_are_left_as_they_are(name):
    for sample in samples(name):
        before = [each.clone() for each in tensors(sample.forward_input.args)]
        make(name, sample, dtype=float64)(*sample.forward_input.args)
        assert all(map(torch.equal, before, tensors(sample.forward_input.args)))


@pytest.mark.parametrize("name", ALL)
def test_pickles_shown_and_moved(name):
    for sample in samples(name):
        module = make(name, sample, dtype=float64)
        repr(module)
        got = pickle.loads(pickle.dumps(module))(*sample.forward_input.args)
        assert_all_close(got, module(*sample.forward_input.args))
        assert all(each.dtype == torch.float32 for each in module.float().parameters())
        moved = make(name, sample, device="meta")
        assert all(each.is_meta for each in moved.parameters())


# --- laws of PyTorch's tests, in our words


@pytest.mark.parametrize("name", LAYERS)
def test_a_batch_without_rows_can_go_back(name):
    y, _ = getattr(ours, name)(3, 4)(torch.ones(5, 0, 3))
    assert y.shape == (5, 0, 4)
    y.sum().backward()


@pytest.mark.parametrize("name", LAYERS)
def test_a_sequence_without_steps_is_an_error(name):
    with pytest.raises(RuntimeError):
        getattr(ours, name)(3, 4)(torch.ones(0, 2, 3))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("name", LAYERS)
def test_initial_states_of_every_wrong_size(name, depth, bidirectional):
    H, B = 5, 3
    module = getattr(ours, name)(10, H, depth, bidirectional=bidirectional)
    x, places = torch.randn(4, B, 10), depth * (2 if bidirectional else 1)
    for offset in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (-1, 0, 0)):
        shape = [size + more for size, more in zip((places, B, H), offset, strict=True)]
        hx = torch.zeros(shape)
        hx = (hx, hx) if name == "LSTM" else hx
        if offset == (0, 0, 0):
            module(x, hx)
            continue
        with pytest.raises(RuntimeError):
            module(x, hx)


def test_sizes_of_projected_states():
    module = ours.LSTM(10, 5, num_layers=2, proj_size=2, bidirectional=True)
    x = torch.randn(4, 3, 10)
    right = (torch.zeros(4, 3, 2), torch.zeros(4, 3, 5))
    y, (h_n, c_n) = module(x, right)
    assert (y.shape, h_n.shape, c_n.shape) == ((4, 3, 4), (4, 3, 2), (4, 3, 5))
    for wrong in ((right[1], right[1]), (right[0], right[0]), (right[1], right[0])):
        with pytest.raises(RuntimeError):
            module(x, wrong)
    for proj_size in (5, 6, -1):
        with pytest.raises(ValueError, match="proj_size"):
            ours.LSTM(10, 5, proj_size=proj_size)


def test_nonlinearities():
    default, tanh, relu = (
        ours.RNN(1, 10, **options)
        for options in ({}, {"nonlinearity": "tanh"}, {"nonlinearity": "relu"})
    )
    assert (default.nonlinearity, tanh.nonlinearity, relu.nonlinearity) == ("tanh", "tanh", "relu")
    assert ours.RNN(2, 3, 1, "relu").nonlinearity == "relu"
    with pytest.raises(ValueError, match="nonlinearity"):
        ours.RNN(1, 10, nonlinearity="garbage")


@pytest.mark.parametrize("p", [-0.1, 1.1, True, "a", None])
@pytest.mark.parametrize("name", LAYERS)
def test_dropouts_that_are_none(name, p):
    with pytest.raises(ValueError, match="dropout"):
        getattr(ours, name)(3, 4, num_layers=2, dropout=p)


# All weights are 1, so each output of the first layer is 10, and all of the second are the number
# of those that were kept, times 10 / (1 - p).
@pytest.mark.parametrize("p", [0, 0.276, 0.731, 1])
@pytest.mark.parametrize("training", [True, False])
def test_how_much_is_dropped(p, training):
    H = 1000
    rnn = ours.RNN(10, H, 2, nonlinearity="relu", bias=False, dropout=p).train(training)
    for weight in rnn.parameters():
        torch.nn.init.ones_(weight)
    y, h_n = rnn(torch.ones(1, 1, 10), torch.zeros(2, 1, H))
    assert (h_n[0] == 10).all()
    assert y.min() == y.max() == h_n[1].max()
    if not training or p == 0:
        assert y[0, 0, 0] == 10 * H
    elif p == 1:
        assert y[0, 0, 0] == 0
    else:
        kept = float(y[0, 0, 0].detach()) * (1 - p) / 10
        assert kept == pytest.approx(round(kept), abs=0.01)
        assert abs(kept / H - (1 - p)) < 0.06


@pytest.mark.parametrize("p", [0, 0.1234])
def test_dropout_draws_from_the_generator_of_pytorch(p):
    rnn = ours.RNN(100, 100, 2, dropout=p)
    x, before = torch.rand(1, 1, 100), torch.get_rng_state()
    first, second = rnn(x)[0], rnn(x)[0]
    torch.set_rng_state(before)
    assert torch.equal(rnn(x)[0], first)
    assert torch.equal(first, second) == (p == 0)


@pytest.mark.parametrize("given", [False, True], ids=["no-state", "state"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("name", LAYERS)
def test_rows_of_several_lengths_are_rows_alone(name, bidirectional, given):
    module = getattr(ours, name)(3, 4, 2, bidirectional=bidirectional, dtype=float64)
    rows = [torch.randn(length, 3, dtype=float64, requires_grad=True) for length in (4, 6, 2, 6, 1)]
    hx = torch.randn(4 if bidirectional else 2, 5, 4, dtype=float64)

    def start(b):
        if not given:
            return None
        part = hx if b is None else hx[:, b]
        return (part, 2 * part) if name == "LSTM" else part

    packed, end = module(pack_sequence(rows, enforce_sorted=False), start(None))
    y, lengths = pad_packed_sequence(packed)
    for b, row in enumerate(rows):
        alone, last = module(row, start(b))
        assert lengths[b] == len(row)
        assert_close(y[: len(row), b].detach(), alone.detach(), "y")
        for mine, other in zip(tensors(end), tensors(last), strict=True):
            assert_close(mine[:, b].detach(), other.detach(), "state")
    packed.data.sum().backward()
    assert all(row.grad is not None and row.grad.abs().min() > 0 for row in rows)


@pytest.mark.parametrize("name", LAYERS)
def test_backwards_is_forwards_over_reversed_rows(name):
    both = getattr(ours, name)(3, 4, bidirectional=True, dtype=float64)
    one = getattr(ours, name)(3, 4, dtype=float64)
    for key, weight in one.state_dict(keep_vars=True).items():
        weight.data.copy_(getattr(both, key + "_reverse").data)
    rows = [torch.randn(length, 3, dtype=float64) for length in (4, 6, 2)]
    y, lengths = pad_packed_sequence(both(pack_sequence(rows, enforce_sorted=False))[0])
    flipped = pack_sequence([row.flip(0) for row in rows], enforce_sorted=False)
    other, _ = pad_packed_sequence(one(flipped)[0])
    for b, length in enumerate(lengths):
        expected = other[:length, b].flip(0).detach()
        assert_close(y[:length, b, 4:].detach(), expected, "backward half")


@pytest.mark.parametrize("name", CELLS)
def test_cells_without_a_state_start_from_zeros(name):
    cell = getattr(ours, name)(10, 20)
    x, zeros = torch.randn(3, 10), torch.zeros(3, 20)
    hx = (zeros, zeros) if name == "LSTMCell" else zeros
    assert all(map(torch.equal, tensors(cell(x)), tensors(cell(x, hx))))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", CELLS)
def test_cells_can_be_chained_and_go_back(name, bias):
    cell = getattr(ours, name)(10, 20, bias=bias)
    x, hx = torch.randn(3, 10), None
    for _ in range(6):
        hx = cell(x, hx)
    sum(each.sum() for each in tensors(hx)).backward()
    assert all(weight.grad is not None for weight in cell.parameters())
