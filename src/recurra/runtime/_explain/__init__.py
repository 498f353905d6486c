"""Explain: what the compiler makes of a cell, in words that its author knows."""

from recurra.runtime._explain.costs import Costs, KernelCost
from recurra.runtime._explain.explanation import Explanation, explain

__all__ = ["Costs", "Explanation", "KernelCost", "explain"]
