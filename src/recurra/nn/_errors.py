"""Errors that are ours in form and of the classes that `torch.nn` raises for the same mistake.

    ArgumentError (ValueError)
    ├── ArgumentTypeError (also TypeError)      an argument is of another type
    ├── ShapeError
    │   └── TensorShapeError (also RuntimeError)
    └── DtypeError
        └── TensorDtypeError (also RuntimeError)

Code that catches what `torch.nn` raises, ValueError here and RuntimeError there, catches these.
"""

from recurra.base import ArgumentError, DtypeError, ShapeError


class ArgumentTypeError(ArgumentError, TypeError):
    """An argument is of another type."""


class TensorShapeError(ShapeError, RuntimeError):
    """A tensor does not have the shape that the module needs."""


class TensorDtypeError(DtypeError, RuntimeError):
    """A tensor does not have the dtype of the module's weights."""
