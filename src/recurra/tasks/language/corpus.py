"""A text as training and validation data of a language model."""

from dataclasses import dataclass

import torch

from recurra.base import ArgumentError, TextError, check_range, check_size
from recurra.data import (
    END,
    ContiguousStreams,
    TokenVocabulary,
    Units,
    Vocabulary,
    require_length,
    streams_that_fit,
    to_units,
)


@dataclass(frozen=True)
class CorpusSettings:
    """How a text is cut up for training.

    Args:
        streams: B, places of the text that are read side by side; more is faster a step, fewer
            makes more steps of an epoch.
        window: T, symbols that gradients flow back through.
        validation: part of the text, at its end, that is measured and not learnt; 0 < part < 1.
        unknown: whether characters that the vocabulary lacks are read as "<unk>"; otherwise they
            are errors. Words always are.
        least_count: rarer symbols are left out of the vocabulary; characters only with `unknown`.
            Make it 2 or more then, since a network learns what `<unk>` means only from text that
            has it.
    """

    streams: int = 16
    window: int = 64
    validation: float = 0.1
    unknown: bool = False
    least_count: int = 1

    def __post_init__(self) -> None:
        check_size("streams", self.streams)
        check_size("window", self.window)
        check_size("least_count", self.least_count)
        check_range("validation", self.validation, 0, 1, low_open=True, high_open=True)


@dataclass(frozen=True)
class Corpus:
    """A text ready to learn from.

    Args:
        vocabulary: its symbols; of characters those of the other texts too.
        training: windows over what is learnt.
        validation: windows over what is measured after each epoch.
        test: windows over what is measured at the end. Default: nothing is.
    """

    vocabulary: Vocabulary | TokenVocabulary
    training: ContiguousStreams
    validation: ContiguousStreams
    test: ContiguousStreams | None = None


def make_corpus(
    content: str,
    settings: CorpusSettings,
    units: Units,
    *,
    validation: str | None = None,
    test: str | None = None,
) -> Corpus:
    """Cut a text into training and validation data, symbol by symbol.

    The vocabulary holds the characters of all texts; with an "<unk>", those of `content` alone.

    Args:
        content: the text.
        settings: how to cut.
        units: what one symbol is.
        validation: a text to measure on, all of `content` is learnt then. Default: the end of
            `content`.
        test: a text to measure on at the end. Default: none.

    Raises:
        TextError: a text is too short for these settings.
        ArgumentError: `settings` leave out rare characters without an "<unk>" for them.
    """
    if settings.least_count > 1 and not settings.unknown:
        raise ArgumentError(
            "`least_count` leaves out characters, which then need an `<unk>`.",
            got=f"least_count={settings.least_count} without `<unk>`",
            fix="--unknown unk, in Python unknown=True",
        )
    symbols = to_units(content, units)
    border = _border(len(symbols), settings, validation)
    measured = None if validation is None else to_units(validation, units)
    tested = None if test is None else to_units(test, units)
    vocabulary = _characters_of([symbols, measured or "", tested or ""], settings)
    numbers = vocabulary.encode(symbols)
    return _corpus(
        vocabulary,
        numbers[:border],
        numbers[border:] if measured is None else vocabulary.encode(measured),
        None if tested is None else vocabulary.encode(tested),
        settings,
    )


def _characters_of(texts: list[str], settings: CorpusSettings) -> Vocabulary:
    """Collect the characters of the first text, which is learnt, and those that others have.

    An alphabet is no secret: as the end of a text that is held out has its characters among those
    of the whole, so has a text of its own. With an "<unk>" they are unknown instead.
    """
    if settings.unknown:
        return Vocabulary.of(texts[0], unknown=True, least_count=settings.least_count)
    return Vocabulary.of("".join(set().union(*texts)))


def make_word_corpus(
    content: str,
    settings: CorpusSettings,
    *,
    validation: str | None = None,
    test: str | None = None,
) -> Corpus:
    """Cut a text into training and validation data, word by word.

    The vocabulary holds the words that are learnt from, at least `settings.least_count` times; all
    others are read as "<unk>".

    Args:
        content: the text.
        settings: how to cut; there is always an "<unk>".
        validation: a text to measure on, all of `content` is learnt then. Default: the end of
            `content`.
        test: a text to measure on at the end. Default: none.

    Raises:
        TextError: a text is too short for these settings.
    """
    words = split_text_into_words(_with_line_end(content))
    border = _border(len(words), settings, validation)
    learnt = words[:border]
    vocabulary = TokenVocabulary.of(learnt, least_count=settings.least_count)

    def encode(words: list[str]) -> torch.Tensor:
        return torch.tensor(vocabulary.encode(words), dtype=torch.int32)

    def read(text: str) -> list[str]:
        return split_text_into_words(_with_line_end(text))

    measured = encode(words[border:] if validation is None else read(validation))
    tested = None if test is None else encode(read(test))
    return _corpus(vocabulary, encode(learnt), measured, tested, settings)


def _with_line_end(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _border(symbols: int, settings: CorpusSettings, validation: str | None) -> int:
    """Say how many symbols are learnt; refuse too few."""
    border = symbols if validation is not None else round(symbols * (1 - settings.validation))
    require_length(border, streams=settings.streams, window=settings.window)
    if validation is None and symbols - border < 2:
        raise TextError(
            "The text leaves too little to validate on.",
            got=f"{symbols - border} of {symbols} symbols",
            expected="2 or more",
            fix="use a longer text or a larger `--validation`",
        )
    return border


def _corpus(
    vocabulary: Vocabulary | TokenVocabulary,
    learnt: torch.Tensor,
    measured: torch.Tensor,
    tested: torch.Tensor | None,
    settings: CorpusSettings,
) -> Corpus:
    streams, window = settings.streams, settings.window
    return Corpus(
        vocabulary,
        ContiguousStreams(learnt, streams=streams, window=window),
        streams_that_fit(measured, streams=streams, window=window),
        None if tested is None else streams_that_fit(tested, streams=streams, window=window),
    )


def split_text_into_words(text: str) -> list[str]:
    r"""Split a text at blanks; each line that ends gives an "<eos>".

    Example:
        >>> import recurra
        >>> recurra.tasks.language.split_text_into_words("to be ,\nor not\n")
        ['to', 'be', ',', '<eos>', 'or', 'not', '<eos>']
    """
    return text.replace("\n", f" {END} ").split()
