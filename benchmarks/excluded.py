"""Cells of the collection that a measurement cannot take as they are, and why; tables say so."""

EXCLUDED: dict[str, str] = {}
"""From the name of a cell to the reason, as "takes images"."""
