"""Cells around any cell."""
