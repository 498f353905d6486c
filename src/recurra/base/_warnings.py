"""Warnings that are said once per process, however often their cause comes up."""

import warnings

_said: set[str] = set()


class RecurraWarning(UserWarning):
    """Recurra goes on, but in a way that the user may want to change."""


def warn_once(key: str, message: str) -> None:
    """Warn, unless a warning of the same key was already given in this process.

    Where warnings are turned into errors, each call raises: an error that was caught once must not
    make the second call succeed.

    Args:
        key: names the cause, such as "cache".
        message: what is done instead, why, and how to change it.
    """
    if key in _said:
        return
    warnings.warn(message, RecurraWarning, stacklevel=2)
    _said.add(key)
