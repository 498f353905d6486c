"""Encodings other than UTF-8: which can be read line by line, and a way for those that cannot."""

import codecs
import itertools
from collections.abc import Iterable, Iterator

from recurra.base import TextError
from recurra.data._files import wrong_byte

FIX = "--encoding NAME, with the encoding that it has, such as cp949 (Korean), cp1252 or utf-16"

_STATEFUL = ("iso2022", "hz", "utf-7", "idna", "punycode")
"""Encodings in which a line cannot be read without those before it."""


def is_read_by_line(encoding: str) -> bool:
    r"""Tell whether the byte `\n` ends a line in this encoding, and a line can be read alone."""
    if encoding.startswith(_STATEFUL):
        return False
    try:
        return "\n".encode(encoding) == b"\n"
    except UnicodeError:
        return False


def as_utf_8(chunks: Iterable[bytes], name: str, encoding: str) -> Iterator[bytes]:
    """Decode a stream and encode it in UTF-8.

    Raises:
        TextError: it is not in that encoding.
    """
    return (text.encode("utf-8", "surrogatepass") for text in decoded(chunks, name, encoding))


def decoded(chunks: Iterable[bytes], name: str, encoding: str) -> Iterator[str]:
    """Decode a stream, piece by piece.

    Raises:
        TextError: it is not in that encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    offset, line = 0, 1
    for chunk, final in itertools.chain(((chunk, False) for chunk in chunks), [(b"", True)]):
        offset += len(chunk)
        try:
            text = decoder.decode(chunk, final)
        except UnicodeError as error:
            held = error.object if isinstance(error, UnicodeDecodeError) else chunk
            lines = _feeds_before(error, decoder)
            raise undecodable(
                error, held, offset - len(held), f"{name}:{line + lines}", encoding
            ) from error
        line += text.count("\n")
        yield text


def undecodable(
    error: UnicodeError, raw: bytes, offset: int, where: str, encoding: str
) -> TextError:
    """Say which byte of `raw`, which begins at `offset`, is not in this encoding."""
    place = error.start if isinstance(error, UnicodeDecodeError) else 0
    return wrong_byte(
        byte=raw[place] if place < len(raw) else 0,
        offset=offset + place,
        encoding="UTF-8" if encoding == "utf-8" else encoding,
        where=where,
        fix=FIX,
    )


def _feeds_before(error: UnicodeError, decoder: codecs.IncrementalDecoder) -> int:
    """Count line ends between what was decoded and what could not be."""
    if not isinstance(error, UnicodeDecodeError):
        return 0
    before = error.object[: error.start]
    try:
        decoder.setstate((b"", decoder.getstate()[1]))  # what was held back is in `error`, too
        return decoder.decode(before).count("\n")
    except UnicodeError:  # the stream is wrong from its beginning on
        return before.count(b"\n")
