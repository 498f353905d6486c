"""Files that a run began with, held to what its configuration says of them."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recurra.base import ArgumentError, ConfigMismatch, settings_from, shorten_repr
from recurra.data import TextFile, fingerprint
from recurra.store import Run


def recorded_files(section: Any) -> list[TextFile]:
    """Read descriptions of files back from JSON.

    Raises:
        ArgumentError: it is something else.
    """
    if not isinstance(section, list):
        raise ArgumentError(
            "The files of a run are not a list.", got=shorten_repr(section, 60), expected="a list"
        )
    return [settings_from(TextFile, each) for each in section]


def check_plain(files: Sequence[TextFile], run: Run) -> None:
    """Refuse what is no plain file any more, before it is read.

    A pipe in the place of a file would be waited for, and a device read without end.

    Raises:
        ConfigMismatch: one is no plain file.
    """
    for file in files:
        try:
            status = os.stat(file.path)
        except (OSError, ValueError):  # whoever reads it says so
            continue
        if not stat.S_ISREG(status.st_mode):
            raise _changed(run, f"{file.path}, which is not a plain file", file)


def same_files(section: Any, run: Run) -> list[Path]:
    """Give the paths of recorded files, all of which are what they were.

    Raises:
        ConfigMismatch: one is not.
        TextError: one cannot be read.
    """
    files = recorded_files(section)
    check_plain(files, run)
    for was, now in zip(files, fingerprint([file.path for file in files]), strict=True):
        if was.sha256 != now.sha256:
            raise _changed(run, f"{now.path} with {now.bytes:,} bytes", was)
    return [Path(file.path) for file in files]


def _changed(run: Run, got: str, was: TextFile) -> ConfigMismatch:
    return ConfigMismatch(
        "A file is not the one that the run began with.",
        got=got,
        expected=f"{was.bytes:,} bytes, sha256 {was.sha256[:12]}",
        where=run.folder / "config.json",
        fix="restore the file, or begin a new run",
    )
