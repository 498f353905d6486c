# Docstrings of families of classes: what a class leaves out is said by its parents, or by a table.
import inspect

from recurra.base import complete_docstring

ARGS = {"size": "features.", "bias": "whether there is one."}
ERRORS = {"ShapeError": "a size is impossible."}


def complete(kind, example=""):
    complete_docstring(kind, args=ARGS, errors=ERRORS, example=example)
    return kind.__doc__


class Bare:
    """Do something.

    At length.
    """

    def __init__(self, bias, size):
        del bias, size


class Parent:
    """Do something else.

    Args:
        size: units,
            in two lines.
        rate: how fast.

    Raises:
        ShapeError: a size is odd.
        KeyError: always.
    """

    def __init__(self, size, rate):
        del size, rate


def test_all_that_is_left_out_is_added_in_the_order_of_the_parameters():
    assert complete(Bare, ">>> 1 + 1\n2\n") == (
        "Do something.\n\nAt length.\n\n"
        "Args:\n    bias: whether there is one.\n    size: features.\n\n"
        "Raises:\n    ShapeError: a size is impossible.\n\n"
        "Example:\n    >>> 1 + 1\n    2"
    )


def test_what_is_completed_stays_as_it_is_when_completed_again():
    assert complete(Bare, ">>> 1 + 1\n2\n") == complete(Bare, ">>> 2 + 1\n3\n")


def test_parents_describe_parameters_and_usual_errors_but_not_errors_of_their_own():
    class Child(Parent):
        """Do a third thing.

        Args:
            rate: how slowly.

        Example:
            >>> 3
            3
        """

    assert complete(Child, ">>> 4\n4") == (
        "Do a third thing.\n\n"
        "Args:\n    size: units,\n        in two lines.\n    rate: how slowly.\n\n"
        "Raises:\n    ShapeError: a size is odd.\n\n"
        "Example:\n    >>> 3\n    3"
    )


def test_a_class_without_a_docstring_stays_without_one():
    class Silent(Parent):
        pass

    assert complete(Silent) is None
    assert inspect.getdoc(Parent).startswith("Do something else.")
