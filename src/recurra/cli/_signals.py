"""Signals that ask a training to stop."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ASKING = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGHUP"):  # Windows has none
    ASKING.append(signal.SIGHUP)


@contextmanager
def stop_on_signals(stop: threading.Event, say: Callable[[], None]) -> Iterator[None]:
    """Let the first signal ask for a stop after the running step; a second Ctrl-C ends at once.

    Args:
        stop: is set by the first signal.
        say: tells the user that the signal was heard.
    """

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if not stop.is_set():
            stop.set()
            say()

    before = {asking: signal.signal(asking, ask) for asking in ASKING}
    try:
        yield
    finally:
        for asking, handler in before.items():
            signal.signal(asking, handler)
