"""The nearest of many records, found by the vectors of a matcher."""

from recurra.base import set_module as _set_module
from recurra.tasks.search.index import IndexSettings, Neighbour, RecordIndex

__all__ = [
    "IndexSettings",
    "Neighbour",
    "RecordIndex",
]

_set_module(__name__, globals())
