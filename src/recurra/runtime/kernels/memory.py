"""Memory: large tensors in large pages, so that the first touch costs less than filling them."""

import ctypes
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

import torch

_LARGE = 2**20  # bytes: below, a page more or less does not count
_PAGE = 4096
_ADVICE_LARGE_PAGES = 14  # MADV_HUGEPAGE of Linux


def empty(shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """Return a tensor without contents, as `torch.empty`.

    Linux hands out memory in pages of 4 KB, each when it is first touched, which takes longer than
    writing to it. It is asked for larger pages here; where it has none, nothing is lost.
    """
    tensor = torch.empty(shape, dtype=dtype, device="cpu")
    size = tensor.nbytes
    if size >= _LARGE and (advise := _advise()) is not None:
        start = -(-tensor.data_ptr() // _PAGE) * _PAGE
        end = (tensor.data_ptr() + size) // _PAGE * _PAGE
        advise(start, end - start, _ADVICE_LARGE_PAGES)
    return tensor


@cache
def _advise() -> Any:
    """Return the system's `madvise`, or None where there is none of this kind."""
    if not sys.platform.startswith("linux"):
        return None
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return advise
