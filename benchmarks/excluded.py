"""Cells of the collection that a measurement cannot take as they are, and why; tables say so."""

EXCLUDED: dict[str, str] = {
    "convlstm": "takes a line or a picture a step",
    "convlstm-peephole": "takes a line or a picture a step",
    "convgru": "takes a line or a picture a step",
}
"""From the name of a cell to the reason, as "takes images"."""
