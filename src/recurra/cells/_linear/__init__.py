"""Cells that are linear in their state."""
