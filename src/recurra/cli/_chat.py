"""recurra chat: a dialogue on the terminal, or a question a line from a pipe."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from recurra.base import ArgumentError
from recurra.cli._use import load_record_task, quoted
from recurra.data import read_text
from recurra.tasks import AnswerOptions, Replies


def hold_dialogue(run: Path, context: str | None, options: AnswerOptions, cell: str | None) -> None:
    """Reply to each line until there is none.

    Args:
        run: the run directory.
        context: a file or a text that replies may come from.
        options: how to answer.
        cell: a cell of the user's.
    """
    task = load_record_task(run, cell)
    if not isinstance(task, Replies):
        raise ArgumentError(
            "The task of the run holds no dialogue.",
            got=task.command,
            expected="a task that replies",
            where=run / "config.json",
            fix=f"recurra predict {quoted(run)} FILE",
        )
    told = _context(context)
    for question in _questions():
        reply = task.reply(question, told, options)
        sys.stdout.write(" ".join(reply.splitlines()) + "\n")
        sys.stdout.flush()


def _context(words: str | None) -> str | None:
    """Read a file, where the words name one; else they are the context."""
    if words is None:
        return None
    try:
        is_file = Path(words).is_file()
    except (OSError, ValueError):  # too long for a name
        is_file = False
    return read_text([Path(words)]).content if is_file else words


def _questions() -> Iterator[str]:
    """Go through what is typed, or what comes through a pipe; empty lines ask nothing."""
    if sys.stdin is None:
        return
    if not sys.stdin.isatty():
        yield from (line.strip() for line in sys.stdin if line.strip())
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
