"""The command line. Thin: it parses, calls and prints."""

from recurra.base import set_module as _set_module
from recurra.cli._app import app, main

__all__ = ["app", "main"]

_set_module(__name__, globals())
