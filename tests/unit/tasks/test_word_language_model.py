"""WordLanguageModel: words in, words out, and what is dropped in training."""

import math

import pytest
import torch
import torch.nn.functional as F

from recurra.base import ArgumentError, Batch, DamagedFile, TextError
from recurra.data import NO_TARGET, TokenVocabulary, Vocabulary
from recurra.tasks import (
    CorpusSettings,
    LanguageModel,
    LanguageModelConfig,
    WordLanguageModel,
    describe_task,
    load_task,
    make_corpus,
    make_word_corpus,
    save_task,
)
from recurra.tasks.language import split_text_into_words

TEXT = "the cat sat on the mat\nthe dog sat on the cat\na mouse\n"
ALL = {
    "tied": True, "variational": True, "dropout": 0.2, "word_dropout": 0.2, "weight_dropout": 0.3,
}  # fmt: skip


def small_words(text=TEXT, seed=0, **choices):
    torch.manual_seed(seed)
    sizes = {"hidden_size": 6, "layers": 2, "embedding_size": 4, **choices}
    vocabulary = TokenVocabulary.of(split_text_into_words(text))
    return WordLanguageModel(vocabulary, LanguageModelConfig(**sizes))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("embedding_size", [4, 6])
def test_the_loss_is_that_of_the_scores(tied, embedding_size):
    model = small_words(tied=tied, embedding_size=embedding_size, connections="plain")
    numbers = torch.randint(len(model.vocabulary), (6, 3))
    targets = numbers[1:].clone()
    targets[2, 1] = NO_TARGET
    outcome = model.outcome(Batch(numbers[:-1], targets), None)
    scores, _ = model(numbers[:-1])
    expected = F.cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="sum")
    assert outcome.totals["words"] == 14
    assert outcome.totals["nats"] == pytest.approx(float(expected.detach()), rel=1e-5)
    gradients = torch.autograd.grad(outcome.loss * 14, list(model.parameters()))
    for found, right in zip(
        gradients, torch.autograd.grad(expected, list(model.parameters())), strict=True
    ):
        torch.testing.assert_close(found, right)


def test_tied_there_is_one_matrix_of_all_words():
    model = small_words(tied=True)
    shapes = [tuple(each.shape) for each in model.parameters()]
    assert shapes.count((len(model.vocabulary), 4)) == 1
    assert (4, 16) in shapes  # from the features of dense connections to those of a word
    untied = small_words()
    assert (len(model.vocabulary), 16) in [tuple(each.shape) for each in untied.parameters()]


def test_metrics():
    metrics = small_words().metrics({"nats": 30 * math.log(8), "words": 30})
    assert metrics == {"nats": pytest.approx(math.log(8)), "perplexity": pytest.approx(8)}
    assert math.isfinite(small_words().metrics({"nats": 1e9, "words": 1})["perplexity"])


@pytest.mark.parametrize(
    "choice",
    [{"variational": True, "dropout": 0.5}, {"word_dropout": 0.5}, {"weight_dropout": 0.5}],
    ids=lambda choice: next(iter(choice)),
)
def test_what_is_dropped_is_drawn_for_each_window_and_only_in_training(choice):
    model = small_words(**choice)
    numbers = torch.randint(len(model.vocabulary), (6, 3))
    torch.manual_seed(5)
    first, second = model(numbers)[0], model(numbers)[0]
    torch.manual_seed(5)
    again = model(numbers)[0]
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    model.eval()
    assert torch.equal(model(numbers)[0], model(numbers)[0])


def test_input_dropout_is_the_same_at_all_steps():
    model = small_words(variational=True, dropout=0.5, embedding_size=40)
    seen = []
    model.stack.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model(torch.full((5, 2), 3))
    assert torch.equal(seen[0], seen[0][:1].expand_as(seen[0]))
    assert bool((seen[0] == 0).any())


def test_a_saved_model_comes_back(tmp_path):
    model = small_words(**ALL)
    save_task(model, tmp_path / "run")
    loaded = load_task(tmp_path / "run")
    assert loaded.vocabulary == model.vocabulary
    assert loaded.settings == model.settings
    numbers = torch.randint(len(model.vocabulary), (6, 3))
    assert torch.equal(loaded(numbers)[0], model.eval()(numbers)[0])


def test_models_of_fewer_choices_still_load():
    model = LanguageModel(Vocabulary.of("hello"))
    config = describe_task(model)
    for later in ("tied", "variational", "word_dropout", "weight_dropout"):
        del config["model"][later]
    assert LanguageModel.from_config(config).settings == model.settings


def test_writing_joins_words_with_blanks_and_never_writes_unk():
    model = small_words()
    text = model.generate_text("the cat", length=60, temperature=2.0, seed=1)
    assert text.startswith("the cat")
    assert "<unk>" not in text
    assert "<eos>" not in text
    assert "  " not in text
    assert "\n " not in text
    words = split_text_into_words(text)
    assert len(words) == 62
    assert set(words) <= set(model.vocabulary.tokens)
    assert list(model.pieces([3, 2], "the cat")) != list(model.pieces([3, 2], "the cat\n"))


def test_unknown_words_are_read():
    model = small_words()
    assert model.encode("the zebra\n").tolist() == [
        model.vocabulary.number("the"), 0, model.vocabulary.number("<eos>"),
    ]  # fmt: skip
    assert model.generate_text("zebra", length=2, seed=0).startswith("zebra ")
    with pytest.raises(ArgumentError, match="prompt"):
        model.generate_text(" ", length=2)


def test_default_prompt():
    assert small_words().default_prompt() == "\n"
    assert small_words("one two").default_prompt() in ("one", "two")


def test_a_vocabulary_without_unk_is_refused():
    with pytest.raises(ArgumentError, match="<unk>"):
        WordLanguageModel(TokenVocabulary(["a", "b"]))


def test_a_configuration_without_words_is_refused():
    config = describe_task(small_words())
    with pytest.raises(ArgumentError, match="vocabulary"):
        WordLanguageModel.from_config({**config, "vocabulary": "abc"})


def test_one_hot_inputs_cannot_be_tied():
    with pytest.raises(ArgumentError, match="share"):
        LanguageModelConfig(inputs="one-hot", tied=True)


@pytest.mark.parametrize("name", ["word_dropout", "weight_dropout"])
@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_dropouts_outside_their_range(name, value):
    with pytest.raises(ArgumentError, match=name):
        LanguageModelConfig(**{name: value})


def cutting(**choices):
    return CorpusSettings(**{"streams": 2, "window": 3, "unknown": True, **choices})


def test_words_of_the_training_part_make_the_vocabulary():
    corpus = make_word_corpus("a b a b a\n" * 9 + "c c\n", cutting(validation=0.06))
    assert corpus.vocabulary.tokens == ("<unk>", "a", "b", "<eos>")
    assert corpus.validation.numbers.tolist() == [0, 0, 3]
    assert corpus.training.numbers[:6].tolist() == [1, 2, 1, 2, 1, 3]
    assert corpus.test is None


def test_texts_to_measure_on_leave_all_of_the_first_to_learn():
    corpus = make_word_corpus("a b a\n" * 9, cutting(), validation="b x\n", test="x a a")
    assert len(corpus.training.numbers) == 36
    numbers = corpus.vocabulary.encode
    assert corpus.validation.numbers.tolist() == numbers(["b", "<unk>", "<eos>"])
    assert corpus.test.numbers.tolist() == numbers(["<unk>", "a", "a", "<eos>"])


def test_rare_words_are_left_out():
    corpus = make_word_corpus("a b a\n" * 9 + "c\n" * 2, cutting(least_count=3), validation="a\n")
    assert "c" not in corpus.vocabulary


def test_characters_have_texts_to_measure_on_too():
    settings = CorpusSettings(streams=2, window=3)
    corpus = make_corpus("abcab" * 9, settings, "characters", validation="cab", test="bb")
    assert len(corpus.training.numbers) == 45
    assert corpus.validation.numbers.tolist() == [2, 0, 1]
    assert corpus.test.numbers.tolist() == [1, 1]


def test_too_few_words():
    with pytest.raises(TextError, match="too short"):
        make_word_corpus("a b\n", cutting())
    with pytest.raises(TextError, match="too short to measure"):
        make_word_corpus("a b a\n" * 9, cutting(), validation="\n")


def test_damaged_words_are_said_to_be(tmp_path):
    run = save_task(small_words(), tmp_path / "run")
    path = run.folder / "config.json"
    path.write_text(path.read_text().replace('"<unk>"', '"the"', 1))
    with pytest.raises(DamagedFile):
        load_task(run.folder)
