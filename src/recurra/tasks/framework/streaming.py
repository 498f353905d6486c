"""Records in chunks that wait for nobody: what has come is answered."""

import queue
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from recurra.data import Record

_END = object()

CHARACTERS = 4_000_000
"""A chunk ends with the record that makes it so long, or longer: memory stays as it is."""

LOOKS_UP = 0.5
"""Seconds after which Ctrl-C is heard at the latest while no record comes."""


def full_chunks(records: Iterable[Record], most: int) -> Iterator[list[Record]]:
    """Cut a stream into chunks of a size; the last, and those of long records, may be smaller."""
    chunk: list[Record] = []
    characters = 0
    for record in records:
        chunk.append(record)
        characters += _characters(record.fields)
        if len(chunk) == most or characters >= CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _characters(value: object) -> int:
    """Count the characters of a value and of those within it."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_characters, value.values()))
    return sum(map(_characters, value)) if isinstance(value, list | tuple) else 1


def chunks_as_they_come(records: Iterable[Record], most: int) -> Iterator[list[Record]]:
    """Cut a stream that someone is still writing: each chunk is what has come, one or more.

    A thread reads ahead, at most as far as one chunk or one record that is longer, so that a record
    that came alone need not wait for the next.

    Args:
        records: the stream.
        most: records of a chunk at most.
    """
    waiting = _Weighed(maxsize=CHARACTERS, least=max(1, CHARACTERS // most))
    threading.Thread(target=_read, args=(records, waiting), daemon=True).start()
    while True:
        chunk = [_next(waiting)]
        characters = _size_of(chunk[0])
        while len(chunk) < most and characters < CHARACTERS and not waiting.empty():
            chunk.append(waiting.get())
            characters += _size_of(chunk[-1])
        taken = [each for each in chunk if isinstance(each, Record)]
        if taken:
            yield taken
        last = chunk[-1]
        if isinstance(last, BaseException):
            raise last
        if last is _END:
            return


class _Weighed(queue.Queue[Any]):
    """A queue that is full when what it holds is long, be that many records or one."""

    def __init__(self, maxsize: int, least: int) -> None:
        super().__init__(maxsize)
        self._least = least
        self._weight = 0

    def _weight_of(self, item: object) -> int:
        return max(self._least, _size_of(item))

    def _qsize(self) -> int:
        return self._weight

    def _put(self, item: object) -> None:
        super()._put(item)
        self._weight += self._weight_of(item)

    def _get(self) -> Any:
        item = super()._get()
        self._weight -= self._weight_of(item)
        return item


def _next(waiting: _Weighed) -> Any:
    """Take the next item, and look up now and then.

    Python hears a signal only between two of its own steps. One that comes just before a wait, or
    that another thread receives, would be heard after it: here, when the next record comes.
    """
    while True:
        try:
            return waiting.get(timeout=LOOKS_UP)
        except queue.Empty:
            continue


def _size_of(item: object) -> int:
    return _characters(item.fields) if isinstance(item, Record) else 0


def _read(records: Iterable[Record], waiting: _Weighed) -> None:
    """Put records, and then the end or what went wrong, into a queue."""
    try:
        for record in records:
            waiting.put(record)
    except BaseException as error:
        waiting.put(error)
    else:
        waiting.put(_END)
