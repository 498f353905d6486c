"""What a command line asks of a training on records, and what of it does not go together."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer

from recurra.base import ArgumentError, check_size
from recurra.cli._data_options import READING, given_roles, read_options
from recurra.cli._declared import parsed_fields
from recurra.cli._options import MAX_THREADS, user_cell
from recurra.data import BadRecords, Source
from recurra.tasks import DataSettings, RecordTask, advised_training
from recurra.tasks.framework import DEMO, CellMaker, cell_maker, choose_task
from recurra.train import TrainingSettings


class Request(NamedTuple):
    """A training that is asked for, ready to begin."""

    kind: type[RecordTask]
    source: Source
    data: DataSettings
    settings: Any
    training: TrainingSettings
    rows: int | None
    cell: CellMaker | None
    bad: BadRecords


def given_options(context: typer.Context) -> dict[str, Any]:
    """Take the options that the user gave, on the command line or in a recipe."""
    found = {}
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            found[name] = value
    return found


def make_request(kinds: Sequence[type[RecordTask]], given: Mapping[str, Any]) -> Request:
    """Find out which task is meant, and make its settings.

    Raises:
        ArgumentError: the options do not go together, or with none of the tasks.
        DataError: the records do not have the fields that a task needs.
    """
    files = list(given.get("files") or [])
    _check_source(files, given, kinds)
    kinds = _kinds_that_have(kinds, given)
    bad = BadRecords(given.get("skip_bad", 0))
    data = _data_settings(kinds[0], files, given)
    kind = kinds[0]
    source: Source = DEMO
    if files:
        kind, source = choose_task(kinds, files, given_roles(kinds, given), read=data.read, bad=bad)
    training = advised_training(kind, **parsed_fields(TrainingSettings, given))
    if "threads" in given:
        _use_threads(check_size("--threads", given["threads"], most=MAX_THREADS))
    cell = _cell(kind, given)
    settings = kind.settings_type(**parsed_fields(kind.settings_type, given))
    return Request(kind, source, data, settings, training, given.get("batch_size"), cell, bad)


def _check_source(
    files: Sequence[Path], given: Mapping[str, Any], kinds: Sequence[type[RecordTask]]
) -> None:
    command = kinds[0].command
    if given.get("demo"):
        unused = ["FILE"] if files else []
        unused += [_flag(name) for name in _of_files(kinds) if name in given]
        if unused:
            raise ArgumentError(
                "`--demo` brings records of its own.",
                got="--demo and " + ", ".join(unused),
                expected="one of them",
                fix=f"recurra train {command} --demo",
            )
    elif not files:
        raise ArgumentError(
            "There is nothing to train on.",
            expected="files of records, `--demo`, or `--resume RUN`",
            fix=f"recurra train {command} FILE",
        )


def _of_files(kinds: Sequence[type[RecordTask]]) -> list[str]:
    """List the options that say something of the user's records: parts, reading, columns."""
    roles = (field.role for kind in kinds for field in kind.fields)
    return list(dict.fromkeys(("validation", "test", *READING, "skip_bad", *roles)))


def _kinds_that_have(
    kinds: Sequence[type[RecordTask]], given: Mapping[str, Any]
) -> list[type[RecordTask]]:
    """Keep the tasks that have all roles and settings that were given."""
    of_all = set().union(*map(_names_of, kinds))
    asked = {name for name in given if name in of_all}
    fitting = [kind for kind in kinds if asked <= _names_of(kind)]
    if not fitting:
        raise ArgumentError(
            "No task has all of these options.",
            got=", ".join(_flag(name) for name in sorted(asked)),
            expected=" or ".join(
                f"only {', '.join(map(_flag, sorted(asked & _names_of(kind)))) or 'others'}"
                for kind in kinds
            ),
        )
    return fitting


def _names_of(kind: type[RecordTask]) -> set[str]:
    settings = {field.name for field in dataclasses.fields(kind.settings_type)}
    return settings | {field.role for field in kind.fields}


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _data_settings(
    kind: type[RecordTask], files: Sequence[Path], given: Mapping[str, Any]
) -> DataSettings:
    choices: dict[str, Any] = {
        name: given[name] for name in ("skip_bad", "longest", "seed") if name in given
    }
    if "validation" in given:
        choices["validation"] = _validation(given["validation"])
    if "test" in given:
        choices["test"] = list(given["test"])
    return DataSettings(
        roles=given_roles([kind], given), read=read_options(kind, files, given), **choices
    )


def _validation(words: Any) -> "float | list[Path]":
    """Read a part of the records, or files."""
    words = [words] if isinstance(words, str | int | float) else list(words)
    try:
        part = float(words[0])
    except ValueError:
        return [Path(word) for word in words]
    if len(words) > 1:
        raise ArgumentError(
            "`--validation` is a part of the records or files, not both.",
            got=", ".join(map(str, words)),
            expected="such as 0.1, or files",
        )
    return part


def _cell(kind: type[RecordTask], given: Mapping[str, Any]) -> CellMaker | None:
    """Load a cell of the user's; refuse an unknown name before anything else happens."""
    name = given.get("cell")
    if name is None or "cell" not in _names_of(kind):
        return None
    if ":" in name:
        return user_cell(name)
    cell_maker(name)
    return None


def _use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
