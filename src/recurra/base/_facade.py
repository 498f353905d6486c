"""Facades: where users find a name, and names that they had before."""

import warnings
from collections.abc import Callable, Mapping
from types import FunctionType


def set_module(facade: str, names: Mapping[str, object]) -> None:
    """Let the public classes and functions of a facade say that they live there.

    Tracebacks, `repr`, pickles and documentation then show `recurra.cells.LSTM`, which stays where
    it is when files move. What another package has defined keeps its home. Each facade calls this
    once, at its end.

    Python looks for the source of a class in the file of its module: `inspect.getsource` finds
    functions and the methods of a class as before, but not the class as a whole.

    Args:
        facade: its `__name__`.
        names: its `globals()`, with `__all__`.

    Example:
        >>> import recurra
        >>> recurra.LSTM
        <class 'recurra.cells.LSTM'>
    """
    exported = names["__all__"]
    assert isinstance(exported, list)
    for name in exported:
        value = names[name]
        if isinstance(value, type | FunctionType) and value.__module__.startswith(f"{facade}."):
            value.__module__ = facade


def renamed(
    facade: str, names: Mapping[str, object], new: Mapping[str, str]
) -> Callable[..., object]:
    """Return the `__getattr__` of a facade whose names were other ones before.

    Args:
        facade: its `__name__`.
        names: its `globals()`.
        new: the name now, by that before.

    Example:
        >>> import warnings, recurra
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore", DeprecationWarning)
        ...     getattr(recurra.tasks, "advised_training") is recurra.tasks.default_training
        True
    """

    def find(name: str) -> object:
        if name not in new:
            raise AttributeError(f"module {facade!r} has no attribute {name!r}")
        words = f"`{facade}.{name}` is `{facade}.{new[name]}` now."
        warnings.warn(words, DeprecationWarning, stacklevel=2)
        return names[new[name]]

    return find
