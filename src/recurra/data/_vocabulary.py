"""Vocabularies: between symbols and the numbers that a network reads."""

from collections import Counter
from collections.abc import Callable, Sequence

import torch

from recurra.base import ArgumentError, UnknownSymbol

UNKNOWN = "<unk>"

BLOCK = 1 << 20
"""Characters encoded at a time, so that a long text needs little memory besides its own."""


def place_of(line: int, column: int) -> str:
    """Say where in a text something stands, both counted from 1."""
    return f"line {line}, column {column}"


class Vocabulary:
    """A fixed, ordered set of one-character symbols, each with its number.

    Args:
        symbols: the characters, each once; their places are their numbers. The first may be
            "<unk>": it then stands for every character that is not in the list. Without it, such
            a character is an error.

    Raises:
        ArgumentError: a symbol is not one character, or comes twice, or there is none.

    Example:
        >>> import recurra
        >>> vocabulary = recurra.data.Vocabulary.of("hello")
        >>> vocabulary.symbols
        ('e', 'h', 'l', 'o')
        >>> vocabulary.encode("hole").tolist()
        [1, 3, 2, 0]
        >>> vocabulary.decode([1, 0, 2, 2, 3])
        'hello'
    """

    def __init__(self, symbols: Sequence[str]) -> None:
        self.symbols = tuple(symbols)
        self.has_unknown = self.symbols[:1] == (UNKNOWN,)
        characters = self.symbols[1:] if self.has_unknown else self.symbols
        if any(len(symbol) != 1 for symbol in characters) or len(set(characters)) < len(characters):
            raise ArgumentError(
                "`symbols` is not a list of distinct characters.",
                got=_shorten(self.symbols),
                expected='distinct single characters, the first may be "<unk>"',
            )
        if not characters:
            raise ArgumentError(
                "`symbols` has no character.",
                got=_shorten(self.symbols) or "nothing",
                expected='at least one, besides "<unk>"',
            )
        points = torch.tensor([ord(character) for character in characters], dtype=torch.int32)
        self._points, order = points.sort()  # sorted code points, and the number of each
        self._numbers = (order + self.has_unknown).to(torch.int32)

    @classmethod
    def of(cls, text: str, *, unknown: bool = False, least_count: int = 1) -> "Vocabulary":
        """Collect the characters of a text, in the order of their code points.

        Args:
            text: the text.
            unknown: put "<unk>" first, for characters that are not in the vocabulary.
            least_count: leave out characters that occur less often; needs `unknown`. Default: 1.

        Raises:
            ArgumentError: `least_count` without `unknown`, or no character is left.
        """
        if least_count > 1 and not unknown:
            raise ArgumentError(
                "`least_count` leaves out characters, which then need an `<unk>`.",
                got=f"least_count={least_count}, unknown=False",
                fix="unknown=True",
            )
        counts = Counter(text)
        if text and max(counts.values()) < least_count:
            raise ArgumentError(
                "`least_count` leaves no character.",
                got=least_count,
                expected=f"at most {max(counts.values())}, the count of the commonest character",
            )
        kept = sorted(symbol for symbol, count in counts.items() if count >= least_count)
        return cls([UNKNOWN, *kept] if unknown else kept)

    def __len__(self) -> int:
        return len(self.symbols)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.symbols == other.symbols

    def __hash__(self) -> int:
        return hash(self.symbols)

    def __repr__(self) -> str:
        return f"Vocabulary({_shorten(self.symbols)})"

    def encode(
        self, text: str, *, name: str = "text", where: Callable[[int, int], str] = place_of
    ) -> torch.Tensor:
        """Turn a text into numbers, `[N]` int32.

        Args:
            text: the text.
            name: what an error message calls the text.
            where: what an error message calls a line and a column, such as `Text.where`, which
                names the file. Default: these numbers alone.

        Raises:
            UnknownSymbol: a character is not in the vocabulary, which has no "<unk>".
        """
        blocks: list[torch.Tensor] = []
        for start in range(0, len(text), BLOCK):
            numbers, known = self._encode(text[start : start + BLOCK])
            if not self.has_unknown and not bool(known.all()):
                place = start + int(known.logical_not().int().argmax())
                raise self._unknown_symbol(text, place, name, where)
            blocks.append(torch.where(known, numbers, 0))
        return torch.cat(blocks) if blocks else torch.empty(0, dtype=torch.int32)

    def _encode(self, text: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Give the numbers of characters, and which of them are known."""
        raw = bytearray(text.encode("utf-32-le", "surrogatepass"))
        points = torch.frombuffer(raw, dtype=torch.int32)  # [N]
        places = torch.searchsorted(self._points, points).clamp_(max=len(self._points) - 1)
        return self._numbers[places], self._points[places] == points

    def decode(self, numbers: Sequence[int] | torch.Tensor) -> str:
        """Turn numbers back into text."""
        return "".join(self.symbols[int(number)] for number in numbers)

    def _unknown_symbol(
        self, text: str, place: int, name: str, where: Callable[[int, int], str]
    ) -> UnknownSymbol:
        character = text[place]
        line = text.count("\n", 0, place) + 1
        column = place - text.rfind("\n", 0, place)
        return UnknownSymbol(
            f"The {name} has a character that the vocabulary lacks.",
            got=f"{character!r} (U+{ord(character):04X})",
            expected=f"one of the {len(self)} characters {_shorten(self.symbols)}",
            where=where(line, column),
            fix="leave it out, or train with `--unknown unk`",
        )


def _shorten(symbols: Sequence[str], most: int = 40) -> str:
    shown = " ".join(repr(symbol)[1:-1] for symbol in symbols[:most])
    return shown if len(symbols) <= most else f"{shown} ... ({len(symbols)} in all)"
