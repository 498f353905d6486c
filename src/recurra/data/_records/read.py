"""Records from whatever the user has: files, standard input, tables in memory."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from recurra.base import ArgumentError, DataError
from recurra.data._records.bad import BadRecords
from recurra.data._records.formats import ENDINGS, format_of, read_files
from recurra.data._records.in_memory import read_memory
from recurra.data._records.opening import STANDARD_INPUT, check_paths, name_of
from recurra.data._records.options import ReadOptions
from recurra.data._records.record import Record

Source: TypeAlias = str | os.PathLike[str] | Iterable[Any]
"""What records are read from; a DataFrame and a Table are iterables, too."""


def read_records(
    source: Source, options: ReadOptions | None = None, bad: BadRecords | None = None
) -> Iterator[Record]:
    r"""Read records one by one, in constant memory, however large the file is.

    What can be found wrong at once is found at once: options that do not fit, files that cannot be
    opened. A record that is wrong goes to `bad`; a file that is wrong is an error.

    Args:
        source: a path, or a list of paths, whose records follow each other. `-` is standard input,
            and what ends in `.gz` is unpacked. Or a DataFrame of pandas, a Table of pyarrow, or an
            iterable of mappings, of texts (one column, "text") or of tuples (`options.columns`
            names them). A str alone is a path. A list of str is one of paths where the first is
            `-`, or names a file, or ends as a file of records does; otherwise one of texts.
        options: how files are read. Default: by their endings, in UTF-8.
        bad: takes the records that cannot be used. Default: the first raises.

    Returns:
        records: column names to values, each with the place where it stands.

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
    """Return the paths that a source is made of; None if it is no path and no list of them."""
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
    return "\n" not in item and Path(stem).suffix in ENDINGS


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
