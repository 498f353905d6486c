# Convolutional cells against their equations, number by number.
import pytest
import torch
from plain_convolutions import conv_gru_step, conv_lstm_step, picture

from compare import assert_close
from recurra.cells import ConvGRU, ConvLSTM, PeepholeConvLSTM
from zoo import with_random_weights

FORMS = pytest.mark.parametrize(
    "options",
    [
        {"size": 4},
        {"size": (4,), "kernel_size": 5, "bias": False},
        {"size": (2, 3)},
        {"size": (3, 2), "kernel_size": 1},
    ],
    ids=str,
)


def made(kind, options):
    return with_random_weights(kind(2, 3, **options).double())


def drawn(cell, channels):
    return torch.randn(1, channels, *cell.size, dtype=torch.float64)


def assert_is(got, expected, what):
    found = picture(got[0].detach())
    assert found.keys() == expected.keys()
    numbers = [[each[place] for place in expected] for each in (found, expected)]
    assert_close(*(torch.tensor(each, dtype=got.dtype) for each in numbers), what)


@FORMS
@pytest.mark.parametrize("kind", [ConvLSTM, PeepholeConvLSTM])
def test_conv_lstms(kind, options):
    cell = made(kind, options)
    x, h, c = drawn(cell, 2), drawn(cell, 3), drawn(cell, 3)
    y, (hidden, memory) = cell(x, (h, c))
    new_h, new_c = conv_lstm_step(cell, picture(x[0]), picture(h[0]), picture(c[0]))
    assert torch.equal(y, hidden)
    assert_is(hidden, new_h, "hidden")
    assert_is(memory, new_c, "cell")


@FORMS
def test_conv_gru(options):
    cell = made(ConvGRU, options)
    x, h = drawn(cell, 2), drawn(cell, 3)
    y, hidden = cell(x, h)
    assert torch.equal(y, hidden)
    assert_is(hidden, conv_gru_step(cell, picture(x[0]), picture(h[0])), "hidden")
