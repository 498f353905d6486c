"""What the docstrings of all cells say: their usual arguments and errors, and an example."""

from torch import nn

from recurra.base import complete_docstring

_ARGS = {
    "input_size": "I, features of x_t.",
    "hidden_size": "H, features of h_t.",
    "bias": "whether the affine maps have biases. Default: True.",
    "device": "where the parameters live. Default: PyTorch's.",
    "dtype": "floating point type of the parameters. Default: PyTorch's.",
}
"""What the arguments of all cells mean; a cell describes those that are its own."""

_ERRORS = {"ShapeError": "a size is not a positive integer."}

_EXAMPLE = """\
>>> import torch, recurra
>>> cell = recurra.cells.{name}(input_size=3, hidden_size=5)
>>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
>>> y.shape
torch.Size([7, 2, 5])
"""


def document(cell: type[nn.Module]) -> None:
    """Complete the docstring of a cell of this package by what all of them share.

    A class that cannot run a step yet is a parent of cells, not a cell; classes of users, which may
    inherit from cells, keep the docstrings that they have.
    """
    if cell.__module__.startswith("recurra.") and cell.forward is not nn.Module.forward:
        example = _EXAMPLE.format(name=cell.__name__)
        complete_docstring(cell, args=_ARGS, errors=_ERRORS, example=example)
