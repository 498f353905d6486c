"""What a command line asks of a training on records, and what of it does not go together."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recurra.base import ArgumentError
from recurra.cli._data_commands import Choice, flag, names_of, nothing_to_train_on
from recurra.cli._data_options import READING, given_roles, read_options
from recurra.data import BadRecords, Source
from recurra.tasks import DataSettings, RecordTask
from recurra.tasks.framework import DEMO, choose_task

PAIRS = "Two plain files: read side by side, a line of each is a pair."


def choose_records(kinds: Sequence[type[RecordTask]], given: Mapping[str, Any]) -> Choice:
    """Find out which task is meant, and which records.

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
    reading = {"data": data, "rows": given.get("batch_size"), "bad": bad}
    side_by_side = data.read.format == "parallel" and "format" not in given
    return Choice(kind, source, reading, given, PAIRS if side_by_side else "")


def _check_source(
    files: Sequence[Path], given: Mapping[str, Any], kinds: Sequence[type[RecordTask]]
) -> None:
    command = kinds[0].command
    if given.get("demo"):
        unused = ["FILE"] if files else []
        unused += [flag(name) for name in _of_files(kinds) if name in given]
        if unused:
            raise ArgumentError(
                "`--demo` brings records of its own.",
                got="--demo and " + ", ".join(unused),
                expected="one of them",
                fix=f"recurra train {command} --demo",
            )
    elif not files:
        raise nothing_to_train_on(command)


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
            got=", ".join(flag(name) for name in sorted(asked)),
            expected=" or ".join(
                f"only {', '.join(map(flag, sorted(asked & _names_of(kind)))) or 'others'}"
                for kind in kinds
            ),
        )
    return fitting


def _names_of(kind: type[RecordTask]) -> set[str]:
    return names_of(kind) | {field.role for field in kind.fields}


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
