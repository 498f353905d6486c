"""Word language models: predict the next word from all before it."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, ClassVar, cast

import torch

from recurra.base import ArgumentError, settings_from
from recurra.data import END, NO_TARGET, TokenVocabulary, place_of
from recurra.layers import TiedEmbedding, softmax_loss
from recurra.tasks.framework import CellMaker
from recurra.tasks.language.corpus import (
    Corpus,
    CorpusSettings,
    make_word_corpus,
    split_text_into_words,
)
from recurra.tasks.language.corpus_task import CorpusTask
from recurra.tasks.language.network import LanguageModelConfig, with_later_choices


class WordLanguageModel(CorpusTask):
    r"""Predict every word of a text, and the end of every line, from the words before it.

        e_t = embed(x_t)
        h_t, s_t = stack(e_t, s_{t-1})                        see `connections` for what is stacked
        p(x_{t+1} | x_1 ... x_t) = softmax(W_hy h_t + b_y)       W_hy that of `embed`, if `tied`
        loss = -mean_t log p(x_{t+1} | x_1 ... x_t)              nats per word
        perplexity = exp(loss)

    Words are what stands between blanks; `split_text_into_words` says how. A word that is not in
    the vocabulary is read as "<unk>" and none is written.

    Args:
        vocabulary: the words, "<unk>" first.
        config: sizes and choices; `units` is of no concern. Default: `LanguageModelConfig()`.
        cell: makes a cell from `(input_size, hidden_size)`; needed where `config.cell` is not a
            name of the table. Default: the cell of that name.

    Raises:
        ArgumentError: the vocabulary has no "<unk>".
        UnknownName: `config.cell` is not in the table and `cell` is not given.

    Example:
        >>> import torch, recurra
        >>> words = recurra.tasks.language.split_text_into_words("to be or not to be\n")
        >>> vocabulary = recurra.data.TokenVocabulary.of(words)
        >>> model = recurra.tasks.WordLanguageModel(vocabulary)
        >>> scores, state = model(model.encode("not to be").long().unsqueeze(1))  # [T, 1]
        >>> scores.shape
        torch.Size([3, 1, 6])
    """

    kind: ClassVar[str] = "word_language_model"
    monitor: ClassVar[str] = "perplexity"
    always_has_unknown: ClassVar[bool] = True
    unit: ClassVar[str] = "words"
    vocabulary: TokenVocabulary

    def __init__(
        self,
        vocabulary: TokenVocabulary,
        config: LanguageModelConfig | None = None,
        *,
        cell: CellMaker | None = None,
    ) -> None:
        if not vocabulary.has_unknown:
            raise ArgumentError(
                "The vocabulary of a word language model has no `<unk>`.",
                got=repr(vocabulary),
                expected="<unk> as the first token",
                fix="TokenVocabulary.of(words)",
            )
        super().__init__(
            len(vocabulary), config or LanguageModelConfig(), has_unknown=True, cell=cell
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
        """Cut texts up word by word."""
        del settings  # a word is a word
        return make_word_corpus(content, cutting, validation=validation, test=test)

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], *, cell: CellMaker | None = None
    ) -> "WordLanguageModel":
        """Build the model that `config` describes, with new weights."""
        words = config["vocabulary"]
        if not isinstance(words, list):
            raise ArgumentError(
                "`vocabulary` is not a list of words.", got=repr(words)[:60], expected="strings"
            )
        settings = settings_from(LanguageModelConfig, with_later_choices(config["model"]))
        return cls(TokenVocabulary(words), settings, cell=cell)

    def config(self) -> dict[str, Any]:
        """Describe the model as JSON."""
        return {"vocabulary": list(self.vocabulary.tokens), "model": asdict(self.settings)}

    def nats(self, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Sum the cross-entropy of hidden `[N, H]` with targets `[N]`, some rows at a time."""
        scoring = self.head
        if isinstance(self.embed, TiedEmbedding):
            hidden, scoring = self.head(hidden), self.embed
        weight = cast(torch.Tensor, scoring.weight)
        bias = cast(torch.Tensor | None, scoring.bias)
        return softmax_loss(hidden, weight, bias, targets, ignore_index=NO_TARGET)

    def metrics(self, totals: Mapping[str, float]) -> dict[str, float]:
        """Give nats per word, and perplexity per word, e to that power."""
        nats = totals["nats"] / totals["words"]
        return {"nats": nats, "perplexity": math.exp(min(nats, 700.0))}

    def default_prompt(self) -> str:
        """Give a prompt that any text could go on from: a new line, where the model knows it."""
        return "\n" if END in self.vocabulary else self.vocabulary.tokens[1]

    def encode(
        self, text: str, *, name: str = "text", where: Callable[[int, int], str] = place_of
    ) -> torch.Tensor:
        """Turn a text into the numbers of its words, `[N]` int32."""
        del name, where  # there is an `<unk>`, so nothing to complain of
        return torch.tensor(self.vocabulary.encode(split_text_into_words(text)), dtype=torch.int32)

    def pieces(self, symbols: Iterable[int], text: str) -> Iterator[str]:
        """Give words with blanks between them; the end of a line is a new line."""
        begins = text[-1:] in ("", " ", "\n")
        for symbol in symbols:
            word = self.vocabulary.tokens[symbol]
            yield "\n" if word == END else word if begins else " " + word
            begins = word == END
