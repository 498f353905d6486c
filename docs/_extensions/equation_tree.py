"""What an equation consists of, as a tree."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """A variable or function; several letters are one upright word."""

    text: str


@dataclass(frozen=True)
class Number:
    """A number."""

    text: str


@dataclass(frozen=True)
class Sign:
    """An operator, relation or separator, as it is drawn; `spaced` where it parts operands."""

    text: str
    spaced: bool = True


@dataclass(frozen=True)
class Text:
    """Words between formulas, as `if`."""

    text: str


@dataclass(frozen=True)
class Row:
    """Parts side by side; `juxtaposed` if nothing but a thin space stands between them."""

    parts: "tuple[Tree, ...]"
    juxtaposed: bool = False


@dataclass(frozen=True)
class Script:
    """A base with what is below, above and over it, each perhaps None."""

    base: "Tree"
    below: "Tree | None" = None
    above: "Tree | None" = None
    accent: str | None = None


@dataclass(frozen=True)
class Group:
    """What brackets hold."""

    opening: str
    inner: "Tree"
    closing: str


@dataclass(frozen=True)
class Fraction:
    """One over the other."""

    over: "Tree"
    under: "Tree"


@dataclass(frozen=True)
class Root:
    """A square root."""

    of: "Tree"


Tree = Name | Number | Sign | Text | Row | Script | Group | Fraction | Root
