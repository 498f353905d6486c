"""Packed weights: what calls make of parameters, cached while the parameters are the same.

Packing a matrix takes longer than a step of few rows. Whether parameters are what they were is not
asked of PyTorch's counters, which do not see all writing, but of the numbers: a digest of 64 bits
over all of them, which reads them once.
"""

from array import array
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Generic, NamedTuple, TypeVar

import torch

from recurra.runtime._kernels.matmul import matmul_library

_address, _is_negative = torch.Tensor.data_ptr, torch.Tensor.is_neg
_is_contiguous, _nbytes = torch.Tensor.is_contiguous, attrgetter("nbytes")


_Made = TypeVar("_Made")


class PackedWeightCache(Generic[_Made]):
    """Caches what was made of the parameters of one cell.

    Args:
        constants: other tensors that it was made of. Default: none.
    """

    def __init__(self, constants: Sequence[torch.Tensor] = ()) -> None:
        self._constants = constants
        self._cached: tuple[int, _Made] | None = None

    def get(self, parameters: Sequence[torch.Tensor], make: Callable[[], _Made]) -> _Made:
        """Return what was made of these numbers, or make it.

        Args:
            parameters: the parameters and buffers of the cell.
            make: makes it.
        """
        sources = [*parameters, *self._constants]
        now = digest(sources)
        cached = self._cached  # read once: another thread may exchange it
        if cached is not None and cached[0] == now:
            return cached[1]
        made = make()
        if now is not None and digest(sources) == now:  # nobody wrote to them meanwhile
            self._cached = now, made
        return made


def digest(tensors: Sequence[torch.Tensor]) -> int | None:
    """Return 64 bits that differ where the numbers do, for tensors that a kernel can read.

    None for tensors that are not contiguous, or whose signs are turned by a bit.
    """
    if not all(map(_is_contiguous, tensors)) or any(map(_is_negative, tensors)):
        return None
    words = array("q", [*map(_address, tensors), *map(_nbytes, tensors)])
    library = matmul_library(torch.float32).library
    found: int = library.digest_all(words.buffer_info()[0], len(tensors), torch.get_num_threads())
    return found


class Sample(NamedTuple):
    """Some numbers of tensors, which writing to all of one, as `tensor.data.copy_` does, changes.

    Args:
        words: where the tensors lie, then how many bytes they have: read again by `struct call`.
        digest: of all numbers of small tensors, and of 16 pairs of those of large ones.
    """

    words: "array[int]"
    digest: int


def sample_of(tensors: Sequence[torch.Tensor]) -> Sample:
    """Return a sample of tensors, which must stay where they are as long as it is compared."""
    words = array("q", [*map(_address, tensors), *map(_extent, tensors)])
    sample = matmul_library(torch.float32).library.digest_sample
    return Sample(words, sample(words.buffer_info()[0], len(tensors)))


def _extent(tensor: torch.Tensor) -> int:
    """Return how many bytes there are from a tensor's first number to its last."""
    if tensor.numel() == 0:
        return 0
    steps = zip(tensor.shape, tensor.stride(), strict=True)
    return (1 + sum((size - 1) * step for size, step in steps)) * tensor.element_size()
