"""Character language models: predict the next symbol from all before it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import (
    ArgumentError,
    Batch,
    Outcome,
    State,
    check_seed,
    check_size,
    settings_from,
)
from recurra.cells import DropConnect
from recurra.data import NO_TARGET, Vocabulary, from_units, to_units
from recurra.decode import check_choice, choose, generate
from recurra.layers import Stack, SymbolDropout, TiedEmbedding, VariationalDropout
from recurra.tasks._cells_by_name import CellMaker, cell_maker
from recurra.tasks._language_model_parts import (
    LanguageModelConfig,
    input_layer,
    recurrent_layers,
    scoring_layer,
    with_later_choices,
)
from recurra.tasks._loadable import Loadable


class LanguageModel(Loadable):
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
    """What the symbols are called, in totals and to people."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        config: LanguageModelConfig | None = None,
        *,
        cell: CellMaker | None = None,
    ) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.settings = config or LanguageModelConfig()
        make = cell or cell_maker(self.settings.cell)
        dropout, variational = self.settings.dropout, self.settings.variational
        self.embed, size = input_layer(self.settings, len(vocabulary))
        layers, size = recurrent_layers(self.settings, make, size)
        self.stack = Stack(layers, dropout=dropout, variational=variational)
        self.dropout = VariationalDropout(dropout) if variational else nn.Dropout(dropout)
        self.word_dropout = SymbolDropout(len(vocabulary), self.settings.word_dropout)
        self.head = scoring_layer(self.settings, size, len(vocabulary))

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

    def forward(
        self,
        numbers: torch.Tensor,
        state: State | None = None,
        *,
        lengths: torch.Tensor | None = None,
        resets: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, State]:
        """Score every possible next symbol after each symbol.

        Args:
            numbers: symbols, `[T, B]` int64.
            state: state before the first symbol. Default: the initial one.
            lengths: valid symbols per row, `[B]`. Default: all T.
            resets: `[T, B]` bool: a new text begins at that symbol.

        Returns:
            scores: unnormalised log-probabilities, `[T, B, V]`.
            state: the state after the last symbol.
        """
        hidden, state = self._hidden(numbers, state, lengths=lengths, resets=resets)
        return self.scores(hidden), state

    def scores(self, hidden: torch.Tensor) -> torch.Tensor:
        """Score every symbol by what the layers found: hidden `[..., H]` to `[..., V]`."""
        scores: torch.Tensor = self.head(hidden)
        return self.embed.scores(scores) if isinstance(self.embed, TiedEmbedding) else scores

    def _hidden(
        self, numbers: torch.Tensor, state: State | None, **marks: torch.Tensor | None
    ) -> tuple[torch.Tensor, State]:
        """Run the layers, in training with what is dropped drawn anew: `[T, B, H]`."""
        x = self.word_dropout(self.embed(numbers), numbers)  # [T, B, E]
        if self.settings.variational:
            x = self.dropout(x)
        if self.training:
            self._draw_weights()
        hidden, state = self.stack(x, state, **marks)
        return self.dropout(hidden), state

    def _draw_weights(self) -> None:
        for module in self.stack.modules():
            if isinstance(module, DropConnect):
                module.draw()

    def outcome(self, batch: Batch, state: State | None) -> Outcome:
        """Sum the nats of all targets; the loss is their mean."""
        hidden, state = self._hidden(
            batch.inputs, state, lengths=batch.lengths, resets=batch.resets
        )
        nats = self.nats(hidden.flatten(0, 1), batch.targets.flatten())
        symbols = int((batch.targets != NO_TARGET).sum())
        return Outcome(nats / symbols, {"nats": float(nats.detach()), self.unit: symbols}, state)

    def nats(self, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Sum the cross-entropy of hidden `[N, H]` with targets `[N]`."""
        return F.cross_entropy(
            self.scores(hidden), targets, ignore_index=NO_TARGET, reduction="sum"
        )

    def metrics(self, totals: Mapping[str, float]) -> dict[str, float]:
        """Give bits per character, and perplexity per character, 2 to that power."""
        bits = totals["nats"] / totals["characters"] / math.log(2)
        return {"bits_per_character": bits, "perplexity": 2.0 ** min(bits, 1000.0)}

    def default_prompt(self) -> str:
        """Give a prompt that any text could go on from: a new line, where the model knows it."""
        if "\n" in self.vocabulary.symbols:
            return "\n"
        return self.vocabulary.symbols[1 if self.vocabulary.has_unknown else 0]

    def encode(self, text: str, *, name: str = "text") -> torch.Tensor:
        """Turn a text into the symbols that this model reads, `[N]` int32."""
        return self.vocabulary.encode(to_units(text, self.settings.units), name=name)

    @torch.no_grad()
    def generate(
        self,
        prompt: str,
        *,
        length: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int = 0,
    ) -> Iterator[str]:
        """Continue a text, symbol by symbol.

        Args:
            prompt: the text to continue; not empty.
            length: symbols to generate.
            temperature: below 1 safer, above 1 wilder; 0 always the likeliest. Default: 1.0.
            top_k: choose among the k likeliest only. Default: among all.
            seed: the same seed gives the same text. Default: 0.

        Yields:
            symbols: one character each (with `units="jamo"` one jamo; see `generate_text`).

        Raises:
            ArgumentError: the prompt is empty, or a number is outside its range.
            UnknownSymbol: the prompt has a character that the vocabulary lacks.
        """
        numbers = self.encode(prompt, name="prompt").long()
        if not len(numbers):
            raise ArgumentError("`prompt` is empty.", got="''", expected="at least one character")
        check_choice(temperature, top_k)
        check_size("length", length, least=0)
        generator = torch.Generator().manual_seed(check_seed(seed))
        chooser = partial(choose, temperature=temperature, top_k=top_k, generator=generator)
        was_training = self.training
        self.eval()
        try:
            scores, state = self(numbers.unsqueeze(1))  # [T, 1, V]
            scores = self._hide_unknown(scores[-1])
            for symbol in generate(self._step, scores, state, length=length, choose=chooser):
                yield self.vocabulary.decode(symbol)
        finally:
            self.train(was_training)

    def generate_text(self, prompt: str, **options: Any) -> str:
        """Continue a text and return it whole; the options are those of `generate`."""
        return from_units(prompt + "".join(self.generate(prompt, **options)))

    def _step(self, symbols: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        hidden, state = self.stack.step(self.embed(symbols), state)
        return self._hide_unknown(self.scores(hidden)), state

    def _hide_unknown(self, scores: torch.Tensor) -> torch.Tensor:
        """Rule out "<unk>" [B, V]: it is read, never written."""
        if self.vocabulary.has_unknown:
            scores[:, 0] = -torch.inf
        return scores
