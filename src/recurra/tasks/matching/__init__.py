"""Whether two records are the same thing, or how alike they are."""

from recurra.base import set_module as _set_module
from recurra.tasks.matching.config import MatcherConfig
from recurra.tasks.matching.matcher import Matcher
from recurra.tasks.matching.record_parts import PairParts, Side, encode_parts, part_texts

__all__ = [
    "Matcher",
    "MatcherConfig",
    "PairParts",
    "Side",
    "encode_parts",
    "part_texts",
]

_set_module(__name__, globals())
