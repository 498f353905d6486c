"""Vocabularies of whole strings: words, subwords, labels, and marks such as the end of a text."""

from collections import Counter
from collections.abc import Iterable, Sequence

from recurra.base import ArgumentError, UnknownSymbol
from recurra.data._vocabulary import UNKNOWN

BEGIN, END = "<bos>", "<eos>"
"""Marks before the first and after the last token of a text."""


class TokenVocabulary:
    """A fixed, ordered set of strings, each with its number.

    For symbols of one character `Vocabulary` is faster; this one has room for words and marks.

    Args:
        tokens: the strings, each once; their places are their numbers. If the first is "<unk>", it
            stands for every string that is not in the list; without it such a string is an error.

    Raises:
        ArgumentError: a token is no string or is empty, comes twice, or there is none.

    Example:
        >>> import recurra
        >>> vocabulary = recurra.data.TokenVocabulary.of("to be or not to be".split())
        >>> vocabulary.tokens
        ('<unk>', 'be', 'to', 'not', 'or')
        >>> vocabulary.encode(["not", "to", "see"])
        [3, 2, 0]
        >>> vocabulary.decode([2, 1])
        ['to', 'be']
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tuple(tokens)
        _check_tokens(self.tokens)
        self.has_unknown = self.tokens[0] == UNKNOWN
        self._numbers = {token: number for number, token in enumerate(self.tokens)}

    @classmethod
    def of(
        cls,
        tokens: Iterable[str],
        *,
        specials: Sequence[str] = (UNKNOWN,),
        least_count: int = 1,
        most: int | None = None,
    ) -> "TokenVocabulary":
        """Collect the tokens of a text, the commonest first; of equally common ones as sorted.

        Args:
            tokens: the text.
            specials: marks that come before all others. Default: "<unk>".
            least_count: leave out what occurs less often. Default: 1.
            most: keep so many, marks included. Default: all.
        """
        counts = Counter(tokens)
        for special in specials:
            counts.pop(special, None)
        found = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
        kept = [token for token, count in found if count >= least_count]
        room = len(kept) if most is None else max(0, most - len(specials))
        return cls([*specials, *kept[:room]])

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._numbers

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TokenVocabulary) and self.tokens == other.tokens

    def __hash__(self) -> int:
        return hash(self.tokens)

    def __repr__(self) -> str:
        return f"TokenVocabulary({len(self)} tokens)"

    def number(self, token: str) -> int:
        """Give the number of a token.

        Raises:
            UnknownSymbol: it is not in the vocabulary, which has no "<unk>".
        """
        number = self._numbers.get(token, 0 if self.has_unknown else None)
        if number is None:
            raise UnknownSymbol(
                "A token is not in the vocabulary.", got=repr(token)[:60], expected=_some(self)
            )
        return number

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Turn tokens into numbers.

        Raises:
            UnknownSymbol: one is not in the vocabulary, which has no "<unk>".
        """
        return [self.number(token) for token in tokens]

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Turn numbers back into tokens."""
        return [self.tokens[int(number)] for number in numbers]


def _check_tokens(tokens: tuple[object, ...]) -> None:
    odd = next((each for each in tokens if not isinstance(each, str) or not each), None)
    if odd is not None or not tokens or len(set(tokens)) < len(tokens):
        raise ArgumentError(
            "`tokens` is not a list of distinct strings.",
            got=repr(odd if odd is not None else tokens)[:60],
            expected="one or more strings, each once and none empty",
        )


def _some(vocabulary: TokenVocabulary, most: int = 12) -> str:
    shown = ", ".join(map(repr, vocabulary.tokens[:most]))
    return shown if len(vocabulary) <= most else f"{shown} ... ({len(vocabulary)} in all)"
