"""recurra demo: a language model of a text that every Python carries."""

from pathlib import Path

from rich.console import Console

from recurra.cli._corpus_commands import CorpusCommands
from recurra.cli._task_train import free_folder, run_task
from recurra.tasks import CorpusSettings, LanguageModel, LanguageModelConfig, default_training
from recurra.tasks.framework import DEMO, start_job


def run_demo(console: Console, out: Path | None, epochs: int, seed: int) -> None:
    """Train on the Python language reference, writing samples on the way."""
    job = start_job(
        LanguageModel,
        DEMO,
        out or free_folder("demo"),
        settings=LanguageModelConfig(cell="lstm", hidden_size=256, layers=1),
        training=default_training(LanguageModel, epochs=epochs, seed=seed),
        data=CorpusSettings(streams=32, window=64),
    )
    console.print(
        "[bold]A network learns to write[/] from the Python language reference, letter by letter.\n"
    )
    run_task(console, job, CorpusCommands(prompt="The "))
