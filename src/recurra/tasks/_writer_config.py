"""Sizes and choices of a writer, and how it writes."""

from dataclasses import dataclass

from recurra.base import check_range, check_seed, check_size
from recurra.data import EncoderSettings, TextUnits
from recurra.decode import check_choice
from recurra.tasks._cells_by_name import MAX_LAYERS


@dataclass(frozen=True)
class WriterConfig(EncoderSettings):
    """Sizes and choices of a writer.

    Args:
        cell: name of a cell of the collection; any other stands for one of the user's.
            Default: "lstm".
        hidden_size: H of every layer. Default: 256.
        layers: how many layers; each sees the input and all layers below. Default: 1.
        embedding_size: features of an embedded symbol. Default: 128.
        label_size: features of an embedded label, which is read at every step. Default: 32.
        dropout: probability of dropping a feature between layers and before the scores, 0..1.
            Default: 0.2.
        label_dropout: part of the texts in training that are read without their label, 0..1; what
            a label adds is then known, and can be pressed for (see `WritingOptions`). Default: 0.1.
        units: see `EncoderSettings`. Default: "subwords".
    """

    units: TextUnits = "subwords"
    cell: str = "lstm"
    hidden_size: int = 256
    layers: int = 1
    embedding_size: int = 128
    label_size: int = 32
    dropout: float = 0.2
    label_dropout: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size("layers", self.layers, most=MAX_LAYERS)
        for name in ("hidden_size", "embedding_size", "label_size"):
            check_size(name, getattr(self, name), most=1_000_000)
        for name in ("dropout", "label_dropout"):
            check_range(name, getattr(self, name), 0, 1)


@dataclass(frozen=True)
class WritingOptions:
    """How to write.

    Args:
        temperature: below 1 safer, above 1 wilder; 0 always the likeliest symbol. Default: 0.7.
        top_k: choose among the k likeliest only. Default: among all.
        guidance: how hard to press for the label: scores are those with it, plus so many times
            what it adds to those without. 0 does not press. Default: 1.
        longest: symbols of a text at most. Default: 200.
        seed: the same seed writes the same texts. Default: 0.
    """

    temperature: float = 0.7
    top_k: int | None = None
    guidance: float = 1.0
    longest: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice(self.temperature, self.top_k)
        check_range("guidance", self.guidance, 0, 100)
        check_size("longest", self.longest)
        check_seed(self.seed)
