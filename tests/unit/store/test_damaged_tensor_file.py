"""Tensor files that were cut off, altered or never ours are refused, every one of them."""

import hashlib
import io
import json
import pickle
import struct
import time
import zipfile

import pytest
import safetensors.torch
import torch

from recurra.base import DamagedFile
from recurra.store import _tensor_file, read_tensors, write_tensors


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "weights.safetensors"
    tensors = {"bias": torch.tensor([1.5, -2.0]), "flags": torch.tensor([True, False, True])}
    write_tensors(path, tensors, {"step": 7})
    return path


def refuse(path, raw):
    """Write `raw` and return the error that reading it must raise."""
    path.write_bytes(raw)
    with pytest.raises(DamagedFile) as caught:
        read_tensors(path)
    assert caught.value.details["where"] == str(path)
    return caught.value


def with_header(header, data=b""):
    """Build a safetensors file from the text of its header."""
    raw = header.encode()
    return struct.pack("<Q", len(raw)) + raw + data


def sealed(envelope, tensors="", data=b""):
    """Build a file whose checksum is right, as somebody with bad intent could."""
    blank = json.dumps({"sha256": "0" * 64, **envelope})
    raw = with_header(f'{{"__metadata__":{{"recurra":{json.dumps(blank)}}}{tensors}}}', data)
    return raw.replace(b"0" * 64, hashlib.sha256(raw).hexdigest().encode(), 1)


def test_the_sound_file_is_read(path):
    tensors, document = read_tensors(path)
    assert tensors["bias"].tolist() == [1.5, -2.0]
    assert document == {"step": 7}


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80, 0xFF])
def test_every_single_altered_byte_is_noticed(path, mask):
    raw = path.read_bytes()
    for place in range(len(raw)):
        altered = bytearray(raw)
        altered[place] ^= mask
        refuse(path, bytes(altered))


def test_every_cut_is_noticed(path):
    raw = path.read_bytes()
    for length in range(len(raw)):
        refuse(path, raw[:length])


@pytest.mark.parametrize("more", [b"\0", b" ", b"more"])
def test_bytes_at_the_end_are_noticed(path, more):
    refuse(path, path.read_bytes() + more)


def test_bytes_in_the_middle_are_noticed(path):
    raw = path.read_bytes()
    for place in range(0, len(raw), 7):
        refuse(path, raw[:place] + b"\0" + raw[place:])


def test_two_swapped_tensors_are_noticed(path):
    raw = path.read_bytes()
    refuse(path, raw.replace(b'"bias"', b'"bjas"'))


def test_a_key_that_comes_twice_is_refused(path):
    entry = '"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'
    once = sealed({"format": 1, "document": None}, f",{entry}", b"\1")
    path.write_bytes(once)
    assert read_tensors(path)[0]["x"].tolist() == [1]
    twice = sealed({"format": 1, "document": None}, f",{entry},{entry}", b"\1")
    assert "twice" in refuse(path, twice).details["got"]


@pytest.mark.parametrize("length", [2**20, 2**40, 2**63, 2**64 - 1])
def test_a_huge_header_is_refused_at_once(path, length):
    raw = struct.pack("<Q", length) + path.read_bytes()[8:]
    began = time.monotonic()
    assert "cut off" in refuse(path, raw).details["got"]
    assert time.monotonic() - began < 1


def test_deep_headers_are_refused(path):
    refuse(path, with_header("[" * 100_000 + "]" * 100_000))
    inside = json.dumps("[" * 100_000)
    refuse(path, with_header(f'{{"__metadata__":{{"recurra":{inside}}}}}'))


class Trap:
    """Unpickling this runs code."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def a_zip():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.pkl", pickle.dumps(Trap()))
    return file.getvalue()


def a_torch_file():
    file = io.BytesIO()
    torch.save({"weight": torch.ones(2)}, file)
    return file.getvalue()


FOREIGN = {
    "empty": b"",
    "7 bytes": b"\0" * 7,
    "8 zeros": b"\0" * 8,
    "text": b"once upon a time",
    "pickle": pickle.dumps(Trap()),
    "zip": a_zip(),
    "torch.save": a_torch_file(),
    "a number": with_header("3"),
    "a list": with_header("[]"),
    "nothing": with_header("{}"),
    "no metadata": with_header('{"__metadata__":{}}'),
    "odd metadata": with_header('{"__metadata__":3}'),
    "not UTF-8": with_header("{}").replace(b"{}", b"\xff\xff"),
    "plain safetensors": safetensors.torch.save({"x": torch.ones(2)}),
    "no JSON inside": with_header('{"__metadata__":{"recurra":"no JSON"}}'),
    "a list inside": with_header('{"__metadata__":{"recurra":"[]"}}'),
    "no checksum": with_header('{"__metadata__":{"recurra":"{\\"format\\":1}"}}'),
    "checksum no text": with_header(
        '{"__metadata__":{"recurra":"{\\"sha256\\":1,\\"format\\":1,\\"document\\":1}"}}'
    ),
    "checksum empty": with_header(
        '{"__metadata__":{"recurra":"{\\"sha256\\":\\"\\",\\"format\\":1,\\"document\\":1}"}}'
    ),
    "tensor beyond the end": sealed(
        {"format": 1, "document": None},
        ',"x":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}',
        b"\1",
    ),
    "unknown dtype": sealed(
        {"format": 1, "document": None},
        ',"x":{"dtype":"X7","shape":[1],"data_offsets":[0,1]}',
        b"\1",
    ),
}


@pytest.mark.parametrize("raw", FOREIGN.values(), ids=FOREIGN)
def test_files_that_are_not_ours_are_refused(path, raw):
    error = refuse(path, raw)
    assert error.problem == "A file is missing, cut off or altered."
    assert error.details["expected"] == "a file as Recurra wrote it"


def test_a_missing_file_and_a_directory_are_refused(tmp_path):
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(DamagedFile, match="missing"):
            read_tensors(path)


def test_another_version_is_refused_with_the_way_out(path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(_tensor_file, "FORMAT", 2)
        write_tensors(path, {"x": torch.ones(1)}, None)
    with pytest.raises(DamagedFile, match="another version") as caught:
        read_tensors(path)
    assert caught.value.details["got"] == "format 2"
    assert caught.value.details["expected"] == "format 1"
    assert caught.value.details["fix"] == "use the version of Recurra that wrote it"
