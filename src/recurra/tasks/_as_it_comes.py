"""Records in chunks that wait for nobody: what has come is answered."""

import queue
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from recurra.data import Record

_END = object()


CHARACTERS = 4_000_000
"""A chunk ends with the record that makes it so long, or longer: memory stays as it is."""


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

    A thread reads ahead, at most as far as one chunk, so that a record that came alone need not
    wait for the next.

    Args:
        records: the stream.
        most: records of a chunk at most.
    """
    waiting: queue.Queue[Any] = queue.Queue(maxsize=most)
    threading.Thread(target=_read, args=(records, waiting), daemon=True).start()
    while True:
        chunk = [waiting.get()]
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


def _size_of(item: object) -> int:
    return _characters(item.fields) if isinstance(item, Record) else 0


def _read(records: Iterable[Record], waiting: "queue.Queue[Any]") -> None:
    """Put records, and then the end or what went wrong, into a queue."""
    try:
        for record in records:
            waiting.put(record)
    except BaseException as error:
        waiting.put(error)
    else:
        waiting.put(_END)
