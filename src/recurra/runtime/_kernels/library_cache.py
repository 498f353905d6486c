"""The folder of compiled libraries, which trusts nobody but the user whose process this is.

    <folder>/
      lstm-4e07408562bedb8b60ce05c1decfe3ad/     an entry: name, key of all that decides code
        lstm.c                                   the source, for people
        lstm-<SHA-256 of entry and code>.so

A library is checked against its own name before it is loaded. So a single rename brings it into
being, and one that is cut off, altered or moved to another entry is not taken for a library.
Loading a library runs its code; a folder in which another user could put one is refused.
"""

import atexit
import hashlib
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from recurra.base import new_folder, temporary_file, warn_once

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH

_own_folders: dict[int, Path] = {}  # process: the folder that lives as long as it does


def find_library(entry: str) -> Path | None:
    """Find the sound library of an entry, in the shared cache or in this process's own folder."""
    for folder in (_shared_folder(), _own_folders.get(os.getpid())):
        if folder is not None:
            for library in sorted((folder / entry).glob("*.so")):
                if is_sound(library):
                    return library
    return None


def read_file(entry: str, name: str) -> bytes | None:
    """Read a file of an entry; None if it is not there, or not ours alone."""
    for folder in (_shared_folder(), _own_folders.get(os.getpid())):
        if folder is not None and not _why_not_ours(folder / entry):
            content = _read_ours(folder / entry / name)
            if content is not None:
                return content
    return None


def is_there() -> bool:
    """Whether there is a cache at all; to ask makes none."""
    if os.getpid() in _own_folders:
        return True
    try:
        return _configured_folder().is_dir()
    except (OSError, RuntimeError):  # RuntimeError: nobody knows the user's home
        return False


def is_sound(library: Path) -> bool:
    """Whether a file is ours alone, as are the folders above it, and holds what its name says."""
    if any(_why_not_ours(folder) for folder in library.parents[:2]):
        return False
    content = _read_ours(library)
    return content is not None and library.name == library_name(library.parent.name, content)


def library_name(entry: str, content: bytes) -> str:
    """Name a library after its entry and its content."""
    digest = hashlib.sha256(entry.encode() + b"/" + content).hexdigest()
    return f"{entry.rpartition('-')[0]}-{digest}.so"


def write_file(entry: str, name: str, content: bytes) -> Path:
    """Write a file of an entry, whole or not at all, and return its path.

    It goes to the shared cache or, if that cannot be used, to a folder of this process alone; a
    warning says so once.

    Raises:
        OSError: not even a folder of this process alone can be written.
    """
    shared = _shared_folder()
    if shared is not None:
        try:
            return _write(shared / entry, name, content)
        except OSError as error:
            _warn_of_own_folder(shared, f"cannot be written: {error.strerror or error}")
    return _write(_own_folder() / entry, name, content)


def write_beside(library: Path, entry: str, name: str, content: bytes) -> None:
    """Write a file of another entry into the folder in which a library was found or put.

    Raises:
        OSError: it cannot be written.
    """
    _write(library.parents[1] / entry, name, content)


def _shared_folder() -> Path | None:
    """Make the cache folder if need be; warn and return None if it cannot be used or trusted."""
    folder: Path | str = "of the user"
    try:
        folder = _configured_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = folder.resolve(strict=True)
        reason = _why_not_ours(folder) or _why_not_kept_by_its_parents(folder)
    except (OSError, RuntimeError) as error:  # RuntimeError: nobody knows the user's home
        reason = f"cannot be used: {getattr(error, 'strerror', None) or error}"
    if reason is None and isinstance(folder, Path):
        return folder
    _warn_of_own_folder(folder, reason)
    return None


def _configured_folder() -> Path:
    asked = os.environ.get("RECURRA_CACHE")
    if asked:
        return Path(asked).expanduser().absolute()
    caches = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(caches):  # its standard says to ignore others
        return Path(caches, "recurra")
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "recurra"


def _why_not_ours(folder: Path) -> str | None:
    """Say why a folder is not ours alone to write in, or None if it is."""
    try:
        status = folder.lstat()
    except OSError as error:
        return f"cannot be used: {error.strerror}"
    if not stat.S_ISDIR(status.st_mode):
        return "is not a folder"
    if status.st_uid != os.geteuid():
        return "belongs to another user, who could put code there"
    if status.st_mode & _WRITABLE_BY_OTHERS:
        return "can be written by other users, who could put code there (chmod go-w)"
    return None


def _why_not_kept_by_its_parents(folder: Path) -> str | None:
    """Say which folder above would let another user put a different one in this one's place.

    Whoever owns the root of the file system counts as the system, which is so even in a container
    that maps user numbers. A group that may write is trusted: many systems give each user a group.
    """
    trusted = {0, os.geteuid(), os.stat("/").st_uid}
    for parent in folder.parents:
        status = parent.stat()
        free_for_all = status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX
        if free_for_all or status.st_uid not in trusted:
            return f"could be exchanged by other users, who can write to {parent}"
    return None


def _own_folder() -> Path:
    """Make a private folder for this process, if it has none, to be removed at its end."""
    process = os.getpid()  # a forked process inherits the table, but not the folder
    folder = _own_folders.get(process)
    if folder is None or _why_not_ours(folder):  # long-lived processes see temporary files vanish
        # held until the process ends; should it be killed, the next one deletes the folder
        folder = new_folder(Path(tempfile.gettempdir()), "recurra-own-")[0].resolve()
        _own_folders[process] = folder
        atexit.register(_remove_own_folder, process, folder)
    return folder


def _remove_own_folder(process: int, folder: Path) -> None:
    if process == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)


def _warn_of_own_folder(folder: Path | str, reason: str | None) -> None:
    warn_once(
        "cache",
        f"The cache folder {folder} {reason}. What is compiled now is kept for this process only, "
        "and the next one compiles it again. Set the environment variable RECURRA_CACHE to a "
        "folder that is yours alone.",
    )


def _read_ours(file: Path) -> bytes | None:
    """Read a regular file that only we can write; None if it is anything else."""
    try:
        # not through a link; and without waiting, should it be a pipe
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
        return opened.read() if ours and not status.st_mode & _WRITABLE_BY_OTHERS else None


def _write(folder: Path, name: str, content: bytes) -> Path:
    """Write beside its place and rename. Not forced to disk: a damaged library is made anew."""
    folder.mkdir(mode=0o700, exist_ok=True)
    reason = _why_not_ours(folder)
    if reason is not None:
        raise PermissionError(f"{folder} {reason}")
    with temporary_file(folder) as (handle, partial):
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(partial, folder / name)
    return folder / name
