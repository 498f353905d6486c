"""Lines of files, and blocks of lines, decoded one by one, each with what is wrong with it."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from recurra.base import DataError, TextError
from recurra.data.records.open_files import STANDARD_INPUT, check_marks, name_of, read_chunks
from recurra.data.records.options import ReadOptions
from recurra.data.records.transcoding import as_utf_8, is_read_by_line, undecodable

_LONE_RETURN = re.compile(rb"\r[^\n]")


class Line(NamedTuple):
    """One line without its end.

    Attributes:
        number: counted from 1.
        text: its characters, with U+FFFD for what cannot be decoded; empty if it is cut.
        error: why no record can be made of it, if so.
        cut: it is too long and was not kept.
    """

    number: int
    text: str
    error: DataError | None = None
    cut: bool = False


class RawLine(NamedTuple):
    r"""One line of bytes, without its `\n`.

    Attributes:
        offset: where it begins in the stream.
        content: its bytes, or the last of them where it is too long.
        dropped: how many bytes at its beginning were not kept.
    """

    offset: int
    content: bytes
    dropped: int


def read_lines(path: Path, options: ReadOptions, *, feeds_only: bool = False) -> Iterator[Line]:
    r"""Read a file line by line, in constant memory.

    Lines end in `\n` or `\r\n`, mixed as they may be. A file that has `\r` alone, and no `\n` where
    it begins, is one of lines that end so. Other line breaks of Unicode are characters.

    Args:
        path: the file.
        options: its encoding, and the longest line.
        feeds_only: `\r` alone never ends a line. Default: False.

    Raises:
        TextError: the file cannot be read, is empty, or begins like one of another kind; or it is
            in an encoding that cannot be read line by line, and broken.
        DataError: a gzip file is broken.
    """
    name, encoding = name_of(path), options.encoding
    line_encoding = encoding if is_read_by_line(encoding) else "utf-8"
    for number, raw in enumerate(_raw_lines(path, options, feeds_only), 1):
        content = raw.content.removesuffix(b"\r")
        if raw.dropped + len(content) > options.longest_line:
            yield Line(number, "", _too_long(f"{name}:{number}", options), cut=True)
            continue
        error: DataError | None = None
        try:
            text = content.decode(line_encoding)
        except UnicodeError as caught:
            text = content.decode(line_encoding, "replace")
            error = undecodable(caught, content, raw.offset, f"{name}:{number}", line_encoding)
        if number == 1:
            text = text.removeprefix("\ufeff")
        if error is None and "\0" in text:
            error = _null(f"{name}:{number}", text)
        yield Line(number, text, error)


def read_blocks(path: Path, options: ReadOptions) -> Iterator[list[Line]]:
    """Read the lines between empty ones, at least one at a time.

    Raises:
        DataError: a block is longer than the longest line may be.
    """
    block: list[Line] = []
    size = 0
    for line in read_lines(path, options):
        if line.error or line.text.strip(" \t"):
            block.append(line)
            size += len(line.text) + 1
            if size > options.longest_line:
                raise _endless(name_of(path), block[0].number, options)
        elif block:
            yield block
            block, size = [], 0
    if block:
        yield block


def count_lines(path: Path, options: ReadOptions) -> int:
    r"""Count the lines of a file that end in `\n`, and one at the end that does not."""
    return sum(1 for _ in _raw_lines(path, options, feeds_only=True))


def _raw_lines(path: Path, options: ReadOptions, feeds_only: bool) -> Iterator[RawLine]:
    chunks = _checked(path, options.encoding)
    if not is_read_by_line(options.encoding):
        chunks = as_utf_8(chunks, name_of(path), options.encoding)
    if not feeds_only and str(path) != STANDARD_INPUT:
        chunks = lone_returns_as_feeds(chunks)
    return split_lines(chunks, options.longest_line)


def split_lines(chunks: Iterable[bytes], longest: int) -> Iterator[RawLine]:
    r"""Cut at `\n`; of a line that is longer than `longest`, bytes are dropped on the way."""
    offset, begun, dropped = 0, b"", 0
    for chunk in chunks:
        pieces = chunk.split(b"\n")
        pieces[0] = begun + pieces[0]
        begun = pieces.pop()
        for piece in pieces:
            yield RawLine(offset, piece, dropped)
            offset += dropped + len(piece) + 1
            dropped = 0
        if dropped or len(begun) > longest + 1:  # one for a `\r`
            dropped += len(begun)
            begun = b""
    if begun or dropped:
        yield RawLine(offset, begun, dropped)


def lone_returns_as_feeds(chunks: Iterator[bytes]) -> Iterator[bytes]:
    r"""Make `\n` of each `\r` where the first bytes have `\r` within and no `\n`."""
    first = next(chunks, b"")
    if b"\n" in first or not _LONE_RETURN.search(first):
        yield first
        yield from chunks
        return
    yield first.replace(b"\r", b"\n")
    for chunk in chunks:
        yield chunk.replace(b"\r", b"\n")


def _checked(path: Path, encoding: str) -> Iterator[bytes]:
    chunks = read_chunks(path)
    first = next(chunks, b"")
    if encoding == "utf-8":
        check_marks(first, name_of(path))
    yield first
    yield from chunks


def _too_long(where: str, options: ReadOptions) -> TextError:
    return TextError(
        "A line is too long.",
        got=f"more than {options.longest_line:,} bytes",
        expected=f"at most {options.longest_line:,}",
        where=where,
        fix="is this file of lines? If so, `--longest-line BYTES`",
    )


def _null(where: str, text: str) -> TextError:
    return TextError(
        "A text has a NUL character.",
        got=f"U+0000 at column {text.index(chr(0)) + 1}",
        expected="text",
        where=where,
        fix="--encoding utf-16-le, if the file is in UTF-16 without a mark",
    )


def _endless(name: str, first: int, options: ReadOptions) -> DataError:
    return DataError(
        "A sentence is too long.",
        got=f"no empty line within {options.longest_line:,} characters",
        expected="an empty line after each sentence",
        where=f"{name}:{first}",
    )
