"""The files of an index of records: made as a whole, and held to what was written."""

import hashlib
import json
import os
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recurra.base import (
    ConfigMismatch,
    DamagedFile,
    RunExists,
    RunIncomplete,
    RunNotFound,
    check_names,
    check_size,
    temporary_folder,
)
from recurra.store import Run, open_plain, parse_json, read_plain

FORMAT = 1
"""Version of the layout; an index of another version is refused."""

MAX_MANIFEST, MAX_OFFSETS = 1 << 24, 1 << 34
"""Bytes; a record has eight of an offset."""

VECTORS, RECORDS, OFFSETS, MANIFEST = (
    "index.usearch", "records.jsonl", "records.offsets", "index.json",
)  # fmt: skip


def run_mark(run: Run) -> str:
    """Hash what the vectors of an index depend on: the configuration of a run and its weights."""
    digest = hashlib.sha256(run.fingerprint().encode())
    if not run.weights_path.exists():
        run.read_weights()  # says what is missing, and how to come by it
    digest.update(_hash(run.weights_path).encode())
    return digest.hexdigest()


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write to that takes its place when all went well, and is gone otherwise.

    Raises:
        RunExists: something is there already.
    """
    _check_not_taken(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(folder.parent) as place:
        draft = place / "index"
        draft.mkdir()
        yield draft
        _check_not_taken(folder)
        if folder.exists():
            folder.rmdir()  # it is empty
        os.rename(draft, folder)


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Write what an index is made of, with sizes and checksums of its files; force all to disk."""
    files = {name: _described(folder / name) for name in (VECTORS, RECORDS, OFFSETS)}
    manifest = {"format": FORMAT, **content, "files": files}
    text = json.dumps({**manifest, "sha256": _hash_of(manifest)}, indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
    for name in (VECTORS, RECORDS, OFFSETS, MANIFEST):
        descriptor = os.open(folder / name, os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what an index is made of, and hold its files to it.

    Raises:
        RunNotFound: there is no such folder.
        RunIncomplete: it has no index.
        DamagedFile: a file is not as it was written.
    """
    if not folder.is_dir():
        raise RunNotFound("There is no index.", got=folder, expected="a directory")
    path = folder / MANIFEST
    if not os.path.lexists(path):
        raise RunIncomplete(
            "The directory is not an index.",
            got=f"{folder} without {MANIFEST}",
            expected="a directory that `recurra index` made",
        )
    manifest = _checked(path)
    try:
        _check_fields(manifest)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from error
    for name, described in manifest["files"].items():
        found = _described(folder / name)
        if found != described:
            raise damaged(folder / name, f"{found['bytes']:,} bytes that do not fit the checksum")
    return manifest


def check_counts(folder: Path, manifest: Mapping[str, Any], counts: Mapping[str, int]) -> None:
    """Hold what a manifest says of records and columns to how many there are.

    Raises:
        DamagedFile: there are more, or fewer.
    """
    told = {"records": manifest["records"], "columns": len(manifest["columns"])}
    if told != counts:
        raise damaged(folder / MANIFEST, f"{told}, where there are {dict(counts)}")


def check_mark(manifest: Mapping[str, Any], run: Run, folder: Path) -> None:
    """Refuse a run that did not make the vectors of an index.

    Raises:
        ConfigMismatch: its configuration or its weights are others.
    """
    mark = run_mark(run)
    if manifest["mark"] != mark:
        raise ConfigMismatch(
            "The index was made by another run, or the run has learnt since.",
            got=f"{run.folder} ({mark[:12]})",
            expected=f"the run {manifest['run']} as it was ({manifest['mark'][:12]})",
            where=folder / MANIFEST,
            fix=f"make the index anew: recurra index {run.folder} RECORDS --out ANOTHER",
        )


def _check_fields(manifest: Mapping[str, Any]) -> None:
    """Check what a manifest says; what is wrong is an error of some sort."""
    for name in ("run", "mark"):
        if not isinstance(manifest[name], str):
            raise TypeError(f"{name} is not a text")
    check_names("columns", manifest["columns"])
    check_size("records", manifest["records"])
    check_size("search_effort", manifest["search_effort"], most=100_000)
    if manifest["files"].keys() != {VECTORS, RECORDS, OFFSETS}:
        raise ValueError(f"files are {', '.join(map(str, manifest['files']))}")


class RecordFile:
    """The records of an index on disk, one line each, found by their number.

    Args:
        folder: of the index.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / RECORDS
        self.offsets = array("Q")
        content = read_plain(folder / OFFSETS, MAX_OFFSETS)
        if len(content) % self.offsets.itemsize:
            raise damaged(folder / OFFSETS, f"{len(content)} bytes")
        self.offsets.frombytes(content)

    def __len__(self) -> int:
        return len(self.offsets)

    def __getitem__(self, place: int) -> dict[str, Any]:
        with open_plain(self.path) as file:
            file.seek(self.offsets[place])
            line = file.readline()
        try:
            record = json.loads(line)  # of the user's own data, with any numbers
        except (ValueError, RecursionError) as error:
            raise damaged(self.path, f"{error}, in record {place}") from error
        if not isinstance(record, dict):
            raise damaged(self.path, f"record {place} is not a table")
        return record


class RecordWriter:
    """Write the records of an index.

    Args:
        folder: of the index.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.offsets = array("Q")
        self._file = (folder / RECORDS).open("wb")

    def write(self, fields: Mapping[str, Any]) -> None:
        """Write one more record; what JSON has no form for is written as its text."""
        self.offsets.append(self._file.tell())
        line = json.dumps(fields, ensure_ascii=False, default=str)
        self._file.write(line.encode("utf-8", "backslashreplace") + b"\n")

    def close(self) -> None:
        """Write where each record begins, too."""
        self._file.close()
        (self.folder / OFFSETS).write_bytes(self.offsets.tobytes())


def _check_not_taken(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise RunExists(
            "The place for the index is taken.",
            got=folder,
            expected="a directory that does not exist yet, or is empty",
            fix="choose another with `--out`",
        )


def _checked(path: Path) -> dict[str, Any]:
    try:
        manifest = parse_json(read_plain(path, MAX_MANIFEST))
        digest = manifest.pop("sha256")
        sound = digest == _hash_of(manifest)
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from error
    if not sound:
        raise damaged(path, "the checksum does not fit the content")
    if manifest.get("format") != FORMAT:
        raise DamagedFile(
            "An index is of another version of the format.",
            got=f"format {manifest.get('format')}",
            expected=f"format {FORMAT}",
            where=path,
            fix="make the index anew with `recurra index`",
        )
    return dict(manifest)


def _described(path: Path) -> dict[str, Any]:
    try:
        return {"bytes": path.stat().st_size, "sha256": _hash(path)}
    except OSError as error:
        raise damaged(path, error.strerror or "unreadable") from error


def _hash(path: Path) -> str:
    with open_plain(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_of(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def damaged(path: Path, got: str) -> DamagedFile:
    """Say that a file of an index is not as it was written."""
    return DamagedFile(
        "A file of an index is missing, cut off or altered.",
        got=got,
        expected="a file as Recurra wrote it",
        where=path,
        fix="make the index anew with `recurra index`",
    )
