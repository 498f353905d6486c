"""Run directories: everything about one training, in files that any version can read.

RUN/
  config.json            all that is needed to build the task again, and where the data is
  weights.safetensors    the weights with the best validation metric so far
  checkpoints/           step-0000000120.safetensors ...: complete training states, the last two
  metrics.jsonl          one line per measurement
  loss.png               the learning curve
  report.html            what was learnt and how well, for tasks on records
"""

import hashlib
import json
import os
import platform
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from recurra.base import (
    ConfigMismatch,
    DamagedFile,
    MissingExtra,
    RunError,
    RunExists,
    RunIncomplete,
    RunNotFound,
    shorten,
    shorten_repr,
    temporary_folder,
)
from recurra.store._atomic import remove_leftovers, write_bytes
from recurra.store._json import parse_json
from recurra.store._lock import locked
from recurra.store._metrics import MetricsLog
from recurra.store._plain_files import check_inside, read_plain
from recurra.store._tensor_file import FORMAT, measure_tensors, read_tensors, write_tensors
from recurra.store._tree import flatten_tree, restore_tree

KEEP_CHECKPOINTS = 2

MAX_CONFIG = 1 << 28
"""Bytes of a configuration; those of the largest vocabularies are a tenth of it."""

_CHECKPOINT = re.compile(r"step-\d{10,}\.safetensors")


class Run:
    """One run directory.

    Make one with `Run.create` or `Run.open`; neither changes anything on disk when it refuses.

    Args:
        folder: the directory.
        config: the content of its `config.json`.
    """

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.folder = folder
        self.config = config
        self.metrics = MetricsLog(folder / "metrics.jsonl")

    @classmethod
    def create(cls, folder: str | Path, config: dict[str, Any]) -> "Run":
        """Begin a run: make the directory and write `config.json`.

        Args:
            folder: the directory; it may exist, but must be empty.
            config: JSON values; the versions of format and software are added.

        Raises:
            RunExists: something is there already.
        """
        folder = check_not_taken(folder)
        run = cls(folder, {"format": FORMAT, **config, "versions": _versions()})
        content = _encode_config(run.config)
        if folder.exists():
            _fill(folder, content)
            return run
        folder.parent.mkdir(parents=True, exist_ok=True)
        # made beside its place and renamed, so that it is there as a whole or not at all
        with temporary_folder(folder.parent) as place:
            draft = place / "run"
            draft.mkdir()
            _fill(draft, content)
            try:
                os.rename(draft, folder)
            except OSError:
                check_not_taken(folder)  # somebody was faster
                raise
        return run

    @classmethod
    def open(cls, folder: str | Path) -> "Run":
        """Open a run that exists.

        Raises:
            RunNotFound: there is no such directory.
            RunIncomplete: the directory has no `config.json`.
            DamagedFile: `config.json` is not as Recurra writes it.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise RunNotFound("There is no run directory.", got=folder, expected="a directory")
        path = folder / "config.json"
        if not os.path.lexists(path):
            raise RunIncomplete(
                "The directory is not a complete run.",
                got=f"{folder} without config.json",
                expected="a directory that `recurra train` or `recurra demo` made",
            )
        return cls(folder, _read_config(path))

    @property
    def weights_path(self) -> Path:
        """Where the weights are."""
        return self.folder / "weights.safetensors"

    @property
    def picture_path(self) -> Path:
        """Where the picture of the learning curve is."""
        return self.folder / "loss.png"

    @property
    def report_path(self) -> Path:
        """Where the report is."""
        return self.folder / "report.html"

    def fingerprint(self) -> str:
        """Hash what must not change while a run goes on: the configuration without versions."""
        fixed = {key: value for key, value in self.config.items() if key != "versions"}
        return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()

    def write_report(self, page: str) -> None:
        """Replace the report of the run."""
        self.check_places()
        write_bytes(self.report_path, page.encode("utf-8", "backslashreplace"))

    def write_weights(self, weights: dict[str, torch.Tensor], step: int) -> None:
        """Replace the weights of the run."""
        self.check_places()
        document = {"config": self.fingerprint(), "step": step}
        write_tensors(self.weights_path, weights, document)

    def read_weights(self) -> tuple[dict[str, torch.Tensor], int]:
        """Read the weights of the run, and after how many steps they were taken.

        Raises:
            RunIncomplete: the run has not written any yet.
            DamagedFile: the file is cut off or altered, or has weights that are not numbers.
            ConfigMismatch: the weights belong to another configuration.
        """
        if not os.path.lexists(self.weights_path):
            raise RunIncomplete(
                "The run has no weights yet.",
                got=self.folder,
                expected="weights.safetensors, written after the first epoch",
                fix=f"recurra train --resume {shlex.quote(str(self.folder))}",
            )
        weights, document = read_tensors(self.weights_path)
        self._check_owner(self.weights_path, document, "step", int)
        _check_step(document["step"], self.weights_path)
        for name, weight in weights.items():
            if not bool(weight.isfinite().all()):
                raise DamagedFile(
                    "A file has weights that are not finite numbers.",
                    got=name,
                    where=self.weights_path,
                )
        return weights, document["step"]

    def size(self) -> tuple[int, int] | None:
        """Tell how many tensors the run keeps, and how many elements together; None if none yet.

        It is that of the weights or, where there are none, of the newest checkpoint.

        Raises:
            DamagedFile: the file is cut off or altered.
        """
        files = [*self.checkpoints(), *([self.weights_path] if self.weights_path.exists() else [])]
        return measure_tensors(files[-1]) if files else None

    def checkpoints(self) -> list[Path]:
        """List the checkpoints, the newest last."""
        found = (self.folder / "checkpoints").glob("step-*.safetensors")
        return sorted(path for path in found if _CHECKPOINT.fullmatch(path.name))

    def checkpoint_path(self, step: int) -> Path:
        """Name the checkpoint of a step so that names sort as steps do."""
        return self.folder / "checkpoints" / f"step-{step:010d}.safetensors"

    def write_checkpoint(self, path: Path, training_state: Any) -> None:
        """Write a complete training state, then drop all but the newest checkpoints."""
        self.check_places()
        document, tensors = flatten_tree(training_state)
        write_tensors(path, tensors, {"config": self.fingerprint(), "tree": document})
        for old in self.checkpoints()[:-KEEP_CHECKPOINTS]:
            old.unlink(missing_ok=True)

    def read_checkpoint(self, path: Path) -> Any:
        """Read a complete training state.

        Raises:
            DamagedFile: the file is cut off, altered or of another version.
            ConfigMismatch: the checkpoint belongs to another configuration.
        """
        tensors, document = read_tensors(path)
        self._check_owner(path, document, "tree", dict)
        try:
            return restore_tree(document["tree"], tensors)
        except DamagedFile as error:
            error.details["where"] = str(path)
            raise

    @contextmanager
    def training(self) -> Iterator[None]:
        """Have the run for oneself, with what interrupted writes left behind cleared away.

        Raises:
            RunBusy: another process is training in it.
        """
        self.check_places()
        with locked(self.folder / "lock"):
            (self.folder / "checkpoints").mkdir(exist_ok=True)
            remove_leftovers(self.folder)
            remove_leftovers(self.folder / "checkpoints")
            yield

    def check_places(self) -> None:
        """Refuse a run in which a training would write or delete what lies elsewhere.

        Raises:
            DamagedFile: an entry is a symbolic link that leads out of the run directory.
        """
        checkpoints = self.folder / "checkpoints"
        places = [self.weights_path, self.picture_path, self.report_path, self.metrics.path]
        check_inside(self.folder, [*places, self.folder / "lock", checkpoints])
        if checkpoints.is_dir():
            check_inside(self.folder, checkpoints.iterdir())
        elif checkpoints.exists():
            raise DamagedFile(
                "The checkpoints of a run are not in a directory.",
                got="something else",
                expected="a directory",
                where=checkpoints,
            )

    @contextmanager
    def reading_config(self) -> Iterator[None]:
        """Turn whatever an altered `config.json` leads to into DamagedFile."""
        try:
            yield
        except (RunError, MissingExtra):
            raise
        except Exception as error:  # of any sort, as the values that lead there are
            reason = " ".join(shorten(str(error)).split())
            raise DamagedFile(
                "A configuration is not as Recurra writes it.",
                got=f"{type(error).__name__}: {reason}",
                where=self.folder / "config.json",
            ) from error

    def _check_owner(self, path: Path, document: Any, content: str, kind: type) -> None:
        """Refuse a file that holds something else, or belongs to another configuration."""
        if not isinstance(document, dict) or not isinstance(document.get(content), kind):
            raise DamagedFile(
                "A file holds something else than its name says.",
                got=str(document)[:80],
                expected=f"`{content}` and the configuration it belongs to",
                where=path,
            )
        if document.get("config") != self.fingerprint():
            raise ConfigMismatch(
                "A file belongs to another configuration than that of its run directory.",
                got=f"configuration {str(document.get('config'))[:12]}",
                expected=f"configuration {self.fingerprint()[:12]}, that of config.json",
                where=path,
            )


def _fill(folder: Path, config: bytes) -> None:
    (folder / "checkpoints").mkdir()
    write_bytes(folder / "config.json", config)


def check_not_taken(folder: str | Path) -> Path:
    """Return the place for a new run; raise RunExists if something is there already."""
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise RunExists(
            "The place for the new run is taken.",
            got=folder,
            expected="a directory that does not exist yet, or is empty",
            fix="choose another with `--out`"
            + (
                f", or go on with `--resume {shlex.quote(str(folder))}`"
                if (folder / "config.json").exists()
                else ""
            ),
        )
    return folder


def _encode_config(config: dict[str, Any]) -> bytes:
    """Write a configuration as JSON in UTF-8, readable in any language."""
    text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    # names of files that are not UTF-8 hold lone surrogates, which JSON can only escape
    return re.sub("[\ud800-\udfff]", lambda lone: f"\\u{ord(lone[0]):04x}", text).encode()


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = parse_json(read_plain(path, MAX_CONFIG))
    except OSError as error:
        raise DamagedFile("A file cannot be read.", got=error.strerror, where=path) from error
    except ValueError as error:
        raise DamagedFile("A file is not JSON.", got=error, where=path) from error
    if not isinstance(config, dict) or not _is_format(config.get("format")):
        got = config.get("format") if isinstance(config, dict) else type(config).__name__
        raise DamagedFile(
            "A configuration is of another version of the format.",
            got=f"format {got}",
            expected=f"format {FORMAT}",
            where=path,
            fix="use the version of Recurra that wrote it",
        )
    return config


def _is_format(value: object) -> bool:
    return type(value) is int and value == FORMAT


def _check_step(step: int, path: Path) -> None:
    if type(step) is not int or step < 0:
        raise DamagedFile(
            "A file is of an impossible step.",
            got=shorten_repr(step),
            expected="an integer >= 0",
            where=path,
        )


def _versions() -> dict[str, str]:
    return {
        "recurra": version("recurra"),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
