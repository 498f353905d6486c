"""Recipes: the options of a command in a TOML file."""

import inspect
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import typer

from recurra.base import ArgumentError, DataError

NEVER = frozenset(("return", "context", "invocation", "files", "recipe", "out", "resume"))
"""Parameters of a command that say what is done with a recipe, and are no part of one."""


def recipe_options(path: Path, known: Mapping[str, type]) -> dict[str, Any]:
    """Read the options that a recipe gives.

    Args:
        path: a TOML file whose keys are the long names of options, such as `hidden-size = 512`.
        known: the type of each option that there may be.

    Returns:
        options: the values by the same names.

    Raises:
        DataError: the file cannot be read, or is not TOML.
        ArgumentError: a key is no option, or its value is of another type.
    """
    options = _read(path)
    for name in options:
        if name not in known:
            raise ArgumentError(
                "A recipe has a key that is no option of this command.",
                got=name,
                expected=", ".join(sorted(known)),
                where=path,
            )
        options[name] = value = _as_typed(options[name], known[name])
        if not _is_of(value, known[name]):
            raise ArgumentError(
                "A value of a recipe is of another type.",
                got=f"{name} = {value!r}"[:60],
                expected=known[name].__name__,
                where=path,
            )
    return options


def use_recipe(context: typer.Context, path: Path | None) -> Path | None:
    """Make the options of a recipe the defaults of a command: the callback of `--recipe`.

    What is given on the command line beside it wins, since it is no default.
    """
    return _follow(context, path, NEVER)


def use_task_recipe(context: typer.Context, path: Path | None) -> Path | None:
    """Do so for a task on records, whose demo brings records for any recipe: `--demo` is none."""
    return _follow(context, path, NEVER | {"demo"})


def _follow(context: typer.Context, path: Path | None, never: frozenset[str]) -> Path | None:
    if path is None or context.resilient_parsing:
        return path
    callback = context.command.callback
    assert callback is not None  # commands that have a recipe have one
    hints = get_type_hints(inspect.unwrap(callback))
    names = {name.replace("_", "-"): name for name in hints if name not in never}
    given = recipe_options(path, {shown: _kind(hints[name]) for shown, name in names.items()})
    defaults = {names[shown]: value for shown, value in given.items()}
    context.default_map = {**(context.default_map or {}), **defaults}
    return path


def _kind(hint: Any) -> type:
    """Give the type of the values of an option: int, float, bool, a list, or str for the rest."""
    if any(get_origin(each) is list for each in get_args(hint)):
        return list
    kinds = [each for each in (get_args(hint) or (hint,)) if each is not type(None)]
    return kinds[0] if kinds[0] in (int, float, bool) else str


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(
            "A recipe cannot be read.", got=f"{path}: {error.strerror}", expected="a readable file"
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(
            "A recipe is not TOML.",
            got=str(error),
            expected="lines such as `hidden-size = 512`",
            where=path,
        ) from error


def _as_typed(value: Any, kind: type) -> Any:
    """Write numbers and lists as on a command line, where the option takes words."""
    if kind is list:
        return [_as_typed(each, str) for each in value] if isinstance(value, list) else [value]
    if kind is not str or isinstance(value, bool):
        return value
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    return str(value) if isinstance(value, int | float) else value


def _is_of(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind
