"""What a language model is made of: sizes and choices, input, recurrent layers."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import UnknownName, check_range, check_size
from recurra.data import Units
from recurra.layers import Concatenate, Layer, Recurrent, Residual
from recurra.tasks._cells_by_name import CellMaker


@dataclass(frozen=True)
class LanguageModelConfig:
    """Sizes and choices of a language model.

    Args:
        cell: name of a cell of the collection, such as "lstm"; any other name stands for a cell of
            the user's, which `LanguageModel` is then given.
        hidden_size: H of every layer. Default: 128.
        layers: how many layers. Default: 2.
        inputs: "embedding": a learnt vector per symbol; "one-hot": a 1 at the symbol's place.
            Default: "embedding".
        embedding_size: features of an embedded symbol. Default: 64.
        connections: "plain": each layer sees the one below; "residual": and adds its input to its
            output, from the second layer on; "dense": each layer, and the scores, see the input
            and all layers below, which learns fastest. Default: "dense".
        dropout: probability of dropping a feature between layers and before the scores, 0..1.
            Default: 0.
        units: what one symbol of the text is. Default: "characters".
    """

    cell: str = "lstm"
    hidden_size: int = 128
    layers: int = 2
    inputs: Literal["embedding", "one-hot"] = "embedding"
    embedding_size: int = 64
    connections: Literal["plain", "residual", "dense"] = "dense"
    dropout: float = 0.0
    units: Units = "characters"

    def __post_init__(self) -> None:
        check_size("hidden_size", self.hidden_size, most=1_000_000)
        check_size("layers", self.layers, most=1000)
        check_size("embedding_size", self.embedding_size, most=1_000_000)
        check_range("dropout", self.dropout, 0, 1)
        for name, known in (
            ("inputs", ("embedding", "one-hot")),
            ("connections", ("plain", "residual", "dense")),
            ("units", ("characters", "jamo")),
        ):
            if getattr(self, name) not in known:
                raise UnknownName.among(name, getattr(self, name), known)


class OneHot(nn.Module):
    """Give each symbol a vector with a 1 at its own place: `[...]` int64 to `[..., V]` float."""

    one: torch.Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("one", torch.ones(()), persistent=False)  # knows dtype and device

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        """Write the ones."""
        return F.one_hot(numbers, self.size).to(self.one)


def input_layer(config: LanguageModelConfig, V: int) -> tuple[nn.Module, int]:
    """Make the input layer and say how many features it gives."""
    if config.inputs == "one-hot":
        return OneHot(V), V
    return nn.Embedding(V, config.embedding_size), config.embedding_size


def recurrent_layers(
    config: LanguageModelConfig, make: CellMaker, size: int
) -> tuple[list[Layer], int]:
    """Make the layers over inputs of `size` features and say how many features come out."""
    layers: list[Layer] = []
    for depth in range(config.layers):
        cell = make(size, config.hidden_size)
        features = getattr(cell, "output_size", config.hidden_size)  # a projection gives fewer
        layer: Layer = Recurrent(cell)
        if config.connections == "dense":
            layer, size = Concatenate(layer), size + features
        else:
            layer = Residual(layer) if config.connections == "residual" and depth else layer
            size = features
        layers.append(layer)
    return layers, size
