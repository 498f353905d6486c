"""Options of the commands that use a run, which depend on what tasks there are."""

from functools import cache
from typing import Any

import typer
from typer.core import TyperCommand

from recurra.cli._data_options import reading_options
from recurra.cli._declared import role_options, settings_options, with_parameters


class UsingCommand(TyperCommand):
    """A command with options that the tasks declare; they are looked up when it is asked for.

    The callback finds them in `context.obj`, by name.
    """

    answers = False
    """Whether the command answers records, and so has options about answers."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Give the options: those written down, and those of the tasks."""
        return [*super().get_params(ctx), *_declared(self.answers)]

    def invoke(self, ctx: Any) -> Any:
        """Put what tasks declared aside, and run the command."""
        names = [each.name for each in _declared(self.answers)]
        ctx.obj = {name: ctx.params.pop(name, None) for name in names}
        return super().invoke(ctx)


class AnsweringCommand(UsingCommand):
    """A command that answers records."""

    answers = True


@cache
def _declared(answers: bool) -> list[Any]:
    from recurra.tasks import AnswerOptions
    from recurra.tasks.registry import RECORD_TASKS

    options = {**role_options(RECORD_TASKS, "Data"), **reading_options("Data")}
    if answers:
        options |= settings_options([AnswerOptions], "Answers")
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.command()(with_parameters(lambda **_: None, options.values()))
    return [each for each in typer.main.get_command(app).params if each.name in options]
