"""A task of your own in one file: find the step at which a series of measurements changes.

    python examples/any_task.py [--quick]

Recurra has no such task. The class below declares what columns it reads and what it predicts, makes
numbers of a record, and compares; reading files, batches by length, training with exact resume,
prediction in a stream, confidence intervals and the report then work as for any other task.
Some seconds of one core; a little more without `--quick`.
"""

import argparse
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

import recurra
from recurra.base import Batch, DataError, settings_from, valid_steps
from recurra.data import DemoData, Field, Record
from recurra.report import Chart, Curve, Part
from recurra.store import Run
from recurra.tasks import AnswerOptions, RecordTask, default_training
from recurra.tasks.framework import Answer, Defaults, Measured

TARGET = {True: 0.90, False: 0.95}
"""Part of the test series whose change is found within one step; with and without `--quick`."""


@dataclass(frozen=True)
class ChangeConfig:
    """Sizes; each field would be an option of the command line.

    Args:
        hidden_size: H of each direction. Default: 24.
    """

    hidden_size: int = 24


class Series(NamedTuple):
    """Numbers of a record, and the step of the change, counted from 0, if it is known."""

    values: list[float]
    place: int | None


class ChangeFinder(RecordTask):
    """Point at the step of a series at which its level changes.

    h_t = both directions of an LSTM over x_1 ... x_T
    p(the change is at t | x) = softmax_t(w h_t)
    loss = -mean log p(the step of the change | x)       nats a series
    """

    kind: ClassVar[str] = "change_finder"
    command: ClassVar[str] = "change"
    summary: ClassVar[str] = "Find where a series changes."
    monitor: ClassVar[str] = "found"
    best_is_largest: ClassVar[bool] = True
    settings_type: ClassVar[type] = ChangeConfig
    defaults: ClassVar[Defaults] = Defaults(epochs=6, batch_size=32, learning_rate=0.01, patience=3)
    fields: ClassVar[tuple[Field, ...]] = (
        Field("values", "Measurements, with blanks between them.", ("values",), "tokens"),
        Field("place", "The step of the change, from 0.", ("place",), "number", target=True),
    )

    def __init__(self, config: ChangeConfig) -> None:
        super().__init__()
        self.settings = config
        cells = [recurra.LSTM(1, config.hidden_size) for _ in range(2)]
        self.layer = recurra.Bidirectional(*cells)
        self.score = nn.Linear(2 * config.hidden_size, 1)

    # what it is made of

    @classmethod
    def from_records(
        cls, records: Sequence[Record], settings: ChangeConfig, *, cell: Any = None
    ) -> "ChangeFinder":
        """Make a new one; there is no vocabulary to collect from the records."""
        del records, cell
        return cls(settings)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, cell: Any = None) -> "ChangeFinder":
        """Build the one that `config` describes, with new weights."""
        del cell
        task = cls(settings_from(ChangeConfig, config["model"]))
        task.read_columns(config)
        return task

    def config(self) -> dict[str, Any]:
        """Describe it as JSON."""
        return {"columns": self.written_columns(), "model": asdict(self.settings)}

    @classmethod
    def demo(cls) -> DemoData:
        """Make series up."""
        return made_up_series(2000)

    # from records to tensors

    def example(self, record: Record, *, targets: bool = True) -> Series:
        """Turn a record into numbers."""
        values = [float(each) for each in record.fields["values"]]
        place = int(record.fields["place"]) if targets else None
        if place is not None and not 0 <= place < len(values):
            raise DataError("The change is not within the series.", got=place, where=record.where)
        return Series(values, place)

    def size(self, example: Series) -> int:
        """Give the number of steps."""
        return len(example.values)

    def collate(self, examples: Sequence[Series]) -> Batch:
        """Put series side by side, time first."""
        lengths = torch.tensor([len(each.values) for each in examples])  # [B]
        rows = [torch.tensor(each.values) for each in examples]
        x = nn.utils.rnn.pad_sequence(rows).unsqueeze(2)  # [T, B, 1]
        known = examples[0].place is not None
        places = torch.tensor([each.place for each in examples]) if known else None  # [B]
        return Batch(x, places, lengths)

    # what it computes

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Score every step of series `[T, B, 1]`: `[B, T]`, before the softmax."""
        hidden, _ = self.layer(x, lengths=lengths)
        scores = self.score(hidden).squeeze(2)  # [T, B]
        return scores.masked_fill(~valid_steps(lengths, len(x)), -1e9).T

    def measured(self, batch: Batch) -> Measured:
        """Compare with the true steps; everything is one number a record."""
        scores = self(batch.inputs, batch.lengths)
        nats = F.cross_entropy(scores, batch.targets, reduction="none")  # [B]
        away = (scores.argmax(dim=1) - batch.targets).abs()  # [B] steps
        measures = {"found": away <= 1, "away": away, "records": torch.ones_like(away)}
        return Measured(nats.mean(), {name: each.float() for name, each in measures.items()})

    def metrics(self, totals: Mapping[str, float]) -> dict[str, float]:
        """Give the part found within one step, and the mean distance in steps."""
        records = totals["records"]
        return {"found": totals["found"] / records, "steps_away": totals["away"] / records}

    def answers(self, batch: Batch, options: AnswerOptions) -> list[Answer]:
        """Point at a step of each series."""
        del options
        likeliest = self(batch.inputs, batch.lengths).softmax(dim=1).max(dim=1)
        pairs = zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)
        return [{"place": place, "confidence": round(sure, 4)} for place, sure in pairs]

    def shown(self, records: Sequence[Record], batch: Batch, options: AnswerOptions) -> list[Part]:
        """Draw the first series of the report, and how likely each step is to be the change."""
        del records, options
        length = int(batch.lengths[0])
        shares = self(batch.inputs, batch.lengths).softmax(dim=1)[0, :length]
        curves = {"measurements": batch.inputs[:length, 0, 0], "probability": shares}
        points = {name: list(enumerate(each.tolist())) for name, each in curves.items()}
        lines = [Curve(name, each) for name, each in points.items()]
        return [Chart("A series", "step", "value", lines)]


def made_up_series(count: int, seed: int = 0) -> DemoData:
    """Make series of 20 to 60 noisy measurements whose level changes once."""
    draw = random.Random(seed)
    records = [made_up_record(draw) for _ in range(count)]
    tenth = count // 10
    training, rest = records[2 * tenth :], records[: 2 * tenth]
    return DemoData("series", "Noise with a step.", training, rest[:tenth], rest[tenth:])


def made_up_record(draw: random.Random) -> dict[str, Any]:
    """Make one series, as it might stand in a file."""
    length = draw.randint(20, 60)
    place = draw.randrange(5, length - 5)
    step = draw.choice([-1, 1]) * draw.uniform(1.5, 3.0)
    values = [draw.gauss(step if t >= place else 0.0, 0.5) for t in range(length)]
    return {"values": " ".join(f"{each:.3f}" for each in values), "place": place}


def main() -> None:
    """Train, measure, predict, and load the run again."""
    parser = argparse.ArgumentParser(description="A task of your own in one file.")
    parser.add_argument("--quick", action="store_true", help="fewer series")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)

    data = made_up_series(2000 if quick else 8000)
    with tempfile.TemporaryDirectory(prefix="change-") as place:
        folder = Path(place) / "run"
        training = default_training(ChangeFinder)
        task = ChangeFinder.fit(data.training, out=folder, training=training)
        page = (folder / "report.html").read_text(encoding="utf-8")
        run = Run.open(folder)
        again = ChangeFinder.from_config(run.config["task"])
        again.load_state_dict(run.read_weights()[0])

    measured = task.evaluate(data.test)
    found, (low, high) = measured.metrics["found"], measured.intervals["found"]
    print(f"found within a step: {found:.1%} ({low:.1%} to {high:.1%}) of {measured.records}")
    print(f"on average {measured.metrics['steps_away']:.2f} steps away; the report: {len(page)} B")

    unknown = [{"values": each["values"]} for each in data.test[:3]]
    for one, other, true in zip(
        task.predict(unknown), again.predict(unknown), data.test, strict=False
    ):
        print(f"told {one.answer}, true {true['place']}")
        assert one.answer == other.answer, "the run holds other weights"
    assert found >= TARGET[quick], "the target was missed"


if __name__ == "__main__":
    main()
