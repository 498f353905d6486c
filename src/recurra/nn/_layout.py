"""Which parameters a module has, by the names, shapes and order of `torch.nn`."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Layout:
    """Name the layers, directions and weights of a module.

    Args:
        input_size: I.
        hidden_size: H.
        gates: G, blocks of H rows.
        num_layers: layers on top of each other.
        bias: whether there are biases.
        bidirectional: whether each layer goes in both directions.
        proj_size: P, or 0 for no projection.
    """

    input_size: int
    hidden_size: int
    gates: int
    num_layers: int
    bias: bool
    bidirectional: bool
    proj_size: int

    @property
    def directions(self) -> int:
        """1 or 2."""
        return 2 if self.bidirectional else 1

    @property
    def output_size(self) -> int:
        """Features of one direction's output."""
        return self.proj_size or self.hidden_size

    @property
    def suffixes(self) -> list[str]:
        """What follows the names of weights: layers and directions in the order of states."""
        ends = ("", "_reverse") if self.bidirectional else ("",)
        return [f"_l{depth}{end}" for depth in range(self.num_layers) for end in ends]

    @property
    def names(self) -> list[str]:
        """The weights of one layer and direction, in the order in which they are drawn."""
        names = ["weight_ih", "weight_hh"]
        if self.bias:
            names += ["bias_ih", "bias_hh"]
        if self.proj_size > 0:
            names += ["weight_hr"]
        return names

    def shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Iterate over all parameters, name and shape, in the order in which they are drawn."""
        rows = self.gates * self.hidden_size
        for place, suffix in enumerate(self.suffixes):
            is_lowest = place < self.directions
            below = self.input_size if is_lowest else self.output_size * self.directions
            shapes: dict[str, tuple[int, ...]] = {
                "weight_ih": (rows, below),
                "weight_hh": (rows, self.output_size),
                "bias_ih": (rows,),
                "bias_hh": (rows,),
                "weight_hr": (self.proj_size, self.hidden_size),
            }
            for name in self.names:
                yield name + suffix, shapes[name]


def draw_weights(module: nn.Module, hidden_size: int) -> None:
    """Draw all parameters from U(-1/sqrt(H), 1/sqrt(H)), in the order in which they were made."""
    bound = 1 / math.sqrt(hidden_size)
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -bound, bound)
