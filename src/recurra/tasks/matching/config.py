"""Sizes and choices of a matcher."""

from dataclasses import dataclass
from typing import Literal

from recurra.base import UnknownName, check_range, check_size
from recurra.data import TextUnits
from recurra.tasks.shared import TextConfig

CHOICES = {
    "target": ("found", "label", "score"),
    "head": ("comparison", "distance"),
    "loss": ("cosine", "contrastive"),
}


@dataclass(frozen=True)
class MatcherConfig(TextConfig):
    """Sizes and choices of a matcher of records.

    Args:
        target: what is learnt of pairs: the "label", whether they match; the "score", how alike
            they are; or whichever is "found". Default: "found".
        yes: the label that says that a pair matches, needed where it is no usual word for that,
            such as 1, yes, true or match. Default: found.
        head: "comparison" looks at both records part by part, "distance" at their similarity
            alone. Default: "comparison".
        loss: of similarities: "cosine" of an angle, or "contrastive" of a distance.
            Default: "cosine".
        vector_size: features that a part of a record becomes. Default: 64.
        batch_negatives: weight of the loss that finds the match of a record among all records of a
            batch, >= 0. Default: 1.
        copies: records that are matched with a copy of themselves in training, for each pair,
            0..1; labels only. Default: 0.5.
        typing_errors: probability of a typing error at each symbol in training, 0..1.
            Default: 0.05.
        part_dropout: probability of not seeing a part of a record in training, 0..1. Default: 0.1.
        units: see `EncoderSettings`. Default: "characters".
        lowercase: whether letters are made small. Default: True.
        hidden_size: H of each direction of each layer. Default: 64.
        embedding_size: features of an embedded symbol. Default: 64.
        dropout: probability of dropping a feature, 0..1. Default: 0.1.
        symbol_dropout: probability of reading a symbol as unknown in training, 0..1. Default: 0.
        ngrams: see `TextConfig`. Default: 0.
    """

    target: Literal["found", "label", "score"] = "found"
    yes: str | None = None
    head: Literal["comparison", "distance"] = "comparison"
    loss: Literal["cosine", "contrastive"] = "cosine"
    vector_size: int = 64
    batch_negatives: float = 1.0
    copies: float = 0.5
    typing_errors: float = 0.05
    part_dropout: float = 0.1
    units: TextUnits = "characters"
    lowercase: bool = True
    hidden_size: int = 64
    embedding_size: int = 64
    dropout: float = 0.1
    symbol_dropout: float = 0.0
    ngrams: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size("vector_size", self.vector_size, most=1_000_000)
        check_range("batch_negatives", self.batch_negatives, 0, float("inf"), high_open=True)
        for name in ("copies", "typing_errors", "part_dropout"):
            check_range(name, getattr(self, name), 0, 1)
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise UnknownName.among(name, getattr(self, name), known)
