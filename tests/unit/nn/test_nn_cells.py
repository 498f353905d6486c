# RNNCell, LSTMCell and GRUCell: one step, as torch.nn's.
import copy
import pickle

import pytest
import torch
from nn_twins import each
from torch import nn as theirs

from compare import assert_same, measure
from recurra import nn as ours
from recurra.nn import ArgumentTypeError, TensorDtypeError, TensorShapeError

KINDS = {
    "tanh": ("RNNCell", {}),
    "relu": ("RNNCell", {"nonlinearity": "relu"}),
    "LSTM": ("LSTMCell", {}),
    "GRU": ("GRUCell", {}),
}
INPUT, H = 3, 4


def twins(kind, **options):
    name, special = KINDS[kind]
    options = {"dtype": torch.float64, **special, **options}
    module, twin = (getattr(room, name)(INPUT, H, **options) for room in (theirs, ours))
    twin.load_state_dict(module.state_dict(), strict=True)
    return module, twin


def random_state(kind, *rows, dtype=torch.float64):
    parts = tuple(torch.randn(*rows, H, dtype=dtype, requires_grad=True) for _ in range(2))
    return parts if kind == "LSTM" else parts[0]


def run(module):
    def step(x, hx):
        result = module(x, hx)
        return (result[0] if isinstance(result, tuple) else result), result

    return step


@pytest.mark.parametrize("given", [False, True], ids=["no-state", "state"])
@pytest.mark.parametrize("rows", [(), (1,), (5,), (0,)], ids=["no-batch", "one", "five", "empty"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("kind", KINDS)
def test_same_results_and_gradients(kind, bias, rows, given):
    module, twin = twins(kind, bias=bias)
    x = torch.randn(*rows, INPUT, dtype=torch.float64, requires_grad=True)
    hx = random_state(kind, *rows) if given else None
    expected = measure(module, run(module), x, hx)
    assert_same(measure(twin, run(twin), x, hx), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_loop_of_steps_is_the_network(kind):
    _, cell = twins(kind)
    name, special = KINDS[kind]
    network = getattr(ours, name.removesuffix("Cell"))(INPUT, H, dtype=torch.float64, **special)
    weights = {f"{name}_l0": weight for name, weight in cell.state_dict().items()}
    network.load_state_dict(weights, strict=True)
    x, hx = torch.randn(6, 2, INPUT, dtype=torch.float64), None
    for step in x:
        hx = cell(step, hx)
    expected = network(x)[1]
    for mine, other in (
        zip(each(hx, lambda part: part.unsqueeze(0)), expected, strict=True)
        if kind == "LSTM"
        else [(hx, expected[0])]
    ):
        assert torch.allclose(mine, other)


def test_reset_before():
    cell = ours.GRUCell(INPUT, H, reset="before", dtype=torch.float64)
    network = ours.GRU(INPUT, H, reset="before", dtype=torch.float64)
    network.load_state_dict({f"{name}_l0": weight for name, weight in cell.state_dict().items()})
    x = torch.randn(1, 2, INPUT, dtype=torch.float64)
    assert torch.allclose(cell(x[0]), network(x)[0][0])


@pytest.mark.parametrize("how", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
@pytest.mark.parametrize("kind", KINDS)
def test_copies(kind, how):
    _, cell = twins(kind)
    x = torch.randn(2, INPUT, dtype=torch.float64)
    mine, other = how(cell)(x), cell(x)
    assert all(map(torch.equal, mine, other))


MISTAKES = {
    "input of another size": ((2, INPUT + 1), (2, H), TensorShapeError),
    "input with three axes": ((2, 2, INPUT), (2, H), TensorShapeError),
    "input without axes": ((), (2, H), TensorShapeError),
    "state of another size": ((2, INPUT), (2, H + 1), TensorShapeError),
    "state of other rows": ((2, INPUT), (3, H), TensorShapeError),
    "state without a batch": ((2, INPUT), (H,), TensorShapeError),
    "state with a batch": ((INPUT,), (1, H), TensorShapeError),
    "state with four axes": ((2, INPUT), (2, 1, 1, H), TensorShapeError),
}


@pytest.mark.parametrize(("x", "hx", "error"), MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize("kind", KINDS)
def test_shapes_that_do_not_fit(kind, x, hx, error):
    module, twin = twins(kind)
    x, hx = torch.ones(x).double(), torch.ones(hx).double()
    hx = (hx, hx) if kind == "LSTM" else hx
    with pytest.raises((ValueError, RuntimeError)) as theirs_caught:
        module(x, hx)
    with pytest.raises(error) as caught:
        twin(x, hx)
    assert issubclass(error, theirs_caught.type)
    assert {"got", "expected"} == caught.value.details.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_another_dtype(kind):
    _, cell = twins(kind)
    with pytest.raises(TensorDtypeError, match="`input`"):
        cell(torch.ones(2, INPUT))
    with pytest.raises(TensorDtypeError, match="`hx"):
        cell(torch.ones(2, INPUT).double(), random_state(kind, 2, dtype=torch.float32))


def test_what_is_no_tensor():
    with pytest.raises(ArgumentTypeError, match="`input`"):
        ours.GRUCell(INPUT, H)([[1.0, 2.0, 3.0]])
    with pytest.raises(ArgumentTypeError, match="`hx`"):
        ours.GRUCell(INPUT, H)(torch.ones(2, INPUT), 0)
    for hx in (torch.ones(2, H), (torch.ones(2, H),), 0):
        with pytest.raises(ArgumentTypeError, match="`hx` is not a pair"):
            ours.LSTMCell(INPUT, H)(torch.ones(2, INPUT), hx)


@pytest.mark.parametrize("size", [0, -1, 2.0, True])
def test_sizes(size):
    for sizes in ((size, H), (INPUT, size)):
        with pytest.raises((ValueError, TypeError), match="_size`"):
            ours.LSTMCell(*sizes)
