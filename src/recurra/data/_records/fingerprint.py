"""What files were read, for the configuration of a run."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from recurra.base import TextError
from recurra.data._files import TextFile, describe_file
from recurra.data._records.opening import STANDARD_INPUT


def fingerprint(paths: Iterable[str | PathLike[str]]) -> list[TextFile]:
    """Tell of each file its absolute path, its bytes and their SHA-256, in constant memory.

    A file that ends in `.gz` is described as it lies on disk.

    Args:
        paths: the files.

    Raises:
        TextError: a file cannot be read, or is standard input, which is gone once read.

    Example:
        >>> import pathlib, recurra
        >>> _ = pathlib.Path("a.txt").write_text("hello")
        >>> recurra.data.fingerprint(["a.txt"])[0].sha256[:8]
        '2cf24dba'
    """
    return [_describe(Path(path)) for path in paths]


def _describe(path: Path) -> TextFile:
    if str(path) == STANDARD_INPUT:
        raise TextError(
            "Standard input has no fingerprint.",
            got="-",
            expected="a file, which can be read again",
            fix="save it as a file first",
        )
    return describe_file(path)
