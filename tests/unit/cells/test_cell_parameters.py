import pytest
import torch

from recurra import GRU, LSTM, RNN
from recurra.cells import FullGateRecurrenceLSTM, PeepholeConvLSTM

CELLS = {
    # what the documentation says of I = 3 and H = 5
    "RNN": (lambda **options: RNN(3, 5, **options), 5 * (3 + 5 + 1), 5 * (3 + 5)),
    "LSTM": (lambda **options: LSTM(3, 5, **options), 4 * 5 * (3 + 5 + 1), 4 * 5 * (3 + 5)),
    "GRU-after": (
        lambda **options: GRU(3, 5, **options),
        3 * 5 * (3 + 5 + 1) + 5,
        3 * 5 * (3 + 5),
    ),
    "GRU-before": (
        lambda **options: GRU(3, 5, reset="before", **options),
        3 * 5 * (3 + 5 + 1),
        3 * 5 * (3 + 5),
    ),
}
MAKERS = {name: make for name, (make, _, _) in CELLS.items()}


def count(cell):
    return sum(parameter.numel() for parameter in cell.parameters())


@pytest.mark.parametrize(("make", "with_bias", "without"), CELLS.values(), ids=CELLS)
def test_there_are_as_many_parameters_as_documented(make, with_bias, without):
    assert count(make()) == with_bias
    assert count(make(bias=False)) == without


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_first_values_fill_the_range_of_torch(make):
    bound = 5**-0.5
    for name, parameter in make().named_parameters():
        values = parameter.detach()
        if name == "bias" and isinstance(make(), LSTM):
            values = torch.cat([values[:5], values[10:]])  # the forget gate has its own
        assert values.abs().max() <= bound, name
        assert values.min() < 0 < values.max(), name
        assert values.abs().max() > 0.5 * bound, name


@pytest.mark.parametrize(("options", "expected"), [({}, 1.0), ({"forget_bias": -2.5}, -2.5)])
def test_the_forget_bias_has_its_first_value(options, expected):
    cell = LSTM(3, 5, **options)
    is_expected = cell.bias == expected
    assert is_expected.tolist() == [False] * 5 + [True] * 5 + [False] * 10


def test_a_forget_bias_of_zero_is_zero():
    assert (LSTM(3, 5, forget_bias=0.0).bias[5:10] == 0).all()


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_parameters_can_be_drawn_again(make):
    cell = make()
    before = {name: parameter.clone() for name, parameter in cell.named_parameters()}
    cell.reset_parameters()
    for name, parameter in cell.named_parameters():
        assert not torch.equal(parameter, before[name]), name
    if isinstance(cell, LSTM):
        assert (cell.bias[5:10] == 1).all()


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_device_and_dtype_are_heeded(make):
    cell = make(device="meta", dtype=torch.float64)
    for parameter in cell.parameters():
        assert parameter.device.type == "meta"
        assert parameter.dtype == torch.float64


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_bias_can_be_left_out(make):
    assert set(make(bias=False).state_dict()) == {"weight_input", "weight_hidden"}


def test_only_the_gru_with_reset_after_has_a_second_bias():
    with_two = [name for name, make in MAKERS.items() if "bias_hidden" in make().state_dict()]
    assert with_two == ["GRU-after"]


@pytest.mark.parametrize(
    ("make", "added"),
    [
        (lambda: FullGateRecurrenceLSTM(3, 5), "weight_gates"),
        (lambda: PeepholeConvLSTM(3, 5, size=8), "weight_peephole"),
    ],
)
def test_what_was_drawn_twice_still_is_so_that_a_seed_gives_the_same_weights(make, added):
    torch.manual_seed(7)
    cell = make()
    bound = {"weight_gates": 5, "weight_peephole": 5 * 3}[added] ** -0.5
    torch.manual_seed(7)
    names = [name for name, _ in cell.named_parameters()]
    for name in [name for name in names if name != added] + names:
        drawn = torch.empty_like(cell.get_parameter(name)).uniform_(-bound, bound)
        if name == added:
            assert torch.equal(drawn, cell.get_parameter(name))
