"""Text from files: bytes to the symbols that a character model reads."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from recurra.base import UnknownName
from recurra.data._files import TextFile
from recurra.data._vocabulary import place_of
from recurra.data.records import STANDARD_INPUT, ReadOptions, decoded, name_of, read_chunks

Units: TypeAlias = Literal["characters", "jamo"]
"""What one symbol of a text is: a code point after NFC, or a jamo (a letter of Hangul)."""

_SYLLABLES = re.compile("[\uac00-\ud7a3]+")  # the Hangul syllables of Unicode


@dataclass(frozen=True)
class Text:
    """A text and where it came from.

    Args:
        content: its characters.
        files: the files that it was read from.
        begins: what each of them is called, and the line of the content at which it begins.
            Default: nobody can tell.
    """

    content: str
    files: tuple[TextFile, ...]
    begins: tuple[tuple[str, int], ...] = ()

    def fingerprint(self) -> list[dict[str, object]]:
        """Describe the files as JSON, for the configuration of a run."""
        return [asdict(file) for file in self.files]

    def where(self, line: int, column: int) -> str:
        """Say in which file a line of the content stands, both counted from 1."""
        files = [(name, line - first + 1) for name, first in self.begins if first <= line]
        if not files:
            return place_of(line, column)
        name, number = files[-1]
        return f"{name}:{number}, column {column}"


def read_text(paths: Iterable[str | Path], *, encoding: str = "utf-8") -> Text:
    r"""Read files as one text, in the order given.

    Files whose names end in `.gz` are unpacked; `-` is standard input. A byte-order mark is dropped
    and every line end becomes `\n`; a file that does not end with one gets one before the next file
    begins.

    Args:
        paths: the files.
        encoding: of the characters of all of them. Default: UTF-8.

    Raises:
        ArgumentError: there is no such encoding.
        TextError: a file is missing, is not in that encoding (the message says at which byte) or is
            empty.
        DataError: a gzip file is broken.

    Example:
        >>> import tempfile, pathlib, recurra
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "greeting.txt"
        >>> _ = path.write_text("hello", encoding="utf-8")
        >>> recurra.data.read_text([path]).content
        'hello'
    """
    encoding = ReadOptions(encoding=encoding).encoding
    parts: list[str] = []
    files: list[TextFile] = []
    begins: list[tuple[str, int]] = []
    line = 1
    for path in map(Path, paths):
        raw = b"".join(read_chunks(path))
        if parts and not parts[-1].endswith("\n"):
            parts[-1] += "\n"
        line += parts[-1].count("\n") if parts else 0
        begins.append((name_of(path), line))
        parts.append(_decode(raw, path, encoding))
        digest = hashlib.sha256(raw).hexdigest()
        place = STANDARD_INPUT if str(path) == STANDARD_INPUT else str(path.absolute())
        files.append(TextFile(place, len(raw), digest))
    return Text("".join(parts), tuple(files), tuple(begins))


def to_units(text: str, units: Units) -> str:
    """Rewrite a text so that each code point is one symbol: NFC, and Hangul as jamo if asked.

    Example:
        >>> import recurra
        >>> [len(recurra.data.to_units("한글", units)) for units in ("characters", "jamo")]
        [2, 6]
    """
    if units not in ("characters", "jamo"):
        raise UnknownName.among("units", units, ("characters", "jamo"))
    composed = unicodedata.normalize("NFC", text)
    if units == "characters":
        return composed
    return _SYLLABLES.sub(lambda match: unicodedata.normalize("NFD", match[0]), composed)


def from_units(text: str) -> str:
    """Undo `to_units`: put jamo back together into syllables."""
    return unicodedata.normalize("NFC", text)


def _decode(raw: bytes, path: Path, encoding: str) -> str:
    text = "".join(decoded([raw], name_of(path), encoding)).removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")
