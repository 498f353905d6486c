"""Between a text and the numbers that a network reads: by characters, jamo, words or subwords."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from recurra.base import ArgumentError, UnknownName, check_size
from recurra.data._token_vocabulary import BEGIN, END, TokenVocabulary
from recurra.data._vocabulary import UNKNOWN

TextUnits: TypeAlias = Literal["characters", "jamo", "words", "subwords"]
"""What one symbol is: a character, a letter of Hangul, a word or sign, or a part of words."""

MARKS = (UNKNOWN, BEGIN, END)
"""The first three symbols of every encoder: what is not known, the beginning and the end."""


@dataclass(frozen=True)
class EncoderSettings:
    """How texts become numbers.

    Args:
        units: "characters", "jamo" (letters of Hangul), "words" (words and signs) or "subwords"
            (byte-pair encoding: frequent words whole, others in parts). Default: "characters".
        lowercase: whether large letters are read as small ones. Default: False.
        least_count: rarer symbols are read as "<unk>". Default: 1.
        vocabulary_size: symbols at most, the commonest. Default: 10,000.
    """

    units: TextUnits = "characters"
    lowercase: bool = False
    least_count: int = 1
    vocabulary_size: int = 10_000

    def __post_init__(self) -> None:
        if self.units not in get_args(TextUnits):
            raise UnknownName.among("units", self.units, get_args(TextUnits))
        check_size("least_count", self.least_count)
        check_size("vocabulary_size", self.vocabulary_size, least=len(MARKS) + 1)

    @property
    def encoding(self) -> "EncoderSettings":
        """These alone, of settings that have others, too."""
        return EncoderSettings(self.units, self.lowercase, self.least_count, self.vocabulary_size)


class TextEncoder(ABC):
    """Turn texts into numbers and back.

    Numbers 0, 1 and 2 are "<unk>", "<bos>" and "<eos>" (see `MARKS`); `encode` gives the first
    where it must and never the other two.

    Args:
        settings: how texts become numbers.
        vocabulary: the symbols.
    """

    def __init__(self, settings: EncoderSettings, vocabulary: TokenVocabulary) -> None:
        if vocabulary.tokens[: len(MARKS)] != MARKS:
            raise ArgumentError(
                "The vocabulary of a text encoder does not begin with its marks.",
                got=", ".join(vocabulary.tokens[: len(MARKS)]),
                expected=", ".join(MARKS),
            )
        self.settings = settings
        self.vocabulary = vocabulary

    def __len__(self) -> int:
        return len(self.vocabulary)

    @abstractmethod
    def tokens(self, text: str) -> list[str]:
        """Cut a text into symbols, known or not."""

    @abstractmethod
    def join(self, tokens: Sequence[str]) -> str:
        """Put symbols together to a text."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """Describe the encoder as JSON, for `text_encoder_from`."""

    def encode(self, text: str) -> list[int]:
        """Turn a text into numbers; a symbol that is not known becomes that of "<unk>"."""
        return self.vocabulary.encode(self.tokens(text))

    def decode(self, numbers: Iterable[int]) -> str:
        """Turn numbers back into a text, without the marks of begin and end."""
        marks = range(1, len(MARKS))
        return self.join(self.vocabulary.decode(n for n in map(int, numbers) if n not in marks))

    def prepared(self, text: str) -> str:
        """Give a text in small letters, if asked for."""
        return text.lower() if self.settings.lowercase else text
