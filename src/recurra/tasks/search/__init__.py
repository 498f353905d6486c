"""The nearest of many records, found by the vectors of a matcher."""

from recurra.tasks.search.index import IndexSettings, Neighbour, RecordIndex

__all__ = [
    "IndexSettings",
    "Neighbour",
    "RecordIndex",
]
