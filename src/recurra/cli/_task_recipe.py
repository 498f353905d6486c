"""Recipes for tasks on records, whose options the tasks declare."""

import inspect
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import typer

from recurra.cli._recipe import recipe_options

NEVER = {"return", "invocation", "files", "recipe", "out", "resume", "demo"}
"""Parameters of a command that say what is done with a recipe, and are no part of one."""


def use_task_recipe(context: typer.Context, path: Path | None) -> Path | None:
    """Make the options of a recipe the defaults of a command: the callback of `--recipe`."""
    if path is None or context.resilient_parsing:
        return path
    callback = context.command.callback
    assert callback is not None  # commands of tasks have one
    hints = get_type_hints(inspect.unwrap(callback))
    names = {name.replace("_", "-"): name for name in hints if name not in NEVER}
    given = recipe_options(path, {shown: _kind(hints[name]) for shown, name in names.items()})
    defaults = {names[shown]: value for shown, value in given.items()}
    context.default_map = {**(context.default_map or {}), **defaults}
    return path


def _kind(hint: Any) -> type:
    """Give the type of the values of an option: int, float, bool, a list, or str for the rest."""
    if _is_list(hint):
        return list
    kinds = [each for each in (get_args(hint) or (hint,)) if each is not type(None)]
    return kinds[0] if kinds[0] in (int, float, bool) else str


def _is_list(hint: Any) -> bool:
    return any(get_origin(each) is list for each in get_args(hint))
