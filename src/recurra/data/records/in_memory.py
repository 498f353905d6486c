"""Records in memory: data frames, tables, and other iterables."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from recurra.base import ArgumentError, DataError
from recurra.data.records.arrow import check_names, table_records
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.options import ReadOptions
from recurra.data.records.plain_text import only_column
from recurra.data.records.record import Record


def read_memory(source: object, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read a DataFrame of pandas, a Table of pyarrow, or an iterable of records.

    Raises:
        ArgumentError: it is none of these, or a mapping of columns.
    """
    if _is_of(source, "pandas", "DataFrame"):
        return _frame_records(source)
    if _is_of(source, "pyarrow", "Table") or _is_of(source, "pyarrow", "RecordBatch"):
        return table_records(_as_table(source))
    if isinstance(source, Mapping | bytes | bytearray) or not isinstance(source, Iterable):
        raise ArgumentError(
            "`source` is nothing that records can be read from.",
            got=type(source).__name__,
            expected="paths, a DataFrame, a Table, or an iterable of mappings, texts or tuples",
            fix="pandas.DataFrame(source)" if isinstance(source, Mapping) else None,
        )
    return _records(source, options, bad)


def _is_of(source: object, package: str, kind: str) -> bool:
    """Tell whether this is of a package that may not be installed, or not be imported yet."""
    module = sys.modules.get(package)
    return module is not None and isinstance(source, getattr(module, kind))


def _as_table(source: Any) -> Any:
    import pyarrow

    return source if isinstance(source, pyarrow.Table) else pyarrow.Table.from_batches([source])


def _frame_records(frame: Any) -> Iterator[Record]:
    import pandas

    names = [str(name) for name in frame.columns]
    check_names(names, "the DataFrame")
    missing = (pandas.NA, pandas.NaT)
    for number, row in enumerate(frame.itertuples(index=False, name=None), 1):
        fields = {
            name: None if any(value is each for each in missing) else value
            for name, value in zip(names, row, strict=True)
        }
        yield Record(fields, f"row {number}")


def _records(source: Iterable[object], options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    for number, item in enumerate(source, 1):
        if isinstance(item, Record):
            yield item
            continue
        try:
            fields = _fields(item, options, f"row {number}")
        except DataError as error:
            bad.refuse(error)
        else:
            yield Record(fields, f"row {number}")


def _fields(item: object, options: ReadOptions, where: str) -> Mapping[str, Any]:
    if isinstance(item, Mapping):
        return item
    if isinstance(item, str):
        return {only_column(options): item}
    if isinstance(item, list | tuple):
        return _named(item, options.columns, where)
    raise DataError(
        "A record is of an unknown kind.",
        got=f"{type(item).__name__}: {repr(item)[:40]}",
        expected="a mapping, a text, or a tuple of columns",
        where=where,
    )


def _named(item: list[Any] | tuple[Any, ...], names: tuple[str, ...], where: str) -> dict[str, Any]:
    if not names:
        raise ArgumentError(
            "The columns of these tuples have no names.",
            got=repr(item)[:60],
            where=where,
            fix='ReadOptions(columns=("text", "label"))',
        )
    if len(item) != len(names):
        raise DataError(
            "A row has another number of columns.",
            got=f"{len(item)}: {repr(item)[:60]}",
            expected=f"{len(names)}: {', '.join(names)}",
            where=where,
        )
    return dict(zip(names, item, strict=True))
