"""Dropout that stays the same along a sequence."""

import pytest
import torch

from recurra.base import ArgumentError, ShapeError
from recurra.cells import LSTM
from recurra.layers import Recurrent, Stack, SymbolDropout, VariationalDropout


def test_all_steps_share_a_mask_and_rows_do_not():
    x = torch.rand(5, 40, 30) + 1
    y = VariationalDropout(0.4)(x)
    factors = y / x
    torch.testing.assert_close(factors, factors[:1].expand_as(factors))
    values = factors[0].unique()
    torch.testing.assert_close(values[[0, -1]], torch.tensor([0.0, 1 / 0.6]))
    assert float((factors[0] == 0).float().mean()) == pytest.approx(0.4, abs=0.05)
    assert not torch.equal(factors[0, 0], factors[0, 1])


def test_each_call_draws_anew_and_the_seed_decides():
    x, dropout = torch.ones(3, 4, 20), VariationalDropout(0.5)
    torch.manual_seed(3)
    first, second = dropout(x), dropout(x)
    torch.manual_seed(3)
    assert torch.equal(dropout(x), first)
    assert not torch.equal(second, first)


@pytest.mark.parametrize("probability", [0.0, 0.7])
def test_when_not_training_nothing_is_dropped(probability):
    x = torch.randn(3, 4, 5)
    assert VariationalDropout(probability).eval()(x) is x
    assert VariationalDropout(0.0)(x) is x


def test_a_probability_of_one_drops_all():
    assert not VariationalDropout(1.0)(torch.ones(3, 4, 5)).any()


def test_what_is_no_sequence_is_refused():
    with pytest.raises(ShapeError, match="not a sequence"):
        VariationalDropout(0.5)(torch.ones(3))


@pytest.mark.parametrize("probability", [-0.1, 1.1])
def test_impossible_probabilities(probability):
    with pytest.raises(ArgumentError, match="probability"):
        VariationalDropout(probability)
    with pytest.raises(ArgumentError, match="probability"):
        SymbolDropout(5, probability)


def test_a_symbol_is_dropped_wherever_it_stands():
    numbers = torch.randint(50, (20, 6))
    factors = SymbolDropout(50, 0.3)(torch.ones(20, 6, 4), numbers)
    assert bool((factors == factors[..., :1]).all())  # all features of a symbol together
    found = factors[..., 0]
    for symbol in numbers.unique():
        assert len(found[numbers == symbol].unique()) == 1
    torch.testing.assert_close(found.unique(), torch.tensor([0.0, 1 / 0.7]))


def test_symbols_are_kept_when_not_training():
    embedded = torch.randn(3, 2, 4)
    assert SymbolDropout(9, 0.9).eval()(embedded, torch.zeros(3, 2, dtype=torch.long)) is embedded


def test_symbols_that_do_not_fit_their_embedding():
    with pytest.raises(ShapeError, match="embedded"):
        SymbolDropout(9, 0.5)(torch.ones(3, 2, 4), torch.zeros(2, 3, dtype=torch.long))


class Same(Recurrent):
    """A layer that gives its input back."""

    def run(self, x, state, **_):
        return x, state

    def step(self, x, state=None):
        return x, state


def test_a_variational_stack_drops_the_same_between_layers():
    cell = LSTM(30, 30)
    stack = Stack([Same(cell), Same(cell)], dropout=0.5, variational=True)
    y, _ = stack(torch.ones(4, 3, 30))
    assert bool((y == y[0]).all())
    assert 0 < float((y == 0).float().mean()) < 1
    plain, _ = Stack([Same(cell), Same(cell)], dropout=0.5)(torch.ones(4, 3, 30))
    assert not bool((plain == plain[0]).all())
    one, _ = stack.step(torch.ones(3, 30))
    assert one.shape == (3, 30)
    assert not torch.equal(one[0], one[1])
