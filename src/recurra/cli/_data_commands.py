"""What the command line has to know of a kind of data: its options, and what is said of it."""

import dataclasses
import shlex
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from rich.console import Console

from recurra.base import ArgumentError
from recurra.cli._declared import Declared
from recurra.cli._progress_bar import ProgressBar
from recurra.tasks import Evaluation
from recurra.tasks.framework import CELLS, Job, TrainableTask
from recurra.train import FitResult

AnyJob = Job[Any, Any]


class Choice(NamedTuple):
    """Which task is meant, and which data.

    Args:
        kind: the task.
        source: the training data.
        reading: how they are taken; see `recurra.tasks.framework.start_job`.
        settings: options by name, among them those of the settings of the task.
        note: what was understood that the user did not say. Default: nothing.
    """

    kind: type[TrainableTask]
    source: Any
    reading: dict[str, Any]
    settings: Mapping[str, Any]
    note: str = ""


class DataCommands(ABC):
    """The part of `recurra train` and `recurra evaluate` that a kind of data has for itself.

    Class variables:
        files_help: what the help says of the files.
        resumed_by: the command that goes on with a run.
        may_move: whether a run may be gone on with from files that lie elsewhere.
    """

    files_help: ClassVar[str]
    resumed_by: ClassVar[str] = "train"
    may_move: ClassVar[bool] = False

    @abstractmethod
    def data_options(self, kinds: Sequence[Any]) -> Declared:
        """Declare the options about the data of tasks that share a command."""

    @abstractmethod
    def choose(
        self, kinds: Sequence[Any], given: Mapping[str, Any], typed: Mapping[str, Any]
    ) -> Choice:
        """Find out what is asked for.

        Args:
            kinds: the tasks of the command.
            given: the options that were given.
            typed: those of them that stand on the command line, and not in a recipe.
        """

    @abstractmethod
    def announce(self, console: Console, job: AnyJob) -> None:
        """Say what was understood of the data, and what is going to be trained."""

    @abstractmethod
    def bar(self, console: Console, job: AnyJob) -> ProgressBar:
        """Make what shows the training."""

    @abstractmethod
    def say_result(
        self, console: Console, job: AnyJob, result: FitResult, measured: Mapping[str, Evaluation]
    ) -> None:
        """Say how well the trained task does."""

    @abstractmethod
    def next_commands(self, job: AnyJob) -> list[tuple[str, str]]:
        """Give commands to try next, each with what it does."""

    @abstractmethod
    def evaluate(
        self, console: Console, task: Any, files: list[Path], given: Mapping[str, Any]
    ) -> None:
        """Measure a trained task on files, and print how well it does."""


def own_code(job: AnyJob) -> str:
    """Give the options that a command needs for a cell and a task of the user's."""
    cell, place = getattr(job.task.settings, "cell", None), job.run.config.get("task_class")
    own = {"--cell": None if cell in CELLS else cell, "--task": place}
    return "".join(f" {name} {shlex.quote(each)}" for name, each in own.items() if each)


def nothing_to_train_on(command: str) -> ArgumentError:
    """Say that there are no files."""
    return ArgumentError(
        "There is nothing to train on.",
        expected="one or more files, `--demo`, or `--resume RUN`",
        fix=f"recurra train {command} FILE",
    )


def names_of(kind: type[TrainableTask]) -> set[str]:
    """Name the settings of a task."""
    return {field.name for field in dataclasses.fields(kind.settings_type)}


def flag(name: str) -> str:
    """Write the name of an option as people give it."""
    return "--" + name.replace("_", "-")
