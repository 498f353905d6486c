"""Bytes of files, of gzip files and of standard input, block by block."""

import contextlib
import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import IO, Any

from recurra.base import ArgumentError, DataError, TextError
from recurra.data._files import TextFile, describe_file, empty_file, unreadable

CHUNK = 1 << 18
"""Bytes read at a time."""

STANDARD_INPUT = "-"
"""The path that stands for standard input."""

MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32", "--encoding utf-32"),
    (b"\x00\x00\xfe\xff", "UTF-32", "--encoding utf-32"),
    (b"\xff\xfe", "UTF-16", "--encoding utf-16"),
    (b"\xfe\xff", "UTF-16", "--encoding utf-16"),
    (b"\x1f\x8b", "gzip", "give the file a name that ends in .gz"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet", "unpack it, or save it as CSV in UTF-8"),
    (b"PAR1\x15", "Parquet", "--format parquet"),
    (b"ARROW1\x00\x00", "Arrow", "--format arrow"),
)
"""The first bytes of files that are not UTF-8, what the files are, and what to do."""


def name_of(path: Path) -> str:
    """Call a file as messages do."""
    return "standard input" if str(path) == STANDARD_INPUT else str(path)


def is_read_once(path: Path) -> bool:
    """Tell whether a path can be read only once: standard input, or a pipe."""
    return str(path) == STANDARD_INPUT or path.is_fifo()


def check_paths(paths: list[Path]) -> None:
    """Raise unless all files can be opened, so that the last is not found missing hours later."""
    if [str(path) for path in paths].count(STANDARD_INPUT) > 1:
        raise ArgumentError(
            "Standard input can be read only once.", got="`-` twice", expected="`-` once"
        )
    for path in paths:
        if str(path) != STANDARD_INPUT:
            try:
                _check_file(path)
            except (OSError, ValueError) as error:
                raise unreadable(path, error) from error


def read_chunks(path: Path) -> Iterator[bytes]:
    """Read a file in blocks; a `.gz` file is decompressed, `-` is standard input.

    Raises:
        TextError: the file cannot be read, or has no byte.
        DataError: a gzip file is broken.
    """
    empty = True
    try:
        with _open(path) as stream:
            while chunk := stream.read1(CHUNK):
                empty = False
                yield chunk
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            "A gzip file is broken.", got=str(error), expected="gzip data", where=name_of(path)
        ) from error
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if empty:
        raise empty_file(name_of(path))


def check_marks(first: bytes, name: str) -> None:
    """Raise if a file begins like one of another kind or encoding."""
    for mark, kind, fix in MARKS:
        if first.startswith(mark):
            raise TextError(
                "A text file is not UTF-8.",
                got=f"{kind}, as its first bytes {mark.hex(' ')} say",
                expected="UTF-8",
                where=f"{name}:1",
                fix=fix,
            )


def fingerprint(paths: Iterable[str | PathLike[str]]) -> list[TextFile]:
    """Return the absolute path, the size and the SHA-256 of each file, in constant memory.

    A file that ends in `.gz` is described as it lies on disk.

    Args:
        paths: the files.

    Raises:
        TextError: a file cannot be read, or is standard input, which is gone once read.

    Example:
        >>> import pathlib, recurra
        >>> _ = pathlib.Path("a.txt").write_text("hello")
        >>> recurra.data.fingerprint(["a.txt"])[0].sha256[:8]
        '2cf24dba'
    """
    return [_describe(Path(path)) for path in paths]


def _check_file(path: Path) -> None:
    if path.is_fifo():  # to open one takes what is in it
        return
    path.open("rb").close()


def _open(path: Path) -> contextlib.AbstractContextManager[Any]:
    if str(path) == STANDARD_INPUT:
        return contextlib.nullcontext(_standard_input())
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rb")
    return path.open("rb")


def _standard_input() -> IO[bytes]:
    stream: IO[bytes] | None = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise OSError("standard input has no bytes")
    return stream


def _describe(path: Path) -> TextFile:
    if str(path) == STANDARD_INPUT:
        raise TextError(
            "Standard input has no fingerprint.",
            got="-",
            expected="a file, which can be read again",
            fix="save it as a file first",
        )
    return describe_file(path)
