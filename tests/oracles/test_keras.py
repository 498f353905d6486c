# Keras, whose layers are written apart from PyTorch's and from ours: the GRU that resets before the
# recurrent matrix, and convolutional LSTMs.
import importlib
import warnings

import pytest
import torch

from compare import assert_close
from recurra import GRU, unroll
from recurra.cells import ConvLSTM
from zoo import with_random_weights

T, B = 5, 3
LENGTHS = torch.tensor([5, 2, 4])
FLOAT32 = 1e-6
IFGO_TO_IFCO, RZN_TO_ZRH = (0, 1, 2, 3), (1, 0, 2)


@pytest.fixture(scope="module")
def keras():
    """Import Keras with PyTorch below it; skip where it is not installed."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("KERAS_BACKEND", "torch")
        try:
            found = importlib.import_module("keras")
        except ImportError:
            pytest.skip("Keras is not installed")
    if found.backend.backend() != "torch":
        pytest.skip("Keras was imported with another backend")
    return found


def gates(tensor, order):
    """Put the blocks of gates, first axis, into another order."""
    blocks = tensor.detach().chunk(len(order))
    return torch.cat([blocks[place] for place in order])


def theirs(tensor, order):
    """Lay a weight out as theirs: positions, then channels in, then channels out."""
    tensor = gates(tensor, order)
    return tensor.permute(*range(2, tensor.dim()), 1, 0).contiguous()


def weights(cell, order):
    kernels = [theirs(cell.weight_input, order), theirs(cell.weight_hidden, order)]
    return [each.numpy() for each in (*kernels, gates(cell.bias, order))]


def run(layer, x, cell, order, **options):
    """Build a layer of theirs, give it our weights, and run it."""
    layer.build(tuple(x.shape))
    layer.set_weights(weights(cell, order))
    with torch.no_grad():
        return layer(x, **options)


def test_the_gru_that_resets_before(keras):
    cell = with_random_weights(GRU(3, 4, reset="before").double())
    x = torch.randn(T, B, 3, dtype=torch.float64)
    mask = torch.arange(T) < LENGTHS[:, None]  # [B, T]
    layer = keras.layers.GRU(
        4, reset_after=False, return_sequences=True, return_state=True, dtype="float64"
    )
    expected, end = run(layer, x.transpose(0, 1), cell, RZN_TO_ZRH, mask=mask)
    y, hidden = unroll(cell, x, lengths=LENGTHS)
    valid = mask.T.unsqueeze(2)
    expected = torch.where(valid, expected.transpose(0, 1), 0.0)
    assert_close(y, expected, "y", FLOAT32)  # some of what its GRU computes it rounds
    assert_close(hidden, end, "hidden", FLOAT32)


@pytest.mark.parametrize(("size", "kernel"), [((7,), 3), ((6, 5), 3), ((4, 6), 5)], ids=str)
def test_convolutional_lstms(keras, size, kernel):
    cell = with_random_weights(ConvLSTM(2, 3, size=size, kernel_size=kernel).double())
    x = torch.randn(T, B, 2, *size, dtype=torch.float64)
    kind = keras.layers.ConvLSTM1D if len(size) == 1 else keras.layers.ConvLSTM2D
    layer = kind(
        3,
        kernel,
        padding="same",
        recurrent_activation="sigmoid",
        return_sequences=True,
        return_state=True,
        data_format="channels_last",
        dtype="float64",
    )
    last = x.transpose(0, 1).movedim(2, -1)  # [B, T, ..., I]
    expected, hidden, memory = run(layer, last, cell, IFGO_TO_IFCO)
    y, state = unroll(cell, x)
    assert_close(y, expected.movedim(-1, 2).transpose(0, 1), "y")
    assert_close(state.hidden, hidden.movedim(-1, 1), "hidden")
    assert_close(state.cell, memory.movedim(-1, 1), "cell")
