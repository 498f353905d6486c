"""Text encoders by characters, by jamo, and by words and signs."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from recurra.data._text import from_units, to_units
from recurra.data._text_encoder import MARKS, TextEncoder

_WORD = re.compile(r"\w+(?:[-'\u2019]\w+)*|[^\w\s]")
_NO_SPACE_BEFORE = re.compile(r" (?=[.,;:!?%)\]}\u2019])")
_NO_SPACE_AFTER = re.compile(r"(?<=[(\[{]) ")


class TokenEncoder(TextEncoder):
    """Encode texts by characters, jamo or words."""

    def tokens(self, text: str) -> list[str]:
        """Cut a text into symbols, known or not."""
        return _SPLIT[self.settings.units](self.prepared(text))

    def join(self, tokens: Sequence[str]) -> str:
        """Put symbols together to a text; between words go blanks, but where signs take none."""
        if self.settings.units != "words":
            return from_units("".join(tokens))
        return _NO_SPACE_AFTER.sub("", _NO_SPACE_BEFORE.sub("", " ".join(tokens)))

    def config(self) -> dict[str, Any]:
        """Describe the encoder as JSON."""
        return {**vars(self.settings), "tokens": list(self.vocabulary.tokens[len(MARKS) :])}


def split_words(text: str) -> list[str]:
    """Cut a text into words and signs.

    Example:
        >>> import recurra
        >>> recurra.data.split_words("It's late, isn't it?")
        ["It's", 'late', ',', "isn't", 'it', '?']
    """
    return _WORD.findall(to_units(text, "characters"))


_SPLIT: dict[str, Callable[[str], list[str]]] = {
    "characters": lambda text: list(to_units(text, "characters")),
    "jamo": lambda text: list(to_units(text, "jamo")),
    "words": split_words,
}
