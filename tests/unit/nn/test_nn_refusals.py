# Wrong inputs and states: our message, in a class that catches like torch.nn's.
import pytest
import torch
from nn_twins import HIDDEN, INPUT, KINDS, twins
from torch.nn.utils.rnn import pack_padded_sequence

from recurra import nn as ours
from recurra.base import RecurraError
from recurra.nn import ArgumentTypeError, TensorDtypeError, TensorShapeError
from refusals import refused

T, B = 5, 3
X = torch.ones(T, B, INPUT).double()


def packed(size=INPUT):
    return pack_padded_sequence(torch.ones(T, B, size).double(), [5, 3, 1])


INPUTS = {
    "one axis": torch.ones(INPUT).double(),
    "four axes": torch.ones(1, T, B, INPUT).double(),
    "another size": torch.ones(T, B, INPUT + 1).double(),
    "another size, no batch": torch.ones(T, INPUT + 1).double(),
    "another size, packed": packed(INPUT + 1),
    "no steps": torch.ones(0, B, INPUT).double(),
    "no steps, no batch": torch.ones(0, INPUT).double(),
    "another dtype": X.float(),
}


@pytest.mark.parametrize("x", INPUTS.values(), ids=INPUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_inputs(kind, x):
    module, twin = twins(kind, num_layers=2, bidirectional=True)
    with pytest.raises((ValueError, RuntimeError)) as theirs:
        module(x)
    with pytest.raises(RecurraError) as caught:
        twin(x)
    assert issubclass(caught.type, theirs.type)
    assert "input`" in caught.value.problem
    assert {"got", "expected"} <= caught.value.details.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_no_steps_is_not_no_rows(kind):
    _, twin = twins(kind, batch_first=True)
    with pytest.raises(TensorShapeError, match="`input` has no steps"):
        twin(torch.ones(B, 0, INPUT).double())
    assert twin(torch.ones(0, T, INPUT).double())[0].shape[:2] == (0, T)


def states(places, size):
    return {
        "other places": torch.ones(places + 1, B, size),
        "other rows": torch.ones(places, B + 1, size),
        "another size": torch.ones(places, B, size + 1),
        "two axes": torch.ones(places, size),
        "four axes": torch.ones(1, places, B, size),
    }


@pytest.mark.parametrize("x", [X, packed()], ids=["padded", "packed"])
@pytest.mark.parametrize("mistake", states(4, HIDDEN))
@pytest.mark.parametrize("kind", ["tanh", "GRU", "LSTM"])
def test_states(kind, mistake, x):
    module, twin = twins(kind, num_layers=2, bidirectional=True)
    wrong = states(4, HIDDEN)[mistake].double()
    right = torch.ones(4, B, HIDDEN).double()
    for hx in ((wrong, right), (right, wrong)) if kind == "LSTM" else (wrong,):
        with pytest.raises(TensorShapeError, match="`hx") as caught:
            twin(x, hx)
        assert isinstance(caught.value, RuntimeError)
        assert isinstance(caught.value, ValueError)
        assert caught.value.details["expected"] == f"(4, {B}, {HIDDEN})"
    if x is X or kind != "LSTM":  # theirs looks at no state of a packed LSTM
        with pytest.raises(RuntimeError):
            module(x, hx)


def test_states_of_a_projection():
    _, twin = twins("LSTM-proj")
    hidden, cell = torch.ones(1, B, 2).double(), torch.ones(1, B, HIDDEN).double()
    twin(X, (hidden, cell))
    for hx, name in (((cell, cell), "hx[0]"), ((hidden, hidden), "hx[1]")):
        with pytest.raises(TensorShapeError) as caught:
            twin(X, hx)
        assert f"`{name}`" in caught.value.problem


def test_a_state_with_a_batch_for_an_input_without():
    _, twin = twins("GRU")
    with refused(
        TensorShapeError,
        "`hx` does not fit the module and `input`.",
        got=f"(1, 1, {HIDDEN}) float64 on cpu",
        expected=f"(1, {HIDDEN})",
    ):
        twin(X[:, 0], torch.ones(1, 1, HIDDEN).double())


def test_a_state_of_another_dtype():
    _, twin = twins("GRU")
    with refused(
        TensorDtypeError,
        "`hx` has not the dtype of the weights.",
        got=f"(1, {B}, {HIDDEN}) float32 on cpu",
        expected="float64",
        fix="hx.to(torch.float64), or module.to(torch.float32)",
    ):
        twin(X, torch.ones(1, B, HIDDEN))


def test_what_is_no_tensor():
    gru, lstm = ours.GRU(INPUT, HIDDEN), ours.LSTM(INPUT, HIDDEN)
    x, h = X.float(), torch.ones(1, B, HIDDEN)
    with pytest.raises(ArgumentTypeError, match="`input` is not a tensor"):
        gru([[1.0] * INPUT])
    with pytest.raises(ArgumentTypeError, match="`hx` is not a tensor"):
        gru(x, (h,))
    for hx in (h, (h,), (h, h, h), 0):
        with pytest.raises(ArgumentTypeError, match="`hx` is not a pair"):
            lstm(x, hx)
    with pytest.raises(ArgumentTypeError, match=r"`hx\[1\]` is not a tensor"):
        lstm(x, (h, None))


def test_a_list_is_a_pair():
    lstm, h = ours.LSTM(INPUT, HIDDEN), torch.ones(1, B, HIDDEN)
    y, state = lstm(X.float(), [h, h])
    assert torch.equal(y, lstm(X.float(), (h, h))[0])
    assert type(state) is tuple


BATCHED = {"lengths": torch.tensor([5, 3, 1]), "resets": torch.zeros(T, B, dtype=torch.bool)}


@pytest.mark.parametrize("name", BATCHED)
def test_marks_of_another_shape(name):
    gru, first = (ours.GRU(INPUT, HIDDEN, batch_first=flag).double() for flag in (False, True))
    right = BATCHED[name]
    gru(X, **{name: right})
    for module, x, wrong in (
        (gru, X, right[:-1]),
        (gru, X, right.unsqueeze(0)),
        (gru, X[:, 0], right),
        (first, X.transpose(0, 1), right[:, :-1] if name == "resets" else right[:-1]),
        (first, X.transpose(0, 1), right if name == "resets" else right[:-1]),
    ):
        with pytest.raises(TensorShapeError, match=f"`{name}` does not fit") as caught:
            module(x, **{name: wrong})
        assert caught.value.details["got"].startswith(str(tuple(wrong.shape)))
    with pytest.raises(TensorShapeError, match=f"`{name}` does not fit"):
        gru(X, **{name: right.tolist()})


def test_resets_of_what_is_packed():
    gru = ours.GRU(INPUT, HIDDEN).double()
    with pytest.raises(TensorShapeError, match="`resets` does not fit"):
        gru(packed(), resets=torch.zeros(B, T, dtype=torch.bool))
