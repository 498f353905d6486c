"""The terminal: where words go, and how errors look."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import rich
from rich.console import Console

from recurra.base import RecurraError


def console() -> Console:
    """Give the console for what the user asked to see."""
    return rich.get_console()


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn every foreseen error into its message on standard error and exit code 2."""
    try:
        yield
    except RecurraError as error:
        _complain(str(error))
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe has gone; nobody is left to tell
        sys.exit(1)
    except OSError as error:
        _complain(f"The operating system refuses.\n  got:       {error}")


def _complain(message: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False).print(message, markup=False)
    sys.exit(2)
