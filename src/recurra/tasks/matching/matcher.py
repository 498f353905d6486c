"""Whether two records are the same thing, or how alike they are: a siamese network."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, NamedTuple

import torch
import torch.nn.functional as F

from recurra.base import ArgumentError, Batch, Outcome, State, check_names, settings_from
from recurra.data import (
    BadRecords,
    DemoData,
    Field,
    Record,
    TextEncoder,
    demo_addresses,
    make_text_encoder,
    text_encoder_from,
)
from recurra.report import Confusion, Example, Part
from recurra.tasks.framework import Answer, AnswerOptions, CellMaker, Defaults, Measured
from recurra.tasks.matching.config import MatcherConfig
from recurra.tasks.matching.measures import agreement, decisions, retrieval, sums_of_scores
from recurra.tasks.matching.pairs import Pairs
from recurra.tasks.matching.record_parts import SIDES, PairParts, Side, part_texts, unordered
from recurra.tasks.matching.scorer import PairScorer
from recurra.tasks.matching.targets import PairTarget, find_target, with_two_labels
from recurra.tasks.matching.threshold import best_threshold, counts_at, score_counts


class PairExample(NamedTuple):
    """A pair as numbers.

    Args:
        left: one record.
        right: the other.
        share: what is to be told, see `PairTarget.share`; None where it is not known.
    """

    left: Side
    right: Side
    share: float | None


class Matcher(PairScorer):
    """Tell whether two records are the same thing, or how alike two texts are: two to one.

        score = head(network(left), network(right))      see `PairScorer`, also for the loss
        match = score >= threshold

    A record becomes one vector, whatever it is compared with: `RecordIndex` looks for the nearest
    of a million records. Which score is enough for a match is chosen on the validation data, so
    that F1 is largest. Graded similarities, such as 1 to 5, are learnt as shares of their range.
    Source: J. Bromley et al., "Signature verification using a 'siamese' time delay neural network"
    (1993); J. Mueller and A. Thyagarajan, "Siamese recurrent architectures for learning sentence
    similarity" (2016).

    Args:
        encoder: turns texts into numbers.
        parts: names of the parts of records.
        target: what is told.
        config: sizes and choices.
        cell: makes a cell of the user's. Default: the one that `config` names.

    Example:
        >>> import recurra
        >>> pairs = recurra.data.demo_addresses(count=100)
        >>> sizes = recurra.tasks.MatcherConfig(hidden_size=8, embedding_size=8, vector_size=8)
        >>> training = recurra.tasks.default_training(recurra.tasks.Matcher, epochs=1)
        >>> task = recurra.tasks.Matcher.fit(
        ...     pairs.training, out="runs/same", settings=sizes, training=training
        ... )
        >>> answer = next(task.predict(pairs.test)).answer
        >>> answer["label"] in ("0", "1"), 0 <= answer["score"] <= 1
        (True, True)
    """

    kind: ClassVar[str] = "matcher"
    command: ClassVar[str] = "match"
    summary: ClassVar[str] = "Tell whether two records match, or how alike two texts are."
    monitor: ClassVar[str] = "f1"
    best_is_largest: ClassVar[bool] = True
    tie_breaker: ClassVar[str | None] = "cross_entropy"
    settings_type: ClassVar[type] = MatcherConfig
    defaults: ClassVar[Defaults] = Defaults(
        epochs=15, batch_size=64, learning_rate=0.003, patience=5
    )
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "left", "One record, or of its parts, with commas.", ("left", "sentence_A"), "parts",
            prefixes=("left_", "left.", "ltable_"),
        ),
        Field(
            "right", "The other record.", ("right", "sentence_B"), "parts",
            prefixes=("right_", "right.", "rtable_"),
        ),
        Field(
            "label", "Whether they match: 1 or 0, yes or no.", ("label", "match"), "label",
            required=False, target=True,
        ),
        Field(
            "score", "How alike they are, a number.", ("score", "similarity"), "number",
            required=False, target=True,
        ),
    )  # fmt: skip

    def __init__(
        self,
        encoder: TextEncoder,
        parts: PairParts,
        target: PairTarget,
        config: MatcherConfig,
        *,
        cell: CellMaker | None = None,
    ) -> None:
        super().__init__(encoder, parts, target, config, cell=cell)
        self.monitor = _monitor(target.kind)  # type: ignore[misc]
        if target.kind == "score":
            self.tie_breaker = None  # type: ignore[misc]  # correlations are hardly ever equal

    @classmethod
    def from_records(
        cls, records: Sequence[Record], settings: MatcherConfig, *, cell: CellMaker | None = None
    ) -> "Matcher":
        """Make a matcher with the symbols and the parts of records."""
        target = find_target(records, settings.target, settings.yes)
        if target.kind == "score" and settings.loss == "contrastive":
            raise ArgumentError(
                "The contrastive loss knows pairs that match and others, but no scores.",
                got="contrastive",
                expected="cosine",
                fix="--loss cosine",
            )
        parts = PairParts.of(records)
        encoder = make_text_encoder(parts.texts(records), settings.encoding)
        return cls(encoder, parts, target, settings, cell=cell)

    @classmethod
    def learnable(
        cls, records: Sequence[Record], settings: MatcherConfig, bad: BadRecords
    ) -> Sequence[Record]:
        """Keep the pairs whose label says yes or no, where all but a few do."""
        return with_two_labels(records, settings.target, bad, settings.yes)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, cell: CellMaker | None = None) -> "Matcher":
        """Build the matcher that `config` describes, with new weights."""
        settings = settings_from(MatcherConfig, config["model"])
        left, right = (check_names(side, config["parts"][side]) for side in SIDES)
        if len(left) != len(right):
            raise ArgumentError(
                "The records of a pair have different parts.",
                got=f"{len(left)} and {len(right)}",
                expected="equally many",
            )
        parts = PairParts(tuple(left), tuple(right))
        names = tuple(check_names("names", config["target"]["names"]))
        told = settings_from(PairTarget, {**config["target"], "names": names})
        task = cls(text_encoder_from(config["encoder"]), parts, told, settings, cell=cell)
        task.read_columns(config)
        return task

    @classmethod
    def monitor_of(cls, config: Mapping[str, Any]) -> str:
        """Name the metric that picks the weights: another one where scores were learnt."""
        return _monitor(config["target"]["kind"])

    def config(self) -> dict[str, Any]:
        """Describe the matcher as JSON."""
        return {
            "columns": self.written_columns(),
            "parts": {"left": list(self.parts.left), "right": list(self.parts.right)},
            "target": {**asdict(self.target), "names": list(self.target.names)},
            "model": asdict(self.settings),
            "encoder": self.encoder.config(),
        }

    @classmethod
    def demo(cls) -> DemoData:
        """Give made-up businesses and their addresses as two people would type them."""
        return demo_addresses()

    @classmethod
    def group(cls, record: Record) -> Hashable:
        """Hold pairs apart whichever record of them is the left one: nothing depends on it."""
        return unordered(record)

    def example(self, record: Record, *, targets: bool = True) -> PairExample:
        """Turn a record into numbers."""
        left = self.parts.encode(record, "left", self.encoder)
        right = self.parts.encode(record, "right", self.encoder)
        return PairExample(left, right, self.target.share(record) if targets else None)

    def size(self, example: PairExample) -> int:
        """Give the number of symbols of both records."""
        return sum(len(numbers) for side in example[:2] for _, numbers in side)

    def collate(self, examples: Sequence[PairExample]) -> Batch:
        """Put pairs side by side; a record that comes twice is read once."""
        places: dict[Side, int] = {}
        left = [places.setdefault(each.left, len(places)) for each in examples]
        right = [places.setdefault(each.right, len(places)) for each in examples]
        numbers, lengths, parts, owners = part_texts(list(places))
        pairs = Pairs(numbers, parts, owners, torch.tensor(left), torch.tensor(right))
        known = examples[0].share is not None
        shares = torch.tensor([each.share for each in examples]) if known else None
        return Batch(pairs, shares, lengths)

    def measured(self, batch: Batch) -> Measured:
        """Compare with what is known of the pairs of a batch."""
        loss, scores = self.compared(batch)
        return Measured(loss, self._measures(scores, batch.targets))

    def _measures(self, scores: torch.Tensor, shares: torch.Tensor) -> dict[str, torch.Tensor]:
        """Give what metrics are made of, `[B]` each: counts of matches, or sums of scores."""
        if self.target.kind == "score":
            found, true = (self.target.written(x.double()) for x in (scores.sigmoid(), shares))
            return sums_of_scores(found, true)
        nats = F.binary_cross_entropy_with_logits(scores, shares, reduction="none")
        return {**decisions(scores >= self.threshold, shares > 0.5), "nats": nats.double()}

    def outcome(self, batch: Batch, state: State | None) -> Outcome:
        """Sum up what was measured, and count scores where a threshold is to be chosen."""
        del state
        loss, scores = self.compared(batch)
        measures = self._measures(scores, batch.targets)
        totals: dict[str, Any] = {name: float(each.sum()) for name, each in measures.items()}
        if self.target.kind == "label" and not self.training:
            totals["score_counts"] = score_counts(scores, batch.targets > 0.5)
        return Outcome(loss, totals, None)

    def calibrate(self, totals: Mapping[str, Any]) -> None:
        """Choose the threshold with the largest F1 on validation data."""
        if "score_counts" in totals:
            self.threshold.fill_(best_threshold(totals["score_counts"]))

    def metrics(self, totals: Mapping[str, Any]) -> dict[str, float]:
        """Give F1, precision and recall of matches; of scores, their correlation and error."""
        if self.target.kind == "score":
            return agreement(totals)
        if "score_counts" in totals:  # the threshold may have been chosen since
            totals = {**totals, **counts_at(totals["score_counts"], float(self.threshold))}
        return {**retrieval(totals), "cross_entropy": totals["nats"] / totals["records"]}

    @classmethod
    def calibrated(
        cls, config: Mapping[str, Any], weights: Mapping[str, torch.Tensor]
    ) -> dict[str, str]:
        """Say from which score on a pair is called a match."""
        if config["target"]["kind"] == "score":
            return {}
        least = float(weights["threshold"].sigmoid())
        return {"threshold": f"{config['target']['names'][1]!r} from a score of {least:.4g} on"}

    def shown_totals(self, totals: Mapping[str, Any]) -> list[Part]:
        """Show how many pairs were taken for matches."""
        if self.target.kind == "score":
            return []
        hits, alarms, misses = (int(totals[name]) for name in ("hits", "false_alarms", "misses"))
        rest = int(totals["records"]) - hits - alarms - misses
        return [Confusion(self.target.names, [[rest, alarms], [misses, hits]])]

    def answers(self, batch: Batch, options: AnswerOptions) -> list[Answer]:
        """Say of each pair whether it matches, and how likely; or how alike the two are."""
        del options
        assert batch.lengths is not None  # `collate` gives them
        return self.answers_of(self(batch.inputs, batch.lengths).scores)

    def answers_of(self, scores: torch.Tensor) -> list[Answer]:
        """Say what scores `[B]` mean."""
        shares = scores.sigmoid().tolist()
        if self.target.kind == "score":
            return [{"score": round(self.target.written(share), 4)} for share in shares]
        matches = (scores >= self.threshold).tolist()
        return [
            {"label": self.target.names[match], "score": round(share, 6)}
            for match, share in zip(matches, shares, strict=True)
        ]

    def shown(self, records: Sequence[Record], batch: Batch, options: AnswerOptions) -> list[Part]:
        """Show pairs with their answers."""
        pairs = zip(records, self.answers(batch, options), strict=True)
        return [self._example(record, answer) for record, answer in pairs]

    def _example(self, record: Record, answer: Answer) -> Example:
        given = " | ".join(", ".join(filter(None, record.fields[side].values())) for side in SIDES)
        if self.target.kind == "score":
            return Example(given, f"{answer['score']:.2f}", f"{record.fields['score']:.2f}")
        right = self._is_right(record, answer)
        truth = record.fields["label"]
        return Example(given, answer["label"], truth, right=right, score=answer["score"])

    def mistake(self, record: Record, answer: Answer) -> float | None:
        """Tell how far beyond the threshold the score of a wrong label is; scores are not wrong."""
        if self.target.kind == "score" or self._is_right(record, answer):
            return None
        return abs(float(answer["score"]) - float(self.threshold.sigmoid()))

    def _is_right(self, record: Record, answer: Answer) -> bool:
        return bool(answer["label"] == self.target.names[self.target.share(record) > 0.5])


def _monitor(target: str) -> str:
    return "pearson" if target == "score" else Matcher.monitor
