"""The guide's table of file formats, made of the table that the package reads files by."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from recurra.data import FORMATS


class FormatTable(SphinxDirective):
    """`{format-table}`: the formats, those that are read alike in one row."""

    def run(self) -> list[nodes.Node]:
        """Make the table."""
        self.env.note_reread()  # the formats change where the page does not
        return self.parse_text_to_nodes("\n".join(table_lines()))


def table_lines() -> Iterator[str]:
    """Write the table in Markdown, line by line."""
    yield "| format | extensions | reads | options |"
    yield "|---|---|---|---|"
    for _, group in groupby(FORMATS.items(), key=lambda item: item[1].read):
        same = dict(group)
        first = next(iter(same.values()))
        extensions = [each for format in same.values() for each in format.extensions]
        options = _code(first.options)
        yield f"| {_code(same)} | {_code(extensions)} | {first.description} | {options} |"


def _code(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("format-table", FormatTable)
    return {"parallel_read_safe": True}
