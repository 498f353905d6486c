"""Writing files so that a crash at any moment leaves the old file or the new one, never half."""

import os
import re
from pathlib import Path

from recurra.base import remove_abandoned, temporary_file

# how earlier versions named what they were writing
_OLDER = re.compile(
    r"(config\.json|weights\.safetensors|metrics\.jsonl|report\.html|step-\d+\.safetensors)"
    r"\w+\.partial"
)


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file in one step: write beside it, force to disk, rename.

    The temporary file lies in the same folder, because a rename is atomic only within one file
    system; the folder is forced to disk too, because otherwise the rename may be lost.
    """
    with temporary_file(path.parent) as (handle, partial):
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        take_place(partial, path)
    _sync_folder(path.parent)


def take_place(partial: Path, path: Path) -> None:
    """Give a complete temporary file, which only this user can read, its name and usual rights."""
    os.chmod(partial, 0o666 & ~_umask())
    os.replace(partial, path)


def write_text(path: Path, text: str) -> None:
    """Replace a text file, in UTF-8, in one step."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def remove_leftovers(folder: Path) -> None:
    """Delete what interrupted writes left in a folder of a run that this process has for itself."""
    remove_abandoned(folder)
    for partial in folder.glob("*.partial"):
        if _OLDER.fullmatch(partial.name):
            partial.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    """Read the process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
