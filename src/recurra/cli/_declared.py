"""Options of a command made from declarations: fields of records, fields of dataclasses."""

import dataclasses
import inspect
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import typer

from recurra.cli._docstrings import argument_help

if TYPE_CHECKING:
    from recurra.data import Field
    from recurra.tasks import RecordTask
    from recurra.tasks.framework import TrainableTask

ALSO = {"hidden_size": ("--hidden",)}
"""Other flags of some options."""

EXPLAINED = {
    "cell": " `recurra cells` lists them; or FILE.py:CLASS of yours.",
}
"""What the command line has to add to the help of some settings."""

Declared = dict[str, inspect.Parameter]
"""Options by the name of their parameter."""


def option(
    name: str, kind: Any, default: Any, words: str, panel: str, *, shown: str | None = None,
    **more: Any,
) -> inspect.Parameter:  # fmt: skip
    """Declare one option, `--name-of-it`.

    Args:
        name: of the parameter.
        kind: its type.
        default: what it is where it is not given.
        words: its help.
        panel: the part of the help where it stands.
        shown: what the help says of the default. Default: the default itself, if there is one.
        more: what typer.Option takes.
    """
    flag = "--" + name.replace("_", "-")
    flag += f"/--no-{name.replace('_', '-')}" if more.pop("both_ways", False) else ""
    words = words.replace("[", r"\[")
    if shown is not None:
        words, more["show_default"] = f"{words} Default: {shown}.", False
    declared = typer.Option(flag, *ALSO.get(name, ()), help=words, rich_help_panel=panel, **more)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, declared]
    )


def role_options(kinds: Sequence[type["RecordTask"]], panel: str) -> Declared:
    """Declare `--ROLE COLUMN` for each field of some tasks; those of one role are one option."""
    found: Declared = {}
    for kind, sort in zip(kinds, sorts_of(kinds), strict=True):
        for field in kind.fields:
            metavar = "COLUMN,..." if field.kind in ("parts", "numbers") else "COLUMN"
            if field.role not in found:
                of_all = all(field.role in [each.role for each in other.fields] for other in kinds)
                of_one_command = len({each.command for each in kinds}) == 1
                words = (f"({sort}) " if of_one_command and not of_all else "") + _role_help(field)
                found[field.role] = option(
                    field.role, str | None, None, words, panel, metavar=metavar
                )
    return found


def _role_help(field: "Field") -> str:
    """Say what the column of a role holds, and what is taken where none is given."""
    words = field.help[:1].lower() + field.help[1:].removesuffix(".")
    if field.kind == "numbers" and not field.target:
        return f"Columns of {words}; if not given, all remaining columns of numbers are taken."
    usual = ", ".join(dict.fromkeys((*field.aliases, field.role)))
    return f"Column of {words}; usual names: {usual}."


def sorts_of(kinds: Sequence[type["TrainableTask"]]) -> list[str]:
    """Say of each task what it reads, tables or texts, for the help of tasks that share a name."""
    numbers = [
        any(each.kind == "numbers" and not each.target for each in kind.fields) for kind in kinds
    ]
    return ["tables" if each else "texts" for each in numbers]


def default_of(kinds: Sequence[type["TrainableTask"]], name: str) -> str:
    """Say the default of tasks, such as their epochs."""
    values = [getattr(kind.defaults, name) for kind in kinds]
    words = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    return defaults_by_sort(words, sorts_of(kinds))


def defaults_by_sort(values: Sequence[str], sorts: Sequence[str]) -> str:
    """Say a default; where there are several, of what each is: "64 (texts), 32 (tables)"."""
    if len(set(values)) == 1:
        return values[0]
    if len(set(sorts)) < len(values):
        return " or ".join(dict.fromkeys(values))
    return ", ".join(f"{value} ({sort})" for value, sort in zip(values, sorts, strict=True))


def settings_options(
    kinds: Sequence[type],
    panel: str,
    *,
    defaults: Mapping[str, Any] | None = None,
    sorts: Sequence[str] = (),
) -> Declared:
    """Declare an option for each field of dataclasses; fields of one name are one option.

    Args:
        kinds: dataclasses.
        panel: the part of the help where they stand.
        defaults: those that the help shows instead of those of the dataclasses.
        sorts: what each dataclass is for, named where an option is not of all of them.
    """
    sorts = sorts or [""] * len(kinds)
    found: Declared = {}
    for kind in kinds:
        words, hints = argument_help(kind), get_type_hints(kind)
        for field in dataclasses.fields(kind):
            if field.name not in found:
                known = {
                    each: sort
                    for each, sort in zip(kinds, sorts, strict=True)
                    if field.name in each.__dataclass_fields__  # type: ignore[attr-defined]
                }
                shown = (defaults or {}).get(field.name, _defaults(field.name, known))
                only = f"({sorts[kinds.index(kind)]}) " if len(known) < len(set(kinds)) else ""
                found[field.name] = _setting(
                    field.name, hints[field.name], words, shown, panel, only
                )
    return found


def _setting(
    name: str, hint: Any, words: Mapping[str, str], shown: str | None, panel: str, only: str
) -> inspect.Parameter:
    kind, more = _as_option(hint)
    words_of_it = words.get(name, "")
    said = only + words_of_it + _choices(hint, words_of_it) + EXPLAINED.get(name, "")
    if kind is bool:
        more["both_ways"] = shown == "True"
        shown = "yes" if shown == "True" else None
    return option(name, kind | None, None, said, panel, shown=shown, **more)


def _choices(hint: Any, words: str) -> str:
    """List the choices that the help does not name."""
    names = [str(each) for each in get_args(hint)] if get_origin(hint) is Literal else []
    return "" if all(f'"{name}"' in words for name in names) else f" One of {', '.join(names)}."


def _as_option(hint: Any) -> tuple[Any, dict[str, Any]]:
    """Give the type that the command line reads, and what the help says of it."""
    inner = [each for each in get_args(hint) if each is not type(None)]
    if get_origin(hint) in (Union, types.UnionType) and len(inner) == 1:
        return _as_option(inner[0])
    if get_origin(hint) is Literal:
        return str, {"metavar": "CHOICE"}
    if get_origin(hint) is tuple:
        return str, {"metavar": "A,B,..."}
    return (hint if hint in (int, float, bool) else str), {}


def parsed(name: str, value: Any, hint: Any) -> Any:
    """Make of a word of the command line, or of a value of a recipe, what a field holds.

    Raises:
        UnknownName: a choice that there is not.
        ArgumentError: a list of something else.
    """
    from recurra.base import UnknownName

    inner = [each for each in get_args(hint) if each is not type(None)]
    if get_origin(hint) in (Union, types.UnionType) and len(inner) == 1:
        return parsed(name, value, inner[0])
    if get_origin(hint) is Literal:
        if value not in inner:
            raise UnknownName.among("--" + name.replace("_", "-"), value, map(str, inner))
        return value
    if get_origin(hint) is tuple:
        return _items(name, value, inner[0])
    return value


def parsed_fields(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take the fields of a dataclass from options, each as the class holds it."""
    hints = get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind) if field.name in given]
    return {name: parsed(name, given[name], hints[name]) for name in names}


def _items(name: str, value: Any, item: Any) -> tuple[Any, ...]:
    from recurra.base import ArgumentError

    parts = value.split(",") if isinstance(value, str) else list(value)
    try:
        return tuple(item(part) for part in parts if part != "")
    except ValueError as error:
        raise ArgumentError(
            f"`--{name.replace('_', '-')}` is not a list of what it takes.",
            got=value,
            expected=f"values of {item.__name__} with commas between, such as A,B",
        ) from error


def _defaults(name: str, kinds: Mapping[type, str]) -> str:
    """Say the default of a field, or the several that classes, each for something, have."""
    found = []
    for kind in kinds:
        field = kind.__dataclass_fields__[name]  # type: ignore[attr-defined]
        made = field.default
        if made is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
            made = field.default_factory()
        found.append(_said(made))
    return defaults_by_sort(found, list(kinds.values()))


def _said(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return str(value)


def with_parameters(
    function: Callable[..., None], parameters: Iterable[inspect.Parameter]
) -> Callable[..., None]:
    """Let a function that takes a context and any options declare which those are."""

    def run(**given: Any) -> None:
        function(**given)

    own = inspect.Parameter("invocation", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    listed = [own, *parameters]
    run.__signature__ = inspect.Signature(listed)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in listed}
    return run
