"""HTML from values: whatever is not markup already is escaped, so that no text can become any."""

import html
import re
from collections.abc import Iterable

_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What neither HTML nor XML can hold: control characters, and halves of surrogate pairs."""

_VOID = {"meta", "br", "circle", "line", "path", "rect"}
"""Elements of HTML without an end, and those of SVG without content."""

MAX_CHARACTERS = 1000
"""What is shown of one text; a page is to be read."""


class Markup(str):
    """Text that is markup already, made by `element` alone."""

    __slots__ = ()


def element(name: str, /, *children: object, **attributes: object) -> Markup:
    """Make an element of HTML or SVG; children that are not `Markup` are escaped.

    Args:
        name: of the element.
        children: markup, or anything else, which becomes text.
        attributes: by name; `class_` is `class`, other underscores are hyphens; None is left
            out.

    Example:
        >>> element("p", "a < b", element("br"), class_="note")
        '<p class="note">a &lt; b<br/></p>'
    """
    begin = f"<{name}" + "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(begin + "/>")
    return Markup(f"{begin}>{joined(children)}</{name}>")


def joined(pieces: Iterable[object]) -> Markup:
    """Put pieces behind each other, escaping those that are not markup."""
    return Markup("".join(escaped(piece) for piece in pieces))


def escaped(value: object) -> Markup:
    """Make a text harmless: its signs of markup by name, what cannot be shown as U+FFFD."""
    if isinstance(value, Markup):
        return value
    return Markup(html.escape(_IMPOSSIBLE.sub("\ufffd", str(value))))


def words(text: str, *, name: str = "span", most: int = MAX_CHARACTERS, **more: object) -> Markup:
    """Show a stranger's text in the direction of its script, cut where it is too long to be read.

    Args:
        text: of any language and length.
        name: of the element around it.
        most: characters that are shown.
        more: attributes.

    Example:
        >>> words("abcdef", most=3)
        '<span dir="auto">abc<span class="more"> \u2026 3 more</span></span>'
    """
    rest = len(text) - most
    cut = element("span", f" \u2026 {rest:,} more", class_="more") if rest > 0 else ""
    return element(name, text[:most], cut, dir="auto", **more)
