"""The formats that records can be in, the endings of their files, and what of them can be told."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from recurra.base import ArgumentError, UnknownName
from recurra.data._records.arrow import read_arrow, read_parquet
from recurra.data._records.bad import BadRecords
from recurra.data._records.conllu import read_conllu
from recurra.data._records.json_lines import read_json_lines
from recurra.data._records.json_list import read_json_list
from recurra.data._records.options import ReadOptions
from recurra.data._records.parallel import read_parallel
from recurra.data._records.plain import read_plain
from recurra.data._records.record import Record
from recurra.data._records.separated import read_csv, read_tsv
from recurra.data._records.token_columns import read_token_columns


class Format(NamedTuple):
    """How files of one format are read.

    Attributes:
        read: makes records of a file.
        endings: of names of files that are in this format unless said otherwise.
        takes: the fields of `ReadOptions` that have a meaning for it.
    """

    read: Callable[[Path, ReadOptions, BadRecords], Iterator[Record]]
    endings: tuple[str, ...]
    takes: tuple[str, ...]


def _together(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    return read_parallel([path], options, bad)


FORMATS: dict[str, Format] = {
    "text": Format(read_plain, (".txt",), ("columns", "encoding")),
    "csv": Format(read_csv, (".csv",), ("columns", "separator", "encoding")),
    "tsv": Format(read_tsv, (".tsv", ".tab"), ("columns", "separator", "encoding")),
    "jsonl": Format(read_json_lines, (".jsonl", ".ndjson"), ("encoding",)),
    "ndjson": Format(read_json_lines, (), ("encoding",)),
    "json": Format(read_json_list, (".json",), ("encoding",)),
    "conllu": Format(read_conllu, (".conllu",), ("encoding",)),
    "columns": Format(read_token_columns, (".conll",), ("columns", "separator", "encoding")),
    "parallel": Format(_together, (), ("columns", "encoding")),
    "parquet": Format(read_parquet, (".parquet",), ()),
    "arrow": Format(read_arrow, (".arrow",), ()),
    "feather": Format(read_arrow, (".feather",), ()),
    "ipc": Format(read_arrow, (".ipc",), ()),
}
"""Every format by its name. "parallel" alone reads several files side by side."""

ENDINGS = {ending: name for name, each in FORMATS.items() for ending in each.endings}


def format_of(path: Path, options: ReadOptions) -> str:
    """Find the format of a file: as told, else by its ending, else by what else was told.

    A file whose ending says nothing but "text" has columns where a separator is given.

    Raises:
        UnknownName: there is no such format.
        ArgumentError: something was told that this format has not.
    """
    name = options.format
    if name is None:
        stem = path.name.lower().removesuffix(".gz")
        name = ENDINGS.get(Path(stem).suffix, "text")
        if name == "text" and options.separator is not None:
            name = "tsv"
    elif name not in FORMATS:
        raise UnknownName.among("format", name, FORMATS)
    _check_options(name, options)
    return name


def read_file(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read the records of one file."""
    return FORMATS[format_of(path, options)].read(path, options, bad)


def read_files(
    paths: Sequence[Path], options: ReadOptions, bad: BadRecords
) -> Iterator[Iterator[Record]]:
    """Read each file, or all side by side; one iterator for each."""
    if options.format == "parallel":
        yield read_parallel(paths, options, bad)
    else:
        for path in paths:
            yield read_file(path, options, bad)


def _check_options(name: str, options: ReadOptions) -> None:
    default = ReadOptions()
    for option in ("columns", "separator", "encoding"):
        given = getattr(options, option)
        if given != getattr(default, option) and option not in FORMATS[name].takes:
            takers = [each for each, format in FORMATS.items() if option in format.takes]
            raise ArgumentError(
                f'The format "{name}" takes no `{option}`.',
                got=repr(given),
                expected=f"`{option}` with " + ", ".join(takers),
                fix=f"leave `--{option}` out, or give another `--format`",
            )
