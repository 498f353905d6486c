"""The family of the GRU."""
