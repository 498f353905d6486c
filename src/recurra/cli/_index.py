"""Indexes of records: made with a trained matcher, and searched."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recurra.cli._console import console
from recurra.cli._options import ENCODING, RunFolder

if TYPE_CHECKING:
    from recurra.data import ReadOptions

Records = Annotated[
    list[Path] | None, typer.Argument(metavar="[RECORDS]...", help="Files; - is standard input.")
]
FileFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="Format of the files; `recurra predict --help` lists them. Default: by extension.",
    ),
]
Separator = Annotated[
    str | None,
    typer.Option(
        help="Separator of the columns: characters, or tab, space, comma, semicolon, colon, pipe."
    ),
]
Encoding = Annotated[str | None, typer.Option(help=ENCODING)]
SkipBad = Annotated[int, typer.Option(help="Skip up to so many bad records.")]


def index(
    run: RunFolder,
    records: Annotated[list[Path], typer.Argument(metavar="RECORDS...", help="Files of records.")],
    out: Annotated[Path, typer.Option(help="Directory to make.")],
    columns: Annotated[
        str | None,
        typer.Option(help="Columns of the parts, with commas. Default: the parts' own names."),
    ] = None,
    neighbours: Annotated[int, typer.Option(help="Of each record in the graph.")] = 16,
    effort: Annotated[int, typer.Option(help="Records looked at while one is put in.")] = 128,
    search_effort: Annotated[int, typer.Option(help="Records looked at in a search.")] = 64,
    threads: Annotated[int, typer.Option(help="Threads that build the graph.")] = 1,
    file_format: FileFormat = None,
    separator: Separator = None,
    encoding: Encoding = None,
    skip_bad: SkipBad = 0,
) -> None:
    """Embed records with a trained matcher, so that the nearest of them are found at once."""
    from recurra.cli._use import say_left_out
    from recurra.data import BadRecords
    from recurra.tasks import IndexSettings, RecordIndex

    bad = BadRecords(skip_bad)
    began = time.monotonic()
    made = RecordIndex.build(
        run,
        records,
        out,
        settings=IndexSettings(neighbours, effort, search_effort, threads),
        columns=tuple(name.strip() for name in columns.split(",")) if columns else (),
        read=_reading(file_format, separator, encoding),
        bad=bad,
    )
    seconds = time.monotonic() - began
    console().print(f"[bold]{len(made):,}[/] records in {out}, {seconds:.1f} s")
    say_left_out(bad)


def search(
    folder: Annotated[Path, typer.Argument(metavar="INDEX", help="What `recurra index` made.")],
    records: Records = None,
    top: Annotated[int, typer.Option(help="Nearest records of each.")] = 10,
    run: Annotated[
        Path | None, typer.Option(help="The run that made it. Default: where it was then.")
    ] = None,
    file_format: FileFormat = None,
    separator: Separator = None,
    encoding: Encoding = None,
    skip_bad: SkipBad = 0,
) -> None:
    """Find the nearest records in an index, and say which of them match; one line of JSON each."""
    from recurra.base import DataError
    from recurra.cli._use import say_left_out
    from recurra.data import BadRecords, read_records
    from recurra.tasks import RecordIndex

    bad = BadRecords(skip_bad)
    paths = records or [Path("-")]
    file_format = file_format or ("jsonl" if paths == [Path("-")] else None)
    asked = read_records(paths, _reading(file_format, separator, encoding), bad)
    opened = RecordIndex.open(folder, run=run)
    for record in asked:
        try:
            found = opened.search_all([record], top)[0]
        except DataError as error:
            bad.refuse(error)
            continue
        near = [
            {"similarity": each.similarity, **each.answer, "record": each.record} for each in found
        ]
        line = {"record": dict(record.fields), "nearest": near}
        sys.stdout.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()
    say_left_out(bad)


def _reading(file_format: str | None, separator: str | None, encoding: str | None) -> "ReadOptions":
    """Make of the options how files are read, as the other commands do."""
    from recurra.data import ReadOptions

    return ReadOptions(format=file_format, separator=separator, encoding=encoding or "utf-8")
