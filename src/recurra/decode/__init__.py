"""From scores to symbols, for any step function."""

from recurra.base import set_module as _set_module
from recurra.decode._beam import Hypothesis
from recurra.decode._beam_search import beam_search, greedy_search
from recurra.decode._choose import check_choice, choose
from recurra.decode._generate import generate

__all__ = ["Hypothesis", "beam_search", "check_choice", "choose", "generate", "greedy_search"]

_set_module(__name__, globals())
