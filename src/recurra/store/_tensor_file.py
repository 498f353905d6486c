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
    metadata = {
        "recurra": json.dumps({"format": FORMAT, "document": document}),
        "sha256": _ZEROS,
    }
    # a contiguous copy each: safetensors refuses tensors that share memory, such as tied weights
    own = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    raw = safetensors.torch.save(own, metadata)
    end = _header_end(raw)
    digest = hashlib.sha256(raw).hexdigest()
    header = raw[:end].replace(_digest_entry(_ZEROS), _digest_entry(digest), 1)
    write_atomically(path, header + raw[end:])


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
    header = _header(path, raw)
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or not {"recurra", "sha256"} <= metadata.keys():
        raise _damaged(path, "a safetensors file without the checksum of Recurra")
    digest = str(metadata["sha256"])
    end = _header_end(raw)
    blank = raw[:end].replace(_digest_entry(digest), _digest_entry(_ZEROS), 1) + raw[end:]
    if hashlib.sha256(blank).hexdigest() != digest:
        raise _damaged(path, "the checksum does not fit the content")
    envelope = json.loads(metadata["recurra"])
    if envelope["format"] != FORMAT:
        raise DamagedFile(
            "A file is of another version of the format.",
            got=f"format {envelope['format']}",
            expected=f"format {FORMAT}",
            where=path,
            fix="use the version of Recurra that wrote it",
        )
    return envelope["document"]


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


def _digest_entry(digest: str) -> bytes:
    return f'"sha256":"{digest}"'.encode()


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
