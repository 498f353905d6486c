"""What is special about records on the command line."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from rich.console import Console

from recurra.cli._data_commands import AnyJob, Choice, DataCommands, own_code
from recurra.cli._data_options import reading_options
from recurra.cli._declared import Declared, default_of, option, role_options
from recurra.cli._measured import say_metrics
from recurra.cli._record_bar import RecordBar
from recurra.cli._record_request import choose_records
from recurra.cli._understood import say_what_was_understood
from recurra.cli._use import evaluate_records
from recurra.tasks import Evaluation, RecordTask
from recurra.tasks.framework import Generates, Replies
from recurra.train import FitResult

DATA = "Data"


class RecordCommands(DataCommands):
    """Records: columns in roles, batches of a number of rows."""

    files_help: ClassVar[str] = (
        "Training data: files of records in the formats that `--format` lists; `.gz` files are "
        "decompressed. `-` is standard input."
    )

    def data_options(self, kinds: Sequence[type[RecordTask]]) -> Declared:
        """Declare roles, parts and reading."""
        listed = (
            option("validation", list[str] | None, None, "What is measured after each epoch: a "
                   "part of the records, 0 to 1, or files of their own.", DATA, shown="0.1",
                   metavar="PART|FILE"),
            option("test", list[Path] | None, None, "Files to measure on at the end.", DATA,
                   metavar="FILE"),
            *reading_options(DATA).values(),
            option("longest", int, 10_000, "Steps of the longest record that is used.", DATA,
                   metavar="N"),
            option("batch_size", int | None, None, "Records of a step.", "Training",
                   shown=default_of(kinds, "batch_size") + ", fewer where there are few"),
        )  # fmt: skip
        return {**role_options(kinds, DATA), **{each.name: each for each in listed}}

    def choose(
        self,
        kinds: Sequence[type[RecordTask]],
        given: Mapping[str, Any],
        typed: Mapping[str, Any],  # noqa: ARG002
    ) -> Choice:
        """Take the first task all of whose fields the records have."""
        return choose_records(kinds, given)

    def announce(self, console: Console, job: AnyJob) -> None:
        """Say what was understood of the records."""
        say_what_was_understood(console, job)

    def bar(self, console: Console, job: AnyJob) -> RecordBar:
        """Show the monitored metric, and records a second."""
        return RecordBar(console, job.task.monitor, job.data.rows)

    def say_result(
        self,
        console: Console,
        job: AnyJob,
        result: FitResult,  # noqa: ARG002
        measured: Mapping[str, Evaluation],
    ) -> None:
        """Print the metrics of each part with intervals."""
        for name, evaluation in measured.items():
            say_metrics(console, evaluation, f"\n{name.capitalize()}, {{}}:", job.task.out_of)

    def next_commands(self, job: AnyJob) -> list[tuple[str, str]]:
        """Use the trained task on other records."""
        folder, own = shlex.quote(str(job.run.folder)), own_code(job)
        commands = [
            (f"recurra predict {folder} FILE{own}", "answers for records of yours, a line each"),
            (
                f"recurra evaluate {folder} FILE{own}",
                "how good they are, where the answer is known",
            ),
            (f"recurra info {folder}", "what the run holds"),
        ]
        if isinstance(job.task, Generates):
            label = shlex.quote(str(job.data.summary.examples[0].get("label", "LABEL")))
            write = f"recurra generate {folder} --label {label} --count 3{own}"
            commands.insert(0, (write, "let it write"))
        if isinstance(job.task, Replies):
            commands.insert(0, (f"recurra chat {folder}{own}", "talk with it"))
        return commands

    def evaluate(
        self, console: Console, task: RecordTask, files: list[Path], given: Mapping[str, Any]
    ) -> None:
        """Print the metrics of records with intervals."""
        evaluate_records(console, task, files, given)
