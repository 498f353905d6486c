"""Docstrings of families of classes: what all members share is written once, and completed."""

import inspect
import re
import textwrap
from collections.abc import Mapping, Sequence

_SECTION = re.compile(r"\n\n(?=(?:Args|Raises|Example):\n)")
_ENTRY = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def complete_docstring(
    kind: type,
    *,
    args: Mapping[str, str],
    errors: Mapping[str, str],
    example: str = "",
) -> None:
    """Complete the sections `Args:`, `Raises:` and `Example:` of the docstring of a class.

    The class writes down what is its own. Of the parameters of its constructor, in their order, the
    others are described as by its nearest parent that does, or else as in the table. A class
    without a docstring stays without one.

    Args:
        kind: the class; its docstring is replaced.
        args: what parameters mean that many classes have.
        errors: when errors are raised that many classes raise.
        example: lines of an example. Default: none.

    Example:
        >>> from recurra.base import complete_docstring
        >>> class Leaky:
        ...     '''Forget at a fixed rate.'''
        ...     def __init__(self, size: int) -> None: ...
        >>> complete_docstring(Leaky, args={"size": "features."}, errors={})
        >>> print(Leaky.__doc__)
        Forget at a fixed rate.
        <BLANKLINE>
        Args:
            size: features.
    """
    if not vars(kind).get("__doc__"):
        return
    head, own = _sections(kind)
    described = dict(args) | _entries_of(kind.__mro__, "Args")
    inherited = _entries_of(kind.__mro__, "Raises")
    raised = {name: inherited.get(name, text) for name, text in errors.items()}
    told = [name for name in inspect.signature(kind).parameters if name in described]
    sections = {
        "Args": _listed({name: described[name] for name in told}),
        "Raises": _listed(raised | _entries_of([kind], "Raises")),
        "Example": own.get("Example") or textwrap.indent(example.rstrip(), "    "),
    }
    kind.__doc__ = "\n\n".join(
        [head, *(f"{title}:\n{body}" for title, body in sections.items() if body)]
    )


def _sections(kind: type) -> tuple[str, dict[str, str]]:
    """Part the docstring of a class into what precedes its sections, and these by their titles."""
    head, *rest = _SECTION.split(inspect.cleandoc(vars(kind).get("__doc__") or ""))
    parts = (section.partition(":\n") for section in rest)
    return head, {title: body for title, _, body in parts}


def _entries_of(kinds: Sequence[type], title: str) -> dict[str, str]:
    """Collect the entries of a section from classes and their parents; the nearest has its way."""
    bodies = (_sections(kind)[1].get(title, "") for kind in reversed(kinds))
    return {name: text for body in bodies for name, text in _ENTRY.findall(body)}


def _listed(entries: Mapping[str, str]) -> str:
    return "\n".join(f"    {name}: {text}" for name, text in entries.items())
