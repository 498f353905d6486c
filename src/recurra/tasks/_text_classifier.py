"""Which class a text belongs to: its sentiment, its topic, its language, its author."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import Batch, UnknownName, check_range, settings_from
from recurra.data import (
    DemoData,
    Field,
    Record,
    TextEncoder,
    TokenVocabulary,
    demo_sentences,
    make_text_encoder,
    pad_rows,
    text_encoder_from,
)
from recurra.report import Confusion, Example, Part
from recurra.tasks._cells_by_name import CellMaker
from recurra.tasks._labels import balanced_weights, labels_of, number_of_label
from recurra.tasks._record_task import Advice, Answer, AnswerOptions, Measured, RecordTask
from recurra.tasks._text_network import (
    TextConfig,
    TextExample,
    TextNetwork,
    encode_field,
    texts_of,
)


@dataclass(frozen=True)
class TextClassifierConfig(TextConfig):
    """Sizes and choices of a classifier of texts.

    Args:
        class_weights: "none", or "balanced": rare classes weigh as much as frequent ones.
            Default: "none".
        label_smoothing: probability that is spread over all classes in training, 0..1. Default: 0.
    """

    class_weights: Literal["none", "balanced"] = "none"
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("label_smoothing", self.label_smoothing, 0, 1)
        if self.class_weights not in ("none", "balanced"):
            raise UnknownName.among("class_weights", self.class_weights, ("none", "balanced"))


class TextClassifier(RecordTask):
    """Tell the class of a text from all of its symbols: many to one.

        v = network(x_1 ... x_T)                               see `TextNetwork`
        p(class | x) = softmax(W v + b)
        loss = -mean w_class log p(class of the text | text)   nats a text

    Args:
        encoder: turns texts into numbers.
        classes: names of the classes.
        config: sizes and choices.
        cell: makes a cell of the user's. Default: the one that `config` names.

    Example:
        >>> import recurra
        >>> reviews = [{"text": "good " * i, "label": "yes"} for i in range(1, 20)]
        >>> reviews += [{"text": "bad " * i, "label": "no"} for i in range(1, 20)]
        >>> task = recurra.tasks.TextClassifier.fit(reviews, out="runs/opinions")
        >>> task.classes.tokens
        ('no', 'yes')
        >>> [each.answer["label"] for each in task.predict(["good", "bad bad"])]
        ['yes', 'no']
    """

    kind: ClassVar[str] = "text_classifier"
    command: ClassVar[str] = "classify"
    summary: ClassVar[str] = "Tell the class of a text: sentiment, topic, any label."
    monitor: ClassVar[str] = "accuracy"
    best_is_largest: ClassVar[bool] = True
    settings_type: ClassVar[type] = TextClassifierConfig
    advice: ClassVar[Advice] = Advice(epochs=8, rows=64, learning_rate=0.003, patience=3)
    fields: ClassVar[tuple[Field, ...]] = (
        Field("text", "The text.", ("text", "sentence", "document", "review", "content"), "text"),
        Field(
            "label", "The class.", ("label", "class", "category", "target"), "label", target=True
        ),
    )

    def __init__(
        self,
        encoder: TextEncoder,
        classes: TokenVocabulary,
        config: TextClassifierConfig,
        *,
        cell: CellMaker | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.classes, self.settings = encoder, classes, config
        self.network = TextNetwork(len(encoder), config, cell)
        self.head = nn.Linear(self.network.output_size, len(classes))
        self.weights: torch.Tensor
        self.register_buffer("weights", torch.ones(len(classes)))

    @classmethod
    def from_records(
        cls,
        records: Sequence[Record],
        settings: TextClassifierConfig,
        *,
        cell: CellMaker | None = None,
    ) -> "TextClassifier":
        """Make a classifier with the symbols and the classes of records."""
        classes = labels_of(records, "label")
        encoder = make_text_encoder(texts_of(records, "text"), settings.encoding)
        task = cls(encoder, classes, settings, cell=cell)
        if settings.class_weights == "balanced":
            task.weights.copy_(balanced_weights(records, "label", classes))
        return task

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], *, cell: CellMaker | None = None
    ) -> "TextClassifier":
        """Build the classifier that `config` describes, with new weights."""
        settings = settings_from(TextClassifierConfig, config["model"])
        classes = TokenVocabulary(config["classes"])
        task = cls(text_encoder_from(config["encoder"]), classes, settings, cell=cell)
        task.read_columns(config)
        return task

    def config(self) -> dict[str, Any]:
        """Describe the classifier as JSON."""
        return {
            "columns": self.written_columns(),
            "classes": list(self.classes.tokens),
            "model": asdict(self.settings),
            "encoder": self.encoder.config(),
        }

    @classmethod
    def demo(cls) -> DemoData:
        """Give sentences of Python's own documentation with what they are about."""
        return demo_sentences()

    def example(self, record: Record, *, targets: bool = True) -> TextExample:
        """Turn a record into numbers."""
        label = number_of_label(self.classes, record, "label") if targets else None
        return TextExample(encode_field(self.encoder, record, "text"), label)

    def size(self, example: TextExample) -> int:
        """Give the number of symbols."""
        return len(example.numbers)

    def collate(self, examples: Sequence[TextExample]) -> Batch:
        """Put texts side by side."""
        numbers, lengths = pad_rows([each.numbers for each in examples])
        known = examples[0].target is not None
        targets = torch.tensor([each.target for each in examples]) if known else None
        return Batch(numbers, targets, lengths)

    def forward(self, numbers: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Score the classes of texts `[T, B]` of these lengths: `[B, C]`, before the softmax."""
        scores: torch.Tensor = self.head(self.network(numbers, lengths))
        return scores

    def measured(self, batch: Batch) -> Measured:
        """Compare with the classes of a batch."""
        assert batch.lengths is not None  # `collate` gives them
        scores = self(batch.inputs, batch.lengths)
        smoothing = self.settings.label_smoothing if self.training else 0.0
        loss = F.cross_entropy(
            scores, batch.targets, weight=self.weights, label_smoothing=smoothing
        )
        nats = F.cross_entropy(scores.detach(), batch.targets, reduction="none")  # [B]
        right = (scores.argmax(dim=1) == batch.targets).to(scores.dtype)  # [B]
        return Measured(loss, {"nats": nats, "right": right, "records": torch.ones_like(right)})

    def metrics(self, totals: Mapping[str, float]) -> dict[str, float]:
        """Give the part of texts decided rightly, and the mean cross-entropy in nats."""
        records = totals["records"]
        return {"accuracy": totals["right"] / records, "cross_entropy": totals["nats"] / records}

    def final_measures(self, batch: Batch, options: AnswerOptions) -> dict[str, torch.Tensor]:
        """Count each class against each answer besides, `[B, C * C]`."""
        del options
        assert batch.lengths is not None  # `collate` gives them
        C = len(self.classes)
        pairs = batch.targets * C + self(batch.inputs, batch.lengths).argmax(dim=1)  # [B]
        return {**self.measured(batch).measures, "confusion": F.one_hot(pairs, C * C)}

    def final_metrics(self, totals: Mapping[str, Any]) -> dict[str, float]:
        """Give macro F1 besides: the mean over classes, however rare they are."""
        table = self._table(totals)
        found, there, hit = table.sum(dim=0), table.sum(dim=1), table.diagonal()
        f1 = 2 * hit / (found + there).clamp(min=1)  # [C]
        return {**self.metrics(totals), "macro_f1": float(f1[there > 0].mean())}

    def shown_totals(self, totals: Mapping[str, Any]) -> list[Part]:
        """Show which classes are taken for which."""
        return [Confusion(self.classes.tokens, self._table(totals).long().tolist())]

    def _table(self, totals: Mapping[str, Any]) -> torch.Tensor:
        C = len(self.classes)
        table: torch.Tensor = totals["confusion"].reshape(C, C)  # [truth, answer]
        return table

    def answers(self, batch: Batch, options: AnswerOptions) -> list[Answer]:
        """Name the likeliest class of each text, with its probability."""
        assert batch.lengths is not None  # `collate` gives them
        probabilities = self(batch.inputs, batch.lengths).softmax(dim=1)  # [B, C]
        best = probabilities.topk(max(1, min(options.top, len(self.classes))), dim=1)
        rows = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return [self._answer(numbers, shares, options) for numbers, shares in rows]

    def _answer(self, numbers: list[int], shares: list[float], options: AnswerOptions) -> Answer:
        names = self.classes.decode(numbers)
        answer: Answer = {"label": names[0], "confidence": round(shares[0], 6)}
        if options.top:
            ranked = zip(names, shares, strict=True)
            answer["top"] = [{"label": n, "confidence": round(p, 6)} for n, p in ranked]
        return answer

    def shown(self, records: Sequence[Record], batch: Batch, options: AnswerOptions) -> list[Part]:
        """Show texts with their answers."""
        return [
            Example(
                record.fields["text"],
                answer["label"],
                record.fields["label"],
                answer["confidence"],
                answer["label"] == record.fields["label"],
            )
            for record, answer in zip(records, self.answers(batch, options), strict=True)
        ]
