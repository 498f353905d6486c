"""Tensor files: safetensors that notice when they were cut off or altered.

A file holds tensors and one JSON document, and a SHA-256 over all of its bytes, computed while the
place of the digest itself holds zeros. There is never any pickle in it, so that reading a file
from a stranger cannot run code.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from recurra.base import DamagedFile
from recurra.store._atomic import write_atomically

FORMAT = 1
"""Version of the layout; a file of another version is refused."""

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
    write_atomically(path, raw[:end].replace(_ZEROS.encode(), digest.encode(), 1) + raw[end:])


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], Any]:
    """Read what `write_tensors` wrote.

    Raises:
        DamagedFile: the file is missing, cut off, altered, or of another version.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _damaged(path, error.strerror or "unreadable") from error
    document = _checked_document(path, raw)
    try:
        return safetensors.torch.load(raw), document
    except SafetensorError as error:
        raise _damaged(path, str(error)) from error


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
        match json.loads(_header(path, raw)["__metadata__"]["recurra"]):
            case {"sha256": str(), "format": int(), "document": _} as envelope:
                return dict(envelope)
    except (KeyError, TypeError, ValueError, RecursionError):
        pass  # told below, in the same words
    raise _damaged(path, "a safetensors file without the checksum of Recurra")


def _header(path: Path, raw: bytes) -> dict[str, Any]:
    if len(raw) < _LENGTH_BYTES or _header_end(raw) > len(raw):
        raise _damaged(path, f"cut off after {len(raw)} bytes")
    try:
        header = json.loads(raw[_LENGTH_BYTES : _header_end(raw)], object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"the header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise _damaged(path, "the header is not a JSON object")
    return header


def _header_end(raw: bytes) -> int:
    return _LENGTH_BYTES + int.from_bytes(raw[:_LENGTH_BYTES], "little")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that comes twice, of which safetensors would silently take the last."""
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise ValueError("a key comes twice")
    return dict(pairs)


def _damaged(path: Path, got: str) -> DamagedFile:
    return DamagedFile(
        "A file is missing, cut off or altered.",
        got=got,
        expected="a file as Recurra wrote it",
        where=path,
    )
