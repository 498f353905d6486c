"""A task as a user would write it into a file: it tells twice a number from the number."""

from dataclasses import asdict, dataclass

import torch
from torch import nn

from recurra.base import Batch, settings_from
from recurra.data import DemoData, Field
from recurra.tasks import RecordTask
from recurra.tasks.framework import Defaults, Measured


@dataclass(frozen=True)
class Sizes:
    """Sizes of a perceptron.

    Args:
        bends: hidden features of the perceptron. Default: 3.
        straight: whether there is no bend at all.
    """

    bends: int = 3
    straight: bool = False


class Double(RecordTask):
    """Multiply by two."""

    kind = "own_double"
    command = "double"
    summary = "Double a number."
    monitor = "squared_error"
    settings_type = Sizes
    defaults = Defaults(epochs=3, batch_size=8)
    fields = (
        Field("left", "The number.", ("left",), "number"),
        Field("total", "Twice the number.", ("total",), "number", target=True),
    )

    def __init__(self, settings):
        super().__init__()
        self.settings = settings
        bend = nn.Identity() if settings.straight else nn.Tanh()
        self.net = nn.Sequential(nn.Linear(1, settings.bends), bend, nn.Linear(settings.bends, 1))

    @classmethod
    def from_records(cls, records, settings, *, cell=None):
        del records, cell
        return cls(settings)

    @classmethod
    def from_config(cls, config, *, cell=None):
        del cell
        task = cls(settings_from(Sizes, config["model"]))
        task.read_columns(config)
        return task

    def config(self):
        return {"columns": self.written_columns(), "model": asdict(self.settings)}

    @classmethod
    def demo(cls):
        rows = [{"left": i / 9, "total": i / 4.5} for i in range(60)]
        return DemoData("doubles", "Numbers.", rows[:40], rows[40:50], rows[50:])

    def example(self, record, *, targets=True):
        return [float(record.fields[name]) for name in ("left", "total")[: 1 + targets]]

    def size(self, example):
        del example
        return 1

    def collate(self, examples):
        numbers = torch.tensor(examples)
        return Batch(numbers[:, :1], numbers[:, 1] if numbers.shape[1] > 1 else None)

    def measured(self, batch):
        error = (self.net(batch.inputs)[:, 0] - batch.targets) ** 2
        return Measured(error.mean(), {"error": error, "records": torch.ones_like(error)})

    def metrics(self, totals):
        return {"squared_error": totals["error"] / totals["records"]}

    def answers(self, batch, options):
        del options
        return [{"total": round(each, 3)} for each in self.net(batch.inputs)[:, 0].tolist()]


class NoTask:
    """A class that is none."""
