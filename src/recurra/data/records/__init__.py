"""Records of the user's own data: read, named by role, held to what a task needs."""

from recurra.base import set_module as _set_module
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.fields import find_columns, missing_columns
from recurra.data.records.formats import FORMATS, Format, format_of
from recurra.data.records.open_files import (
    STANDARD_INPUT,
    fingerprint,
    is_read_once,
    name_of,
    read_chunks,
)
from recurra.data.records.options import ReadOptions
from recurra.data.records.read import Source, paths_of, read_records
from recurra.data.records.record import Columns, Field, Record, has_column
from recurra.data.records.select import select_fields
from recurra.data.records.transcoding import decoded

__all__ = [
    "FORMATS",
    "STANDARD_INPUT",
    "BadRecords",
    "Columns",
    "Field",
    "Format",
    "ReadOptions",
    "Record",
    "Source",
    "decoded",
    "find_columns",
    "fingerprint",
    "format_of",
    "has_column",
    "is_read_once",
    "missing_columns",
    "name_of",
    "paths_of",
    "read_chunks",
    "read_records",
    "select_fields",
]

_set_module(__name__, globals())
