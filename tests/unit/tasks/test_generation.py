"""LanguageModel.generate: continue a text."""

import math

import pytest
import torch
from small_models import SENTENCE, small_model

from recurra.base import ArgumentError, ShapeError, UnknownSymbol
from recurra.data import UNKNOWN, ContiguousStreams, Vocabulary, to_units

LIVELY = ("rnn", "lstm", "gru", "gru-before")  # cells that soon learn a sentence, and vary it


def written(model, prompt="the ", **options):
    return "".join(model.generate(prompt, **{"length": 30, **options}))


@torch.no_grad()
def greedy_by_hand(model, prompt, length):
    """Run the whole forward pass anew over the growing text."""
    text = prompt
    for _ in range(length):
        scores, _ = model(model.encode(text).long().unsqueeze(1))
        text += model.vocabulary.symbols[int(scores[-1, 0].argmax())]
    return text[len(prompt) :]


def lively_model(**choices):
    """Give a model that writes more than one letter again and again, as most random ones do."""
    for seed in range(50):
        model = small_model(seed=seed, **choices).eval()
        for parameter in model.parameters():
            parameter.data.mul_(4)
        if len(set(greedy_by_hand(model, "the ", 30))) > 4:
            return model
    pytest.fail("every model repeats itself")


@pytest.mark.parametrize("connections", ["plain", "residual", "dense"])
@pytest.mark.parametrize("cell", LIVELY)
def test_greedy_is_the_argmax_of_the_whole_pass_over_the_growing_text(cell, connections):
    model = lively_model(cell=cell, connections=connections)
    expected = greedy_by_hand(model, "the ", 30)
    assert written(model, temperature=0) == expected
    assert written(model, top_k=1, temperature=5) == expected


def test_the_same_seed_writes_the_same():
    model = small_model()
    assert written(model, seed=1) == written(model, seed=1)
    assert written(model, seed=1) != written(model, seed=2)


def test_the_global_generator_is_neither_used_nor_moved():
    model = small_model(dropout=0.5)
    torch.manual_seed(1)
    first, before = written(model), torch.get_rng_state()
    torch.manual_seed(2)
    assert written(model) == first
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), before)


def test_top_k_keeps_to_the_likeliest():
    model = small_model()
    torch.nn.init.zeros_(model.head.weight)
    model.head.bias.data = -torch.arange(len(model.vocabulary)).float()
    allowed = set(model.vocabulary.symbols[:3])
    assert set(written(model, length=200, top_k=3, temperature=100)) == allowed


@pytest.mark.parametrize("options", [{}, {"temperature": 0}, {"top_k": 1}, {"temperature": 50}])
def test_unknown_is_never_written(options):
    model = small_model(unknown=True)
    model.head.bias.data[0] = 1e6
    pieces = list(model.generate("the Q", length=50, **options))
    assert UNKNOWN not in pieces
    assert len(pieces) == 50


def test_the_rest_keeps_its_odds_when_unknown_is_ruled_out():
    model = small_model("ab", unknown=True)
    torch.nn.init.zeros_(model.head.weight)
    model.head.bias.data = torch.tensor([50.0, math.log(3), 0.0])
    text = written(model, "a", length=2000)
    assert 0.7 < text.count("a") / 2000 < 0.8


@pytest.mark.parametrize("training", [True, False])
def test_the_training_mode_is_left_as_it_was(training):
    model = small_model(dropout=0.5).train(training)
    written(model)
    assert model.training is training
    pieces = model.generate("the ", length=9)
    next(pieces)
    pieces.close()  # the reader has seen enough
    assert model.training is training
    with pytest.raises(ArgumentError):
        written(model, temperature=-1)
    assert model.training is training


def test_dropout_is_off_while_it_writes():
    model = small_model(dropout=0.5).train()
    first = written(model, temperature=0)
    assert first == greedy_by_hand(model.eval(), "the ", 30)


def test_no_gradients_are_kept():
    model = small_model()
    with torch.autograd.graph.saved_tensors_hooks(
        lambda _: pytest.fail("a tensor is kept for gradients"), lambda kept: kept
    ):
        written(model)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("length", [0, 1, 5])
def test_length(length):
    assert len(written(small_model(), length=length)) == length


def test_an_empty_prompt_is_refused():
    with pytest.raises(ArgumentError, match="prompt"):
        written(small_model(), "")


def test_a_prompt_with_an_unknown_character_is_refused_by_name():
    with pytest.raises(UnknownSymbol, match="The prompt has a character") as caught:
        written(small_model(), "the\nQ")
    assert caught.value.details["got"] == "'Q' (U+0051)"
    assert caught.value.details["where"] == "line 2, column 1"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"length": -1}, "length"),
        ({"top_k": 0}, "top_k"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": math.nan}, "temperature"),
    ],
)
def test_impossible_options(options, name):
    with pytest.raises((ArgumentError, ShapeError), match=name):
        written(small_model(), **options)


def test_text_is_prompt_and_continuation():
    model = small_model()
    expected = "the " + written(model, seed=5)
    assert model.generate_text("the ", length=30, seed=5) == expected


def test_jamo_become_syllables():
    model = small_model(to_units("한글 글한", "jamo"), units="jamo")
    letters = "".join(model.generate("한글", length=6, temperature=0))
    assert all("\u1100" <= each <= "\u11ff" or each == " " for each in letters)
    text = model.generate_text("한글", length=60, seed=2)
    assert text.startswith("한")
    assert any("\uac00" <= each <= "\ud7a3" for each in text[2:])
    assert len(to_units(text, "jamo")) == 66


def test_the_prompt_may_be_decomposed():
    model = small_model("é한")
    assert written(model, "e\u0301\u1112\u1161\u11ab", seed=3) == written(model, "é한", seed=3)


@pytest.mark.parametrize(
    ("text", "unknown", "prompt"), [("a\nb", False, "\n"), ("ab", False, "a"), ("ab", True, "a")]
)
def test_the_default_prompt_is_one_the_model_knows(text, unknown, prompt):
    assert small_model(text, unknown=unknown).default_prompt() == prompt


@pytest.mark.parametrize("units", ["characters", "jamo"])
@pytest.mark.parametrize("cell", LIVELY)
def test_a_sentence_learnt_by_heart_is_written_out(cell, units):
    sentence = "the quick fox, 한글 jumps over dogs.\n"
    symbols = to_units(sentence, units)
    model = small_model(symbols, cell=cell, units=units, hidden_size=32, layers=1)
    numbers = Vocabulary.of(symbols).encode(symbols)
    (batch,) = ContiguousStreams(numbers, streams=1, window=len(numbers) - 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        outcome = model.outcome(batch, None)
        optimizer.zero_grad()
        outcome.loss.backward()
        optimizer.step()
    assert float(outcome.loss.detach()) < 0.1
    length = len(symbols) - 1
    assert model.generate_text("t", length=length, temperature=0) == sentence


def test_the_sentence_of_the_tests_has_every_character_it_needs():
    assert set("the ") <= set(SENTENCE)
