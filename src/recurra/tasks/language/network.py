"""What a language model is made of: sizes and choices, input, recurrent layers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import ArgumentError, UnknownName, check_range, check_size
from recurra.cells import DropConnect
from recurra.data import Units
from recurra.layers import Concatenate, Layer, Recurrent, Residual, TiedEmbedding
from recurra.tasks.framework import MAX_LAYERS, CellMaker


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
        units: what one symbol of the text is; of no concern to words. Default: "characters".
        tied: one matrix embeds symbols and scores them, see `layers.TiedEmbedding`; where the
            features that are scored are not `embedding_size`, a linear map stands between.
            Default: False.
        variational: `dropout` drops the same features at all steps of a window, those of the
            embedded symbols too, see `layers.VariationalDropout`. Default: False.
        word_dropout: probability of dropping a symbol, wherever it stands in the window, 0..1, see
            `layers.SymbolDropout`. Default: 0.
        weight_dropout: probability of leaving out a recurrent weight for a window, 0..1, see
            `cells.DropConnect`. Default: 0.
    """

    cell: str = "lstm"
    hidden_size: int = 128
    layers: int = 2
    inputs: Literal["embedding", "one-hot"] = "embedding"
    embedding_size: int = 64
    connections: Literal["plain", "residual", "dense"] = "dense"
    dropout: float = 0.0
    units: Units = "characters"
    tied: bool = False
    variational: bool = False
    word_dropout: float = 0.0
    weight_dropout: float = 0.0

    def __post_init__(self) -> None:
        check_size("hidden_size", self.hidden_size, most=1_000_000)
        check_size("layers", self.layers, most=MAX_LAYERS)
        check_size("embedding_size", self.embedding_size, most=1_000_000)
        for name in ("dropout", "word_dropout", "weight_dropout"):
            check_range(name, getattr(self, name), 0, 1)
        for name, known in (
            ("inputs", ("embedding", "one-hot")),
            ("connections", ("plain", "residual", "dense")),
            ("units", ("characters", "jamo")),
        ):
            if getattr(self, name) not in known:
                raise UnknownName.among(name, getattr(self, name), known)
        if self.tied and self.inputs != "embedding":
            raise ArgumentError(
                "One-hot inputs have no matrix that scores could share.",
                got=f"inputs={self.inputs!r}, tied=True",
                expected="inputs='embedding' with tied=True",
            )


def with_later_choices(section: Mapping[str, Any]) -> dict[str, Any]:
    """Complete the configuration of a model that was saved when it had fewer choices."""
    later = {"tied": False, "variational": False, "word_dropout": 0.0, "weight_dropout": 0.0}
    return {**later, **section}


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
    if config.tied:
        return TiedEmbedding(V, config.embedding_size), config.embedding_size
    return nn.Embedding(V, config.embedding_size), config.embedding_size


def recurrent_layers(
    config: LanguageModelConfig, make: CellMaker, size: int
) -> tuple[list[Layer], int]:
    """Make the layers over inputs of `size` features and say how many features come out."""
    layers: list[Layer] = []
    for depth in range(config.layers):
        cell = make(size, config.hidden_size)
        features = getattr(cell, "output_size", config.hidden_size)  # a projection gives fewer
        if config.weight_dropout:
            cell = DropConnect(cell, config.weight_dropout, redraw=False)
        layer: Layer = Recurrent(cell)
        if config.connections == "dense":
            layer, size = Concatenate(layer), size + features
        else:
            layer = Residual(layer) if config.connections == "residual" and depth else layer
            size = features
        layers.append(layer)
    return layers, size


def scoring_layer(config: LanguageModelConfig, size: int, V: int) -> nn.Module:
    """Make what scores `size` features, or, if tied, what the embedding's matrix then scores."""
    if not config.tied:
        return nn.Linear(size, V)
    return (
        nn.Identity() if size == config.embedding_size else nn.Linear(size, config.embedding_size)
    )
