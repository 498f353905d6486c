"""The C that is written by hand: read from the folder `_support`, with its includes put in."""

import re
from functools import cache
from importlib.resources import files

_INCLUDE = re.compile(r'^#include "(?P<name>[^"]+)"\n', re.MULTILINE)


def support(*names: str) -> str:
    """Return C files of the support, each with what it includes, nothing twice."""
    seen: set[str] = set()
    return "\n".join(_expanded(name, seen) for name in names)


def _expanded(name: str, seen: set[str]) -> str:
    if name in seen:
        return ""
    seen.add(name)
    return _INCLUDE.sub(lambda found: _expanded(found["name"], seen), _text(name))


@cache
def _text(name: str) -> str:
    return files("recurra.codegen").joinpath("_support", name).read_text(encoding="utf-8")
