"""Which class a text belongs to: its sentiment, its topic, its language, its author."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from recurra.base import Batch, check_names, settings_from
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
from recurra.tasks.framework import CellMaker, Defaults
from recurra.tasks.shared import (
    ClassChoices,
    Classifier,
    TextConfig,
    TextExample,
    TextNetwork,
    balanced_weights,
    encode_field,
    labels_of,
    number_of_label,
    texts_of,
)


@dataclass(frozen=True)
class TextClassifierConfig(ClassChoices, TextConfig):
    """Sizes and choices of a classifier of texts; see `TextConfig` and `ClassChoices`."""

    def __post_init__(self) -> None:
        TextConfig.__post_init__(self)
        ClassChoices.__post_init__(self)


class TextClassifier(Classifier):
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
    tie_breaker: ClassVar[str | None] = "cross_entropy"
    settings_type: ClassVar[type] = TextClassifierConfig
    defaults: ClassVar[Defaults] = Defaults(
        epochs=8, batch_size=64, learning_rate=0.003, patience=3
    )
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
        self.prepare_classes(config)

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
        classes = TokenVocabulary(check_names("classes", config["classes"]))
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

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.classes.tokens

    def scores(self, batch: Batch) -> torch.Tensor:
        """Score the classes of the texts of a batch: `[B, C]`."""
        assert batch.lengths is not None  # `collate` gives them
        scores: torch.Tensor = self(batch.inputs, batch.lengths)
        return scores

    def shown_input(self, record: Record) -> str:
        """Give the text."""
        text: str = record.fields["text"]
        return text
