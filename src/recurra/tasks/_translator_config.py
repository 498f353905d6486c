"""Sizes and choices of a translator, and of a dialogue."""

from dataclasses import dataclass

from recurra.base import UnknownName, check_range, check_size
from recurra.data import EncoderSettings, TextUnits
from recurra.layers import ATTENTIONS, Attention
from recurra.tasks._cells_by_name import MAX_LAYERS


@dataclass(frozen=True)
class TranslatorConfig(EncoderSettings):
    """Sizes and choices of a translator.

    Args:
        cell: name of a cell of the collection; any other stands for one of the user's.
            Default: "lstm".
        hidden_size: H of every layer, and of each direction of the encoder's. Default: 256.
        layers: how many layers of the encoder, and of the decoder. Default: 1.
        embedding_size: features of an embedded symbol. Default: 256.
        attention: "luong" looks at the source after each step, "bahdanau" before it, and "none" at
            the last state of the encoder alone. Default: "luong".
        dropout: probability of dropping a feature of an embedded symbol, between layers, and before
            the scores, 0..1. Default: 0.3.
        label_smoothing: probability that is spread over all symbols in training, 0..1.
            Default: 0.1.
        units: see `EncoderSettings`. Default: "subwords", of source and target together.
        vocabulary_size: see `EncoderSettings`. Default: 4,000.
    """

    units: TextUnits = "subwords"
    vocabulary_size: int = 4000
    cell: str = "lstm"
    hidden_size: int = 256
    layers: int = 1
    embedding_size: int = 256
    attention: Attention = "luong"
    dropout: float = 0.3
    label_smoothing: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size("layers", self.layers, most=MAX_LAYERS)
        for name in ("hidden_size", "embedding_size"):
            check_size(name, getattr(self, name), most=1_000_000)
        for name in ("dropout", "label_smoothing"):
            check_range(name, getattr(self, name), 0, 1)
        if self.attention not in ATTENTIONS:
            raise UnknownName.among("attention", self.attention, ATTENTIONS)


@dataclass(frozen=True)
class ChatConfig(TranslatorConfig):
    """Sizes and choices of a dialogue: those of a translator, but for what holds learning back.

    Answers that were learnt should come back to the letter.

    Args:
        dropout: see `TranslatorConfig`. Default: 0.1.
        label_smoothing: see `TranslatorConfig`. Default: 0.
    """

    dropout: float = 0.1
    label_smoothing: float = 0.0
