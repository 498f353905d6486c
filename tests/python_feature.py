"""A feature of Python that the step of a cell may use, as pieces of source."""

from typing import NamedTuple


class Feature(NamedTuple):
    """One way to read or write something in a step, and the ways in which users change it.

    In every piece `$` is a number that tells the feature from others of the same program. A step
    is written over `x` `[B, 2]`, `h` `[B, 3]`, and `a` `[B, 3]`, which it may bind again.

    Args:
        name: what it is about.
        top: source of the module, before the class.
        body: source of the class.
        init: lines of `__init__`.
        step: lines of `forward`.
        changes: statements that a user runs between two calls, in the module's names; the cell
            is `cell`.
        watched: expressions whose values a call must leave as the plain loop does.
        base: a class to inherit from.
        end: puts back what lies outside of the module.
        threads: whether two threads may run the step at once and still be the plain loop.
    """

    name: str
    top: str = ""
    body: str = ""
    init: str = ""
    step: str = ""
    changes: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    base: str = ""
    end: str = ""
    threads: bool = True

    def numbered(self, number: int) -> "Feature":
        """Return the feature with its number in all names."""
        pieces = [
            tuple(piece.replace("$", str(number)) for piece in field)
            if isinstance(field, tuple)
            else field.replace("$", str(number))
            if isinstance(field, str)
            else field
            for field in self
        ]
        return Feature(*pieces)
