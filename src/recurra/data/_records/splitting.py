"""A stream of bytes as lines, none of which is kept that is too long."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_LONE_RETURN = re.compile(rb"\r[^\n]")


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
