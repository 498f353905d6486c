"""What a command line asks of a training, whatever the kind of its data."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import typer

from recurra.base import check_size
from recurra.cli._corpus_commands import CorpusCommands
from recurra.cli._data_commands import Choice, DataCommands, names_of
from recurra.cli._declared import parsed_fields
from recurra.cli._options import MAX_THREADS, user_cell
from recurra.cli._record_commands import RecordCommands
from recurra.tasks import default_training
from recurra.tasks.framework import CellMaker, RecordSource, TrainableTask, cell_maker
from recurra.tasks.language import CorpusSource
from recurra.train import TrainingSettings

COMMANDS: dict[type, DataCommands] = {
    RecordSource: RecordCommands(),
    CorpusSource: CorpusCommands(),
}
"""What is special about each kind of data."""


class Request(NamedTuple):
    """A training that is asked for, ready to begin."""

    choice: Choice
    settings: Any
    training: TrainingSettings
    cell: CellMaker | None


def commands_of(kind: type[TrainableTask]) -> DataCommands:
    """Find what is special about the data of a task."""
    return COMMANDS[kind.source_type]


def given_options(context: typer.Context, *, typed: bool = False) -> dict[str, Any]:
    """Take the options that the user gave, on the command line or in a recipe.

    Args:
        context: of the command.
        typed: whether those in a recipe are left out.
    """
    passed_over = ("DEFAULT", "DEFAULT_MAP") if typed else ("DEFAULT",)
    found = {}
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        if source is not None and source.name not in passed_over:
            found[name] = value
    return found


def make_request(
    kinds: Sequence[type[TrainableTask]], given: Mapping[str, Any], typed: Mapping[str, Any]
) -> Request:
    """Find out which task is meant, and make its settings.

    Args:
        kinds: the tasks of a command, all of one kind of data.
        given: the options that were given.
        typed: those of them that stand on the command line.

    Raises:
        ArgumentError: the options do not go together, or with none of the tasks.
        DataError: the data do not have what a task needs.
    """
    choice = commands_of(kinds[0]).choose(kinds, given, typed)
    kind = choice.kind
    training = default_training(kind, **parsed_fields(TrainingSettings, given))
    if "threads" in given:
        _use_threads(check_size("--threads", given["threads"], most=MAX_THREADS))
    cell = _cell(kind, given)
    settings = kind.settings_type(**parsed_fields(kind.settings_type, choice.settings))
    return Request(choice, settings, training, cell)


def _cell(kind: type[TrainableTask], given: Mapping[str, Any]) -> CellMaker | None:
    """Load a cell of the user's; refuse an unknown name before anything else happens."""
    name = given.get("cell")
    if name is None or "cell" not in names_of(kind):
        return None
    if ":" in name:
        return user_cell(name)
    cell_maker(name)
    return None


def _use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
