"""Whether two records are the same thing, or how alike they are."""

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
