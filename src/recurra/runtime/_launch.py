"""Launch: call a kernel on tensors."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from recurra.base import BackendUnavailable
from recurra.codegen import support
from recurra.runtime._build import build, load

_ROWS_A_CHUNK = 64  # more rows share a weight in cache no better, and their values leave the cache


@dataclass(frozen=True)
class Course:
    """Which lines of the streams the rows of a batch go through, and how.

    Args:
        rows: B.
        lines: N, the steps of all rows together.
        stride: from the line of a step to that of the next.
        first: line of each row's first step, `[B]` int64.
        length: steps of each row, `[B]` int64.
        order: rows by length, longest first, `[B]` int64.
        resets: marks, `[N]` uint8, or None.
        index: for each line its place in `[T * B]`, or None where they are the same.
    """

    rows: int
    lines: int
    stride: int
    first: torch.Tensor
    length: torch.Tensor
    order: torch.Tensor
    resets: torch.Tensor | None
    index: torch.Tensor | None


def course(
    T: int,
    B: int,
    lengths: torch.Tensor | None,
    resets: torch.Tensor | None,
    *,
    reverse: bool,
) -> Course:
    """Lay out the rows of a batch: whole sequences as they stand, others one after the other."""
    rows = torch.arange(B)
    if lengths is None:
        first = rows + (T - 1) * B if reverse else rows
        marks = None if resets is None else resets.reshape(-1).to(torch.uint8)
        length = torch.full((B,), T, dtype=torch.int64)
        return Course(B, T * B, -B if reverse else B, first, length, rows, marks, None)
    ends = lengths.cumsum(0)
    starts = ends - lengths
    lines = int(ends[-1])
    row = torch.repeat_interleave(rows, lengths)  # [N]
    index = (torch.arange(lines) - starts[row]) * B + row
    return Course(
        B,
        lines,
        -1 if reverse else 1,
        ends - 1 if reverse else starts,
        lengths.contiguous(),
        torch.argsort(lengths, descending=True, stable=True),
        None if resets is None else resets.reshape(-1)[index].to(torch.uint8),
        index,
    )


class _Call(ctypes.Structure):
    """`struct call` of `sequence.h`."""

    _fields_ = [
        ("rows", ctypes.c_long),
        ("chunks", ctypes.c_long),
        ("threads", ctypes.c_long),
        ("stride", ctypes.c_long),
        *(
            (name, ctypes.c_void_p)
            for name in (
                "first", "length", "order", "resets", "inputs", "outputs", "vectors", "weights",
                "weight_strides", "panels", "state", "final", "initial", "d_initial", "matmul",
                "pack", "panel_count", "packed_size",
            )
        ),
    ]  # fmt: skip


@dataclass(frozen=True)
class Matmul:
    """The library of matrix products, of one dtype."""

    library: ctypes.CDLL

    def packed_size(self, K: int, N: int) -> int:
        """Return how many numbers a packed matrix takes."""
        return int(self.library.packed_size(K, N))

    def address(self, name: str) -> int:
        """Return where a function of the library lies."""
        return ctypes.cast(getattr(self.library, name), ctypes.c_void_p).value or 0

    def outer(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Return `left.T @ right` of `[N, M]` and `[N, K]`: the gradient of a weight."""
        (N, M), K = left.shape, right.shape[1]
        result = left.new_empty(M, K)
        threads = min(torch.get_num_threads(), M)
        size = int(self.library.outer_scratch_size(K)) + 16
        scratch = left.new_empty(threads * size + 16)
        item = left.element_size()
        start = -(-scratch.data_ptr() // 64) * 64
        arguments = _Outer(
            M, K, N, left.data_ptr(), left.stride(0), right.data_ptr(), right.stride(0),
            result.data_ptr(), result.stride(0), start, size // 16 * 16, threads,
        )  # fmt: skip
        del item
        self.library.outer_in_threads(ctypes.byref(arguments))
        return result


class _Outer(ctypes.Structure):
    """`struct outer_call` of `threads.h`."""

    _fields_ = [
        ("M", ctypes.c_long),
        ("N", ctypes.c_long),
        ("rows", ctypes.c_long),
        ("a", ctypes.c_void_p),
        ("lda", ctypes.c_long),
        ("b", ctypes.c_void_p),
        ("ldb", ctypes.c_long),
        ("c", ctypes.c_void_p),
        ("ldc", ctypes.c_long),
        ("scratch", ctypes.c_void_p),
        ("scratch_size", ctypes.c_long),
        ("threads", ctypes.c_long),
    ]


@cache
def matmul_library(dtype: torch.dtype) -> Matmul:
    """Return the matrix products of a dtype, compiled once a machine."""
    define = f"#define REAL_IS_DOUBLE {int(dtype == torch.float64)}\n"
    library = load(build(define + support("matmul.c", "threads.h"), name="matmul"))
    for name in ("packed_size", "outer_scratch_size"):
        getattr(library, name).restype = ctypes.c_long
    library.packed_size.argtypes = [ctypes.c_long, ctypes.c_long]
    library.outer_scratch_size.argtypes = [ctypes.c_long]
    return Matmul(library)


@dataclass(frozen=True)
class Operands:
    """The tensors of one call, in the order of the plan.

    Args:
        inputs: streams to read, `[N, ...]`, contiguous.
        outputs: streams to write, `[N, ...]`.
        vectors: values of parameters, contiguous.
        weights: matrices, `[K, N]` or `[h, K, N]`, of any strides.
        state: where rows start, `[B, ...]`, contiguous.
        final: where they end up, `[B, ...]`.
        initial: what resets return to, or None.
        d_initial: gradients of that, or None.
    """

    inputs: Sequence[torch.Tensor]
    outputs: Sequence[torch.Tensor]
    vectors: Sequence[torch.Tensor]
    weights: Sequence[torch.Tensor]
    state: Sequence[torch.Tensor]
    final: Sequence[torch.Tensor]
    initial: Sequence[torch.Tensor] | None = None
    d_initial: Sequence[torch.Tensor] | None = None


def launch(
    kernel: "ctypes._NamedFuncPointer", along: Course, operands: Operands, dtype: torch.dtype
) -> None:
    """Run a kernel.

    Raises:
        BackendUnavailable: there was no memory for its scratch.
    """
    matmul = matmul_library(dtype)
    threads, chunks = _shares(along.rows)
    panels = [_room(matmul, weight) for weight in operands.weights]
    strides = [step for weight in operands.weights for step in _three_strides(weight)]
    call = _Call(
        rows=along.rows,
        chunks=chunks,
        threads=threads,
        stride=along.stride,
        first=along.first.data_ptr(),
        length=along.length.data_ptr(),
        order=along.order.data_ptr(),
        resets=None if along.resets is None else along.resets.data_ptr(),
        weight_strides=ctypes.addressof((ctypes.c_long * (len(strides) or 1))(*strides)),
        matmul=matmul.address("matmul"),
        pack=matmul.address("pack_panels"),
        panel_count=matmul.address("panel_count"),
        packed_size=matmul.address("packed_size"),
    )
    kept: list[Any] = [(ctypes.c_long * (len(strides) or 1))(*strides)]
    call.weight_strides = ctypes.addressof(kept[0])
    for name in (
        "inputs",
        "outputs",
        "vectors",
        "weights",
        "state",
        "final",
        "initial",
        "d_initial",
    ):
        kept.append(_addresses(getattr(operands, name) or ()))
        setattr(call, name, ctypes.addressof(kept[-1]))
    kept.append(_addresses_of([start for _, start in panels]))
    call.panels = ctypes.addressof(kept[-1])
    if kernel(ctypes.byref(call)):
        raise BackendUnavailable("There is not enough memory for a kernel.")


def _shares(rows: int) -> tuple[int, int]:
    """Return how many threads share how many chunks of rows."""
    threads = min(torch.get_num_threads(), rows)
    chunks = -(-rows // _ROWS_A_CHUNK)
    return threads, -(-max(chunks, threads) // threads) * threads


def _room(matmul: Matmul, weight: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Return memory for a packed matrix, and where in it a cache line begins."""
    heads = weight.shape[0] if weight.dim() == 3 else 1
    size = heads * matmul.packed_size(*weight.shape[-2:])
    room = weight.new_empty(size + 64)
    return room, -(-room.data_ptr() // 64) * 64


def _three_strides(weight: torch.Tensor) -> tuple[int, int, int]:
    return (weight.stride(0) if weight.dim() == 3 else 0, weight.stride(-2), weight.stride(-1))


def _addresses(tensors: Sequence[torch.Tensor]) -> "ctypes.Array[ctypes.c_void_p]":
    return _addresses_of([tensor.data_ptr() for tensor in tensors])


def _addresses_of(places: Sequence[int]) -> "ctypes.Array[ctypes.c_void_p]":
    return (ctypes.c_void_p * (len(places) or 1))(*places)
