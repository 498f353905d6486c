"""Reading data: text, vocabularies, streams for truncated back-propagation, rows of tables."""

from recurra.data._python_reference import PYTHON_REFERENCE, python_reference
from recurra.data._streams import NO_TARGET, ContiguousStreams, require_length, streams_that_fit
from recurra.data._table_rows import TableRows
from recurra.data._text import Text, TextFile, Units, from_units, read_text, to_units
from recurra.data._token_vocabulary import BEGIN, END, TokenVocabulary
from recurra.data._vocabulary import UNKNOWN, Vocabulary

__all__ = [
    "BEGIN",
    "END",
    "NO_TARGET",
    "PYTHON_REFERENCE",
    "UNKNOWN",
    "ContiguousStreams",
    "TableRows",
    "Text",
    "TextFile",
    "TokenVocabulary",
    "Units",
    "Vocabulary",
    "from_units",
    "python_reference",
    "read_text",
    "require_length",
    "streams_that_fit",
    "to_units",
]
