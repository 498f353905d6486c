"""The table of file formats, and the format of a file."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from recurra.base import ArgumentError, UnknownName
from recurra.data.records.arrow import read_arrow, read_parquet
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.conllu import read_conllu
from recurra.data.records.json_lines import read_json_lines
from recurra.data.records.json_list import read_json_list
from recurra.data.records.options import ReadOptions
from recurra.data.records.parallel import read_aligned_file, read_parallel
from recurra.data.records.plain_text import read_plain
from recurra.data.records.record import Record
from recurra.data.records.separated import read_csv, read_tsv
from recurra.data.records.token_columns import read_token_columns


class Format(NamedTuple):
    """How files of one format are read.

    Attributes:
        read: reads the records of a file; the first line of its docstring is the description.
        extensions: of files that are in this format unless another is asked for.
        options: the fields of `ReadOptions` that apply to it.
    """

    read: Callable[[Path, ReadOptions, BadRecords], Iterator[Record]]
    extensions: tuple[str, ...]
    options: tuple[str, ...]

    @property
    def description(self) -> str:
        """What the format reads, in Markdown; the guide shows it."""
        first = (self.read.__doc__ or "").partition("\n")[0]
        return first.removeprefix("Read ").removesuffix(".")


FORMATS: dict[str, Format] = {
    "text": Format(read_plain, (".txt",), ("columns", "encoding")),
    "csv": Format(read_csv, (".csv",), ("columns", "separator", "encoding")),
    "tsv": Format(read_tsv, (".tsv", ".tab"), ("columns", "separator", "encoding")),
    "jsonl": Format(read_json_lines, (".jsonl", ".ndjson"), ("encoding",)),
    "ndjson": Format(read_json_lines, (), ("encoding",)),
    "json": Format(read_json_list, (".json",), ("encoding",)),
    "conllu": Format(read_conllu, (".conllu",), ("encoding",)),
    "columns": Format(read_token_columns, (".conll",), ("columns", "separator", "encoding")),
    "parallel": Format(read_aligned_file, (), ("columns", "encoding")),
    "parquet": Format(read_parquet, (".parquet",), ()),
    "arrow": Format(read_arrow, (".arrow",), ()),
    "feather": Format(read_arrow, (".feather",), ()),
    "ipc": Format(read_arrow, (".ipc",), ()),
}
"""Every format by its name. "parallel" alone reads several files side by side."""

EXTENSIONS = {
    extension: name for name, format in FORMATS.items() for extension in format.extensions
}


def format_of(path: Path, options: ReadOptions) -> str:
    """Find the format of a file: the one asked for, else that of its extension, else text.

    A file that would be text has columns if a separator is given.

    Raises:
        UnknownName: there is no such format.
        ArgumentError: an option was given that does not apply to this format.
    """
    name = options.format
    if name is None:
        stem = path.name.lower().removesuffix(".gz")
        name = EXTENSIONS.get(Path(stem).suffix, "text")
        if name == "text" and options.separator is not None:
            name = "tsv"
    elif name not in FORMATS:
        raise UnknownName.among("format", name, FORMATS)
    _check_options(name, options)
    return name


def read_files(
    paths: Sequence[Path], options: ReadOptions, bad: BadRecords
) -> Iterator[Iterator[Record]]:
    """Read each file, or all side by side; one iterator for each."""
    if options.format == "parallel":
        yield read_parallel(paths, options, bad)
    else:
        for path in paths:
            yield FORMATS[format_of(path, options)].read(path, options, bad)


def _check_options(name: str, options: ReadOptions) -> None:
    default = ReadOptions()
    for option in ("columns", "separator", "encoding"):
        value = getattr(options, option)
        if value != getattr(default, option) and option not in FORMATS[name].options:
            formats = [other for other, format in FORMATS.items() if option in format.options]
            raise ArgumentError(
                f'The format "{name}" takes no `{option}`.',
                got=repr(value),
                expected=f"`{option}` with " + ", ".join(formats),
                fix=f"leave `--{option}` out, or give another `--format`",
            )
