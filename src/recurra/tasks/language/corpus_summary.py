"""What the texts of a language model are like: how long, of which symbols, how much is unknown."""

from dataclasses import dataclass

import torch

from recurra.data import ContiguousStreams, Vocabulary
from recurra.tasks.language.corpus import Corpus

COMMONEST = 40
"""Symbols that are listed with their counts."""

MUCH = 0.05
"""A larger part of a text that the model cannot know is worth a warning."""

_SHOWN = {" ": "(blank)", "\n": "(end of line)", "\t": "(tab)"}


@dataclass(frozen=True)
class TextPart:
    """How many symbols a text has, and how many of them the model cannot know.

    Args:
        symbols: all of them.
        foreign: those that are read as "<unk>", which may stand in the text itself; without an
            "<unk>", those that the text to learn does not have.
    """

    symbols: int
    foreign: int

    @property
    def share(self) -> float:
        """Give the part of the symbols that is foreign, 0 to 1."""
        return self.foreign / self.symbols

    @property
    def percent(self) -> str:
        """Write the share for people."""
        return f"{100 * self.share:.1f} %"


@dataclass(frozen=True)
class CorpusSummary:
    """What was understood of texts before training.

    Args:
        unit: what their symbols are called, such as "words".
        parts: by name: training, validation and perhaps test.
        vocabulary: how many symbols the model knows.
        has_unknown: whether there is an "<unk>" among them.
        commonest: symbols of the text to learn with their counts, the commonest first.
    """

    unit: str
    parts: dict[str, TextPart]
    vocabulary: int
    has_unknown: bool
    commonest: list[tuple[str, int]]

    def unknown(self, name: str) -> str:
        """Say how much of a part is unknown; nothing where the model has no "<unk>"."""
        return f"{self.parts[name].percent} unknown {self.unit}" if self.has_unknown else ""

    @property
    def warnings(self) -> list[str]:
        """Say of which texts so much is foreign that their measures mean something else."""
        why = (
            f"are unknown to the vocabulary: perplexity counts them as one {self.unit[:-1]}."
            if self.has_unknown
            else "do not occur in the text to learn."
        )
        return [
            f"{part.percent} of the {self.unit} of the {name} text {why}"
            for name, part in self.parts.items()
            if part.share > MUCH and name != "training"
        ]


def summarise_corpus(corpus: Corpus, unit: str) -> CorpusSummary:
    r"""Sum up the texts of a language model, so that its measures can be judged.

    Args:
        corpus: the texts.
        unit: what their symbols are called.

    Returns:
        summary: lengths, unknown symbols, the commonest of what is learnt.

    Example:
        >>> import recurra
        >>> settings = recurra.tasks.CorpusSettings(streams=1, window=4)
        >>> corpus = recurra.tasks.make_word_corpus("to be or\n" * 9, settings, test="to see\n")
        >>> recurra.tasks.language.summarise_corpus(corpus, "words").unknown("test")
        '33.3 % unknown words'
    """
    streams = {"training": corpus.training, "validation": corpus.validation, "test": corpus.test}
    counts = {name: _counts(each, corpus) for name, each in streams.items() if each is not None}
    foreign = counts["training"] == 0
    if corpus.vocabulary.has_unknown:
        foreign = torch.arange(len(corpus.vocabulary)) == 0
    parts = {
        name: TextPart(int(each.sum()), int(each[foreign].sum())) for name, each in counts.items()
    }
    return CorpusSummary(
        unit,
        parts,
        len(corpus.vocabulary),
        corpus.vocabulary.has_unknown,
        _commonest(corpus, counts["training"]),
    )


def _counts(streams: ContiguousStreams, corpus: Corpus) -> torch.Tensor:
    """Count each symbol of the vocabulary, `[V]`."""
    return torch.bincount(streams.numbers, minlength=len(corpus.vocabulary))


def _commonest(corpus: Corpus, counts: torch.Tensor) -> list[tuple[str, int]]:
    vocabulary = corpus.vocabulary
    symbols = vocabulary.symbols if isinstance(vocabulary, Vocabulary) else vocabulary.tokens
    order = counts.argsort(descending=True, stable=True)[:COMMONEST].tolist()
    return [(_SHOWN.get(symbols[i], symbols[i]), int(counts[i])) for i in order if counts[i]]
