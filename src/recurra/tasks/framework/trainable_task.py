"""Tasks that one way of training serves, whatever their data are."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import torch

from recurra.data import Field
from recurra.tasks.framework.data_source import DataSource
from recurra.tasks.framework.loadable import Loadable
from recurra.train import Kept, TrainingSettings


@dataclass(frozen=True)
class Defaults:
    """What suits a task where nothing else is asked for.

    Args:
        epochs: passes over the training data.
        batch_size: records of a batch.
        learning_rate: largest step size.
        patience: epochs without a better validation value after which training ends; 0 never ends.
        optimizer: see `TrainingSettings`.
        keep: which weights are kept, the "best" on validation data or the "last".
    """

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 0.005
    patience: int = 3
    optimizer: str = "muon"
    keep: Kept = "best"


class TrainableTask(Loadable):
    """What training and the command line know of a task.

    Class variables:
        command: its name on the command line.
        summary: one line of help.
        settings_type: a frozen dataclass of choices; each field is an option of the command.
        defaults: what suits the task.
        out_of: the largest value of each metric whose largest value people might not guess.
        source_type: the kind of its data.
        fields: the roles that columns play, where the data are records.

    Attributes:
        settings: a `settings_type`: the choices that it was made with.
    """

    command: ClassVar[str]
    summary: ClassVar[str]
    settings_type: ClassVar[type]
    defaults: ClassVar[Defaults] = Defaults()
    out_of: ClassVar[Mapping[str, float]] = MappingProxyType({})
    source_type: ClassVar[type[DataSource[Any]]]
    fields: ClassVar[tuple[Field, ...]] = ()

    settings: Any

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take over from the `data` of its run what using the task needs. Default: nothing."""
        del data

    @classmethod
    def describe_config(cls, config: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Tell people what `config` says: columns, names and counts, choices, by name."""
        rows = []
        for name, value in config.items():
            if name == "columns":
                told = [f"{role} from {', '.join(names)}" for role, names in value.items()]
                rows.append((name, ", ".join(told)))
            elif name not in ("kind", "model"):
                rows += _entry(name.replace("_", " "), value)
        chosen = [f"{name.replace('_', ' ')} {_word(v)}" for name, v in config["model"].items()]
        return [*rows, ("model", "\n".join(chosen))]

    @classmethod
    def calibrated(
        cls, config: Mapping[str, Any], weights: Mapping[str, torch.Tensor]
    ) -> dict[str, str]:
        """Say what `calibrate` chose, by name, for people to read; by default nothing.

        It needs no task, so that a run is shown whose cell of the user's is not at hand.

        Args:
            config: what `config()` gave, as read from JSON.
            weights: the state of the task.
        """
        del config, weights
        return {}


def default_training(kind: type[TrainableTask], **choices: Any) -> TrainingSettings:
    """Give the training that is the default of a task, with some choices of the user's."""
    defaults = {
        name: getattr(kind.defaults, name)
        for name in ("epochs", "learning_rate", "patience", "optimizer", "keep")
    }
    if choices.get("schedule") == "one-cycle":  # which rises by itself
        defaults["warmup"] = 0
    return TrainingSettings(**{**defaults, **choices})


LISTED = 12
"""Names that are listed; the rest is counted."""


def _entry(name: str, value: Any) -> list[tuple[str, str]]:
    """Tell one entry of a configuration, where it is short enough to be read."""
    if isinstance(value, dict):
        symbols = [each for each in value.values() if isinstance(each, list)]
        return [(name, f"{max(map(len, symbols)):,} symbols")] if symbols else []
    if isinstance(value, list):
        names = ", ".join(map(str, value[:LISTED]))
        rest = f" and {len(value) - LISTED:,} more" if len(value) > LISTED else ""
        return [(name, f"{len(value):,}: {names}{rest}")]
    return [(name, str(value))]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
