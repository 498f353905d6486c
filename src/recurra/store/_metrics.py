"""The measurements of a run, one JSON object a line."""

import json
from pathlib import Path
from typing import Any

from recurra.base import DamagedFile
from recurra.store._atomic import write_atomically


class MetricsLog:
    """A file of measurements that only grows, except when a run goes back to a checkpoint.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: dict[str, Any]) -> None:
        """Add one measurement; it has a `step`."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def read(self) -> list[dict[str, Any]]:
        """Read all measurements; a last line that was cut off by a crash is left out.

        Raises:
            DamagedFile: another line is not JSON.
        """
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").split("\n")
        return [self._parse(line, number) for number, line in enumerate(lines[:-1], start=1)]

    def forget_after(self, step: int) -> None:
        """Drop the measurements of later steps, which will be made again."""
        kept = [json.dumps(record) + "\n" for record in self.read() if record["step"] <= step]
        write_atomically(self.path, "".join(kept).encode())

    def _parse(self, line: str, number: int) -> dict[str, Any]:
        try:
            record = json.loads(line)
        except ValueError as error:
            raise DamagedFile(
                "A measurement is not JSON.", got=line[:60], where=f"{self.path}:{number}"
            ) from error
        if not isinstance(record, dict) or not isinstance(record.get("step"), int):
            raise DamagedFile(
                "A measurement has no step.", got=line[:60], where=f"{self.path}:{number}"
            )
        return record
