"""Files as they are named again: what is told of one, and what is said where one cannot be read."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from recurra.base import TextError

BLOCK = 1 << 20
"""Bytes read at a time."""


@dataclass(frozen=True)
class TextFile:
    """One file that a text was read from, with what is needed to recognise it again."""

    path: str
    bytes: int
    sha256: str


def describe_file(path: Path) -> TextFile:
    """Read a file through, in constant memory, and tell its path, its size and its SHA-256.

    Raises:
        TextError: the file cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
                size += len(block)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    return TextFile(str(path.absolute()), size, digest.hexdigest())


def unreadable(path: Path, error: OSError | ValueError) -> TextError:
    """Say that a file is missing, a directory, or closed to us."""
    reason = getattr(error, "strerror", None) or str(error)
    return TextError(
        "A text file cannot be read.", got=f"{path}: {reason}", expected="a readable file"
    )


def empty_file(name: object) -> TextError:
    """Say that a file has no byte."""
    return TextError("A text file is empty.", got="0 bytes", where=name)


def wrong_byte(*, byte: int, offset: int, encoding: str, where: str, fix: str) -> TextError:
    """Say at which byte a file is not in the encoding that it is read in."""
    return TextError(
        f"A text file is not {encoding}.",
        got=f"byte 0x{byte:02x} at offset {offset}",
        expected=encoding,
        where=where,
        fix=fix,
    )
