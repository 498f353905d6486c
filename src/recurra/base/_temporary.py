"""Temporary files and folders that are deleted when they, or their process, are at an end.

Each has a name of its own and a lock on it, which the operating system lets go when the process
ends in whatever way. A process that is killed cannot clean up; so whoever next writes at the same
place deletes what nobody holds. Where there are no such locks, nothing of others is deleted.
"""

import contextlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = ".recurra-"
"""How temporary files and folders begin that lie beside what they become."""

_RANDOM = r"[A-Za-z0-9_]{8}"  # what `tempfile` puts into a name
_ATTEMPTS = 100

Holder = int | None
"""An open descriptor whose lock says that something is in use; none where there are no locks."""


@contextmanager
def temporary_folder(parent: Path, prefix: str = PREFIX) -> Iterator[Path]:
    """Give a new folder that is deleted at the end, and delete those of processes that died.

    Args:
        parent: where it lies.
        prefix: how its name begins, by which folders of other processes are known again.
            Default: ".recurra-".
    """
    folder, holder = new_folder(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        release(holder)


@contextmanager
def temporary_file(parent: Path) -> Iterator[tuple[int, Path]]:
    """Give a new file, open to write, that is deleted at the end unless it was renamed.

    Files of processes that died are deleted first.

    Args:
        parent: where it lies.

    Yields:
        descriptor: to write to; the caller closes it, or a file made of it.
        path: of the file, which only this user can read.
    """
    remove_abandoned(parent)
    path, holder, descriptor = _new_file(parent)
    try:
        yield descriptor, path
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        release(holder)


def new_folder(parent: Path, prefix: str) -> tuple[Path, Holder]:
    """Make a folder that is held until the process ends or `release` is called."""
    remove_abandoned(parent, prefix)
    for _ in range(_ATTEMPTS):
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
        with contextlib.suppress(FileNotFoundError):  # taken for abandoned before it was held
            return folder, _hold_new(folder)
    raise FileExistsError(f"no temporary folder can be made in {parent}")


def _new_file(parent: Path) -> tuple[Path, Holder, int]:
    for _ in range(_ATTEMPTS):
        descriptor, name = tempfile.mkstemp(dir=parent, prefix=PREFIX)
        try:
            return Path(name), _hold_new(Path(name)), descriptor
        except FileNotFoundError:
            os.close(descriptor)
    raise FileExistsError(f"no temporary file can be made in {parent}")


def remove_abandoned(parent: Path, prefix: str = PREFIX) -> None:
    """Delete the temporary files and folders in a folder whose process has died.

    Only those of this user that lie there themselves, not behind links, and that nobody holds.
    """
    if os.name == "nt":
        return
    pattern = re.compile(re.escape(prefix) + _RANDOM)
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for name in [each.name for each in entries if pattern.fullmatch(each.name)]:
            with contextlib.suppress(OSError):
                _remove_if_abandoned(Path(parent, name))


def _remove_if_abandoned(path: Path) -> None:
    status = path.lstat()
    is_folder = stat.S_ISDIR(status.st_mode)
    if status.st_uid != os.geteuid() or not (is_folder or stat.S_ISREG(status.st_mode)):
        return
    holder = _hold(path)
    try:
        if is_folder:
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    finally:
        os.close(holder)


def _hold_new(path: Path) -> Holder:
    """Hold what was made just now.

    Raises:
        FileNotFoundError: another process has taken it for abandoned meanwhile.
    """
    try:
        return _hold(path)
    except (BlockingIOError, FileNotFoundError) as error:
        raise FileNotFoundError(path) from error
    except OSError:  # no locks here, so nobody deletes it
        return None


def _hold(path: Path) -> int:
    """Lock a file or a folder; give the descriptor that holds the lock.

    Raises:
        OSError: somebody holds it, or it is gone, or there are no locks here.
    """
    if os.name == "nt":
        raise OSError("no locks")
    import fcntl

    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(descriptor), path.lstat()):  # another one of this name
            raise FileNotFoundError(path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def release(holder: Holder) -> None:
    """Let go of what was held."""
    if holder is not None:
        os.close(holder)
