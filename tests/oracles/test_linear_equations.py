# The cells that are linear in their state against their equations, number by number.
import math

import plain_linear
import pytest
import torch

from compare import assert_close
from recurra import cells
from recurra.base import ArgumentError, ShapeError
from zoo import with_random_weights

X, H = 3, 2

STEPS = {
    "MinGRU": plain_linear.mingru_step,
    "MinLSTM": plain_linear.minlstm_step,
    "HGRN": plain_linear.hgrn_step,
    "SRU": plain_linear.sru_step,
}


def numbers(values):
    return torch.tensor([values], dtype=torch.float64)


def draw(size):
    return torch.randn(size, dtype=torch.float64).tolist()


def made(name, **options):
    return with_random_weights(getattr(cells, name)(X, H, **options).double())


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("name", STEPS)
def test_cells_of_one_state(name, bias):
    check_one_state(made(name, bias=bias), STEPS[name])


def check_one_state(cell, step):
    x, h = draw(X), draw(H)
    y, hidden = cell(numbers(x), numbers(h))
    new_y, new_h = step(cell, x, h)
    assert_close(y, numbers(new_y), "y")
    assert_close(hidden, numbers(new_h), "state")


def test_options():
    check_one_state(made("HGRN", lower_bound=0.7), plain_linear.hgrn_step)
    check_one_state(made("SRU", peephole=True), plain_linear.sru_step)


@pytest.mark.parametrize("window", [1, 2, 4])
def test_the_qrnn_and_its_window(window):
    cell = made("QRNN", window=window)
    sequence, c = [draw(X) for _ in range(6)], draw(H)
    state = cell.initial_state(1)._replace(cell=numbers(c))
    seen = [[0.0] * X] * (window - 1)
    for x in sequence:
        y, state = cell(numbers(x), state)
        seen = [*seen, x][-window:]
        new_y, c = plain_linear.qrnn_step(cell, seen, c)
        assert_close(y, numbers(new_y), "y")
        assert_close(state.cell, numbers(c), "cell")


def test_the_lru_in_complex_numbers():
    cell = made("LRU")
    x, real, imaginary = draw(X), draw(H), draw(H)
    y, state = cell(numbers(x), cells.LRUState(numbers(real), numbers(imaginary)))
    new_y, new = plain_linear.lru_step(cell, x, list(map(complex, real, imaginary)))
    assert_close(y, numbers(new_y), "y")
    assert_close(state.real, numbers([each.real for each in new]), "real")
    assert_close(state.imaginary, numbers([each.imag for each in new]), "imaginary")


def test_an_lru_starts_on_its_ring():
    cell = cells.LRU(X, 4000, least=0.5, most=0.8, most_turn=1.0)
    size, turn = (-cell.nu.exp()).exp(), cell.theta.exp()
    assert size.min() >= 0.5 - 1e-6
    assert size.max() <= 0.8 + 1e-6
    assert turn.max() <= 1.0
    # evenly over the ring: half of its area lies within the root of the middle of the squares
    inner = (size**2 < (0.5**2 + 0.8**2) / 2).float().mean()
    assert abs(float(inner) - 0.5) < 0.03
    assert_close(cell.gamma.exp(), (1 - size**2).sqrt(), "scale of the input", 1e-4)


def test_a_minlstm_keeps_its_state_where_both_gates_are_shut():
    cell = cells.MinLSTM(X, H)
    with torch.no_grad():
        cell.weight_input.zero_()
        cell.bias.copy_(torch.tensor([-90.0, -95.0, -95.0, -90.0, 1.0, 1.0]))
    y, _ = cell(torch.zeros(1, X), torch.zeros(1, H))
    assert_close(y, torch.sigmoid(torch.tensor([[-5.0, 5.0]])), "y", 1e-6)


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("HGRN", {"lower_bound": 1.0}, ArgumentError),
        ("HGRN", {"lower_bound": -0.1}, ArgumentError),
        ("LRU", {"least": 1.0}, ArgumentError),
        ("LRU", {"most": 1.0}, ArgumentError),
        ("LRU", {"most_turn": 0.0}, ArgumentError),
        ("LRU", {"most_turn": 2 * math.pi + 0.1}, ArgumentError),
        ("QRNN", {"window": 0}, ShapeError),
    ],
)
def test_refusals(name, options, error):
    (option,) = options
    with pytest.raises(error, match=f"`{option}`"):
        getattr(cells, name)(X, H, **options)


def test_a_ring_without_width():
    with pytest.raises(ArgumentError, match="`least` is not below `most`"):
        cells.LRU(X, H, least=0.9, most=0.9)
