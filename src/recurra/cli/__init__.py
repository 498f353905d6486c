"""The command line. Thin: it parses, calls and prints."""

from recurra.cli._app import app, main

__all__ = ["app", "main"]
