"""Cells shaded by a share, and names set along columns."""

from recurra.report._markup import Markup, element, words

NAME = 60
"""Characters of a name at a row or a column."""


def shaded(share: float, text: str, told: str, *, same: bool = False) -> Markup:
    """Make a cell whose shade tells a share in 0..1.

    Args:
        share: 0 is the page, 1 the full colour.
        text: in the cell.
        told: when it is pointed at.
        same: whether it is on the diagonal.
    """
    classes = " ".join(name for name, given in (("deep", share > 0.55), ("same", same)) if given)
    style = f"--s: {share:.3f}" if share >= 0.0005 else None
    return element("td", text, class_=classes or None, style=style, title=told or None)


def row_name(name: str) -> Markup:
    """Name a row; what is too long is told in full when it is pointed at."""
    return element("th", words(name, most=NAME), class_="row", scope="row", title=_long(name))


def column_name(name: str, *, turned: bool) -> Markup:
    """Name a column, upwards where there is no room."""
    classes = "turned" if turned else None
    return element("th", words(name, most=NAME), class_=classes, scope="col", title=_long(name))


def _long(name: str) -> str | None:
    return name[:1000] if len(name) > 16 else None
