"""Cells over a line or a plane."""
