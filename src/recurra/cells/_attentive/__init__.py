"""Attention to a memory, around any cell."""
