"""Chunks of a stream that someone is still writing."""

import itertools
import signal
import threading
import time

import pytest

from recurra.data import Record
from recurra.tasks.framework.streaming import CHARACTERS, chunks_as_they_come


@pytest.fixture
def listening():
    # a shell lets programs in the background ignore Ctrl-C, these tests among them
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def records(number):
    return [Record({"text": str(place)}, f"line {place}") for place in range(number)]


def test_all_records_come_in_order():
    chunks = list(chunks_as_they_come(records(10), 4))
    assert [each.fields["text"] for chunk in chunks for each in chunk] == list("0123456789")
    assert max(map(len, chunks)) <= 4


def test_what_goes_wrong_is_raised_after_the_records_before_it():
    def broken():
        yield from records(2)
        raise ValueError("no more")

    records_of_chunks = itertools.chain.from_iterable(chunks_as_they_come(broken(), 4))
    assert [next(records_of_chunks).where for _ in range(2)] == ["line 0", "line 1"]
    with pytest.raises(ValueError, match="no more"):
        next(records_of_chunks)


def test_few_long_records_are_read_ahead():
    read = []

    def long():
        for place in range(20):
            read.append(place)
            yield Record({"text": "x" * CHARACTERS}, f"line {place}")

    chunks = chunks_as_they_come(long(), 4096)
    next(chunks)
    time.sleep(0.3)  # the thread reads what it may
    assert len(read) <= 3  # the one answered, one that waits, one that finds no room


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals between threads")
@pytest.mark.usefixtures("listening")
@pytest.mark.timeout(20)
def test_ctrl_c_is_heard_while_nothing_comes_even_when_another_thread_receives_it():
    never = threading.Event()

    def silent():
        yield from records(1)
        never.wait()

    def interrupt():
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    chunks = chunks_as_they_come(silent(), 4)
    next(chunks)
    threading.Timer(0.2, interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        next(chunks)
    never.set()
