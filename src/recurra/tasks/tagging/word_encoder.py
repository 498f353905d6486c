"""Between words and the numbers that a tagger reads: the word, its letters, its ends."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from recurra.base import UnknownName, check_names, check_size
from recurra.data import TokenVocabulary, to_units

SPELLINGS = ("characters", "jamo")

MAX_LETTERS = 48
"""Of longer words, such as addresses of pages, half as many letters of either end are read."""

MIN_AFFIX = 3
"""Ends of words that are rarer among the training words are not told apart."""

REMEMBERED = 2**16
"""Words whose numbers are kept at hand."""


class Spelling(NamedTuple):
    """A word as numbers.

    Args:
        word: of the word in small letters; 0 if it is rare or unknown.
        letters: of its letters, one or more.
        affixes: of its beginnings, from one letter on, then of its ends; 0 for those that are rare
            or as long as the word.
    """

    word: int
    letters: tuple[int, ...]
    affixes: tuple[int, ...]


@dataclass(frozen=True)
class WordSettings:
    """How words become numbers.

    Args:
        least_count: words that the training data have less often, in small letters, have no vector
            of their own and are known by their letters alone. Default: 2.
        spelling: what a letter is: "characters", or "jamo": syllables of Hangul by their letters.
            Default: "characters".
        affixes: beginnings and ends of words of 1 .. so many letters have vectors of their own;
            0: none. Default: 3.
    """

    least_count: int = 2
    spelling: Literal["characters", "jamo"] = "characters"
    affixes: int = 3

    def __post_init__(self) -> None:
        check_size("least_count", self.least_count)
        check_size("affixes", self.affixes, least=0, most=20)
        if self.spelling not in SPELLINGS:
            raise UnknownName.among("spelling", self.spelling, SPELLINGS)


class WordEncoder:
    """Turn words into numbers.

    Args:
        settings: how.
        words: words in small letters that have a vector; the first is "<unk>".
        letters: that have a vector; the first is "<unk>".
        affixes: beginnings "un-" and ends "-ing" that have a vector; the first is "<unk>".

    Example:
        >>> from recurra.tasks.tagging.word_encoder import WordEncoder, WordSettings
        >>> encoder = WordEncoder.of("To be or not to be".split(), WordSettings(affixes=0))
        >>> encoder("be"), encoder("Bee").word
        (Spelling(word=1, letters=(2, 3), affixes=()), 0)
    """

    def __init__(
        self,
        settings: WordSettings,
        words: TokenVocabulary,
        letters: TokenVocabulary,
        affixes: TokenVocabulary,
    ) -> None:
        self.settings = settings
        self.words, self.letters, self.affixes = words, letters, affixes
        self._remembered = lru_cache(REMEMBERED)(self._spell)

    @classmethod
    def of(cls, forms: Iterable[str], settings: WordSettings) -> "WordEncoder":
        """Make an encoder with the words, letters and affixes of a text.

        Args:
            forms: its words, each as often as it comes.
            settings: how words become numbers.
        """
        counts = Counter(forms)
        spelt = {form: _letters(form, settings) for form in counts}
        lower: Counter[str] = Counter()
        for form, count in counts.items():
            lower[form.lower()] += count
        return cls(
            settings,
            TokenVocabulary.of(lower.elements(), least_count=settings.least_count),
            TokenVocabulary.of(letter for form in spelt for letter in spelt[form] * counts[form]),
            TokenVocabulary.of(_affixes_of(spelt.values(), settings), least_count=MIN_AFFIX),
        )

    @classmethod
    def from_config(cls, config: Mapping[str, Any], settings: WordSettings) -> "WordEncoder":
        """Build the encoder that `config` describes."""
        names = ("words", "letters", "affixes")
        return cls(settings, *(TokenVocabulary(check_names(name, config[name])) for name in names))

    def config(self) -> dict[str, Any]:
        """Describe the encoder as JSON, but for its settings."""
        vocabularies = {"words": self.words, "letters": self.letters, "affixes": self.affixes}
        return {name: list(each.tokens) for name, each in vocabularies.items()}

    def __call__(self, form: str) -> Spelling:
        """Turn a word into numbers."""
        return self._remembered(form)

    def _spell(self, form: str) -> Spelling:
        letters = _letters(form, self.settings)
        affixes = _affixes(letters, self.settings.affixes)
        return Spelling(
            self.words.number(form.lower()),
            tuple(self.letters.encode(letters)),
            tuple(self.affixes.number(affix) if affix else 0 for affix in affixes),
        )


def _letters(form: str, settings: WordSettings) -> list[str]:
    letters = list(to_units(form, settings.spelling))
    half = MAX_LETTERS // 2
    return letters if len(letters) <= MAX_LETTERS else letters[:half] + letters[-half:]


def _affixes_of(words: Iterable[Sequence[str]], settings: WordSettings) -> Iterator[str]:
    """Give the affixes of distinct words."""
    return (affix for letters in words for affix in _affixes(letters, settings.affixes) if affix)


def _affixes(letters: Sequence[str], longest: int) -> list[str]:
    """Give beginnings of 1 .. `longest` letters, then ends; empty where a word is no longer."""
    word = "".join(letters).lower()
    there = [size if size < len(word) else 0 for size in range(1, longest + 1)]
    return [
        *(f"{word[:size]}-" if size else "" for size in there),
        *(f"-{word[-size:]}" if size else "" for size in there),
    ]
