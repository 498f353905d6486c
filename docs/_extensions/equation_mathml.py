"""Draw equations as MathML, which browsers typeset by themselves."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable

from equation_reader import EquationError, read_equation
from equation_tree import Fraction, Group, Name, Number, Root, Row, Script, Sign, Text, Tree
from equation_words import GREEK, RELATIONS, SYMBOLS

_RELATIONS = [Sign(each) for each in RELATIONS.values()]
_BIG = (Name("sum"), Name("prod"))
_THIN = "0.17em"


def formula(text: str) -> str:
    """Write a formula as one `<math>` element.

    Raises:
        EquationError: it cannot be read.
    """
    return _math(text, read_equation(text).parts)


def sides(text: str) -> tuple[str, str]:
    """Write an equation as two `<math>` elements: the left side, and the relation with the rest.

    Raises:
        EquationError: it cannot be read, or is no equation.
    """
    parts = read_equation(text).parts
    place = next((place for place, each in enumerate(parts) if each in _RELATIONS), 0)
    if not place:
        raise EquationError(f"no equation: {text!r}")
    return _math(text, parts[:place]), _math("", parts[place:])


def _math(alternative: str, parts: Iterable[Tree]) -> str:
    """Make the element; `alternative` is what a browser without MathML, or a reader aloud, gets."""
    math = ET.Element("math", {"displaystyle": "true"})
    if alternative:
        math.set("alttext", alternative)
    math.append(_row(parts, juxtaposed=False))
    return ET.tostring(math, encoding="unicode")


def _element(tag: str, *children: ET.Element, text: str | None = None, **more: str) -> ET.Element:
    made = ET.Element(tag, more)
    made.text = text
    made.extend(children)
    return made


def _draw(tree: Tree) -> ET.Element:
    match tree:
        case Name(text):
            return _name(text)
        case Number(text):
            return _element("mn", text=text)
        case Sign(text, spaced):
            return _sign(text, spaced)
        case Text(text):
            return _element("mtext", text=f"\u00a0{text}\u00a0")
        case Row(parts, juxtaposed):
            return _row(parts, juxtaposed)
        case Script():
            return _script(tree)
        case Group(opening, inner, closing):
            return _group(opening, inner, closing)
        case Fraction(over, under):
            return _element("mfrac", _draw(over), _draw(under))
        case Root(of):
            return _element("msqrt", _draw(of))


def _name(text: str) -> ET.Element:
    if Name(text) in _BIG:
        return _element("mo", text=SYMBOLS[text], movablelimits="false")
    return _element("mi", text=GREEK.get(text) or SYMBOLS.get(text) or text)


def _sign(text: str, spaced: bool) -> ET.Element:
    if not spaced:
        return _element("mo", text=text, lspace="0", rspace="0")
    if text in {",", ";"}:
        return _element("mo", text=text, lspace="0", rspace="0.4em")
    return _element("mo", text=text)


def _group(opening: str, inner: Tree, closing: str) -> ET.Element:
    brackets = [
        _element("mo", text=each, fence="true", form=form, lspace="0", rspace="0")
        for each, form in ((opening, "prefix"), (closing, "postfix"))
    ]
    return _element("mrow", brackets[0], _draw(inner), brackets[1])


def _script(tree: Script) -> ET.Element:
    base = _draw(tree.base)
    if tree.accent:
        over = _element("mo", text=tree.accent, stretchy="false")
        base = _element("mover", base, over, accent="true")
    scripts = [None if each is None else _draw(each) for each in (tree.below, tree.above)]
    match scripts:
        case [None, None]:
            return base
        case [below, None]:
            return _element("munder" if tree.base in _BIG else "msub", base, below)
        case [None, above]:
            return _element("msup", base, above)
        case [below, above]:
            return _element("msubsup", base, below, above)
    raise AssertionError(scripts)


def _row(parts: Iterable[Tree], juxtaposed: bool) -> ET.Element:
    row = ET.Element("mrow")
    before: Tree | None = None
    for part in parts:
        if juxtaposed and before is not None and not _is_call(before, part):
            row.append(_element("mspace", width=_THIN))
        row.append(_draw(part))
        before = part
    return row


def _is_call(before: Tree, part: Tree) -> bool:
    """Tell whether `part` is the argument of the function `before`: sigmoid(...)."""
    name = before.base if isinstance(before, Script) else before
    return isinstance(part, Group) and isinstance(name, Name) and len(name.text) > 1
