"""One training a run: a lock that its process holds and that dies with it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recurra.base import RunBusy
from recurra.store._plain_files import open_to_append


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock on a file, which is made if it is not there.

    Raises:
        RunBusy: another process holds it.
    """
    with open_to_append(path) as file:
        if os.name != "nt":  # where Windows is concerned, users must take care themselves
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RunBusy(
                    "Another process is training in this run directory.",
                    got=path.parent,
                    fix="wait for it, or stop it with Ctrl-C",
                ) from error
        yield
