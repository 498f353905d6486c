"""Tasks that a run directory can hold."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from recurra.base import Task
from recurra.tasks._cells_by_name import CellMaker


class Loadable(Task):
    """A task that can be built again from its configuration."""

    @classmethod
    @abstractmethod
    def from_config(cls, config: Mapping[str, Any], *, cell: CellMaker | None = None) -> "Loadable":
        """Build the task that `config` describes, with new weights.

        Args:
            config: what `config()` gave, as read from JSON.
            cell: makes the cell, where `config` names one of the user's. Tasks without a cell are
                never given one.
        """

    @classmethod
    def monitor_of(cls, config: Mapping[str, Any]) -> str:
        """Name the metric that picks the weights of the task that `config` describes."""
        del config
        return cls.monitor
