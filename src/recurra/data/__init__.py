"""Reading data: text, vocabularies, contiguous streams for truncated back-propagation."""

from recurra.data._python_reference import python_reference
from recurra.data._streams import NO_TARGET, ContiguousStreams, streams_that_fit
from recurra.data._text import Text, TextFile, Units, from_units, read_text, to_units
from recurra.data._vocabulary import UNKNOWN, Vocabulary

__all__ = [
    "NO_TARGET",
    "UNKNOWN",
    "ContiguousStreams",
    "Text",
    "TextFile",
    "Units",
    "Vocabulary",
    "from_units",
    "python_reference",
    "read_text",
    "streams_that_fit",
    "to_units",
]
