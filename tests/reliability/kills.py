"""Trainings in processes of their own, killed at any moment and taken up again.

`test_kill.py` does this a few times, `scripts/kill-test` as often as you like.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 120  # seconds that no single process here needs
OPTIONS = (
    "--cell", "gru", "--hidden-size", "16", "--layers", "1", "--embedding-size", "8",
    "--dropout", "0.2", "--streams", "4", "--window", "16", "--epochs", "3",
    "--checkpoint-every", "2", "--threads", "1",
)  # fmt: skip


def write_text(folder):
    """Write the text that all trainings here read, and return its path."""
    path = Path(folder) / "text.txt"
    words = ("the", "cat", "sat", "on", "a", "mat", "and", "saw", "that", "dog", "ran", "away")
    lines = (" ".join(words[i * j % len(words)] for j in range(1, 9)) for i in range(400))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def begin(text, run):
    """Start a training in a process of its own."""
    return _start("train", "lm", text, "--out", run, *OPTIONS)


def resume(run):
    """Take a run up again in a process of its own."""
    return _start("train", "lm", "--resume", run)


def finish(process):
    """Wait for a process; return its exit code, what it printed, and its complaints."""
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def kill(process, number=signal.SIGKILL):
    """Send a signal to a process if it still runs; say whether it did."""
    alive = process.poll() is None
    if alive:
        process.send_signal(number)
    return alive


def steps_done(run):
    """Count the steps that the measurements of a run speak of."""
    path = Path(run) / "metrics.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    return json.loads(lines[-1])["step"] if lines else 0


def wait_for_run(run, process):
    """Wait until a run directory has its configuration, or the process has ended."""
    _wait_until(lambda: (Path(run) / "config.json").exists() or process.poll() is not None)


def wait_for_step(run, step, process):
    """Wait until the measurements of a run have reached a step, or the process has ended."""
    _wait_until(lambda: steps_done(run) >= step or process.poll() is not None)


def digest(run):
    """Hash the final weights of a run."""
    return hashlib.sha256((Path(run) / "weights.safetensors").read_bytes()).hexdigest()


def _start(*arguments):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "80"}
    return subprocess.Popen(
        [sys.executable, "-m", "recurra", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
    )


def _wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the training did not get anywhere")
        time.sleep(0.005)
