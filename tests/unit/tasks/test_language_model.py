"""LanguageModel: shapes, loss and metrics."""

import math

import pytest
import torch
from small_models import SENTENCE, random_numbers, small_model

from recurra.base import Batch, ShapeError, UnknownName, detach_state
from recurra.data import NO_TARGET, ContiguousStreams, Vocabulary
from recurra.tasks import LanguageModel, LanguageModelConfig
from recurra.tasks.framework import CELLS
from recurra.tasks.language import OneHot

CHOICES = [
    *(
        {"cell": cell, "connections": connections, "inputs": inputs}
        for cell in ("rnn", "lstm", "gru", "lstm-projection")
        for connections in ("plain", "residual", "dense")
        for inputs in ("embedding", "one-hot")
    ),
    *({"cell": cell, "connections": "dense", "inputs": "embedding"} for cell in CELLS),
]


@pytest.fixture(params=CHOICES, ids=lambda choices: "-".join(choices.values()))
def model(request):
    return small_model(**request.param, hidden_size=8)


@torch.no_grad()
def log_probabilities_by_hand(model, texts):
    """Add up log p(x_{t+1} | x_1 ... x_t), each text for itself, one step at a time."""
    total = 0.0
    for numbers in texts:
        state = model.stack.initial_state(1)
        for t in range(len(numbers) - 1):
            hidden, state = model.stack.step(model.embed(numbers[t : t + 1]), state)
            exponentials = model.head(hidden)[0].double().exp()
            total += float((exponentials[numbers[t + 1]] / exponentials.sum()).log())
    return total


def test_shapes_and_gradients(model):
    numbers = random_numbers(model, T=7, B=3)
    scores, state = model(numbers)
    assert scores.shape == (7, 3, len(model.vocabulary))
    assert len(state) == 2
    scores.square().sum().backward()
    for name, parameter in model.named_parameters():
        if "decay_input" in name:
            continue  # of values that are missing, and no symbol is
        assert bool((parameter.grad != 0).any()), name


def test_a_sequence_in_two_parts_is_the_sequence(model):
    numbers = random_numbers(model, T=7, B=3)
    whole, end = model(numbers)
    first, between = model(numbers[:4])
    second, last = model(numbers[4:], between)
    torch.testing.assert_close(torch.cat([first, second]), whole)
    torch.testing.assert_close(last, end)


def test_a_reset_begins_anew(model):
    numbers = random_numbers(model, T=6, B=2)
    resets = torch.zeros(6, 2, dtype=torch.bool)
    resets[3] = True
    scores, _ = model(numbers, resets=resets)
    alone, _ = model(numbers[3:])
    torch.testing.assert_close(scores[3:], alone)


def test_a_later_symbol_changes_no_earlier_score(model):
    numbers = random_numbers(model, T=6, B=2)
    other = numbers.clone()
    other[4] = (other[4] + 1) % len(model.vocabulary)
    before, after = model(numbers)[0], model(other)[0]
    assert torch.equal(before[:4], after[:4])
    assert not torch.equal(before[4:], after[4:])


def test_the_nats_are_those_computed_by_hand(model):
    rows = random_numbers(model, T=6, B=3)
    outcome = model.outcome(Batch(rows[:-1], rows[1:]), None)
    by_hand = -log_probabilities_by_hand(model, rows.T)
    assert outcome.totals["characters"] == 15
    assert outcome.totals["nats"] == pytest.approx(by_hand, rel=1e-5)
    assert float(outcome.loss.detach()) == pytest.approx(by_hand / 15, rel=1e-5)


def test_the_nats_of_a_streamed_text_are_those_of_its_rows(model):
    """17 targets in 3 rows of 6, 6 and 5 steps: the last window is ragged."""
    numbers = random_numbers(model, T=18, B=1)[:, 0]
    streams = ContiguousStreams(numbers, streams=3, window=4)
    assert streams[1].lengths is not None
    state, totals = None, {"nats": 0.0, "characters": 0}
    for batch in streams:
        outcome = model.outcome(batch, state)
        state = detach_state(outcome.state)
        totals = {name: totals[name] + outcome.totals[name] for name in totals}
    rows = [numbers[0:7], numbers[6:13], numbers[12:18]]
    assert totals["characters"] == 17
    assert totals["nats"] == pytest.approx(-log_probabilities_by_hand(model, rows), rel=1e-5)


def test_padded_targets_do_not_count():
    model = small_model()
    rows = random_numbers(model, T=6, B=2)
    targets = rows[1:].clone()
    targets[3:, 1] = NO_TARGET
    lengths = torch.tensor([5, 3])
    outcome = model.outcome(Batch(rows[:-1], targets, lengths=lengths), None)
    by_hand = -log_probabilities_by_hand(model, [rows[:, 0], rows[:4, 1]])
    assert outcome.totals["characters"] == 8
    assert outcome.totals["nats"] == pytest.approx(by_hand, rel=1e-5)
    other = rows[:-1].clone()
    other[3:, 1] = 0
    same = model.outcome(Batch(other, targets, lengths=lengths), None)
    assert same.totals == outcome.totals


def test_bits_and_perplexity():
    metrics = small_model().metrics({"nats": 30 * math.log(8), "characters": 30})
    assert metrics["bits_per_character"] == pytest.approx(3)
    assert metrics["perplexity"] == pytest.approx(8)


def test_a_model_that_knows_nothing_needs_log2_of_the_symbols():
    model = small_model()
    torch.nn.init.zeros_(model.head.weight)
    torch.nn.init.zeros_(model.head.bias)
    rows = random_numbers(model, T=6, B=2)
    metrics = model.metrics(model.outcome(Batch(rows[:-1], rows[1:]), None).totals)
    symbols = len(model.vocabulary)
    assert metrics["bits_per_character"] == pytest.approx(math.log2(symbols))
    assert metrics["perplexity"] == pytest.approx(symbols)


def test_a_hopeless_model_has_a_finite_perplexity():
    assert math.isfinite(small_model().metrics({"nats": 1e9, "characters": 1})["perplexity"])


def test_one_hot_puts_a_1_at_the_place_of_the_symbol():
    vectors = OneHot(4)(torch.tensor([[2, 0]]))
    assert vectors.tolist() == [[[0, 0, 1, 0], [1, 0, 0, 0]]]
    assert vectors.dtype == torch.get_default_dtype()


def test_connections_decide_what_the_scores_see():
    symbols = len(Vocabulary.of(SENTENCE))
    features = {
        connections: small_model(connections=connections).head.in_features
        for connections in ("plain", "residual", "dense")
    }
    assert features == {"plain": 6, "residual": 6, "dense": 4 + 6 + 6}
    assert small_model(inputs="one-hot").head.in_features == symbols + 6 + 6


def test_dropout_works_in_training_only():
    model = small_model(dropout=0.5)
    numbers = random_numbers(model, T=4, B=2)
    assert not torch.equal(model(numbers)[0], model(numbers)[0])
    model.eval()
    assert torch.equal(model(numbers)[0], model(numbers)[0])


def test_dropout_reaches_the_scores_of_a_single_layer():
    model = small_model(dropout=0.5, layers=1)
    numbers = random_numbers(model, T=4, B=2)
    assert not torch.equal(model(numbers)[0], model(numbers)[0])


@pytest.mark.parametrize("size", ["hidden_size", "layers", "embedding_size"])
def test_impossible_sizes(size):
    with pytest.raises(ShapeError, match=size):
        LanguageModelConfig(**{size: 0})


@pytest.mark.parametrize("dropout", [-0.1, 1.1, float("nan")])
def test_impossible_dropout(dropout):
    with pytest.raises(ValueError, match="dropout"):
        LanguageModelConfig(dropout=dropout)


@pytest.mark.parametrize(
    ("choice", "value", "nearest"),
    [
        ("inputs", "embeding", "embedding"),
        ("connections", "residuals", "residual"),
        ("units", "character", "characters"),
    ],
)
def test_unknown_choices_suggest_the_nearest(choice, value, nearest):
    with pytest.raises(UnknownName, match=choice) as caught:
        LanguageModelConfig(**{choice: value})
    assert caught.value.details["fix"] == f"did you mean '{nearest}'?"


def test_an_unknown_cell_suggests_the_nearest():
    with pytest.raises(UnknownName, match="cell") as caught:
        LanguageModel(Vocabulary("ab"), LanguageModelConfig(cell="ltsm"))
    assert "lstm" in caught.value.details["fix"]


def test_a_configuration_comes_back(model):
    again = LanguageModel.from_config(model.config())
    assert again.config() == model.config()
    assert again.vocabulary == model.vocabulary
    again.load_state_dict(model.state_dict())
    numbers = random_numbers(model, T=4, B=2)
    assert torch.equal(again(numbers)[0], model(numbers)[0])
