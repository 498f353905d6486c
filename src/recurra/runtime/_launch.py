"""Launch: call a kernel on tensors."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import torch

from recurra.base import BackendUnavailable
from recurra.codegen import support
from recurra.runtime._build import build, load

_ROWS_A_CHUNK = 64  # more rows share a weight in cache no better, and their values leave the cache

_ROWS_FOR_EACH = 8  # with fewer rows a thread reads each weight for too little work
_WORTH_A_TEAM = 2**18  # multiplications in a step: for fewer, meeting at each stage costs more


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
        ("as_team", ctypes.c_long),
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

    def pack(self, weight: torch.Tensor, panels: int) -> None:
        """Pack a matrix into memory at an address."""
        K, N = weight.shape
        self.library.pack(weight.data_ptr(), K, N, weight.stride(0), weight.stride(1), panels)

    @cached_property
    def functions(self) -> dict[str, int]:
        """Where the functions lie that kernels call, by their names in `struct call`."""
        return {
            "pack": self._address("pack_panels"),
            "matmul": self._address("matmul_panels"),
            "panel_count": self._address("panel_count"),
            "packed_size": self._address("packed_size"),
        }

    def _address(self, name: str) -> int:
        return ctypes.cast(getattr(self.library, name), ctypes.c_void_p).value or 0

    def outer(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Return `left.T @ right` of `[N, M]` and `[N, K]`: the gradient of a weight."""
        (N, M), K = left.shape, right.shape[1]
        result = left.new_empty(M, K)
        threads = min(torch.get_num_threads(), M)
        size = int(self.library.outer_scratch_size(K)) + 16
        scratch = left.new_empty(threads * size + 16)
        start = -(-scratch.data_ptr() // 64) * 64
        arguments = _Outer(
            M, K, N, left.data_ptr(), left.stride(0), right.data_ptr(), right.stride(0),
            result.data_ptr(), result.stride(0), start, size // 16 * 16, threads,
        )  # fmt: skip
        self.library.outer_in_threads(ctypes.byref(arguments))
        return result


@dataclass(frozen=True)
class HalfMatmul(Matmul):
    """The same products with weights in bfloat16, sums in float32: half of the memory to read."""

    def packed_size(self, K: int, N: int) -> int:
        """Return how many words of 32 bits a packed matrix takes."""
        return int(self.library.packed_size_bf16(K, N))

    def pack(self, weight: torch.Tensor, panels: int) -> None:
        """Round a float32 matrix and pack it into memory at an address."""
        K, N = weight.shape
        strides = weight.stride()
        self.library.pack_bf16_from_float(weight.data_ptr(), K, N, *strides, panels)

    @cached_property
    def functions(self) -> dict[str, int]:
        """Where the functions lie; packing is done beforehand."""
        return {
            "pack": 0,
            "matmul": self._address("matmul_bf16_panels"),
            "panel_count": self._address("panel_count"),
            "packed_size": self._address("packed_size_bf16"),
        }


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
    if dtype == torch.float32:
        library.packed_size_bf16.restype = ctypes.c_long
        library.packed_size_bf16.argtypes = [ctypes.c_long, ctypes.c_long]
        library.pack_bf16_from_float.argtypes = [
            ctypes.c_void_p,
            *(ctypes.c_long for _ in range(4)),
            ctypes.c_void_p,
        ]
    for name in ("packed_size", "outer_scratch_size"):
        getattr(library, name).restype = ctypes.c_long
    number = ctypes.c_long
    library.pack.argtypes = [ctypes.c_void_p, number, number, number, number, ctypes.c_void_p]
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


class Launch:
    """One call of a kernel, made ready: the C structure and all that it points to.

    Args:
        along: the lines that rows go through.
        operands: the tensors.
        dtype: of the kernel.
        halves: whether weights are rounded to bfloat16; they have to be packed beforehand then.
            Default: False.
    """

    def __init__(
        self, along: Course, operands: Operands, dtype: torch.dtype, *, halves: bool = False
    ) -> None:
        self.operands = operands
        matmul = matmul_library(dtype)
        self.matmul = HalfMatmul(matmul.library) if halves else matmul
        self.rooms = [_room(self.matmul, weight) for weight in operands.weights]
        threads, chunks, as_team = _shares(along.rows, operands.weights)
        strides = [step for weight in operands.weights for step in _three_strides(weight)]
        self.strides = (ctypes.c_long * (len(strides) or 1))(*strides)
        self.arrays = {name: _addresses(getattr(operands, name) or ()) for name in _ARRAYS}
        self.arrays["panels"] = _addresses_of([start for _, start in self.rooms])
        self.along = along
        self.call = _Call(
            rows=along.rows,
            chunks=chunks,
            threads=threads,
            as_team=as_team,
            stride=along.stride,
            first=along.first.data_ptr(),
            length=along.length.data_ptr(),
            order=along.order.data_ptr(),
            resets=None if along.resets is None else along.resets.data_ptr(),
            weight_strides=ctypes.addressof(self.strides),
            **self.matmul.functions,
            **{name: ctypes.addressof(array) for name, array in self.arrays.items()},
        )
        self.reference = ctypes.byref(self.call)

    def pack_now(self) -> None:
        """Pack the weights once for many runs, which then do not pack them."""
        for weight, (_, start) in zip(self.operands.weights, self.rooms, strict=True):
            heads = weight if weight.dim() == 3 else weight.unsqueeze(0)
            K, N = heads.shape[1:]
            size = self.matmul.packed_size(K, N) * weight.element_size()
            for place, head in enumerate(heads):
                self.matmul.pack(head, start + place * size)
        self.call.pack = None

    def share_packed(self, other: "Launch") -> None:
        """Take the packed weights of another call of the same kernel: both then read one memory."""
        self.rooms = other.rooms
        for place, (_, start) in enumerate(self.rooms):
            self.arrays["panels"][place] = start
        self.call.pack = None

    def run(self, kernel: "ctypes._NamedFuncPointer") -> None:
        """Run a kernel.

        Raises:
            BackendUnavailable: there was no memory for its scratch.
        """
        if kernel(self.reference):
            raise BackendUnavailable("There is not enough memory for a kernel.")


_ARRAYS = ("inputs", "outputs", "vectors", "weights", "state", "final", "initial", "d_initial")


def _shares(rows: int, weights: Sequence[torch.Tensor]) -> tuple[int, int, bool]:
    """Return how many threads share how many chunks of rows, or one chunk as a team.

    A row has the same bits either way.
    """
    threads = torch.get_num_threads()
    chunks = -(-rows // _ROWS_A_CHUNK)
    work = rows * sum(weight.numel() for weight in weights)
    if threads > 1 and rows < _ROWS_FOR_EACH * threads and work >= _WORTH_A_TEAM:
        return threads, 1, True
    threads = min(threads, rows)
    return threads, -(-max(chunks, threads) // threads) * threads, False


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
