"""Records in chunks that wait for nobody: what has come is answered."""

import queue
import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from recurra.data import Record

_END = object()


def full_chunks(records: Iterable[Record], most: int) -> Iterator[list[Record]]:
    """Cut a stream into chunks of a size; the last may be smaller."""
    stream = iter(records)
    while chunk := list(islice(stream, most)):
        yield chunk


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
        while len(chunk) < most and not waiting.empty():
            chunk.append(waiting.get())
        taken = [each for each in chunk if isinstance(each, Record)]
        if taken:
            yield taken
        last = chunk[-1]
        if isinstance(last, BaseException):
            raise last
        if last is _END:
            return


def _read(records: Iterable[Record], waiting: "queue.Queue[Any]") -> None:
    """Put records, and then the end or what went wrong, into a queue."""
    try:
        for record in records:
            waiting.put(record)
    except BaseException as error:
        waiting.put(error)
    else:
        waiting.put(_END)
