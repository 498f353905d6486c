"""From scores to symbols, for any step function."""

from recurra.decode._choose import check_choice, choose
from recurra.decode._generate import generate

__all__ = ["check_choice", "choose", "generate"]
