"""recurra info: what a run directory holds."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from recurra.base import DamagedFile, RunError
from recurra.store import Run
from recurra.tasks.framework import TrainableTask
from recurra.tasks.registry import check_config, check_weights, kind_of
from recurra.train import read_state, with_what_was_fixed

DAMAGED = "damaged"


def show_info(console: Console, run: Run, own: type[TrainableTask] | None = None) -> None:
    """Print a run as a table: model, data, training, files.

    Args:
        console: where to print.
        run: the run.
        own: class of the task, where it is one of the user's.

    Raises:
        DamagedFile: a file of the run is not sound; all is printed all the same.
    """
    kind = kind_of(run, own)
    check_config(run, kind=own)
    with run.reading_config():
        rows = [("task", kind.kind.replace("_", " ")), *kind.describe_config(run.config["task"])]
        if "data" in run.config:
            rows += kind.source_type.describe_section(run.config["data"])
        rows += _training_rows(kind, run)
        rows += _calibrated_rows(kind, run)
        rows = [(label, str(value)) for label, value in rows]
    soundness = {path.name: _soundness(run, path, own) for path in _files(run)}
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for label, value in [*rows, *soundness.items()]:
        table.add_row(Text(label), Text(value, "red" if value.startswith(DAMAGED) else ""))
    console.print(table)
    damaged = [name for name, value in soundness.items() if value.startswith(DAMAGED)]
    if damaged:
        raise DamagedFile(
            "Not all files of the run are sound.", got=", ".join(damaged), where=run.folder
        )


def _training_rows(kind: type[TrainableTask], run: Run) -> list[tuple[str, str]]:
    measured = [each for each in run.metrics.read() if each["split"] == "validation"]
    better = max if kind.best_is_largest else min
    monitor = kind.monitor_of(run.config["task"])
    best = better((each[monitor] for each in measured if monitor in each), default=None)
    rows = []
    if "training" in run.config:
        training = with_what_was_fixed(run.config["training"])
        rate = f"{training['learning_rate']:g}, {training['schedule']}"
        rows += [
            ("optimizer", training["optimizer"]),
            ("learning rate", rate),
            ("epochs", f"{len(measured)} of {training['epochs']} measured"),
            ("seed", str(training["seed"])),
        ]
    if run.report_path.exists():
        rows.append(("report", str(run.report_path)))
    if best is not None:
        rows.append(("best validation", f"{best:.4f} {monitor.replace('_', ' ')}"))
    versions = run.config["versions"].items()
    return [*rows, ("made with", ", ".join(f"{name} {version}" for name, version in versions))]


def _calibrated_rows(kind: type[TrainableTask], run: Run) -> list[tuple[str, str]]:
    """Show what was chosen on the validation data; damaged weights are told of elsewhere."""
    if not run.weights_path.exists():
        return []
    try:
        weights, _ = run.read_weights()
    except RunError:
        return []
    return list(kind.calibrated(run.config["task"], weights).items())


def _files(run: Run) -> list[Path]:
    return [path for path in (run.weights_path, *run.checkpoints()) if path.exists()]


def _soundness(run: Run, path: Path, own: type[TrainableTask] | None) -> str:
    """Read a file as those would who need it."""
    try:
        if path == run.weights_path:
            weights, step = run.read_weights()
            check_weights(run, weights, kind=own)
            parameters = sum(weight.numel() for weight in weights.values())
            return f"sound, of step {step:,}, {parameters:,} parameters"
        read_state(run, path)
    except RunError as error:
        return f"{DAMAGED}: {error.details.get('got', error.problem)}"
    return "sound"
