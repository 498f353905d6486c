"""Records of the user's own data: read, named by role, held to what a task needs."""

from recurra.data._records.bad import BadRecords
from recurra.data._records.columns import has_column
from recurra.data._records.field import Columns, Field
from recurra.data._records.fields import find_columns, missing_columns
from recurra.data._records.fingerprint import fingerprint
from recurra.data._records.formats import FORMATS, Format, format_of
from recurra.data._records.opening import is_read_once
from recurra.data._records.options import ReadOptions
from recurra.data._records.read import Source, paths_of, read_records
from recurra.data._records.record import Record
from recurra.data._records.select import select_fields

__all__ = [
    "FORMATS",
    "BadRecords",
    "Columns",
    "Field",
    "Format",
    "ReadOptions",
    "Record",
    "Source",
    "find_columns",
    "fingerprint",
    "format_of",
    "has_column",
    "is_read_once",
    "missing_columns",
    "paths_of",
    "read_records",
    "select_fields",
]
