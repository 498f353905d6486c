"""Matmul: the library of matrix products that kernels call."""

import ctypes
from dataclasses import dataclass
from functools import cache, cached_property

import torch

from recurra.codegen import support
from recurra.runtime._kernels.addressable import address, addresses
from recurra.runtime._kernels.libraries import build, load


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
        self.library.pack(address(weight), K, N, weight.stride(0), weight.stride(1), panels)

    @cached_property
    def functions(self) -> dict[str, int]:
        """Where the functions lie that kernels call, by their names in `struct call`."""
        return {
            "pack": self._address("pack_panels"),
            "matmul": self._address("matmul_panels"),
            "matmul_onto": self._address("matmul_onto_panels"),
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
        a, b, c, memory = addresses([left, right, result, scratch])
        start = -(-memory // 64) * 64
        arguments = _Outer(
            M, K, N, a, left.stride(0), b, right.stride(0),
            c, result.stride(0), start, size // 16 * 16, threads,
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
        self.library.pack_bf16_from_float(address(weight), K, N, *strides, panels)

    @cached_property
    def functions(self) -> dict[str, int]:
        """Where the functions lie; packing is done beforehand, and nothing is made ahead."""
        return {
            "pack": 0,
            "matmul": self._address("matmul_bf16_panels"),
            "matmul_onto": 0,
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
    library.digest_all.restype = ctypes.c_uint64
    library.digest_all.argtypes = [ctypes.c_void_p, ctypes.c_long, ctypes.c_long]
    library.digest_sample.restype = ctypes.c_int64  # a word of `struct call`
    library.digest_sample.argtypes = [ctypes.c_void_p, ctypes.c_long]
    for name in ("packed_size", "outer_scratch_size"):
        getattr(library, name).restype = ctypes.c_long
    number = ctypes.c_long
    library.pack.argtypes = [ctypes.c_void_p, number, number, number, number, ctypes.c_void_p]
    library.packed_size.argtypes = [ctypes.c_long, ctypes.c_long]
    library.outer_scratch_size.argtypes = [ctypes.c_long]
    return Matmul(library)


@cache
def half_matmul_library() -> HalfMatmul:
    """Return the matrix products with weights in bfloat16, compiled once a machine."""
    library = load(build(support("halves.c"), name="halves"))
    number = ctypes.c_long
    library.packed_size_bf16.restype = number
    library.packed_size_bf16.argtypes = [number, number]
    library.pack_bf16_from_float.argtypes = [ctypes.c_void_p, *[number] * 4, ctypes.c_void_p]
    return HalfMatmul(library)
