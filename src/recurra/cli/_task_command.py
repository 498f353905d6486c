"""recurra train TASK: a command for each task, made of what the task declares."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from recurra.cli._declared import (
    Declared,
    default_of,
    option,
    settings_options,
    sorts_of,
    with_parameters,
)
from recurra.cli._options import UserCell, UserTask, user_task
from recurra.cli._recipe import use_task_recipe

if TYPE_CHECKING:
    import inspect

    from recurra.tasks.framework import TrainableTask

MODEL, TRAINING = "Model", "Training"


class TaskGroup(TyperGroup):
    """The commands of `recurra train`: one for each task, and one for a task of the user's.

    Tasks are imported when `recurra train` itself is asked for something.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """List the commands."""
        del ctx
        return list(kinds_by_command())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Make a command: of the tasks that share its name, or of FILE.py:CLASS."""
        own = user_task(cmd_name) if ":" in cmd_name else None
        if own is not None:
            return task_command([own], place=cmd_name)
        kinds = kinds_by_command()
        if cmd_name not in kinds:
            from recurra.base import UnknownName

            raise UnknownName.among("TASK", cmd_name, self.list_commands(ctx))
        return task_command(kinds[cmd_name])


train_app = typer.Typer(
    cls=TaskGroup,
    help="Train a network on your data; TASK is one of those below, or FILE.py:CLASS of yours.",
    no_args_is_help=True,
    invoke_without_command=True,
)


@train_app.callback()
def _train(
    context: typer.Context,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with this run, of any task.")
    ] = None,
    cell: UserCell = None,
    task: UserTask = None,
) -> None:
    if context.invoked_subcommand is None:
        from recurra.cli._task_train import resume_any

        resume_any(resume, cell, task)


def kinds_by_command() -> dict[str, list[type["TrainableTask"]]]:
    """Group the tasks by the name of their command."""
    from recurra.tasks.registry import TRAINABLE

    found: dict[str, list[type[TrainableTask]]] = {}
    for kind in TRAINABLE:
        found.setdefault(kind.command, []).append(kind)
    return found


def task_command(kinds: Sequence[type["TrainableTask"]], place: str | None = None) -> Any:
    """Make the command of tasks that share one.

    Args:
        kinds: the tasks.
        place: FILE.py:CLASS, where the task is one of the user's.
    """

    def run(invocation: typer.Context, **_: Any) -> None:
        from recurra.cli._task_train import train_task

        train_task(kinds, invocation, place)

    options = task_options(kinds)
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    summary = kinds[0].summary + (" Rows of tables, too." if len(set(sorts_of(kinds))) > 1 else "")
    app.command(kinds[0].command, help=summary)(with_parameters(run, options.values()))
    return typer.main.get_command(app)


def task_options(kinds: Sequence[type["TrainableTask"]]) -> Declared:
    """Declare all that the command of tasks takes, by name, in the order of its help."""
    from recurra.cli._request import commands_of
    from recurra.train import TrainingSettings

    commands = commands_of(kinds[0])
    files = Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help=commands.files_help)
    ]
    return {
        "files": _parameter("files", files),
        **_where_options(),
        **settings_options(
            [kind.settings_type for kind in kinds], MODEL, sorts=sorts_of(kinds)
        ),
        **settings_options([TrainingSettings], TRAINING, defaults=_default_values(kinds)),
        **commands.data_options(kinds),
        "threads": option(
            "threads", int | None, None, "CPU threads.", TRAINING,
            shown="all cores; 1 where others compute too",
        ),
    }  # fmt: skip


def _where_options() -> Declared:
    panel = "Run"
    listed = (
        option("out", Path | None, None, "Run directory to make.", panel,
               shown="runs/NAME of the file"),
        option("resume", Path | None, None, "Go on with this run instead.", panel, metavar="RUN"),
        option("demo", bool, False, "Learn from the data that the task carries; needs no files.",
               panel),
        option("recipe", Path | None, None, "TOML file of options; those given beside it win.",
               panel, metavar="FILE", callback=use_task_recipe, is_eager=True),
    )  # fmt: skip
    return {each.name: each for each in listed}


def _default_values(kinds: Sequence[type["TrainableTask"]]) -> dict[str, str]:
    """Say the defaults of tasks, for the help of the settings of training."""
    names = ("epochs", "learning_rate", "patience", "optimizer", "keep")
    return {name: default_of(kinds, name) for name in names}


def _parameter(name: str, annotation: Any) -> "inspect.Parameter":
    import inspect

    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )
