"""Character language models: predict the next symbol from all before it."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, ClassVar

import torch

from recurra.base import ArgumentError, settings_from
from recurra.data import Vocabulary, place_of, to_units
from recurra.tasks.framework import CellMaker
from recurra.tasks.language.corpus import Corpus, CorpusSettings, make_corpus
from recurra.tasks.language.corpus_task import CorpusTask
from recurra.tasks.language.network import LanguageModelConfig, with_later_choices


class LanguageModel(CorpusTask):
    """Predict every symbol of a text from the symbols before it.

        e_t = embed(x_t)
        h_t, s_t = stack(e_t, s_{t-1})                        see `connections` for what is stacked
        p(x_{t+1} | x_1 ... x_t) = softmax(W_hy h_t + b_y)
        loss = -mean_t log p(x_{t+1} | x_1 ... x_t)              nats per symbol

    Args:
        vocabulary: the symbols.
        config: sizes and choices. Default: `LanguageModelConfig()`.
        cell: makes a cell from `(input_size, hidden_size)`; needed where `config.cell` is not a
            name of the table. Default: the cell of that name.

    Raises:
        UnknownName: `config.cell` is not in the table and `cell` is not given.

    Example:
        >>> import torch, recurra
        >>> model = recurra.tasks.LanguageModel(recurra.data.Vocabulary.of("hello"))
        >>> numbers = torch.tensor([[1], [0], [2], [2]])  # [T, B]: h e l l
        >>> scores, state = model(numbers)
        >>> scores.shape
        torch.Size([4, 1, 4])
    """

    kind: ClassVar[str] = "language_model"
    monitor: ClassVar[str] = "bits_per_character"
    unit: ClassVar[str] = "characters"
    vocabulary: Vocabulary

    def __init__(
        self,
        vocabulary: Vocabulary,
        config: LanguageModelConfig | None = None,
        *,
        cell: CellMaker | None = None,
    ) -> None:
        super().__init__(
            len(vocabulary),
            config or LanguageModelConfig(),
            has_unknown=vocabulary.has_unknown,
            cell=cell,
        )
        self.vocabulary = vocabulary

    @classmethod
    def make_corpus(
        cls,
        content: str,
        cutting: CorpusSettings,
        settings: LanguageModelConfig,
        validation: str | None = None,
        test: str | None = None,
    ) -> Corpus:
        """Cut texts up symbol by symbol."""
        return make_corpus(content, cutting, settings.units, validation=validation, test=test)

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], *, cell: CellMaker | None = None
    ) -> "LanguageModel":
        """Build the model that `config` describes, with new weights."""
        symbols = config["vocabulary"]
        if not isinstance(symbols, list) or not all(isinstance(each, str) for each in symbols):
            raise ArgumentError(
                "`vocabulary` is not a list of symbols.", got=repr(symbols)[:60], expected="strings"
            )
        settings = settings_from(LanguageModelConfig, with_later_choices(config["model"]))
        return cls(Vocabulary(symbols), settings, cell=cell)

    def config(self) -> dict[str, Any]:
        """Describe the model as JSON."""
        return {"vocabulary": list(self.vocabulary.symbols), "model": asdict(self.settings)}

    def metrics(self, totals: Mapping[str, float]) -> dict[str, float]:
        """Give bits per character, and perplexity per character, 2 to that power."""
        bits = totals["nats"] / totals["characters"] / math.log(2)
        return {"bits_per_character": bits, "perplexity": 2.0 ** min(bits, 1000.0)}

    def default_prompt(self) -> str:
        """Give a prompt that any text could go on from: a new line, where the model knows it."""
        if "\n" in self.vocabulary.symbols:
            return "\n"
        return self.vocabulary.symbols[1 if self.vocabulary.has_unknown else 0]

    def encode(
        self, text: str, *, name: str = "text", where: Callable[[int, int], str] = place_of
    ) -> torch.Tensor:
        """Turn a text into the symbols that this model reads, `[N]` int32."""
        symbols = to_units(text, self.settings.units)
        return self.vocabulary.encode(symbols, name=name, where=where)

    def pieces(self, symbols: Iterable[int], text: str) -> Iterator[str]:
        """Give the character of each symbol."""
        del text  # which a character follows without more ado
        return (self.vocabulary.decode([symbol]) for symbol in symbols)
