"""Records from whatever the user has: files, standard input, tables in memory."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from recurra.base import ArgumentError, DataError
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.formats import EXTENSIONS, format_of, read_files
from recurra.data.records.in_memory import read_memory
from recurra.data.records.open_files import STANDARD_INPUT, check_paths, name_of
from recurra.data.records.options import ReadOptions
from recurra.data.records.record import Record

Source: TypeAlias = str | os.PathLike[str] | Iterable[Any]
"""What records are read from; a DataFrame and a Table are iterables, too."""


def read_records(
    source: Source, options: ReadOptions | None = None, bad: BadRecords | None = None
) -> Iterator[Record]:
    r"""Read records one by one, in constant memory, however large the file is.

    Mistakes that can be found at once are found at once: options that do not fit, files that cannot
    be opened. A broken record goes to `bad`; a broken file is an error.

    Args:
        source: a path, or a list of paths, whose records follow each other. `-` is standard input;
            a file whose name ends in `.gz` is decompressed. Or a DataFrame of pandas, a Table of
            pyarrow, or an iterable of mappings, of texts (one column, "text") or of tuples
            (`options.columns` names them). A str alone is a path. A list of str is a list of paths
            if the first is `-`, names a file, or has the extension of a format; otherwise it is a
            list of texts.
        options: how files are read. Default: by their extensions, in UTF-8.
        bad: takes the records that cannot be used. Default: the first raises.

    Returns:
        records: column names to values, each with its file and line.

    Raises:
        ArgumentError: the source or the options cannot be used.
        TextError: a file cannot be read, is empty, or is in another encoding.
        DataError: a record or a file is broken; the message names file and line.
        MissingExtra: the format needs pyarrow.

    Example:
        >>> import pathlib, recurra
        >>> _ = pathlib.Path("reviews.tsv").write_text("text\tlabel\nlovely\t1\n")
        >>> next(recurra.data.read_records("reviews.tsv"))
        Record(fields={'text': 'lovely', 'label': '1'}, where='reviews.tsv:2')
    """
    options = ReadOptions() if options is None else options
    bad = BadRecords() if bad is None else bad
    paths = paths_of(source)
    if paths is None:
        return read_memory(source, options, bad)
    if not paths:
        raise ArgumentError("`source` is an empty list.", got="[]", expected="paths or records")
    for path in paths:
        format_of(path, options)
    check_paths(paths)
    return _all(paths, options, bad)


def paths_of(source: object) -> list[Path] | None:
    """Return the paths of a source; None if it is neither a path nor a list of paths."""
    if isinstance(source, str | os.PathLike):
        return [Path(source)]
    if not isinstance(source, list | tuple):
        return None
    if not source:
        return []
    if isinstance(source[0], os.PathLike) or _names_a_file(source[0]):
        return [_as_path(item) for item in source]
    return None


def _names_a_file(item: object) -> bool:
    if not isinstance(item, str):
        return False
    if item == STANDARD_INPUT or os.path.isfile(item):
        return True
    stem = item.lower().removesuffix(".gz")
    return "\n" not in item and Path(stem).suffix in EXTENSIONS


def _as_path(item: object) -> Path:
    if not isinstance(item, str | os.PathLike):
        raise ArgumentError(
            "A list of paths has something else in it.", got=repr(item)[:60], expected="a path"
        )
    return Path(item)


def _all(paths: list[Path], options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    together = options.format == "parallel"
    names = [" and ".join(map(name_of, paths))] if together else [name_of(path) for path in paths]
    for name, records in zip(names, read_files(paths, options, bad), strict=True):
        refused, some = bad.count, False
        for record in records:
            some = True
            yield record
        if not some and bad.count == refused:
            raise DataError(
                "A file has no records.", got="nothing", expected="at least one", where=name
            )
