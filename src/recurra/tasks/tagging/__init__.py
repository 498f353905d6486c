"""A label for each word of a sentence."""

from recurra.tasks.tagging.network import TaggerConfig, TaggerNetwork
from recurra.tasks.tagging.tagger import Tagger

__all__ = [
    "Tagger",
    "TaggerConfig",
    "TaggerNetwork",
]
