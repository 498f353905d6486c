"""recurra info: what a run directory holds."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from recurra.base import DamagedFile, RunError
from recurra.cli._recorded_texts import RecordedTexts
from recurra.store import Run
from recurra.tasks import RecordTask, WordLanguageModel
from recurra.tasks.framework import DEMO, Loadable
from recurra.tasks.registry import check_config, check_weights, kind_of
from recurra.train import read_state, with_what_was_fixed

DAMAGED = "damaged"

LISTED = 12
"""Names that are listed; the rest is counted."""


def show_info(console: Console, run: Run) -> None:
    """Print a run as a table: model, data, training, files.

    Raises:
        DamagedFile: a file of the run is not sound; all is printed all the same.
    """
    kind = kind_of(run)
    check_config(run)
    with run.reading_config():
        rows = _model_rows(kind, run.config["task"])
        rows += _data_rows(run.config["data"]) if "data" in run.config else []
        rows += _training_rows(kind, run)
        rows += _calibrated_rows(kind, run)
        rows = [(label, str(value)) for label, value in rows]
    soundness = {path.name: _soundness(run, path) for path in _files(run)}
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


def _model_rows(kind: type[Loadable], task: dict[str, Any]) -> list[tuple[str, str]]:
    name = ("task", kind.kind.replace("_", " "))
    if issubclass(kind, RecordTask):
        return [name, *_record_rows(task)]
    return [name, *(_table_rows(task) if "features" in task else _language_rows(task))]


def _record_rows(task: dict[str, Any]) -> list[tuple[str, str]]:
    """Show what any task on records says of itself: columns, names and counts, the model."""
    columns = [f"{role} from {', '.join(names)}" for role, names in task["columns"].items()]
    rows = [("columns", ", ".join(columns))]
    for name, value in task.items():
        if name not in ("kind", "columns", "model"):
            rows += _shown(name.replace("_", " "), value)
    chosen = [f"{name.replace('_', ' ')} {_word(each)}" for name, each in task["model"].items()]
    return [*rows, ("model", "\n".join(chosen))]


def _shown(name: str, value: Any) -> list[tuple[str, str]]:
    """Show one entry of a configuration, where it is short enough to be read."""
    if isinstance(value, dict):
        symbols = [each for each in value.values() if isinstance(each, list)]
        return [(name, f"{max(map(len, symbols)):,} symbols")] if symbols else []
    if isinstance(value, list):
        names = ", ".join(map(str, value[:LISTED]))
        rest = f" and {len(value) - LISTED:,} more" if len(value) > LISTED else ""
        return [(name, f"{len(value):,}: {names}{rest}")]
    return [(name, str(value))]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _table_rows(task: dict[str, Any]) -> list[tuple[str, str]]:
    model = task["model"]
    outputs = "classes" if "classes" in task else "targets"
    return [
        ("columns", ", ".join(task["features"])),
        (outputs, ", ".join(task[outputs])),
        ("hidden layers", ", ".join(map(str, model["hidden_sizes"])) or "none"),
        ("activation", model["activation"]),
    ]


def _language_rows(task: dict[str, Any]) -> list[tuple[str, str]]:
    model, vocabulary = task["model"], list(task["vocabulary"])
    unknown = vocabulary[:1] == ["<unk>"]
    words = task["kind"] == WordLanguageModel.kind
    unit = "words" if words else model["units"]
    embedded = f"embedding {model['embedding_size']}"
    return [
        ("cell", f"{model['cell']}, {model['layers']} x {model['hidden_size']}"),
        ("connections", model["connections"]),
        ("input", embedded if model["inputs"] == "embedding" else "one-hot"),
        ("vocabulary", f"{len(vocabulary)} {unit}"),
        (
            f"unknown {'words' if words else 'characters'}",
            "read as <unk>" if unknown else "refused",
        ),
    ]


def _data_rows(data: dict[str, Any]) -> list[tuple[str, str]]:
    if "roles" in data:
        return _rows_of_records(data)
    RecordedTexts.of(data)  # refuses what is shown below, if it is of another type
    files = [f"{each['path']} ({each['bytes']:,} bytes)" for each in data["files"]]
    return [
        ("text", "\n".join(files)),
        ("sha256", "\n".join(each["sha256"][:16] for each in data["files"])),
        *_measured_rows(data),
        ("windows", f"{data['streams']} streams x {data['window']} steps"),
    ]


def _measured_rows(data: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("validation", f"the last {100 * data['validation']:g} %")]
    if "validation_files" in data:
        rows = [("validation", ", ".join(each["path"] for each in data["validation_files"]))]
    if "test_files" in data:
        rows.append(("test", ", ".join(each["path"] for each in data["test_files"])))
    return rows


def _rows_of_records(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Show where the records of each part came from."""
    rows = [(name, _files_of(data[name])) for name in ("training", "validation", "test")]
    if data["training"] == DEMO:
        rows = [("training", _files_of(DEMO)), ("validation", "the demo's own")]
    rows = [(name, words) for name, words in rows if words]
    return [
        *rows,
        ("batch", f"{data['rows']:,} records"),
        ("longest", f"{data['longest']:,} steps"),
    ]


def _files_of(part: Any) -> str:
    if part is None:
        return ""
    if isinstance(part, int | float):
        return f"{100 * part:g} % of the training records"
    if isinstance(part, str):
        return f"the {part} records of the task"
    listed = [f"{each['path']} ({each['bytes']:,} bytes) {each['sha256'][:16]}" for each in part]
    return "\n".join(listed) or "records in memory or at standard input"


def _training_rows(kind: type[Loadable], run: Run) -> list[tuple[str, str]]:
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


def _calibrated_rows(kind: type[Loadable], run: Run) -> list[tuple[str, str]]:
    """Show what was chosen on the validation data; damaged weights are told of elsewhere."""
    if not issubclass(kind, RecordTask) or not run.weights_path.exists():
        return []
    try:
        weights, _ = run.read_weights()
    except RunError:
        return []
    return list(kind.calibrated(run.config["task"], weights).items())


def _files(run: Run) -> list[Path]:
    return [path for path in (run.weights_path, *run.checkpoints()) if path.exists()]


def _soundness(run: Run, path: Path) -> str:
    """Read a file as those would who need it."""
    try:
        if path == run.weights_path:
            weights, step = run.read_weights()
            check_weights(run, weights)
            parameters = sum(weight.numel() for weight in weights.values())
            return f"sound, of step {step:,}, {parameters:,} parameters"
        read_state(run, path)
    except RunError as error:
        return f"{DAMAGED}: {error.details.get('got', error.problem)}"
    return "sound"
