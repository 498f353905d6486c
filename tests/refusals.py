"""Demand that a mistake is refused in full: class, sentence, and every detail of the message."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from recurra import RecurraError


@contextmanager
def refused(kind: type[RecurraError], problem: str, **details: str) -> Iterator[None]:
    """Expect an error of just this class, whose sentence has `problem` and whose details are these.

    Args:
        kind: the class, not one above it.
        problem: part of the sentence.
        details: got, expected, where and fix; those left out must not be there.
    """
    with pytest.raises(kind) as caught:
        yield
    error = caught.value
    assert type(error) is kind
    assert problem in error.problem
    assert error.details == details
    lines = [f"  {name + ':':<10} {detail}" for name, detail in error.details.items()]
    assert str(error) == "\n".join([error.problem, *lines])
