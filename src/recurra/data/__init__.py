"""Reading data: records, text, vocabularies, contiguous streams, rows of tables."""

from recurra.data._files import TextFile
from recurra.data._python_reference import PYTHON_REFERENCE, python_reference
from recurra.data._records import (
    FORMATS,
    BadRecords,
    Columns,
    Field,
    Format,
    ReadOptions,
    Record,
    Source,
    find_columns,
    fingerprint,
    read_records,
    select_fields,
)
from recurra.data._streams import NO_TARGET, ContiguousStreams, require_length, streams_that_fit
from recurra.data._table_rows import TableRows
from recurra.data._text import Text, Units, from_units, read_text, to_units
from recurra.data._vocabulary import UNKNOWN, Vocabulary

__all__ = [
    "FORMATS",
    "NO_TARGET",
    "PYTHON_REFERENCE",
    "UNKNOWN",
    "BadRecords",
    "Columns",
    "ContiguousStreams",
    "Field",
    "Format",
    "ReadOptions",
    "Record",
    "Source",
    "TableRows",
    "Text",
    "TextFile",
    "Units",
    "Vocabulary",
    "find_columns",
    "fingerprint",
    "from_units",
    "python_reference",
    "read_records",
    "read_text",
    "require_length",
    "select_fields",
    "streams_that_fit",
    "to_units",
]
