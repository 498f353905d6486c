# More LSTMs and GRUs against their equations, number by number, and how they start.
from functools import partial

import plain_gated
import pytest
import torch
from torch import nn

from compare import assert_close
from recurra import cells, unroll
from recurra.base import ShapeError
from refusals import refused
from zoo import with_random_weights

X, H = 3, 4

ONE_STATE = {
    "LiGRU": plain_gated.li_gru_step,
    "LightRecurrentUnit": plain_gated.light_recurrent_unit_step,
    "LayerNormGRU": plain_gated.layer_norm_gru_step,
    "FastGRNN": plain_gated.fast_grnn_step,
}
SEARCHED = {
    "NoInputGateLSTM": "i",
    "NoForgetGateLSTM": "f",
    "NoOutputGateLSTM": "o",
    "NoInputActivationLSTM": "input activation",
    "NoOutputActivationLSTM": "output activation",
}
TWO_STATES = {
    "LayerNormLSTM": plain_gated.layer_norm_lstm_step,
    **{
        name: partial(plain_gated.searched_lstm_step, lacks=part) for name, part in SEARCHED.items()
    },
}
BIAS = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])


def numbers(*values):
    return torch.tensor([values], dtype=torch.float64)


def draw(size):
    return torch.randn(size, dtype=torch.float64).tolist()


def made(name, bias=True, **options):
    return with_random_weights(getattr(cells, name)(X, H, bias=bias, **options).double())


@BIAS
@pytest.mark.parametrize("name", ONE_STATE)
def test_cells_with_a_hidden_state(name, bias):
    cell, x, h = made(name, bias), draw(X), draw(H)
    y, hidden = cell(numbers(*x), numbers(*h))
    expected = numbers(*ONE_STATE[name](cell, x, h))
    assert_close(y, expected, "y")
    assert_close(hidden, expected, "hidden")


@BIAS
@pytest.mark.parametrize("name", TWO_STATES)
def test_cells_with_two_states(name, bias):
    cell, x, h, c = made(name, bias), draw(X), draw(H), draw(H)
    y, (hidden, other) = cell(numbers(*x), (numbers(*h), numbers(*c)))
    new_h, new_c = TWO_STATES[name](cell, x, h, c)
    assert_close(y, numbers(*new_h), "y")
    assert_close(hidden, numbers(*new_h), "hidden")
    assert_close(other, numbers(*new_c), "cell")


@BIAS
def test_the_projection(bias):
    cell = made("ProjectionLSTM", bias, projection_size=2)
    x, h, c = draw(X), draw(2), draw(H)
    y, (hidden, other) = cell(numbers(*x), (numbers(*h), numbers(*c)))
    new_h, new_c = plain_gated.projection_lstm_step(cell, x, h, c)
    assert_close(y, numbers(*new_h), "y")
    assert_close(hidden, numbers(*new_h), "hidden")
    assert_close(other, numbers(*new_c), "cell")


@BIAS
def test_gates_that_see_the_gates(bias):
    cell = made("FullGateRecurrenceLSTM", bias)
    x, h, c, q = draw(X), draw(H), draw(H), draw(3 * H)
    y, state = cell(numbers(*x), (numbers(*h), numbers(*c), numbers(*q)))
    expected = plain_gated.full_gate_recurrence_lstm_step(cell, x, h, c, q)
    assert_close(y, numbers(*expected[0]), "y")
    for name, mine, theirs in zip(state._fields, state, expected, strict=True):
        assert_close(mine, numbers(*theirs), name)


@BIAS
@pytest.mark.parametrize("ranks", [(2, None), (None, 3), (1, 2)], ids=str)
def test_low_ranks(bias, ranks):
    cell = made("FastGRNN", bias, input_rank=ranks[0], hidden_rank=ranks[1])
    x, h = draw(X), draw(H)
    expected = plain_gated.fast_grnn_step(cell, x, h)
    assert_close(cell(numbers(*x), numbers(*h))[0], numbers(*expected), "y")


@BIAS
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
def test_the_projection_of_torch(bias, reverse):
    theirs = nn.LSTM(X, H, proj_size=2, bias=bias, bidirectional=reverse, dtype=torch.float64)
    ours = cells.ProjectionLSTM(X, H, projection_size=2, bias=bias, dtype=torch.float64)
    weights = dict(theirs.named_parameters())
    suffix = "_l0_reverse" if reverse else "_l0"
    with torch.no_grad():
        ours.weight_input.copy_(weights["weight_ih" + suffix])
        ours.weight_hidden.copy_(weights["weight_hh" + suffix])
        ours.weight_projection.copy_(weights["weight_hr" + suffix])
        if bias:
            ours.bias.copy_(weights["bias_ih" + suffix] + weights["bias_hh" + suffix])
    x = torch.randn(7, 3, X, dtype=torch.float64, requires_grad=True)
    h, c = torch.randn(3, 2, dtype=torch.float64), torch.randn(3, H, dtype=torch.float64)
    both = (1 + reverse, -1, -1)
    expected, (end_h, end_c) = theirs(x, (h.expand(both), c.expand(both)))
    expected = expected[..., 2 * reverse :]
    y, end = unroll(ours, x, cells.LSTMState(h, c), reverse=reverse)
    assert_close(y, expected, "y")
    assert_close(end.hidden, end_h[-1], "hidden")
    assert_close(end.cell, end_c[-1], "cell")
    pairs = [(ours.weight_projection, "weight_hr"), (ours.weight_hidden, "weight_hh")]
    cotangent = torch.randn_like(y)
    mine = torch.autograd.grad(y, [x, *(weight for weight, _ in pairs)], cotangent)
    other = torch.autograd.grad(
        expected, [x, *(weights[name + suffix] for _, name in pairs)], cotangent
    )
    for place, (got, wanted) in enumerate(zip(mine, other, strict=True)):
        assert_close(got, wanted, f"gradient {place}")


@pytest.mark.parametrize(
    "name",
    [
        "ProjectionLSTM",
        "LayerNormLSTM",
        "NoInputGateLSTM",
        "NoOutputGateLSTM",
        "NoInputActivationLSTM",
        "NoOutputActivationLSTM",
        "FullGateRecurrenceLSTM",
    ],
)
def test_forget_gates_start_open(name):
    cell = getattr(cells, name)(X, H)
    assert cell.bias[cell.rows_of("f")].tolist() == [1.0] * H
    assert cell.bias.eq(1).sum() == H


def test_without_a_forget_gate_nothing_is_forgotten():
    cell = made("NoForgetGateLSTM")
    assert cell.keeps is None
    assert cells.NoForgetGateLSTM(X, H).bias.abs().max() <= H**-0.5
    with torch.no_grad():
        cell.bias[cell.rows_of("i")] = -1e3
    memory = torch.randn(1, H, dtype=torch.float64)
    _, state = unroll(cell, torch.randn(9, 1, X).double(), cells.LSTMState(memory, memory))
    assert torch.equal(state.cell, memory)


def test_norms_start_as_they_are():
    lstm, gru = cells.LayerNormLSTM(X, H), cells.LayerNormGRU(X, H)
    for gain in (lstm.gain_input, lstm.gain_hidden, lstm.gain_cell):
        assert gain.eq(1).all()
    assert lstm.bias_cell.eq(0).all()
    assert gru.gain_input.eq(1).all()
    assert gru.gain_hidden.eq(1).all()


@pytest.mark.parametrize("name", ["LayerNormLSTM", "LayerNormGRU"])
def test_the_scale_of_weights_does_not_matter(name):
    small, large = (made(name) for _ in range(2))
    large.load_state_dict(small.state_dict())
    with torch.no_grad():
        large.weight_input *= 1e3
        large.weight_hidden *= 1e3
    x = torch.randn(5, 2, X, dtype=torch.float64)
    # but for what is added to a variance
    assert_close(unroll(large, x)[0], unroll(small, x)[0], "y", tolerance=1e-3)


def test_a_li_gru_starts_with_rotations():
    cell = cells.LiGRU(X, H)
    for gate in cell.gates:
        rotation = cell.weight_hidden[cell.rows_of(gate)].detach()
        torch.testing.assert_close(rotation @ rotation.T, torch.eye(H))


def test_how_fast_grnn_starts():
    cell = cells.FastGRNN(X, H)
    assert (cell.zeta.item(), cell.nu.item()) == (1.0, -4.0)
    assert cell.bias.eq(1).all()


def test_only_the_gate_of_a_light_unit_sees_the_state():
    cell = made("LightRecurrentUnit")
    assert cell.weight_hidden.shape == (H, H)
    with torch.no_grad():
        cell.bias[cell.rows_of("f")] = 1e3  # all is new
    x = torch.randn(1, X, dtype=torch.float64)
    first, second = (cell(x, torch.randn(1, H, dtype=torch.float64))[0] for _ in range(2))
    assert torch.equal(first, second)


def test_a_projection_that_is_larger_than_the_cell():
    assert cells.ProjectionLSTM(X, 5).projection_size == 3
    assert cells.ProjectionLSTM(X, 1).projection_size == 1
    for size, expected in ((5, "an integer <= 4"), (0, "an integer >= 1")):
        with refused(
            ShapeError,
            "`projection_size` is not a possible number.",
            got=str(size),
            expected=expected,
        ):
            cells.ProjectionLSTM(X, H, projection_size=size)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"input_rank": 4}, "an integer <= 3"),
        ({"input_rank": 0}, "an integer >= 1"),
        ({"hidden_rank": 5}, "an integer <= 4"),
    ],
    ids=str,
)
def test_ranks_that_a_matrix_cannot_have(options, expected):
    ((name, rank),) = options.items()
    with refused(
        ShapeError,
        f"`{name}` is not a possible number.",
        got=str(rank),
        expected=expected,
    ):
        cells.FastGRNN(X, H, **options)
