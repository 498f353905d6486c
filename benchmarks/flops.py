"""How many floating-point operations a problem takes, by two conventions."""

from dataclasses import dataclass

from benchmarks.problem import Problem
from benchmarks.user_cells import CellKind


@dataclass(frozen=True)
class Flops:
    """The operations of matrix products; a multiply-add is two. Element-wise work is not counted.

    Args:
        recurrent: the product with the state alone, as DeepBench counts.
        total: with the product with the input, which is in our times.
    """

    recurrent: float
    total: float


def count(kind: CellKind, problem: Problem) -> Flops:
    """Count a problem: training is three times a forward pass, two products a weight going back."""
    H = problem.x.shape[2]
    product = 2.0 * H * H * problem.steps * (3 if problem.training else 1)
    return Flops(product * kind.recurrent, product * (kind.recurrent + kind.inputs))
