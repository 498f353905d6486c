"""recurra chat: a dialogue on the terminal, or a question a line from a pipe."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from recurra.base import ArgumentError, DataError, TextError
from recurra.cli._use import load_record_task, quoted
from recurra.data import read_text
from recurra.tasks import AnswerOptions
from recurra.tasks.framework import Replies


def hold_dialogue(
    run: Path,
    context: str | None,
    options: AnswerOptions,
    cell: str | None,
    own_task: str | None = None,
) -> bool:
    """Reply to each line until there is none; a line that cannot be asked is told and passed over.

    Args:
        run: the run directory.
        context: a file or a text that replies may come from.
        options: how to answer.
        cell: a cell of the user's.
        own_task: a task of the user's. Default: none.

    Returns:
        whether every line of a pipe was answered.
    """
    task = load_record_task(run, cell, own_task)
    if not isinstance(task, Replies):
        raise ArgumentError(
            "The task of the run holds no dialogue.",
            got=task.command,
            expected="a task that replies",
            where=run / "config.json",
            fix=f"recurra predict {quoted(run)} FILE",
        )
    told = _context(context)
    refused = 0
    for question in _questions():
        try:
            if isinstance(question, DataError):
                raise question
            reply = task.reply(question, told, options)
        except DataError as error:
            refused += 1
            _complain(error)
        else:
            sys.stdout.write(" ".join(reply.splitlines()) + "\n")
            sys.stdout.flush()
    return not refused or sys.stdin.isatty()  # where it was seen


def _complain(error: DataError) -> None:
    """Say on standard error what is wrong with a line."""
    error.details.pop("fix", None)  # no option of this command helps, and the dialogue goes on
    Console(stderr=True, soft_wrap=True, highlight=False).print(str(error), markup=False)


def _context(words: str | None) -> str | None:
    """Read a file, where the words name one; else they are the context."""
    if words is None:
        return None
    try:
        is_file = Path(words).is_file()
    except (OSError, ValueError):  # too long for a name
        is_file = False
    return _content(Path(words)) if is_file else words


def _content(path: Path) -> str:
    try:
        return read_text([path]).content
    except TextError as error:
        if "fix" in error.details:  # an option that this command has not
            error.add_fix(f"iconv -f ENCODING -t UTF-8 {quoted(path)}, with its encoding")
        raise


def _questions() -> Iterator[str | DataError]:
    """Go through what is typed, or what comes through a pipe; empty lines ask nothing."""
    if sys.stdin is None:
        return
    if not sys.stdin.isatty():
        yield from _piped()
        return
    with suppress(ImportError):  # not on every system
        import readline  # noqa: F401 - lets the user edit a line
    Console(stderr=True).print("Ask a question; Ctrl-D leaves.", style="dim")
    while True:
        try:
            line = input("> ").strip()
        except EOFError:
            sys.stdout.write("\n")
            return
        if line:
            yield line


def _piped() -> Iterator[str | DataError]:
    """Go through the lines of a pipe, in UTF-8 whatever the terminal's encoding is."""
    for number, raw in enumerate(sys.stdin.buffer, 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError as error:
            yield TextError(
                "A line is not UTF-8.",
                got=f"byte 0x{raw[error.start]:02x} at byte {error.start + 1} of the line",
                expected="UTF-8",
                where=f"standard input:{number}",
            )
        else:
            if line:
                yield line
