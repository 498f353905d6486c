"""Packed weights: what calls make of parameters, cached while the parameters are the same.

Packing a matrix takes longer than a step of few rows. Whether parameters are what they were is not
asked of PyTorch's counters, which do not see all writing, but of the numbers: a digest of 64 bits
over all of them, which reads them once.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from recurra.runtime.kernels.kernel import Weights
from recurra.runtime.kernels.matmul import digest


class ParameterConstants(NamedTuple):
    """What is made of parameters alone.

    Args:
        reads: values that the loop reads.
        weights: what its kernel reads of them.
    """

    reads: Sequence[torch.Tensor]
    weights: Weights


class PackedWeightCache:
    """Caches what was made of the parameters of one cell.

    Args:
        constants: other tensors that it was made of. Default: none.
    """

    def __init__(self, constants: Sequence[torch.Tensor] = ()) -> None:
        self._constants = constants
        self._cached: tuple[int, ParameterConstants] | None = None

    def get(
        self, parameters: Sequence[torch.Tensor], make: Callable[[], ParameterConstants]
    ) -> ParameterConstants:
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
