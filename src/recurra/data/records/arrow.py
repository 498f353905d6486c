"""Tables of Arrow: Parquet files, Arrow files, and tables in memory, a batch at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recurra.base import ArgumentError, DataError, MissingExtra
from recurra.data._files import unreadable
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.open_files import STANDARD_INPUT
from recurra.data.records.options import ReadOptions
from recurra.data.records.record import Record

ROWS = 1024
"""Rows that are in memory at a time, where the file can be read so."""


def read_parquet(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:  # noqa: ARG001
    """Read the rows of a Parquet file."""
    import_arrow()
    from pyarrow import parquet

    return _records(path, lambda: parquet.ParquetFile(path).iter_batches(batch_size=ROWS))


def read_arrow(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:  # noqa: ARG001
    """Read the rows of an Arrow file, also called Feather or IPC, or of an Arrow stream."""
    arrow = import_arrow()
    return _records(path, lambda: _batches(arrow, path))


def table_records(table: Any) -> Iterator[Record]:
    """Read the rows of a table in memory."""
    check_names(table.schema.names, "the table")
    return _rows(table.to_batches(max_chunksize=ROWS), "row ")


def import_arrow() -> Any:
    """Import pyarrow.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtra.named("pyarrow", "train") from error
    return pyarrow


def check_names(names: list[str], where: object) -> None:
    """Raise if two columns have the same name."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            "A table names a column twice.",
            got=", ".join(twice),
            expected="distinct names",
            where=where,
        )


def _records(path: Path, batches: Any) -> Iterator[Record]:
    if str(path) == STANDARD_INPUT:
        raise ArgumentError(
            "A table of Arrow cannot be read from standard input.",
            got="-",
            expected="a file",
            fix="save it as a file first",
        )
    arrow = import_arrow()
    try:
        yield from _rows(batches(), f"{path}, row ", path)
    except DataError:
        raise
    except FileNotFoundError as error:
        raise unreadable(path, error) from error
    except (arrow.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
        raise DataError(
            "A table of Arrow cannot be read.",
            got=" ".join(str(error).split())[:200],
            expected="a Parquet file, or an Arrow file",
            where=path,
        ) from error


def _batches(arrow: Any, path: Path) -> Iterator[Any]:
    with arrow.memory_map(str(path)) as source:
        try:
            reader = arrow.ipc.open_file(source)
        except arrow.ArrowInvalid:
            source.seek(0)
            yield from arrow.ipc.open_stream(source)
        else:
            for i in range(reader.num_record_batches):
                yield reader.get_batch(i)


def _rows(batches: Any, prefix: str, where: object = None) -> Iterator[Record]:
    number = 0
    for batch in batches:
        if not number:
            check_names(batch.schema.names, where)
        for start in range(0, batch.num_rows, ROWS):
            for fields in batch.slice(start, ROWS).to_pylist():
                number += 1
                yield Record(fields, f"{prefix}{number}")
