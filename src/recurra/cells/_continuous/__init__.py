"""Cells of neuroscience and of continuous time."""
