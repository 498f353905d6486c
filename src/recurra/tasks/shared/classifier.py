"""What tasks share that tell one class of several, whatever they read."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F

from recurra.base import ArgumentError, Batch, UnknownName, check_range
from recurra.data import BadRecords, Record
from recurra.report import Confusion, Example, Part, Table
from recurra.tasks.framework import Answer, AnswerOptions, Measured, RecordTask
from recurra.tasks.shared.labels import with_labels_known_twice
from recurra.tasks.shared.threshold import best_f1_threshold, probability_counts

MAX_CONFUSED = 32
"""The matrix of so many classes at most is counted; with more it would fill the memory."""


@dataclass(frozen=True)
class ClassChoices:
    """How classes are learnt and decided.

    Args:
        class_weights: "none", or "balanced": rare classes weigh as much as frequent ones.
            Default: "none".
        label_smoothing: probability that is spread over all classes in training, 0..1. Default: 0.
        decide: "likeliest", or for two classes "best-f1": from the probability on that gives the
            second one, by the order of their names, the largest F1 on the validation data.
            Default: "likeliest".
    """

    class_weights: Literal["none", "balanced"] = "none"
    label_smoothing: float = 0.0
    decide: Literal["likeliest", "best-f1"] = "likeliest"

    def __post_init__(self) -> None:
        check_range("label_smoothing", self.label_smoothing, 0, 1)
        for name, known in (
            ("class_weights", ("none", "balanced")),
            ("decide", ("likeliest", "best-f1")),
        ):
            if getattr(self, name) not in known:
                raise UnknownName.among(name, getattr(self, name), known)


class Classifier(RecordTask):
    """Score the classes of a record, and decide for one.

    p(class | x) = softmax(scores(x))
    loss = -mean w_class log p(class of the record | record)     nats a record
    class = argmax p, or of two: the second if p(second) >= threshold
    """

    weights: torch.Tensor
    threshold: torch.Tensor
    choices: ClassChoices

    def prepare_classes(self, choices: ClassChoices) -> None:
        """Make room for the weights of the classes and the threshold; for `__init__`.

        Raises:
            ArgumentError: a threshold is asked for, and there are not two classes.
        """
        count = len(self.class_names)
        if choices.decide == "best-f1" and count != 2:
            raise ArgumentError(
                "A threshold is chosen between two classes.",
                got=f"{count} classes",
                expected="two",
                fix="--decide likeliest",
            )
        self.choices = choices
        self.register_buffer("weights", torch.ones(count))
        self.register_buffer("threshold", torch.tensor(0.5))

    @classmethod
    def learnable(
        cls, records: Sequence[Record], settings: Any, bad: BadRecords
    ) -> Sequence[Record]:
        """Keep the records whose class another one has, too."""
        del settings
        return with_labels_known_twice(records, "label", bad)

    @property
    @abstractmethod
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of their numbers."""

    @abstractmethod
    def scores(self, batch: Batch) -> torch.Tensor:
        """Score the classes of the records of a batch: `[B, C]`, before the softmax."""

    @abstractmethod
    def shown_input(self, record: Record) -> str:
        """Write what was read of a record, for the report."""

    def measured(self, batch: Batch) -> Measured:
        """Compare with the classes of a batch."""
        return self._compared(self.scores(batch), batch.targets)

    def _compared(self, scores: torch.Tensor, targets: torch.Tensor) -> Measured:
        smoothing = self.choices.label_smoothing if self.training else 0.0
        loss = F.cross_entropy(scores, targets, weight=self.weights, label_smoothing=smoothing)
        scores = scores.detach()
        nats = F.cross_entropy(scores, targets, reduction="none")  # [B]
        right = (self.decided(scores) == targets).to(scores.dtype)  # [B]
        measures = {"nats": nats, "right": right, "records": torch.ones_like(right)}
        if self.choices.decide == "best-f1" and not self.training:
            shares = scores.softmax(dim=1)[:, 1]
            measures["probabilities"] = probability_counts(shares, targets == 1)
        return Measured(loss, measures)

    def decided(self, scores: torch.Tensor) -> torch.Tensor:
        """Give the number of the class that is decided for, `[B]`."""
        if self.choices.decide == "likeliest":
            return scores.argmax(dim=1)
        return (scores.softmax(dim=1)[:, 1] >= self.threshold).long()

    def calibrate(self, totals: Mapping[str, Any]) -> None:
        """Choose the threshold on what was counted of the validation data."""
        if "probabilities" in totals:
            self.threshold.fill_(best_f1_threshold(totals["probabilities"]))

    @classmethod
    def calibrated(
        cls, config: Mapping[str, Any], weights: Mapping[str, torch.Tensor]
    ) -> dict[str, str]:
        """Say from which probability on the second of two classes is taken, if that was chosen."""
        if config["model"].get("decide") != "best-f1":
            return {}
        least = float(weights["threshold"])
        return {"threshold": f"{config['classes'][1]!r} from a confidence of {least:.4g} on"}

    def metrics(self, totals: Mapping[str, Any]) -> dict[str, float]:
        """Give the part of records decided rightly, and the mean cross-entropy in nats."""
        records = totals["records"]
        right = totals["right"]
        if "probabilities" in totals:  # counted before there was the threshold
            right = _right_at(totals["probabilities"], float(self.threshold))
        return {"accuracy": right / records, "cross_entropy": totals["nats"] / records}

    def final_measures(self, batch: Batch, options: AnswerOptions) -> dict[str, torch.Tensor]:
        """Count classes and answers besides, `[B, C]`, and pairs of few classes, `[B, C * C]`."""
        del options
        C = len(self.class_names)
        scores, targets = self.scores(batch), batch.targets
        found, there = F.one_hot(self.decided(scores), C), F.one_hot(targets, C)  # [B, C]
        measures = self._compared(scores, targets).measures
        measures.pop("probabilities", None)
        measures |= {"found": found, "there": there, "hit": found * there}
        if C <= MAX_CONFUSED:
            pairs = there.unsqueeze(2) * found.unsqueeze(1)  # [B, truth, answer]
            measures["confusion"] = pairs.flatten(1)
        return measures

    def final_metrics(self, totals: Mapping[str, Any]) -> dict[str, float]:
        """Give macro F1 besides: the mean over classes, however rare they are."""
        _, _, f1 = _by_class(totals)
        return {**self.metrics(totals), "macro_f1": float(f1[totals["there"] > 0].mean())}

    def shown_totals(self, totals: Mapping[str, Any]) -> list[Part]:
        """Show precision and recall of each class, and which are taken for which."""
        numbers = zip(*(each.tolist() for each in _by_class(totals)), strict=True)
        counts = totals["there"].long().tolist()
        rows = [
            [name, *(f"{number:.4f}" for number in three), f"{count:,}"]
            for name, three, count in zip(self.class_names, numbers, counts, strict=True)
        ]
        parts: list[Part] = [
            Table("Each class", ["class", "precision", "recall", "F1", "records"], rows)
        ]
        if "confusion" in totals:
            C = len(rows)
            table = totals["confusion"].reshape(C, C)  # [truth, answer]
            parts.append(Confusion(self.class_names, table.long().tolist()))
        return parts

    def answers(self, batch: Batch, options: AnswerOptions) -> list[Answer]:
        """Name the class of each record, with its probability."""
        scores = self.scores(batch)
        probabilities = scores.softmax(dim=1)  # [B, C]
        rows = zip(self.decided(scores).tolist(), probabilities, strict=True)
        return [self._answer(number, shares, options.top) for number, shares in rows]

    def _answer(self, number: int, shares: torch.Tensor, top: int) -> Answer:
        names = self.class_names
        answer: Answer = {"label": names[number], "confidence": round(float(shares[number]), 6)}
        if top:
            best = shares.topk(min(top, len(names)))
            ranked = zip(best.indices.tolist(), best.values.tolist(), strict=True)
            answer["top"] = [{"label": names[n], "confidence": round(p, 6)} for n, p in ranked]
        return answer

    def mistake(self, record: Record, answer: Answer) -> float | None:
        """Give the confidence of a wrong answer."""
        return None if answer["label"] == record.fields["label"] else float(answer["confidence"])

    def shown(self, records: Sequence[Record], batch: Batch, options: AnswerOptions) -> list[Part]:
        """Show records with their answers."""
        return [
            Example(
                self.shown_input(record),
                answer["label"],
                record.fields["label"],
                answer["confidence"],
                answer["label"] == record.fields["label"],
            )
            for record, answer in zip(records, self.answers(batch, options), strict=True)
        ]


def _by_class(totals: Mapping[str, Any]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Give precision, recall and F1 of each class, `[C]` each; 0 where there is none."""
    found, there, hit = totals["found"], totals["there"], totals["hit"]
    f1 = 2 * hit / (found + there).clamp(min=1)
    return hit / found.clamp(min=1), hit / there.clamp(min=1), f1


def _right_at(counts: torch.Tensor, threshold: float) -> float:
    """Count the records that are decided rightly from this threshold on."""
    first, second = counts.reshape(2, -1)
    edge = round(threshold * len(first))
    return float(first[:edge].sum() + second[edge:].sum())
