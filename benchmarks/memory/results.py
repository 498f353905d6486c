"""Results of the tasks: one JSON line a cell and task, added as they come."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.memory.tasks import TASKS
from benchmarks.memory.training import Attempt, Budget


@dataclass(frozen=True)
class Result:
    """What is known of one cell on one task.

    Args:
        cell: name in the collection.
        task: name of the task.
        budget: what the cell was given, as a dict.
        attempts: one a learning rate that was tried; none where the cell could not be run.
        seconds: of all of them.
        error: why it could not be run, or empty.
    """

    cell: str
    task: str
    budget: dict[str, Any]
    attempts: tuple[Attempt, ...] = ()
    seconds: float = 0.0
    error: str = ""

    @property
    def best(self) -> Attempt:
        """The attempt that solved the task, or else the one that came nearest."""
        task = TASKS[self.task]
        return max(
            self.attempts,
            key=lambda each: (each.solved, each.score if task.is_share else -each.score),
        )


def as_dict(budget: Budget) -> dict[str, Any]:
    """Return a budget as JSON gives it back."""
    found: dict[str, Any] = json.loads(json.dumps(asdict(budget)))
    return found


def add(path: Path, result: Result) -> None:
    """Write a line at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(result)) + "\n")


def read(path: Path) -> dict[tuple[str, str], Result]:
    """Read all lines; of several for one cell and task the last counts."""
    lines: Sequence[str] = path.read_text(encoding="utf-8").splitlines() if path.exists() else ()
    results = [_result(json.loads(line)) for line in lines if line.strip()]
    return {(each.cell, each.task): each for each in results}


def _result(content: dict[str, Any]) -> Result:
    attempts = tuple(Attempt(**each) for each in content.pop("attempts"))
    return Result(**content, attempts=attempts)
