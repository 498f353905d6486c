"""Tensor files: safetensors that notice when they were cut off or altered.

A file holds tensors and one JSON document, and a SHA-256 over all of its bytes, computed while the
place of the digest itself holds zeros. There is never any pickle in it, so that reading a file
from a stranger cannot run code.
"""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from recurra.base import DamagedFile
from recurra.store._atomic import write_bytes
from recurra.store._json import parse_json
from recurra.store._plain_files import open_plain

FORMAT = 1
"""Version of the layout; a file of another version is refused."""

MAX_HEADER = 1 << 28
"""Bytes of a header; it names each tensor, and has the JSON document."""

_METADATA = "__metadata__"
_LENGTH_BYTES = 8  # safetensors begins with the length of its header, little-endian
_ZEROS = "0" * 64


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], document: Any) -> None:
    """Write tensors and a JSON document to a file, atomically and with a checksum."""
    # one entry, because safetensors writes several in a random order; the digest comes first in it
    envelope = {"sha256": _ZEROS, "format": FORMAT, "document": document}
    metadata = {"recurra": json.dumps(envelope)}
    # a contiguous copy each: safetensors refuses tensors that share memory, such as tied weights
    own = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    raw = safetensors.torch.save(own, metadata)
    end = _header_end(raw)
    digest = hashlib.sha256(raw).hexdigest()
    write_bytes(path, raw[:end].replace(_ZEROS.encode(), digest.encode(), 1) + raw[end:])


def measure_tensors(path: Path) -> tuple[int, int]:
    """Tell how many tensors a file has, and how many elements together, without reading them.

    Raises:
        DamagedFile: the file is missing, cut off or altered.
    """
    try:
        with open_plain(path) as file:
            header = _read_header(path, file)
    except OSError as error:
        raise _damaged(path, error.strerror or "unreadable") from error
    shapes = [each["shape"] for name, each in _header(path, header).items() if name != _METADATA]
    return len(shapes), sum(map(math.prod, shapes))


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], Any]:
    """Read what `write_tensors` wrote.

    Raises:
        DamagedFile: the file is missing, cut off, altered, of another version, or no plain file.
    """
    try:
        with open_plain(path) as file:
            raw = _read_if_whole(path, file)
    except OSError as error:
        raise _damaged(path, error.strerror or "unreadable") from error
    document = _checked_document(path, raw)
    try:
        return safetensors.torch.load(raw), document
    except SafetensorError as error:
        raise _damaged(path, str(error)) from error


def _read_if_whole(path: Path, file: IO[bytes]) -> bytes:
    """Read a file, but its tensors only if the header says that there are so many bytes of them."""
    return _read_header(path, file) + file.read()


def _read_header(path: Path, file: IO[bytes]) -> bytes:
    """Read a file up to its tensors, of which there have to be as many bytes as it says."""
    size = os.fstat(file.fileno()).st_size
    length = file.read(_LENGTH_BYTES)
    end = _header_end(length)
    if len(length) < _LENGTH_BYTES or end > min(size, MAX_HEADER):
        raise _damaged(path, f"cut off after {size} bytes")
    raw = length + file.read(end - _LENGTH_BYTES)
    if end + _bytes_of_tensors(path, _header(path, raw)) != size:
        raise _damaged(path, f"{size} bytes, which are not those of its tensors")
    return raw


def _bytes_of_tensors(path: Path, header: dict[str, Any]) -> int:
    ends = [0]
    for name, entry in header.items():
        match entry:
            case _ if name == _METADATA:
                continue
            case {"data_offsets": [int(), int(end)], "shape": [*shape]} if all(
                type(size) is int and size >= 0 for size in shape
            ):
                ends.append(end)
            case _:
                raise _damaged(path, "a header that does not describe tensors")
    return max(ends)


def _checked_document(path: Path, raw: bytes) -> Any:
    envelope = _envelope(path, raw)
    digest, end = envelope["sha256"], _header_end(raw)
    blank = raw[:end].replace(digest.encode(), _ZEROS.encode(), 1) + raw[end:]
    if hashlib.sha256(blank).hexdigest() != digest:
        raise _damaged(path, "the checksum does not fit the content")
    if envelope["format"] != FORMAT:
        raise DamagedFile(
            "A file is of another version of the format.",
            got=f"format {envelope['format']}",
            expected=f"format {FORMAT}",
            where=path,
            fix="use the version of Recurra that wrote it",
        )
    return envelope["document"]


def _envelope(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        text = _header(path, raw)[_METADATA]["recurra"]
        match parse_json(text.encode(), finite=False):  # the best loss so far may be infinite
            case {"sha256": str(), "format": int(), "document": _} as envelope:
                return dict(envelope)
    except (AttributeError, KeyError, TypeError, ValueError):
        pass  # told below, in the same words
    raise _damaged(path, "a safetensors file without the checksum of Recurra")


def _header(path: Path, raw: bytes) -> dict[str, Any]:
    if len(raw) < _LENGTH_BYTES or _header_end(raw) > len(raw):
        raise _damaged(path, f"cut off after {len(raw)} bytes")
    try:
        header = parse_json(raw[_LENGTH_BYTES : _header_end(raw)])
    except ValueError as error:
        raise _damaged(path, f"the header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise _damaged(path, "the header is not a JSON object")
    return header


def _header_end(raw: bytes) -> int:
    return _LENGTH_BYTES + int.from_bytes(raw[:_LENGTH_BYTES], "little")


def _damaged(path: Path, got: str) -> DamagedFile:
    return DamagedFile(
        "A file is missing, cut off or altered.",
        got=got,
        expected="a file as Recurra wrote it",
        where=path,
    )
