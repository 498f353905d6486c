"""beam_search: equal to trying everything where it can be, and to the formula where it decides."""

import itertools
import math

import pytest
import torch

from recurra.base import ArgumentError, DtypeError, ShapeError
from recurra.decode import beam_search, greedy_search
from refusals import refused

V, END = 4, 2


class Chain:
    """A step function whose scores depend on the last two symbols and on the row's own table."""

    def __init__(self, rows, seed=0):
        generator = torch.Generator().manual_seed(seed)
        self.tables = 2 * torch.randn(rows, V, V, V, generator=generator)
        self.first = 2 * torch.randn(rows, V, generator=generator)
        self.calls = []

    def start(self, rows=None):
        rows = torch.arange(len(self.first)) if rows is None else torch.tensor(rows)
        return self.first[rows], (rows, torch.zeros_like(rows))

    def __call__(self, symbols, state):
        row, last = state
        self.calls.append(len(symbols))
        return self.tables[row, last, symbols], (row, symbols)

    def log_probability(self, row, symbols):
        total, scores, last = 0.0, self.first[row], 0
        for symbol in symbols:
            total += scores.log_softmax(0)[symbol].item()
            scores, last = self.tables[row, last, symbol], symbol
        return total


def everything(chain, row, longest, alpha):
    """List all sequences with their scores, best first."""
    others = [symbol for symbol in range(V) if symbol != END]
    ended = [(*text, END) for n in range(longest) for text in itertools.product(others, repeat=n)]
    found = []
    for symbols in [*ended, *itertools.product(others, repeat=longest)]:
        log_probability = chain.log_probability(row, symbols)
        found.append((log_probability / ((5 + len(symbols)) / 6) ** alpha, symbols))
    return sorted(found, reverse=True)


def texts(found):
    return [(*each.symbols.tolist(), *([END] if each.ended else ())) for each in found]


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 3.0])
def test_a_beam_as_wide_as_all_there_is_finds_the_best_of_all(alpha):
    chain = Chain(3)
    found = beam_search(
        chain, *chain.start(), width=200, end=END, longest=4, length_penalty=alpha, best=12
    )
    for row, hypotheses in enumerate(found):
        expected = everything(chain, row, 4, alpha)[:12]
        assert texts(hypotheses) == [symbols for _, symbols in expected]
        assert [each.score for each in hypotheses] == pytest.approx([s for s, _ in expected])


def test_penalties_reorder_as_the_formula_says():
    chain = Chain(4, seed=3)
    wholes = {}
    for alpha in (0.0, 1.0, 5.0):
        found = beam_search(
            chain, *chain.start(), width=200, end=END, longest=4, length_penalty=alpha, best=3
        )
        for each in itertools.chain(*found):
            length = len(each.symbols) + each.ended
            assert each.score == pytest.approx(each.log_probability / ((5 + length) / 6) ** alpha)
        wholes[alpha] = sum(len(text) for row in found for text in texts(row))
    assert wholes[0.0] < wholes[1.0] < wholes[5.0]


@pytest.mark.parametrize("width", [2, 3, 5])
def test_a_narrow_beam_is_the_plain_algorithm(width):
    chain = Chain(6, seed=1)
    found = beam_search(
        chain, *chain.start(), width=width, end=END, longest=7, length_penalty=0.6, best=width
    )
    for row, hypotheses in enumerate(found):
        expected = plain_beam(chain, row, width, 7, 0.6)
        # what can no longer win may be left alive: the best are the same
        assert texts(hypotheses)[0] == expected[0][1]
        assert hypotheses[0].score == pytest.approx(expected[0][0])


def plain_beam(chain, row, width, longest, alpha):
    alive, done = [((), 0.0)], []
    for length in range(1, longest + 1):
        grown = [
            ((*text, symbol), chain.log_probability(row, (*text, symbol)))
            for text, _ in alive
            for symbol in range(V)
        ]
        grown = sorted(grown, key=lambda each: -each[1])[: width - len(done)]
        over = [each for each in grown if each[0][-1] == END or length == longest]
        alive = [each for each in grown if each not in over]
        done += [(total / ((5 + length) / 6) ** alpha, text) for text, total in over]
    return sorted(done, reverse=True)


def test_width_1_takes_the_best_symbol_at_every_step():
    chain = Chain(8, seed=2)
    found = greedy_search(chain, *chain.start(), end=END, longest=6)
    for row, each in enumerate(found):
        scores, last, expected = chain.first[row], 0, []
        while len(expected) < 6 and expected[-1:] != [END]:
            symbol = int(scores.argmax())
            scores, last = chain.tables[row, last, symbol], symbol
            expected.append(symbol)
        assert texts([each]) == [tuple(expected)]
        assert each.log_probability == pytest.approx(chain.log_probability(row, expected))
        assert each.score == each.log_probability
    assert {each.ended for each in found} == {True, False}


def test_rows_do_not_see_each_other():
    chain = Chain(5, seed=4)
    options = {"width": 3, "end": END, "best": 2, "watch": lambda state: state[1]}
    longest = torch.tensor([3, 6, 1, 9, 4])
    together = beam_search(chain, *chain.start(), longest=longest, **options)
    for row in range(5):
        (alone,) = beam_search(
            chain, *chain.start([row]), longest=longest[row : row + 1], **options
        )
        assert texts(alone) == texts(together[row])
        assert [each.score for each in alone] == [each.score for each in together[row]]
        assert all(
            torch.equal(mine.watched, other.watched)
            for mine, other in zip(alone, together[row], strict=True)
        )
        assert max(map(len, texts(alone))) <= longest[row]


def test_what_is_watched_belongs_to_its_choice():
    chain = Chain(3, seed=5)
    found = beam_search(
        chain, *chain.start(), width=4, end=END, longest=5, best=3,
        watch=lambda state: torch.stack(state, dim=1),
    )  # fmt: skip
    for row, hypotheses in enumerate(found):
        for each, text in zip(hypotheses, texts(hypotheses), strict=True):
            # the state that came with the scores of a choice has the symbol before it
            assert each.watched.tolist() == [[row, last] for last in (0, *text[:-1])]


def test_no_step_is_run_for_what_has_ended():
    scores = torch.tensor([[0.0, -9.0, 9.0], [9.0, 0.0, -9.0]])
    calls = []

    def step(symbols, state):
        calls.append(symbols.tolist())
        return torch.tensor([[0.0, -9.0, 9.0]]).expand(len(symbols), 3), state

    found = beam_search(step, scores, torch.zeros(2), width=1, end=2, longest=50)
    assert calls == [[0]]
    assert texts([found[0][0], found[1][0]]) == [(2,), (0, 2)]


def test_equal_scores_are_taken_in_order():
    def step(symbols, state):
        return torch.zeros(len(symbols), 300), state

    found = beam_search(
        step, torch.zeros(1, 300), torch.zeros(1), width=3, end=299, longest=2, best=3
    )
    assert [each.symbols.tolist() for each in found[0]] == [[0, 0], [0, 1], [0, 2]]


def test_what_is_ruled_out_is_never_taken():
    scores = torch.tensor([[-math.inf, 1.0, -math.inf]])

    def step(symbols, state):
        return torch.tensor([[-math.inf, -math.inf, 1.0]]).expand(len(symbols), 3), state

    found = beam_search(step, scores, torch.zeros(1), width=5, end=2, longest=4, best=5)
    assert texts(found[0]) == [(1, 2)]
    nothing = torch.full((1, 3), -math.inf)
    assert beam_search(step, nothing, torch.zeros(1), width=2, end=2, longest=4) == [[]]
    with refused(ArgumentError, "rule all symbols out", got="-inf throughout"):
        greedy_search(step, nothing, torch.zeros(1), end=2, longest=4)


def test_a_search_stops_when_nothing_else_can_win():
    chain = Chain(1)
    chain.tables[:] = torch.tensor([0.0, 0.0, 9.0, 0.0])  # what goes on ends soon
    beam_search(chain, *chain.start(), width=20, end=END, longest=1000, length_penalty=0.0)
    assert len(chain.calls) < 10


def test_what_cannot_be_searched():
    chain = Chain(2)
    scores, state = chain.start()
    good = {"width": 2, "end": END, "longest": 3}

    def search(scores=scores, **options):
        return beam_search(chain, scores, state, **{**good, **options})

    for name in ("width", "longest", "best"):
        with pytest.raises(ShapeError, match=f"`{name}` is not a possible number"):
            search(**{name: 0})
    with pytest.raises(ShapeError, match="`longest` is not a possible number"):
        search(longest=torch.tensor([3, 0]))
    with pytest.raises(ShapeError, match="one number per row of the longest sequences"):
        search(longest=torch.tensor([3]))
    with pytest.raises(DtypeError, match="`lengths` is not integer"):
        search(longest=torch.tensor([3.0, 1.0]))
    with refused(
        ArgumentError,
        "more sequences than a search keeps",
        got="best=3, width=2",
        expected="at most 2",
    ):
        search(best=3)
    with refused(ArgumentError, "`end` is no symbol", got="4", expected="0..3"):
        search(end=V)
    with pytest.raises(ArgumentError, match="`length_penalty` is outside its range"):
        search(length_penalty=-0.1)
    with refused(
        ShapeError,
        "not one row of scores per sequence",
        got="(4,) float32 on cpu",
        expected="(B, V)",
    ):
        search(scores[0])
    with refused(ArgumentError, "values that are not numbers", got="NaN"):
        search(torch.full((2, V), math.nan))
