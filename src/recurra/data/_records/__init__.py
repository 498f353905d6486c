"""Records of the user's own data: read, named by role, held to what a task needs."""

from recurra.data._records._bad import BadRecords
from recurra.data._records._columns import has_column
from recurra.data._records._field import Columns, Field
from recurra.data._records._fields import find_columns, missing_columns
from recurra.data._records._fingerprint import fingerprint
from recurra.data._records._formats import FORMATS, Format, format_of
from recurra.data._records._opening import is_read_once
from recurra.data._records._options import ReadOptions
from recurra.data._records._read import Source, paths_of, read_records
from recurra.data._records._record import Record
from recurra.data._records._select import select_fields

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
