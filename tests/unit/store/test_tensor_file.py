"""Tensor files: what goes in comes back, in the same bytes everywhere."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from recurra.store import read_tensors, write_tensors

DTYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
    torch.int16, torch.int8, torch.uint8, torch.bool,
]  # fmt: skip
SHAPES = [(), (0,), (3, 0, 2), (1,), (2, 3), (2, 1, 3)]


def round_trip(folder, tensors, document=None):
    write_tensors(folder / "file", tensors, document)
    return read_tensors(folder / "file")


def assert_same_bits(got, expected):
    assert got.keys() == expected.keys()
    for name, tensor in expected.items():
        assert got[name].dtype == tensor.dtype
        assert got[name].shape == tensor.shape
        assert torch.equal(as_bytes(got[name]), as_bytes(tensor)), name


def as_bytes(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype_in_every_shape_comes_back(tmp_path, dtype):
    tensors = {str(shape): (torch.randn(shape) * 9).to(dtype) for shape in SHAPES}
    assert_same_bits(round_trip(tmp_path, tensors)[0], tensors)


def test_numbers_that_are_none_come_back(tmp_path):
    tensors = {"x": torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0, 1e-45])}
    assert_same_bits(round_trip(tmp_path, tensors)[0], tensors)


def test_no_tensors_at_all(tmp_path):
    assert round_trip(tmp_path, {}, {"step": 3}) == ({}, {"step": 3})


def test_tied_transposed_and_expanded_tensors_come_back(tmp_path):
    base = torch.arange(12.0).reshape(3, 4)
    tensors = {
        "one": base,
        "tied": base,
        "transposed": base.T,
        "part": base[1:, ::2],
        "expanded": base[:1].expand(5, 4),
    }
    assert_same_bits(round_trip(tmp_path, tensors)[0], tensors)


def test_parameters_come_back_without_gradients(tmp_path):
    layer = nn.Linear(2, 3)
    tensors, _ = round_trip(tmp_path, dict(layer.named_parameters()))
    assert not tensors["weight"].requires_grad
    assert torch.equal(tensors["weight"], layer.weight)


@pytest.mark.parametrize("name", ["", "a.b/c", "한글 \U0001f600", '"quoted"\n'])
def test_any_name_will_do(tmp_path, name):
    assert_same_bits(round_trip(tmp_path, {name: torch.ones(2)})[0], {name: torch.ones(2)})


@pytest.mark.parametrize(
    "document",
    [None, 3, 0.1 + 0.2, "한글 \U0001f600", [], {}, {"a": [1, {"b": None}]}, "0" * 64],
    ids=repr,
)
def test_the_document_comes_back(tmp_path, document):
    assert round_trip(tmp_path, {"x": torch.ones(1)}, document)[1] == document


def test_the_file_is_safetensors_that_others_can_read(tmp_path):
    from safetensors.torch import load_file

    write_tensors(tmp_path / "file", {"x": torch.arange(3)}, None)
    assert torch.equal(load_file(tmp_path / "file")["x"], torch.arange(3))


def test_the_checksum_is_that_of_the_file_with_zeros_in_its_place(tmp_path):
    write_tensors(tmp_path / "file", {"x": torch.arange(3)}, "document")
    raw = (tmp_path / "file").read_bytes()
    end = 8 + int.from_bytes(raw[:8], "little")
    digest = json.loads(json.loads(raw[8:end])["__metadata__"]["recurra"])["sha256"]
    assert raw.count(digest.encode()) == 1
    assert hashlib.sha256(raw.replace(digest.encode(), b"0" * 64)).hexdigest() == digest


def test_writing_leaves_the_tensors_alone(tmp_path):
    tensor = torch.arange(6.0).reshape(2, 3).T.requires_grad_()
    write_tensors(tmp_path / "file", {"x": tensor}, None)
    assert tensor.stride() == (1, 3)
    assert tensor.requires_grad


WRITE = """
import sys, pathlib, torch
from recurra.store import write_tensors
tensors = {name: torch.arange(4.0) for name in ("b", "a", "\\u00e9", "w.weight", "w.bias")}
write_tensors(pathlib.Path(sys.argv[1]), tensors, {"step": 1, "names": ["b", "a"]})
"""


def test_the_bytes_are_the_same_in_every_process(tmp_path):
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", WRITE, str(tmp_path / seed)]
        subprocess.run(command, check=True, env=environment)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
