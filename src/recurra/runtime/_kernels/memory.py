"""Memory: large tensors in large pages, so that the first touch costs less than filling them."""

import ctypes
import sys
from functools import cache
from typing import Any

import torch

LARGE = 2**20  # bytes: below, a page more or less does not count
_PAGE = 4096
_ADVICE_LARGE_PAGES = 14  # MADV_HUGEPAGE of Linux


def ask_for_large_pages(tensor: torch.Tensor) -> None:
    """Let the memory of a tensor that nobody has touched yet come in large pages.

    Linux hands out memory in pages of 4 KB, each when it is first touched, which takes longer than
    writing to it. It is asked for larger pages here; where it has none, nothing is lost.

    Args:
        tensor: without contents, of `LARGE` bytes or more: for less it is not worth asking.
    """
    advise = _advise()
    if advise is not None:
        start = -(-tensor.data_ptr() // _PAGE) * _PAGE
        end = (tensor.data_ptr() + tensor.nbytes) // _PAGE * _PAGE
        advise(start, end - start, _ADVICE_LARGE_PAGES)


@cache
def _advise() -> Any:
    """Return the system's `madvise`, or None where there is none of this kind."""
    if not sys.platform.startswith("linux"):
        return None
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return advise
