"""Reading data: records, text, vocabularies, batches, embedded data sets."""

from recurra.base import set_module as _set_module
from recurra.data._encoder_choice import make_text_encoder, text_encoder_from
from recurra.data._files import TextFile
from recurra.data._length_buckets import LengthBuckets, pad_rows
from recurra.data._python_reference import PYTHON_REFERENCE, python_reference
from recurra.data._split import split_by_group
from recurra.data._streams import NO_TARGET, ContiguousStreams, require_length, streams_that_fit
from recurra.data._table_rows import TableRows
from recurra.data._text import Text, Units, from_units, read_text, to_units
from recurra.data._text_encoder import MARKS, EncoderSettings, TextEncoder, TextUnits
from recurra.data._token_encoder import split_words
from recurra.data._token_vocabulary import BEGIN, END, TokenVocabulary
from recurra.data._vocabulary import UNKNOWN, Vocabulary, place_of
from recurra.data.demos import (
    DemoData,
    demo_address_records,
    demo_addresses,
    demo_dates,
    demo_dialogue,
    demo_distances,
    demo_names,
    demo_numbers,
    demo_passages,
    demo_sentences,
    demo_table,
    demo_tagging,
)
from recurra.data.records import (
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
    format_of,
    has_column,
    is_read_once,
    missing_columns,
    paths_of,
    read_records,
    select_fields,
)

__all__ = [
    "BEGIN",
    "END",
    "FORMATS",
    "MARKS",
    "NO_TARGET",
    "PYTHON_REFERENCE",
    "UNKNOWN",
    "BadRecords",
    "Columns",
    "ContiguousStreams",
    "DemoData",
    "EncoderSettings",
    "Field",
    "Format",
    "LengthBuckets",
    "ReadOptions",
    "Record",
    "Source",
    "TableRows",
    "Text",
    "TextEncoder",
    "TextFile",
    "TextUnits",
    "TokenVocabulary",
    "Units",
    "Vocabulary",
    "demo_address_records",
    "demo_addresses",
    "demo_dates",
    "demo_dialogue",
    "demo_distances",
    "demo_names",
    "demo_numbers",
    "demo_passages",
    "demo_sentences",
    "demo_table",
    "demo_tagging",
    "find_columns",
    "fingerprint",
    "format_of",
    "from_units",
    "has_column",
    "is_read_once",
    "make_text_encoder",
    "missing_columns",
    "pad_rows",
    "paths_of",
    "place_of",
    "python_reference",
    "read_records",
    "read_text",
    "require_length",
    "select_fields",
    "split_by_group",
    "split_words",
    "streams_that_fit",
    "text_encoder_from",
    "to_units",
]

_set_module(__name__, globals())
