"""recurra chat: a dialogue on the terminal, or a question a line from a pipe."""

import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from recurra.base import ArgumentError
from recurra.cli._use import load_record_task, quoted
from recurra.data import read_text
from recurra.tasks import Replies

REMEMBERED = 20
"""Questions and replies that are told to the task at most."""


def hold_dialogue(run: Path, context: str | None, *, history: bool, cell: str | None) -> None:
    """Reply to each line until there is none.

    Args:
        run: the run directory.
        context: a file or a text that replies may come from.
        history: whether the task is told what was said before.
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
    said: list[tuple[str, str]] = []
    for question in _questions():
        reply = task.reply(question, told, said[-REMEMBERED:] if history else ())
        said.append((question, reply))
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
    try:
        import readline  # noqa: F401 - lets the user edit a line
    except ImportError:
        pass
    Console(stderr=True).print("Ask a question; Ctrl-D leaves.", style="dim")
    while True:
        try:
            line = input("> ").strip()
        except EOFError:
            sys.stdout.write("\n")
            return
        if line:
            yield line
