"""Where users find a name: the facade that lists it, not the file behind that defines it."""

from collections.abc import Mapping
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
