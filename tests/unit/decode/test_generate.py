"""generate: every chosen symbol is fed back in."""

import pytest
import torch

from recurra.base import ShapeError
from recurra.decode import generate

V = 5


class Counting:
    """A step function whose best next symbol is the last one plus 1; it notes its calls."""

    def __init__(self):
        self.calls = []

    def __call__(self, symbols, state):
        self.calls.append((symbols.tolist(), state))
        return one_hot((symbols + 1) % V), state + 1


def one_hot(symbols):
    return torch.nn.functional.one_hot(symbols, V).float()


def best(scores):
    return scores.argmax(dim=-1)


def test_every_symbol_is_fed_back_with_the_state():
    step = Counting()
    start = one_hot(torch.tensor([2, 4]))
    symbols = list(generate(step, start, 10, length=4, choose=best))
    assert [each.tolist() for each in symbols] == [[2, 4], [3, 0], [4, 1], [0, 2]]
    assert step.calls == [([2, 4], 10), ([3, 0], 11), ([4, 1], 12)]


@pytest.mark.parametrize("length", [0, 1, 2, 7])
def test_the_step_runs_once_less_than_symbols_are_made(length):
    step = Counting()
    symbols = list(generate(step, one_hot(torch.tensor([0])), 0, length=length, choose=best))
    assert len(symbols) == length
    assert len(step.calls) == max(0, length - 1)


def test_what_is_chosen_is_fed_back_even_if_it_is_not_the_best():
    step = Counting()
    start = one_hot(torch.tensor([0]))
    always_3 = list(
        generate(step, start, 0, length=3, choose=lambda scores: torch.full((len(scores),), 3))
    )
    assert [each.item() for each in always_3] == [3, 3, 3]
    assert [symbols for symbols, _ in step.calls] == [[3], [3]]


def test_symbols_come_one_by_one():
    step = Counting()
    symbols = generate(step, one_hot(torch.tensor([0])), 0, length=10**9, choose=best)
    assert [next(symbols).item() for _ in range(3)] == [0, 1, 2]
    assert len(step.calls) == 2


@pytest.mark.parametrize("length", [-1, 1.5, True])
def test_impossible_lengths(length):
    with pytest.raises(ShapeError, match="length"):
        next(generate(Counting(), torch.zeros(1, V), 0, length=length, choose=best))
