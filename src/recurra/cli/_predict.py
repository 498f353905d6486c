"""recurra predict: answers for records, as they come."""

import io
import os
import stat
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from recurra.base import ArgumentError, DataError, temporary_file
from recurra.cli._answer_form import answer_form
from recurra.cli._data_options import given_roles
from recurra.cli._numbers import counted
from recurra.cli._use import (
    answer_options,
    check_foreign_roles,
    load_record_task,
    quoted,
    reading,
    say_left_out,
)
from recurra.data import BadRecords, is_read_once
from recurra.store import take_place
from recurra.tasks import RecordTask

STANDARD_INPUT = Path("-")


def predict_task(
    run: Path,
    files: list[Path],
    *,
    values: Sequence[str],
    out: Path | None,
    plain: bool,
    cell: str | None,
    own_task: str | None,
    given: Mapping[str, Any],
) -> None:
    """Answer records and write the answers, in their order.

    Args:
        run: the run directory.
        files: of records. Default: standard input.
        values: a record itself, instead of files.
        out: where to write; `.csv` and `.tsv` get a table. Default: standard output.
        plain: whether the answer's main value alone is written, instead of all.
        cell: a cell of the user's.
        own_task: a task of the user's.
        given: the options that tasks declare.
    """
    if values and files:
        raise ArgumentError(
            "`--value` is a record by itself.",
            got="--value and FILE",
            expected="one of them",
        )
    files = files or ([] if values else [STANDARD_INPUT])
    _check_files(run, files, out)
    task = load_record_task(run, cell, own_task)
    check_foreign_roles(task, given)
    bad = _TheValue() if values else BadRecords(given.get("skip_bad", 0))
    source: Any = [_record(task, values)] if values else files
    waiting = _is_waited_for(files)
    written = answer_form(out, plain)
    with (
        _own_standard_input(waiting),
        _output(out) as stream,
        _progress(files, out) as moved,
        _blaming_the_value(bool(values)),
    ):
        _say_what_to_type(files)
        predictions = task.predict(
            source,
            answer_options(given),
            read=None if values else reading(task, files, given),
            bad=bad,
            at_once=waiting,
            **given_roles([type(task)], given),
        )
        for prediction in predictions:
            stream.write(written(prediction))
            moved()
            if waiting:
                stream.flush()
        stream.flush()
    say_left_out(bad)


def _check_files(run: Path, files: Sequence[Path], out: Path | None) -> None:
    """Refuse what is no file before the model is loaded; a text is most likely meant as one."""
    for path in files:
        if path == STANDARD_INPUT:
            continue
        if not _exists(path) and len(str(path).split()) > 1:
            raise ArgumentError(
                "There is no such file; a record itself is given otherwise.",
                got=repr(str(path))[:60],
                expected="a file of records, or `--value`",
                fix=f"recurra predict {quoted(run)} --value {quoted(path)}",
            )
        if out is not None and _exists(path) and out.exists() and os.path.samefile(path, out):
            raise ArgumentError(
                "The answers would be written over the records.",
                got=f"--out {quoted(out)}",
                expected="another file",
            )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long for a name, or with a NUL
        return False


def _record(task: RecordTask, values: Sequence[str]) -> dict[str, Any]:
    """Make a record of `ROLE=TEXT`, or of the texts of what the task reads, in order."""
    roles = [field.role for field in task.fields if not field.target]
    record: dict[str, Any] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if equals and _is_put(record, task, name, text):
            continue
        free = [each for each in roles if each not in record]
        if not free:
            raise ArgumentError(
                "There are more values than the task reads.",
                got=len(values),
                expected=" and ".join(roles),
            )
        record[free[0]] = value
    return record


def _is_put(record: dict[str, Any], task: RecordTask, name: str, text: str) -> bool:
    """Put a text where its name says, if there is such a place: a role, or a column of one."""
    kinds = {field.role: field.kind for field in task.fields if not field.target}
    role, dot, part = name.partition(".")
    if dot and kinds.get(role) == "parts":
        parts = record.get(role)
        record[role] = {**(parts if isinstance(parts, dict) else {}), part: text}
        return True
    if name in kinds:
        record[name] = text
        return True
    several = [each for each, kind in kinds.items() if kind in ("parts", "numbers")]
    of = [each for each in several if name in task.columns.get(each, ())]
    for each in of:
        if kinds[each] == "parts":  # of parts, some may be empty
            record.update({other: "" for other in task.columns[each] if other not in record})
        record[name] = text
    return bool(of)


class _TheValue(BadRecords):
    """Refuse the record that `--value` gives: there is no other, so none is left out."""

    def refuse(self, error: DataError, *, whole: bool = False) -> NoReturn:  # noqa: ARG002
        """Raise what is wrong with it."""
        raise error


@contextmanager
def _blaming_the_value(given: bool) -> Iterator[None]:
    """Say of errors in the record that `--value` gives that they stand there."""
    try:
        yield
    except DataError as error:
        if given:
            error.details["where"] = "`--value`"
        raise


def _is_waited_for(files: Sequence[Path]) -> bool:
    """Tell whether someone may still be writing the records, and waits for answers."""
    return any(map(is_read_once, files))


def _say_what_to_type(files: Sequence[Path]) -> None:
    if STANDARD_INPUT in files and sys.stdin is not None and sys.stdin.buffer.isatty():
        Console(stderr=True).print("A record a line; Ctrl-D ends.", style="dim")


@contextmanager
def _own_standard_input(waiting: bool) -> Iterator[None]:
    """Read standard input through a stream of our own while a thread may wait for it.

    At the end of a process Python takes the lock of its own stream, which a thread that still
    waits for the next line would hold for ever.
    """
    before = sys.stdin
    try:
        number = before.fileno() if waiting and before is not None else None
    except (OSError, ValueError):  # not a real stream
        number = None
    if number is not None:
        stream = open(os.dup(number), "rb")  # noqa: SIM115 - a waiting thread keeps it
        sys.stdin = types.SimpleNamespace(buffer=stream)
    try:
        yield
    finally:
        sys.stdin = before


@contextmanager
def _output(out: Path | None) -> Iterator[IO[str]]:
    """Open where answers go; a file is there when it is complete."""
    if out is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=sys.stdout.isatty())
        yield sys.stdout
        return
    if out.exists() and not stat.S_ISREG(out.stat().st_mode):
        with out.open("w", encoding="utf-8") as stream:
            yield stream
        return
    with temporary_file(out.parent) as (handle, partial):
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            yield stream
        take_place(partial, out)


@contextmanager
def _progress(files: Sequence[Path], out: Path | None) -> Iterator[Any]:
    """Count answers on standard error, where that is a terminal and has no answers between."""
    shown = bool(files) and not _is_waited_for(files) and sys.stderr.isatty()
    if not shown or (out is None and sys.stdout.isatty()):
        count = [0]

        def moved() -> None:
            count[0] += 1

        yield moved
        if out is not None:
            Console(stderr=True).print(f"{counted(count[0], 'answer')} in {out}", highlight=False)
        return
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,.0f} answers"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    with bar:
        job = bar.add_task("", total=None)
        yield lambda: bar.advance(job)
