"""Lines of Python source, each token with its part in the syntax."""

import importlib
import inspect
from collections.abc import Iterator

from recurra.base import check_seed
from recurra.data.demos.demo_data import DemoData, Record, split_demo
from recurra.data.demos.source_tags import tagged_lines

MODULES = (
    "textwrap", "heapq", "fractions", "shlex", "csv", "configparser", "calendar", "string",
    "queue", "sched", "json.decoder", "json.encoder", "cmd", "code", "bdb", "glob",
)  # fmt: skip
"""Modules of the standard library that are written in Python and change little."""

MIN_LENGTH, MAX_LENGTH = 3, 40
"""Tokens of a line."""

MAX_TOKEN_LENGTH = 40
"""Characters of a token; longer strings are left out with their lines."""


def demo_tagging(seed: int = 0) -> DemoData:
    """Take lines of the standard library's own source; the tree says what each token is.

    For `tag`: fields `form`, the tokens of a logical line, and `label`, as many tags: `keyword`,
    `operator`, `number`, `string`, and for names `function`, `class`, `parameter`, `argument`,
    `call`, `method`, `attribute`, `builtin`, `imported` and `variable`. The part of a name is seen
    from what stands around it, not from the name. Each line is there once.

    Args:
        seed: of the split.

    Raises:
        DataError: this Python has no sources of its library.

    Example:
        >>> import recurra
        >>> data = recurra.data.demo_tagging()
        >>> record = next(each for each in data.training if "def" in each["form"])
        >>> record["label"][:2]
        ['keyword', 'function']
    """
    check_seed(seed)
    lines = {tuple(record["form"]): record for module in MODULES for record in _lines_of(module)}
    words = "Lines of the source of Python's standard library, each token with its part in it."
    return split_demo("tagging", words, lines.items(), seed)


def _lines_of(module: str) -> Iterator[Record]:
    try:
        source = inspect.getsource(importlib.import_module(module))
    except OSError:  # a Python without sources; with too few lines it is refused
        return
    for form, label in tagged_lines(source):
        is_short = all(len(token) <= MAX_TOKEN_LENGTH and token.isprintable() for token in form)
        if MIN_LENGTH <= len(form) <= MAX_LENGTH and is_short:
            yield {"form": form, "label": label}
