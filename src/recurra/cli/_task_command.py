"""recurra train TASK: a command for each task on records, made of what the task declares."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from recurra.cli._data_options import reading_options
from recurra.cli._declared import (
    Declared,
    defaults_by_sort,
    option,
    role_options,
    settings_options,
    sorts_of,
    with_parameters,
)
from recurra.cli._recipe import use_task_recipe

if TYPE_CHECKING:
    import inspect

    from recurra.tasks import RecordTask

DATA, MODEL, TRAINING = "Data", "Model", "Training"


class TaskGroup(TyperGroup):
    """The commands of `recurra train`: those written down, and one for each task on records.

    Tasks are imported when `recurra train` itself is asked for something.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """List the commands."""
        written = super().list_commands(ctx)
        return [*written, *(name for name in kinds_by_command() if name not in written)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find a command, or make it."""
        written = super().get_command(ctx, cmd_name)
        if written is not None:
            return written
        kinds = kinds_by_command()
        if cmd_name not in kinds:
            from recurra.base import UnknownName

            raise UnknownName.among("TASK", cmd_name, self.list_commands(ctx))
        return task_command(kinds[cmd_name])


def kinds_by_command() -> dict[str, list[type["RecordTask"]]]:
    """Group the tasks on records by the name of their command."""
    from recurra.tasks.registry import RECORD_TASKS

    found: dict[str, list[type[RecordTask]]] = {}
    for kind in RECORD_TASKS:
        found.setdefault(kind.command, []).append(kind)
    return found


def task_command(kinds: Sequence[type["RecordTask"]]) -> Any:
    """Make the command of tasks that share one."""

    def run(invocation: typer.Context, **given: Any) -> None:
        from recurra.cli._task_train import train_task

        train_task(kinds, invocation, given)

    options = task_options(kinds)
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    summary = kinds[0].summary + (" Rows of tables, too." if len(set(sorts_of(kinds))) > 1 else "")
    app.command(kinds[0].command, help=summary)(with_parameters(run, options.values()))
    return typer.main.get_command(app)


def task_options(kinds: Sequence[type["RecordTask"]]) -> Declared:
    """Declare all that the command of tasks takes, by name, in the order of its help."""
    from recurra.train import TrainingSettings

    files = Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help=FILES)]
    return {
        "files": _parameter("files", files),
        **_where_options(),
        **role_options(kinds, DATA),
        **_data_options(),
        **settings_options(
            [kind.settings_type for kind in kinds], MODEL, sorts=sorts_of(kinds)
        ),
        **settings_options([TrainingSettings], TRAINING, defaults=_advised(kinds)),
        "batch_size": option(
            "batch_size", int | None, None, "Records of a step.", TRAINING,
            shown=_joined(kinds, "rows") + ", fewer where there are few",
        ),
        "threads": option(
            "threads", int | None, None, "CPU threads.", TRAINING,
            shown="all cores; 1 where others compute too",
        ),
    }  # fmt: skip


FILES = (
    "Training data: files of records in the formats that `--format` lists; `.gz` files are "
    "decompressed. `-` is standard input."
)


def _where_options() -> Declared:
    panel = "Run"
    listed = (
        option("out", Path | None, None, "Run directory to make.", panel,
               shown="runs/NAME of the file"),
        option("resume", Path | None, None, "Go on with this run instead.", panel, metavar="RUN"),
        option("demo", bool, False, "Learn from the records that the task carries.", panel),
        option("recipe", Path | None, None, "TOML file of options; those given beside it win.",
               panel, metavar="FILE", callback=use_task_recipe, is_eager=True),
    )  # fmt: skip
    return {each.name: each for each in listed}


def _data_options() -> Declared:
    listed = (
        option("validation", list[str] | None, None, "What is measured after each epoch: a part of "
               "the records, 0 to 1, or files of their own.", DATA, shown="0.1",
               metavar="PART|FILE"),
        option("test", list[Path] | None, None, "Files to measure on at the end.", DATA,
               metavar="FILE"),
        *reading_options(DATA).values(),
        option("longest", int, 10_000, "Steps of the longest record that is used.", DATA,
               metavar="N"),
    )  # fmt: skip
    return {each.name: each for each in listed}


def _advised(kinds: Sequence[type["RecordTask"]]) -> dict[str, str]:
    """Say what tasks advise, for the help of the settings of training."""
    names = ("epochs", "learning_rate", "patience", "optimizer", "keep")
    return {name: _joined(kinds, name) for name in names}


def _joined(kinds: Sequence[type["RecordTask"]], name: str) -> str:
    return defaults_by_sort([_shown(getattr(kind.advice, name)) for kind in kinds], sorts_of(kinds))


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _parameter(name: str, annotation: Any) -> "inspect.Parameter":
    import inspect

    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )
