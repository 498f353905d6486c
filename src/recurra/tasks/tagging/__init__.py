"""A label for each word of a sentence."""

from recurra.base import set_module as _set_module
from recurra.tasks.tagging.network import TaggerConfig, TaggerNetwork
from recurra.tasks.tagging.tagger import Tagger

__all__ = [
    "Tagger",
    "TaggerConfig",
    "TaggerNetwork",
]

_set_module(__name__, globals())
