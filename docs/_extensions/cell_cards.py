"""The page of the collection: a section a cell, from the docstrings that `recurra cells` shows."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from html import escape
from typing import Any

from docutils import nodes
from equation_mathml import formula, sides
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from recurra import cells
from recurra.cells import COLLECTION, Card, CollectedCell

_SCRIPTED = r"[A-Za-z\d]\w*(?:_(?:\w+|\{[^}]*\})|\^(?:\w+|\{[^}]*\}|\([^)]*\)))+"
_INLINE = re.compile(rf"`(?P<code>[^`]+)`|(?P<math>\b(?:[A-Za-z\d] [-+*] )*{_SCRIPTED})")


class CellCards(SphinxDirective):
    """`{cell-cards}`: the families with links to their cells, then a section for each."""

    def run(self) -> list[nodes.Node]:
        """Make the sections."""
        self.env.note_reread()  # the docstrings change where the page does not
        families: dict[str, list[list[CollectedCell]]] = {}
        for same in _by_link():
            families.setdefault(same[0].family, []).append(same)
        links = nodes.bullet_list()
        for name, members in families.items():
            links += _links(name, [each for same in members for each in same])
        return [links, *(self._family(*each) for each in families.items())]

    def _family(self, name: str, members: list[list[CollectedCell]]) -> nodes.section:
        section = self._section(
            nodes.make_id(f"family-{name}"), nodes.Text(name[0].upper() + name[1:])
        )
        section.extend(self._cell(same) for same in members)
        return section

    def _cell(self, same: list[CollectedCell]) -> nodes.section:
        """Make the section of a class, which may be in the collection in several forms."""
        entry, card = same[0], same[0].card
        section = self._section(f"cell-{entry.name}", nodes.Text(entry.name))
        section["ids"] += [f"cell-{each.name}" for each in same[1:]]
        self._note_labels(same)
        section += _heading(same, card)
        section += _paragraph(card.use)
        section += nodes.raw("", _equations(card), format="html")
        section += _list(
            {
                "conventions": _inline(card.conventions),
                "size": _size(card.size),
                "source": _inline(card.source),
            }
        )
        return section

    def _note_labels(self, same: list[CollectedCell]) -> None:
        """Let other pages refer to `#cell-lstm`."""
        labels = self.env.domains.standard_domain
        for each in same:
            label = f"cell-{each.name}"
            labels.labels[label] = (self.env.docname, label, each.name)
            labels.anonlabels[label] = (self.env.docname, label)

    def _section(self, name: str, title: nodes.Node) -> nodes.section:
        section = nodes.section(ids=[name], names=[name])
        section += nodes.title("", "", title)
        self.state.document.note_implicit_target(section, section)
        return section


def _by_link() -> list[list[CollectedCell]]:
    """Put the forms of one class together."""
    found: dict[type, list[CollectedCell]] = {}
    for entry in COLLECTION.values():
        found.setdefault(entry.cell, []).append(entry)
    return list(found.values())


def _links(family: str, members: Iterable[CollectedCell]) -> nodes.list_item:
    paragraph = nodes.paragraph("", "", nodes.strong("", family), nodes.Text(": "))
    for place, entry in enumerate(members):
        paragraph += nodes.Text(", ") if place else nodes.Text("")
        name = nodes.Text(entry.name)
        paragraph += nodes.reference("", "", name, refid=f"cell-{entry.name}")
    return nodes.list_item("", paragraph)


def _heading(same: list[CollectedCell], card: Card) -> nodes.paragraph:
    """Say what it is, with a link to the class and to the forms that it has."""
    paragraph = nodes.paragraph("", "", nodes.strong("", card.summary), nodes.Text(" "))
    paragraph += _link(same[0].cell.__name__)
    for entry in same:
        options = entry.make.keywords if isinstance(entry.make, partial) else {}
        if options:
            text = ", ".join(f"{key}={value!r}" for key, value in options.items())
            paragraph += [nodes.Text(f"; {entry.name} is it with "), nodes.literal("", text)]
    return paragraph


def _link(name: str) -> addnodes.pending_xref:
    return addnodes.pending_xref(
        "",
        nodes.literal("", name),
        refdomain="py",
        reftype="obj",
        reftarget=f"recurra.cells.{name}",
        refwarn=True,
    )


def _equations(card: Card) -> str:
    """Lay the equations out in columns: left side, the rest, and the words beside it."""
    rows = []
    for equation in card.equations:
        left, right = sides(equation.text)
        words = "".join(_html(each) for each in _pieces(equation.comment))
        rows.append(f"<tr><td>{left}</td><td>{right}</td><td>{words}</td></tr>")
    return f'<div class="cell-equations"><table>{"".join(rows)}</table></div>'


def _size(size: str) -> list[nodes.Node]:
    """Typeset the formula; after a comma there are words."""
    numbers, comma, words = size.partition(",")
    return [_raw(formula(numbers)), nodes.Text(comma), *_inline(words)]


def _list(content: dict[str, list[nodes.Node]]) -> nodes.field_list:
    fields = nodes.field_list()
    for name, parts in content.items():
        body = nodes.field_body("", nodes.paragraph("", "", *parts))
        fields += nodes.field("", nodes.field_name("", name), body)
    return fields


def _paragraph(text: str) -> nodes.paragraph:
    return nodes.paragraph("", "", *_inline(text))


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Part a text into "text", "code" and "math"."""
    place = 0
    for found in _INLINE.finditer(text):
        yield "text", text[place : found.start()]
        yield found.lastgroup or "", found[found.lastgroup or ""]
        place = found.end()
    yield "text", text[place:]


def _inline(text: str) -> list[nodes.Node]:
    return [_node(*piece) for piece in _pieces(text) if piece[1]]


def _node(kind: str, text: str) -> nodes.Node:
    if kind == "math":
        return _raw(formula(text))
    if kind == "code":
        return _link(text) if text in cells.__all__ else nodes.literal("", text)
    return nodes.Text(text)


def _html(piece: tuple[str, str]) -> str:
    kind, text = piece
    return (
        formula(text)
        if kind == "math"
        else f"<code>{escape(text)}</code>"
        if kind == "code"
        else escape(text)
    )


def _raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive and its style."""
    app.add_directive("cell-cards", CellCards)
    app.add_css_file("cell_cards.css")
    return {"parallel_read_safe": True}
