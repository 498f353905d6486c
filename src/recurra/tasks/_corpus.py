"""A text as training and validation data of a language model."""

from dataclasses import dataclass

from recurra.base import ArgumentError, TextError, check_range, check_size
from recurra.data import (
    ContiguousStreams,
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
            are errors.
        least_count: with `unknown`, rarer characters are left out of the vocabulary. Make it 2 or
            more, since a network learns what `<unk>` means only from text that has it.
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
        if self.least_count > 1 and not self.unknown:
            raise ArgumentError(
                "`least_count` leaves out characters, which then need an `<unk>`.",
                got=f"least_count={self.least_count} without `<unk>`",
                fix="--unknown unk, in Python unknown=True",
            )
        check_range("validation", self.validation, 0, 1, low_open=True, high_open=True)


@dataclass(frozen=True)
class Corpus:
    """A text ready to learn from.

    Args:
        vocabulary: its symbols, those of the validation part too.
        training: windows over the first part.
        validation: windows over the rest.
    """

    vocabulary: Vocabulary
    training: ContiguousStreams
    validation: ContiguousStreams


def make_corpus(content: str, settings: CorpusSettings, units: Units) -> Corpus:
    """Cut a text into training and validation data.

    Args:
        content: the text.
        settings: how to cut.
        units: what one symbol is.

    Raises:
        TextError: the text is too short for these settings.
    """
    symbols = to_units(content, units)
    border = round(len(symbols) * (1 - settings.validation))
    streams, window = settings.streams, settings.window
    require_length(border, streams=streams, window=window)
    vocabulary = Vocabulary.of(symbols, unknown=settings.unknown, least_count=settings.least_count)
    numbers = vocabulary.encode(symbols)
    training = ContiguousStreams(numbers[:border], streams=streams, window=window)
    if len(numbers) - border < 2:
        raise TextError(
            "The text leaves too little to validate on.",
            got=f"{len(numbers) - border} of {len(numbers)} symbols",
            expected="2 or more",
            fix="use a longer text or a larger `--validation`",
        )
    validation = streams_that_fit(numbers[border:], streams=streams, window=window)
    return Corpus(vocabulary, training, validation)
