"""Help texts from docstrings: what the `Args:` of a class say of each field."""

import inspect
import re
from dataclasses import fields

_ENTRY = re.compile(r"^ {4}(\w+): (.*)$")
_DEFAULT = re.compile(r"\s*Default: .*?\.(?=\s|$)", re.DOTALL)
_REFERENCE = re.compile(r"\s*(\bSee `\w+`\.|\(see `\w+`\))")
_SEE = re.compile(r"^see `")


def argument_help(kind: type) -> dict[str, str]:
    """Read what the docstrings of a dataclass, and of those it inherits from, say of its fields.

    A sentence about the default is left out, since options show theirs, and so is a hint at other
    docstrings; "see `Other`" takes over what `Other`, from which the class inherits, says.

    Args:
        kind: a dataclass.

    Returns:
        help: one line by name; fields that no docstring names are left out.
    """
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        for name, words in _arguments(each.__dict__.get("__doc__")).items():
            if not (_SEE.match(words) and name in found):
                found[name] = _REFERENCE.sub("", _DEFAULT.sub("", words)).strip()
    named = {field.name for field in fields(kind)}
    return {name: words[:1].upper() + words[1:] for name, words in found.items() if name in named}


def _arguments(docstring: str | None) -> dict[str, str]:
    """Read the section `Args:`: names, and their words on one line."""
    _, _, section = inspect.cleandoc(docstring or "").partition("\nArgs:\n")
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if line and not line.startswith("    "):
            break  # the next section
        entry = _ENTRY.match(line)
        if entry:
            name, words = entry.groups()
            found[name] = words
        elif name and line.strip():
            found[name] += " " + line.strip()
    return found
