"""What compiling costs: the first forward and backward of fresh processes."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from benchmarks.records import Group, Record, Settings

_CHILD = "benchmarks.groups.compile_child"


@dataclass(frozen=True)
class CompileRow:
    """The first call of one cell and size.

    Args:
        T: steps.
        B: rows.
        quick: whether a quick run measures it.
    """

    T: int
    B: int
    quick: bool

    @property
    def name(self) -> str:
        """Cell and shape in words."""
        return f"LN-LSTM H128 B{self.B} T{self.T}"

    def measure(self, group: str, settings: Settings) -> Record:
        """Run fresh processes, each time from an empty cache, and take medians."""
        trials = [self._trial(settings.threads) for _ in range(1 if settings.quick else 5)]
        figures = {name: statistics.median(each[name] for each in trials) for name in trials[0]}
        return Record(group, self.name, "timed", settings.threads, figures=figures)

    def _trial(self, threads: int) -> dict[str, float]:
        with tempfile.TemporaryDirectory(prefix="recurra-bench-") as cache:
            os.chmod(cache, 0o700)
            everything = self._child("LSTM", cache, threads)  # and what all cells share
            cold = self._child("LN-LSTM", cache, threads)
            disk = self._child("LN-LSTM", cache, threads)
        return {
            "first cell of a machine": everything["compile"],
            "another cell": cold["compile"],
            "from disk": disk["compile"],
            "other T and B": disk["other shape"],
        }

    def _child(self, kind: str, cache: str, threads: int) -> dict[str, float]:
        command = [sys.executable, "-m", _CHILD, kind, str(self.T), str(self.B), str(threads)]
        environment = {**os.environ, "RECURRA_CACHE": cache}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
        answer: dict[str, float] = json.loads(done.stdout)
        return answer


COMPILE_TIME = Group(
    "compile",
    "Compile time",
    "Seconds that the first forward and backward of a fresh process takes beyond the second. The "
    "cell is traced and compiled once for all T and B.",
    tuple(
        CompileRow(T, B, quick=(T, B) in {(10, 1), (1000, 64)})
        for T in (10, 100, 1000)
        for B in (1, 64)
    ),
)
