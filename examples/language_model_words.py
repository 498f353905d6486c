"""A language model of words: what comes after "the value of the"?

    python examples/language_model_words.py [--quick]

It learns the reference of the Python language, which every Python carries, word by word; the last
tenth is measured and not learnt. Perplexity says between how many equally likely words the model
hesitates; that of the counts of single words is what it has to beat, by far. Some minutes of one
core; with `--quick` some seconds, on a part of the text.
"""

import argparse
import math
import tempfile
from pathlib import Path

import torch

from recurra.data import python_reference
from recurra.store import Run
from recurra.tasks import (
    CorpusSettings,
    LanguageModelConfig,
    WordLanguageModel,
    describe_task,
    load_task,
    make_word_corpus,
)
from recurra.tasks.language import Corpus
from recurra.train import TrainingSettings, evaluate, fit

TARGET = {True: 0.75, False: 0.4}
"""Perplexity that counts as success, as a part of that of the counts; first with `--quick`."""


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description="A language model of words.")
    parser.add_argument("--quick", action="store_true", help="a smaller network on less text")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)

    text = python_reference().content[: 150_000 if quick else None]
    cut = CorpusSettings(
        streams=8 if quick else 16, window=20 if quick else 35, least_count=2, unknown=True
    )
    corpus = make_word_corpus(text, cut)
    print(f"{len(corpus.training.numbers):,} words, {len(corpus.vocabulary):,} different ones")

    size = 64 if quick else 256
    sizes = LanguageModelConfig(
        hidden_size=size, embedding_size=size, layers=1, tied=True, dropout=0.3
    )
    model = WordLanguageModel(corpus.vocabulary, sizes)
    with tempfile.TemporaryDirectory(prefix="words-") as folder:
        run = Run.create(Path(folder) / "run", {"task": describe_task(model)})
        training = TrainingSettings(epochs=3 if quick else 12, patience=3)
        fit(model, corpus.training, corpus.validation, training, run)
        best = load_task(run.folder)

    assert isinstance(best, WordLanguageModel)
    perplexity = evaluate(best, corpus.validation)["perplexity"]
    counted = perplexity_of_counts(corpus)
    print(f"perplexity {perplexity:.1f}; of the counts of words {counted:.1f}")
    print(best.generate_text("The value of the", length=30, temperature=0.7, seed=1))
    assert perplexity <= TARGET[quick] * counted, "the target was missed"


def perplexity_of_counts(corpus: Corpus) -> float:
    """Measure a model that knows how frequent each word is, and nothing of what stands before."""
    size = len(corpus.vocabulary)
    counts = torch.bincount(corpus.training.numbers.long(), minlength=size) + 1.0  # [V]
    nats = -(counts / counts.sum()).log()
    return math.exp(float(nats[corpus.validation.numbers.long()].mean()))


if __name__ == "__main__":
    main()
