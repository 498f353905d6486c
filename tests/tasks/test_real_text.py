"""Language models on real text: English, and Korean letter by letter."""

import math
from collections import Counter

import pytest
import torch

from recurra.data import read_text, to_units
from recurra.store import Run
from recurra.tasks import (
    CorpusSettings,
    LanguageModel,
    LanguageModelConfig,
    describe_task,
    load_task,
    make_corpus,
)
from recurra.train import TrainingSettings, evaluate, fit

pytestmark = pytest.mark.data
CHARACTERS = 100_000


@pytest.fixture(autouse=True)
def one_thread():
    """Networks this small are many times slower on threads that wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def unigram_entropy(symbols):
    """Give the bits a symbol that a model needs that only knows how frequent each symbol is."""
    counts = Counter(symbols)
    return -sum(n * math.log2(n / len(symbols)) for n in counts.values()) / len(symbols)


def train(folder, text, units):
    """Train for a few seconds; give the model of the run as loaded again, and its corpus."""
    corpus = make_corpus(
        text, CorpusSettings(streams=16, window=32, unknown=True, least_count=3), units
    )
    torch.manual_seed(0)
    config = LanguageModelConfig(
        cell="gru", hidden_size=64, layers=1, embedding_size=32, units=units
    )
    model = LanguageModel(corpus.vocabulary, config)
    run = Run.create(folder, {"task": describe_task(model)})
    settings = TrainingSettings(epochs=2, learning_rate=0.01)
    result = fit(model, corpus.training, corpus.validation, settings, run)
    loaded = load_task(folder)
    measured = evaluate(loaded, corpus.validation)["bits_per_character"]
    assert measured == pytest.approx(result.best, rel=1e-6)
    return loaded, measured


def test_shakespeare(tmp_path, data_dir):
    text = read_text([data_dir / "tiny_shakespeare" / "input.txt"]).content[:CHARACTERS]
    model, bits = train(tmp_path / "run", text, "characters")
    entropy = unigram_entropy(text)
    assert 4.5 < entropy < 5
    assert bits < 3.0 < entropy - 1.5
    written = model.generate_text("ROMEO:\n", length=300, temperature=0.6)
    words = {word for word in text.split() if len(word) > 1}
    known = [word for word in written.split() if word in words]
    assert len(known) > len(written.split()) / 3  # random letters make hardly any


def test_korean_letter_by_letter(tmp_path, data_dir):
    lines = read_text([data_dir / "nsmc" / "ratings_test.txt"]).content.splitlines()[1:3000]
    text = "\n".join(line.split("\t")[1] for line in lines)
    jamo = to_units(text, "jamo")[:CHARACTERS]
    model, bits = train(tmp_path / "run", text[: CHARACTERS // 3], "jamo")
    entropy = unigram_entropy(jamo)
    assert bits < entropy - 1.4
    written = model.generate_text("이 영화", length=200, temperature=0.6)
    assert written.startswith("이 영화")
    syllables = [each for each in written if "\uac00" <= each <= "\ud7a3"]
    assert len(syllables) > 40
