# What unroll refuses, in its own words.
import pytest
import torch

from recurra import GRU, LSTM, unroll
from recurra.base import (
    ArgumentError,
    BackendUnavailable,
    DtypeError,
    ShapeError,
    UnknownName,
)
from refusals import refused

T, B = 4, 2
X = torch.ones(T, B, 3)


def test_a_backend_that_does_not_exist_yet():
    with refused(
        BackendUnavailable,
        "`backend` names kernels for GPUs",
        got="'triton'",
        expected="'auto', 'c', 'scan' or 'reference'",
    ):
        unroll(GRU(3, 5), X, backend="triton")


def test_a_misspelt_backend():
    with refused(
        UnknownName,
        "`backend` is not a known name.",
        got="'refrence'",
        expected="one of 'auto', 'reference', 'scan', 'c'",
        fix="did you mean 'reference'?",
    ):
        unroll(GRU(3, 5), X, backend="refrence")


@pytest.mark.parametrize(
    ("x", "got"),
    [
        (torch.zeros(3), "(3,) float32 on cpu"),
        (torch.tensor(1.0), "() float32 on cpu"),
        ([[1.0]], "[[1.0]] (list)"),
        (None, "None (NoneType)"),
    ],
)
def test_what_is_no_sequence(x, got):
    with refused(ShapeError, "`x` is not a sequence.", got=got, expected="[T, B, ...]"):
        unroll(GRU(3, 5), x)


@pytest.mark.parametrize("shape", [(0, 2, 3), (4, 0, 3)])
def test_empty_sequences(shape):
    with refused(
        ShapeError,
        "`x` is empty.",
        got=f"{shape} float32 on cpu",
        expected="[T, B, ...] with T >= 1 and B >= 1",
    ):
        unroll(GRU(3, 5), torch.zeros(shape))


@pytest.mark.parametrize(
    ("lengths", "got"),
    [
        (torch.tensor([4, 4, 4]), "(3,) int64 on cpu"),
        (torch.tensor([[4, 4]]), "(1, 2) int64 on cpu"),
        (torch.tensor(4), "() int64 on cpu"),
        ([4, 4], "[4, 4] (list)"),
    ],
)
def test_lengths_of_another_shape(lengths, got):
    with refused(
        ShapeError, "`lengths` is not one number per row.", got=got, expected="(2,) integer"
    ):
        unroll(GRU(3, 5), X, lengths=lengths)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool, torch.complex64])
def test_lengths_that_are_not_integer(dtype):
    name = str(dtype).removeprefix("torch.")
    with refused(
        DtypeError,
        "`lengths` is not integer.",
        got=f"(2,) {name} on cpu",
        expected="(2,) integer",
    ):
        unroll(GRU(3, 5), X, lengths=torch.ones(B, dtype=dtype))


@pytest.mark.parametrize("lengths", [[5, 4], [4, -1]])
def test_lengths_outside_the_sequence(lengths):
    with refused(
        ArgumentError,
        "`lengths` has a value outside the sequence.",
        got=str(lengths),
        expected="2 integers in 0..4",
    ):
        unroll(GRU(3, 5), X, lengths=torch.tensor(lengths))


@pytest.mark.parametrize(
    ("resets", "got"),
    [
        (torch.zeros(B, T, dtype=torch.bool), "(2, 4) bool on cpu"),
        (torch.zeros(T, dtype=torch.bool), "(4,) bool on cpu"),
        ([True], "[True] (list)"),
    ],
)
def test_resets_of_another_shape(resets, got):
    with refused(
        ShapeError,
        "`resets` is not one mark per step and row.",
        got=got,
        expected="(4, 2) bool",
    ):
        unroll(GRU(3, 5), X, resets=resets)


@pytest.mark.parametrize("dtype", [torch.int64, torch.float32])
def test_resets_that_are_not_bool(dtype):
    name = str(dtype).removeprefix("torch.")
    with refused(
        DtypeError,
        "`resets` is not bool.",
        got=f"(4, 2) {name} on cpu",
        expected="(4, 2) bool",
        fix="resets=resets.bool()",
    ):
        unroll(GRU(3, 5), X, resets=torch.zeros(T, B, dtype=dtype))


LSTM_FORM = "LSTMState(hidden=(2, 5) float32 on cpu, cell=(2, 5) float32 on cpu)"
HIDDEN = torch.zeros(B, 5)


@pytest.mark.parametrize(
    ("state", "got"),
    [
        (HIDDEN, "(2, 5) float32 on cpu"),
        ((HIDDEN,), "tuple(0=(2, 5) float32 on cpu)"),
        (
            (HIDDEN, HIDDEN[:1]),
            "tuple(0=(2, 5) float32 on cpu, 1=(1, 5) float32 on cpu)",
        ),
        (
            (HIDDEN, HIDDEN.double()),
            "tuple(0=(2, 5) float32 on cpu, 1=(2, 5) float64 on cpu)",
        ),
    ],
)
def test_states_of_another_form(state, got):
    with refused(ShapeError, "`state` is not a state of `LSTM`.", got=got, expected=LSTM_FORM):
        unroll(LSTM(3, 5), X, state)
