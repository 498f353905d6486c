"""What the cells of xLSTM share: heads, and forget gates that start open."""

import torch

from recurra.base import ShapeError, check_size


def check_heads(heads: int, hidden_size: int) -> int:
    """Return `heads` if it divides `hidden_size`; raise ShapeError otherwise."""
    check_size("heads", heads)
    check_size("hidden_size", hidden_size)
    if hidden_size % heads:
        raise ShapeError(
            "`heads` does not divide `hidden_size`.",
            got=f"heads={heads}, hidden_size={hidden_size}",
            expected="a number of heads that divides the features of the hidden state",
            fix=f"hidden_size={(hidden_size // heads + 1) * heads}, or fewer heads",
        )
    return heads


@torch.no_grad()
def start_open(biases: torch.Tensor) -> None:
    """Fill biases of forget gates from 3 to 6, evenly over the last dimension.

    Memories of 20 to 400 steps: 1 / (1 - sigmoid(b)).
    """
    biases.copy_(torch.linspace(3.0, 6.0, biases.shape[-1]))
