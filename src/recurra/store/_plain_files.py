"""Files of a run: read if they are plain files, written if they lie in the run directory.

A pipe would be waited for without end, and a device such as /dev/zero read without end. A symbolic
link that leads out of a run would let a training write, or delete, what belongs to nobody's run.
"""

import io
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from recurra.base import DamagedFile

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@contextmanager
def open_plain(path: Path) -> Iterator[io.BufferedReader]:
    """Open a file to read; what is no plain file is refused without waiting for it.

    Raises:
        DamagedFile: it is a pipe, a device, a socket or a directory.
        OSError: it is not there, or may not be read.
    """
    _check_plain(path, path.stat())  # opening a device may already do something
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        _check_plain(path, os.fstat(descriptor))
        yield file


def read_plain(path: Path, most: int) -> bytes:
    """Read a plain file of `most` bytes or fewer.

    Raises:
        DamagedFile: it is no plain file, or has more bytes.
        OSError: it is not there, or may not be read.
    """
    with open_plain(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise DamagedFile(
            "A file of a run is far larger than Recurra writes it.",
            got=f"{path.stat().st_size:,} bytes",
            expected=f"{most:,} bytes or fewer",
            where=path,
        )
    return content


@contextmanager
def open_to_append(path: Path) -> Iterator[IO[bytes]]:
    """Open a file of a run to write at its end; it is made if it is not there.

    Raises:
        DamagedFile: it is no plain file, or lies elsewhere.
    """
    check_inside(path.parent, [path])
    if path.exists():
        _check_plain(path, path.stat())
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path.resolve(), flags | getattr(os, "O_NOFOLLOW", 0), 0o666)
    with os.fdopen(descriptor, "ab") as file:
        _check_plain(path, os.fstat(descriptor))
        yield file


def check_inside(folder: Path, paths: Iterable[Path]) -> None:
    """Refuse paths in a folder that lead out of it by a symbolic link.

    Raises:
        DamagedFile: one does.
    """
    home = folder.resolve()
    for path in paths:
        try:
            place = path.resolve(strict=True)
        except FileNotFoundError:  # not written yet
            place = path.resolve()
        except (OSError, RuntimeError):  # links in a circle
            place = None
        if place is None or not place.is_relative_to(home):
            raise DamagedFile(
                "A file of a run is a link that leads out of the run directory.",
                got=path.name if place is None else f"{path.name} -> {place}",
                expected="the file itself, since a training writes and deletes there",
                where=path,
                fix="put the file itself there, or delete the link",
            )


def _check_plain(path: Path, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    kind = next((name for test, name in _KINDS if test(status.st_mode)), "something else")
    raise DamagedFile(
        "A file of a run is not a plain file.", got=kind, expected="a plain file", where=path
    )
