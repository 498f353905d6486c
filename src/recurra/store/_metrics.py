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
        """Add one measurement; it has a `step`, and a `split` of the data that was measured."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def read(self) -> list[dict[str, Any]]:
        """Read all measurements; a last line that was cut off by a crash is left out.

        Raises:
            DamagedFile: another line is not JSON.
        """
        if not self.path.exists():
            return []
        lines = self.path.read_bytes().split(b"\n")
        return [self._parse(line, number) for number, line in enumerate(lines[:-1], start=1)]

    def forget_after(self, step: int) -> None:
        """Drop the measurements of later steps, which will be made again."""
        kept = [json.dumps(record) + "\n" for record in self.read() if record["step"] <= step]
        write_atomically(self.path, "".join(kept).encode())

    def _parse(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DamagedFile(
                "A measurement is not JSON.", got=line[:60], where=f"{self.path}:{number}"
            ) from error
        match record:
            case {"step": int(), "split": str()}:
                return dict(record)
        raise DamagedFile(
            "A measurement has no step or no split.",
            got=line[:60],
            where=f"{self.path}:{number}",
        )
