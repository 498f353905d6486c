"""The guide's table of file formats, made of the table that the package reads files by."""

from typing import Any

from docutils import nodes
from format_lines import table_lines
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class FormatTable(SphinxDirective):
    """`{format-table}`: the formats, those that are read alike in one row."""

    def run(self) -> list[nodes.Node]:
        """Make the table."""
        self.env.note_reread()  # the formats change where the page does not
        return self.parse_text_to_nodes("\n".join(table_lines()))


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("format-table", FormatTable)
    return {"parallel_read_safe": True}
