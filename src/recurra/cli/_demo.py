"""recurra demo: the main job on a text that every Python carries."""

from pathlib import Path

from rich.console import Console

from recurra.cli._job import Texts, begin, free_folder
from recurra.cli._report import run_job
from recurra.data import python_reference
from recurra.tasks import CorpusSettings, LanguageModelConfig
from recurra.train import TrainingSettings


def run_demo(console: Console, out: Path | None, epochs: int, seed: int) -> None:
    """Train on the Python language reference, writing samples on the way."""
    job = begin(
        Texts(python_reference()),
        out or free_folder("demo"),
        LanguageModelConfig(cell="lstm", hidden_size=256, layers=1),
        CorpusSettings(streams=32, window=64),
        TrainingSettings(epochs=epochs, learning_rate=0.01, seed=seed),
    )
    console.print(
        "[bold]A network learns to write[/] from the Python language reference, letter by letter.\n"
    )
    run_job(console, job, prompt="The ")
