"""Reading data: text, vocabularies, streams, rows of tables; embedded data sets."""

from recurra.data._demos import (
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
from recurra.data._python_reference import PYTHON_REFERENCE, python_reference
from recurra.data._split import split_by_group
from recurra.data._streams import NO_TARGET, ContiguousStreams, require_length, streams_that_fit
from recurra.data._table_rows import TableRows
from recurra.data._text import Text, TextFile, Units, from_units, read_text, to_units
from recurra.data._vocabulary import UNKNOWN, Vocabulary

__all__ = [
    "NO_TARGET",
    "PYTHON_REFERENCE",
    "UNKNOWN",
    "ContiguousStreams",
    "DemoData",
    "TableRows",
    "Text",
    "TextFile",
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
    "from_units",
    "python_reference",
    "read_text",
    "require_length",
    "split_by_group",
    "streams_that_fit",
    "to_units",
]
