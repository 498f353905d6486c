"""The terminal: where words go, and how errors look."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import rich
from rich.console import Console


def console() -> Console:
    """Give the console for what the user asked to see."""
    return rich.get_console()


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn every foreseen error into its message on standard error and exit code 2."""
    try:
        yield
    except BrokenPipeError:
        # the reader of a pipe has gone; what is still buffered must not complain at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        Console(stderr=True).print("Interrupted.")
        sys.exit(130)
    except OSError as error:
        _complain(f"The operating system refuses.\n  got:       {error}")
    except Exception as error:
        from recurra.base import RecurraError  # imports PyTorch, which `recurra --help` need not

        if not isinstance(error, RecurraError):
            raise
        _complain(str(error))


def _complain(message: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False).print(message, markup=False)
    sys.exit(2)
