"""The measurements of a run, one JSON object a line."""

import json
from pathlib import Path
from typing import Any

from recurra.base import DamagedFile
from recurra.store._atomic import write_bytes
from recurra.store._json import parse_json
from recurra.store._plain_files import check_inside, open_to_append, read_plain

MEASURED = ("train", "validation")
"""Splits whose lines have the metric that a training is led by."""

MAX_BYTES = 1 << 30


class MetricsLog:
    """A file of measurements that only grows, except when a run goes back to a checkpoint.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: dict[str, Any]) -> None:
        """Add one measurement; it has a `step`, and a `split` of the data that was measured.

        Raises:
            DamagedFile: the file is no plain file, or a link that leads elsewhere.
        """
        with open_to_append(self.path) as file:
            file.write(json.dumps(record).encode() + b"\n")

    def read(self, metric: str | None = None) -> list[dict[str, Any]]:
        """Read all measurements; a last line that was cut off by a crash is left out.

        Args:
            metric: what each line of training and validation data has to have. Default: anything.

        Raises:
            DamagedFile: another line is not a measurement, or lacks the metric.
        """
        try:
            lines = read_plain(self.path, MAX_BYTES).split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DamagedFile(
                "The measurements cannot be read.", got=error.strerror, where=self.path
            ) from error
        records = [self._parse(line, number) for number, line in enumerate(lines[:-1], start=1)]
        if metric is not None:
            for number, record in enumerate(records, start=1):
                self._check_metric(record, metric, number)
        return records

    def forget_after(self, step: int) -> None:
        """Drop the measurements of later steps, which will be made again."""
        kept = [json.dumps(record) + "\n" for record in self.read() if record["step"] <= step]
        check_inside(self.path.parent, [self.path])
        write_bytes(self.path, "".join(kept).encode())

    def has(self, step: int, split: str) -> bool:
        """Tell whether a split was measured at a step."""
        return any(each["step"] == step and each["split"] == split for each in self.read())

    def _parse(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            record = parse_json(line, finite=False)  # a correlation may be none
        except ValueError as error:
            raise self._damaged("A measurement is not JSON.", line, number) from error
        match record:
            case {"step": int(step), "split": str()} if type(step) is int and step >= 0:
                pass
            case _:
                raise self._damaged("A measurement has no step or no split.", line, number)
        odd = next((name for name, value in record.items() if not _is_plain(value)), None)
        if odd is not None:
            raise self._damaged(f"A measurement has no number as its {odd!r}.", line, number)
        return dict(record)

    def _check_metric(self, record: dict[str, Any], metric: str, number: int) -> None:
        value = record.get(metric)
        if record["split"] in MEASURED and (
            isinstance(value, bool) or not isinstance(value, int | float)
        ):
            raise DamagedFile(
                "A measurement lacks the metric that the training is led by.",
                got=", ".join(record),
                expected=f"{metric}, a number",
                where=f"{self.path}:{number}",
            )

    def _damaged(self, problem: str, line: bytes, number: int) -> DamagedFile:
        return DamagedFile(problem, got=line[:60], where=f"{self.path}:{number}")


def _is_plain(value: object) -> bool:
    return isinstance(value, int | float | str)  # truth values are integers
