"""Options for files that do not say themselves how they are read."""

import codecs
from dataclasses import dataclass

from recurra.base import ArgumentError, check_size

SEPARATORS = {
    "tab": "\t",
    "\\t": "\t",
    "space": " ",
    "comma": ",",
    "semicolon": ";",
    "colon": ":",
    "pipe": "|",
}
"""Words for separators, which are awkward to type into a shell."""


@dataclass(frozen=True)
class ReadOptions:
    r"""Say how to read files of records.

    Args:
        format: one of `FORMATS`. Default: by the extension, without `.gz`; text if it is unknown.
        columns: names of the columns, for a file without a header line. Default: its header.
        separator: between columns; also a word: tab, space, comma, semicolon, colon, pipe.
            Default: the format's.
        encoding: of the characters. Default: UTF-8, with or without a byte-order mark.
        longest_line: bytes of the longest line, and of a record of several lines, that is read.
            Default: 16 MiB.

    Raises:
        ArgumentError: a column does not have a name or comes twice, the separator cannot separate
            columns, or the encoding is unknown.
        ShapeError: `longest_line` is not positive.

    Example:
        >>> import recurra
        >>> recurra.data.ReadOptions(separator="space", columns=("label", "text")).separator
        ' '
    """

    format: str | None = None
    columns: tuple[str, ...] = ()
    separator: str | None = None
    encoding: str = "utf-8"
    longest_line: int = 1 << 24

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", _check_columns(self.columns))
        if self.separator is not None:
            object.__setattr__(self, "separator", _check_separator(self.separator))
        object.__setattr__(self, "encoding", _check_encoding(self.encoding))
        check_size("longest_line", self.longest_line)


def _check_columns(columns: object) -> tuple[str, ...]:
    named = isinstance(columns, list | tuple)
    names = tuple(columns) if isinstance(columns, list | tuple) else ()
    if not named or not all(isinstance(name, str) and name.strip() for name in names):
        raise ArgumentError(
            "`columns` is not a list of names.",
            got=repr(columns)[:60],
            expected='names of columns, such as ("label", "text")',
        )
    if len(set(names)) < len(names):
        raise ArgumentError(
            "`columns` names a column twice.", got=", ".join(names), expected="distinct names"
        )
    return names


def _check_separator(separator: object) -> str:
    if isinstance(separator, str):
        separator = SEPARATORS.get(separator, separator)
    wrong = ("\n", "\r", '"', "\0")
    if not isinstance(separator, str) or not separator or any(sign in separator for sign in wrong):
        raise ArgumentError(
            "`separator` cannot separate columns.",
            got=repr(separator),
            expected="characters but quotes and line ends, or one of " + ", ".join(SEPARATORS),
        )
    return separator


def _check_encoding(encoding: object) -> str:
    try:
        codecs.getincrementaldecoder(str(encoding))
        name = codecs.lookup(str(encoding)).name
        bytes(4).decode(name, "replace")  # a LookupError if it makes no text
    except (LookupError, ValueError) as error:  # a ValueError where the name has a NUL
        raise ArgumentError(
            "`encoding` is not a known encoding.",
            got=repr(encoding),
            expected="an encoding of Python's codecs, such as utf-8, cp949, cp1252 or utf-16",
        ) from error
    return "utf-8" if name == "utf-8-sig" else name
