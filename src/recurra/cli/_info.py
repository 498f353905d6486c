"""recurra info: what a run directory holds."""

from rich.console import Console
from rich.table import Table

from recurra.store import Run
from recurra.tasks import LanguageModel


def show_info(console: Console, run: Run, model: LanguageModel) -> None:
    """Print a run as a table: model, data, training and how far it got."""
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column(style="bold")
    table.add_column()
    for label, value in [*_model_rows(model), *_data_rows(run), *_training_rows(run)]:
        table.add_row(label, value)
    console.print(table, markup=False, highlight=False)


def _model_rows(model: LanguageModel) -> list[tuple[str, str]]:
    config = model.settings
    inputs = "one-hot" if config.inputs == "one-hot" else f"embedding {config.embedding_size}"
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return [
        ("task", model.kind.replace("_", " ")),
        ("cell", f"{config.cell}, {config.layers} x {config.hidden_size}, {config.connections}"),
        ("input", f"{inputs}, {len(model.vocabulary)} {config.units}"),
        ("unknown characters", "read as <unk>" if model.vocabulary.has_unknown else "refused"),
        ("parameters", f"{parameters:,}"),
    ]


def _data_rows(run: Run) -> list[tuple[str, str]]:
    data = run.config.get("data")
    if data is None:
        return [("text", "not recorded: the task was saved from Python")]
    files = [f"{each['path']} ({each['bytes']:,} bytes)" for each in data["files"]]
    return [
        ("text", "\n".join(files)),
        ("sha256", "\n".join(each["sha256"][:16] for each in data["files"])),
        ("validation", f"the last {data['validation']:.0%}"),
        ("windows", f"{data['streams']} streams x {data['window']} steps"),
    ]


def _training_rows(run: Run) -> list[tuple[str, str]]:
    training = run.config.get("training", {})
    records = run.metrics.read()
    measured = [each for each in records if each["split"] == "validation"]
    best = min((each["bits_per_character"] for each in measured), default=None)
    checkpoints = run.checkpoints()
    versions = run.config["versions"]
    return [
        ("epochs", f"{len(measured)} of {training.get('epochs', 'an unknown number')} done"),
        ("steps", f"{records[-1]['step']:,}" if records else "0"),
        ("best validation", "none yet" if best is None else f"{best:.4f} bits per character"),
        ("weights", _soundness(run)),
        ("checkpoint", checkpoints[-1].name if checkpoints else "none yet"),
        ("seed", str(training.get("seed", "unknown"))),
        ("made with", ", ".join(f"{name} {version}" for name, version in versions.items())),
    ]


def _soundness(run: Run) -> str:
    if not run.weights_path.exists():
        return "none yet"
    _, step = run.read_weights()
    return f"of step {step:,}, checksum right"
