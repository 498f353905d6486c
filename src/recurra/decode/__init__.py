"""From scores to symbols, for any step function."""

from recurra.decode._choose import choose
from recurra.decode._generate import generate

__all__ = ["choose", "generate"]
