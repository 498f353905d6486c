"""choose: from the scores of all symbols to one symbol."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recurra.base import ArgumentError, ShapeError
from recurra.decode import choose

DRAWS = 20_000
SCORES = torch.tensor([0.3, -1.2, 2.0, 0.9, -0.4])


def draw(scores=SCORES, **options):
    """Draw many times from the same scores, with a fixed seed."""
    generator = torch.Generator().manual_seed(3)
    return choose(scores.expand(DRAWS, -1), generator=generator, **options)


def assert_drawn_from(drawn, probabilities):
    """Compare frequencies with probabilities; chi-square beyond 30 has p < 1e-5 here."""
    expected = probabilities * len(drawn)
    got = torch.bincount(drawn, minlength=len(expected)).double()
    possible = expected > 0
    assert bool((got[~possible] == 0).all())
    chi_square = ((got - expected)[possible] ** 2 / expected[possible]).sum()
    assert float(chi_square) < 30


def random_scores(seed, B, V):
    return torch.randn(B, V, generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 1000), st.integers(1, 5), st.integers(1, 8))
def test_temperature_0_takes_the_best(seed, B, V):
    scores = random_scores(seed, B, V)
    assert torch.equal(choose(scores, temperature=0), scores.argmax(dim=-1))


@given(st.integers(0, 1000), st.integers(1, 5), st.integers(1, 8), st.floats(0, 5))
def test_the_single_best_symbol_is_the_best_at_any_temperature(seed, B, V, temperature):
    scores = random_scores(seed, B, V)
    assert torch.equal(choose(scores, temperature=temperature, top_k=1), scores.argmax(dim=-1))


@given(st.integers(0, 1000), st.integers(1, 8), st.integers(1, 12))
def test_top_k_never_leaves_the_k_best(seed, V, k):
    scores = random_scores(seed, 1, V)
    best = scores[0].sort(descending=True).indices[:k].tolist()
    drawn = choose(scores.expand(200, -1), temperature=50.0, top_k=k)
    assert set(drawn.tolist()) <= set(best)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_frequencies_follow_the_softmax(temperature):
    expected = (SCORES.double() / temperature).softmax(dim=-1)
    assert_drawn_from(draw(temperature=temperature), expected)


def test_frequencies_within_the_k_best_follow_their_softmax():
    expected = torch.zeros(5, dtype=torch.float64)
    expected[[0, 2, 3]] = SCORES[[0, 2, 3]].double().softmax(dim=-1)
    assert_drawn_from(draw(top_k=3), expected)


def test_the_comparison_of_frequencies_notices_another_temperature():
    with pytest.raises(AssertionError):
        assert_drawn_from(draw(temperature=1.1), SCORES.double().softmax(dim=-1))


@pytest.mark.parametrize("options", [{}, {"temperature": 100.0}, {"top_k": 4}, {"temperature": 0}])
def test_what_is_ruled_out_is_never_chosen(options):
    scores = torch.tensor([-torch.inf, 1.0, -torch.inf, 0.5])
    assert set(draw(scores, **options).tolist()) <= {1, 3}


@pytest.mark.parametrize("temperature", [1e-320, 1e-30, 1e30])
def test_extreme_temperatures_draw_numbers(temperature):
    drawn = draw(temperature=temperature)
    if temperature < 1:
        assert set(drawn.tolist()) == {2}
    else:
        assert_drawn_from(drawn, torch.full((5,), 0.2, dtype=torch.float64))


def test_large_scores_do_not_overflow():
    scores = torch.tensor([[1e30, 3e38, -3e38]])
    assert choose(scores, temperature=0.01).tolist() == [1]


def test_rows_are_drawn_for_themselves():
    scores = torch.full((3, 3), -torch.inf).fill_diagonal_(0.0)
    assert choose(scores).tolist() == [0, 1, 2]


def test_the_same_seed_draws_the_same():
    assert torch.equal(draw(), draw())
    other = choose(SCORES.expand(DRAWS, -1), generator=torch.Generator().manual_seed(4))
    assert not torch.equal(draw(), other)


def test_a_generator_of_its_own_leaves_the_global_one_alone():
    before = torch.get_rng_state()
    draw()
    assert torch.equal(torch.get_rng_state(), before)


def test_scores_are_left_as_they_are():
    scores = SCORES.clone().unsqueeze(0)
    choose(scores, top_k=2)
    assert torch.equal(scores[0], SCORES)


@pytest.mark.parametrize("temperature", [-0.1, float("inf"), float("nan")])
def test_impossible_temperatures(temperature):
    with pytest.raises(ArgumentError, match="temperature"):
        choose(SCORES.unsqueeze(0), temperature=temperature)


@pytest.mark.parametrize("top_k", [0, -1, 1.5, True])
def test_impossible_top_k(top_k):
    with pytest.raises(ShapeError, match="top_k"):
        choose(SCORES.unsqueeze(0), top_k=top_k)
