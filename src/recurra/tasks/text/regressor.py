"""A number that is told of a text: its rating, its reading time, how similar it is to others."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar

import torch
from torch import nn

from recurra.base import Batch, settings_from
from recurra.data import (
    DemoData,
    Field,
    Record,
    TextEncoder,
    demo_numbers,
    make_text_encoder,
    pad_rows,
    text_encoder_from,
)
from recurra.tasks.framework import CellMaker, Defaults
from recurra.tasks.shared import (
    Regressor,
    Scales,
    TextConfig,
    TextExample,
    TextNetwork,
    check_constant,
    encode_field,
    precisely,
    texts_of,
)


class TextRegressor(Regressor):
    """Tell a number from all symbols of a text: many to one.

        v = network(x_1 ... x_T)                  see `TextNetwork`
        y = mean_y + deviation_y (w v + b)
        loss = mean ((target - y) / deviation_y)^2

    Mean and deviation are those of the training records, so that the loss knows no units.

    Args:
        encoder: turns texts into numbers.
        config: sizes and choices.
        cell: makes a cell of the user's. Default: the one that `config` names.

    Example:
        >>> import recurra
        >>> hotels = [{"text": "star " * stars, "target": stars} for stars in range(1, 6)] * 30
        >>> task = recurra.tasks.TextRegressor.fit(hotels, out="runs/stars")
        >>> 2 < next(task.predict(["star star star"])).answer["value"] < 4
        True
    """

    kind: ClassVar[str] = "text_regressor"
    command: ClassVar[str] = "regress"
    summary: ClassVar[str] = "Tell a number of a text: a rating, a price, any quantity."
    monitor: ClassVar[str] = "root_mean_squared_error"
    settings_type: ClassVar[type] = TextConfig
    defaults: ClassVar[Defaults] = Defaults(
        epochs=10, batch_size=64, learning_rate=0.003, patience=3
    )
    fields: ClassVar[tuple[Field, ...]] = (
        Field("text", "The text.", ("text", "sentence", "document", "review", "content"), "text"),
        Field(
            "target",
            "The number.",
            ("target", "value", "score", "rating", "number", "label"),
            "number",
            target=True,
        ),
    )

    def __init__(
        self, encoder: TextEncoder, config: TextConfig, *, cell: CellMaker | None = None
    ) -> None:
        super().__init__()
        self.encoder, self.settings = encoder, config
        self.network = TextNetwork(len(encoder), config, cell)
        self.head = nn.Linear(self.network.output_size, 1)
        self.target_scales = Scales(1)

    @classmethod
    def from_records(
        cls, records: Sequence[Record], settings: TextConfig, *, cell: CellMaker | None = None
    ) -> "TextRegressor":
        """Make a regressor with the symbols of records and the scale of their numbers.

        Raises:
            DataError: all records have the same number.
        """
        targets = precisely([[record.fields["target"]] for record in records])  # [N, 1]
        check_constant(targets, ["target"], records[0].where)
        encoder = make_text_encoder(texts_of(records, "text"), settings.encoding)
        task = cls(encoder, settings, cell=cell)
        task.target_scales.measure("targets", targets)
        return task

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], *, cell: CellMaker | None = None
    ) -> "TextRegressor":
        """Build the regressor that `config` describes, with new weights."""
        settings = settings_from(TextConfig, config["model"])
        task = cls(text_encoder_from(config["encoder"]), settings, cell=cell)
        task.read_columns(config)
        return task

    def config(self) -> dict[str, Any]:
        """Describe the regressor as JSON."""
        return {
            "columns": self.written_columns(),
            "model": asdict(self.settings),
            "encoder": self.encoder.config(),
        }

    @classmethod
    def demo(cls) -> DemoData:
        """Give numbers written in English words, with their logarithms."""
        return demo_numbers()

    def example(self, record: Record, *, targets: bool = True) -> TextExample:
        """Turn a record into numbers."""
        target = record.fields["target"] if targets else None
        return TextExample(encode_field(self.encoder, record, "text"), target)

    def size(self, example: TextExample) -> int:
        """Give the number of symbols."""
        return len(example.numbers)

    def collate(self, examples: Sequence[TextExample]) -> Batch:
        """Put texts side by side."""
        numbers, lengths = pad_rows([each.numbers for each in examples])
        known = examples[0].target is not None
        targets = precisely([[each.target] for each in examples]) if known else None  # [B, 1]
        return Batch(numbers, targets, lengths)

    def forward(self, numbers: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Tell the numbers of texts `[T, B]` of these lengths, standardised: `[B, 1]`."""
        scaled: torch.Tensor = self.head(self.network(numbers, lengths))
        return scaled

    @property
    def target_names(self) -> tuple[str, ...]:
        """Name of the number."""
        return self.columns.get("target", ("target",))

    def scaled(self, batch: Batch) -> torch.Tensor:
        """Tell the numbers of the texts of a batch, standardised: `[B, 1]`."""
        assert batch.lengths is not None  # `collate` gives them
        scaled: torch.Tensor = self(batch.inputs, batch.lengths)
        return scaled

    def shown_input(self, record: Record) -> str:
        """Give the text."""
        text: str = record.fields["text"]
        return text

    def shown_targets(self, record: Record) -> Sequence[float]:
        """Give the true number."""
        return [record.fields["target"]]
