"""What language models share: a network that predicts the next symbol, its loss, writing."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import ArgumentError, Batch, Outcome, State, check_seed, check_size
from recurra.cells import DropConnect
from recurra.data import NO_TARGET, from_units, place_of
from recurra.decode import check_choice, choose, generate
from recurra.layers import Stack, SymbolDropout, TiedEmbedding, VariationalDropout
from recurra.tasks.framework import CellMaker, Defaults, TrainableTask, cell_maker
from recurra.tasks.language.corpus import Corpus, CorpusSettings
from recurra.tasks.language.network import (
    LanguageModelConfig,
    input_layer,
    recurrent_layers,
    scoring_layer,
)


class NextSymbolModel(TrainableTask):
    """Predict every symbol of a text from the symbols before it, whatever a symbol is.

    Args:
        symbols: V, how many symbols there are.
        config: sizes and choices.
        has_unknown: whether symbol 0 is "<unk>", which is read and never written.
        cell: makes a cell from `(input_size, hidden_size)`; needed where `config.cell` is not a
            name of the table. Default: the cell of that name.

    Raises:
        UnknownName: `config.cell` is not in the table and `cell` is not given.
    """

    command: ClassVar[str] = "lm"
    summary: ClassVar[str] = "Train a language model on text files, or go on where a run stopped."
    settings_type: ClassVar[type] = LanguageModelConfig
    defaults: ClassVar[Defaults] = Defaults(epochs=2, learning_rate=0.01, patience=0)

    always_has_unknown: ClassVar[bool] = False
    """Whether such models read what they do not know as "<unk>", whatever is asked for."""

    unit: ClassVar[str]
    """What the symbols are called, in totals and to people."""

    vocabulary: Any
    """The symbols by their numbers."""

    def __init__(
        self,
        symbols: int,
        config: LanguageModelConfig,
        *,
        has_unknown: bool,
        cell: CellMaker | None = None,
    ) -> None:
        super().__init__()
        self.settings = config
        self.has_unknown = has_unknown
        self.cutting = CorpusSettings()
        make = cell or cell_maker(config.cell)
        dropout, variational = config.dropout, config.variational
        self.embed, size = input_layer(config, symbols)
        layers, size = recurrent_layers(config, make, size)
        self.stack = Stack(layers, dropout=dropout, variational=variational)
        self.dropout = VariationalDropout(dropout) if variational else nn.Dropout(dropout)
        self.word_dropout = SymbolDropout(symbols, config.word_dropout)
        self.head = scoring_layer(config, size, symbols)

    @classmethod
    @abstractmethod
    def make_corpus(
        cls,
        content: str,
        cutting: CorpusSettings,
        settings: LanguageModelConfig,
        validation: str | None = None,
        test: str | None = None,
    ) -> Corpus:
        """Cut texts up into symbols of such a model.

        Args:
            content: the text to learn.
            cutting: how texts are cut up.
            settings: the choices of the model.
            validation: a text to measure on after each epoch. Default: the end of `content`.
            test: a text to measure on at the end. Default: none.
        """

    @classmethod
    def of_vocabulary(
        cls, vocabulary: Any, settings: LanguageModelConfig, cell: CellMaker | None
    ) -> "NextSymbolModel":
        """Make a model of these symbols, with new weights."""
        make: Any = cls  # the classes of models take a vocabulary each
        model: NextSymbolModel = make(vocabulary, settings, cell=cell)
        return model

    def restore(self, data: Mapping[str, Any]) -> None:
        """Cut texts up as in training, where the run knows."""
        usual = CorpusSettings()
        streams, window = data.get("streams", usual.streams), data.get("window", usual.window)
        self.cutting = CorpusSettings(streams=streams, window=window)

    @classmethod
    def describe_config(cls, config: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Tell people what `config` says: layers, input, symbols."""
        model, vocabulary = config["model"], list(config["vocabulary"])
        unit = model["units"] if cls.unit == "characters" else cls.unit
        embedded = f"embedding {model['embedding_size']}"
        return [
            ("cell", f"{model['cell']}, {model['layers']} x {model['hidden_size']}"),
            ("connections", model["connections"]),
            ("input", embedded if model["inputs"] == "embedding" else "one-hot"),
            ("vocabulary", f"{len(vocabulary)} {unit}"),
            (f"unknown {cls.unit}", "read as <unk>" if vocabulary[:1] == ["<unk>"] else "refused"),
        ]

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
        if self.training and self.settings.weight_dropout:
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

    def joins_pieces(self) -> bool:
        """Tell whether letters become syllables only when all are there."""
        return bool(self.settings.units == "jamo")

    @abstractmethod
    def default_prompt(self) -> str:
        """Give a prompt that any text could go on from."""

    @abstractmethod
    def encode(
        self, text: str, *, name: str = "text", where: Callable[[int, int], str] = place_of
    ) -> torch.Tensor:
        """Turn a text into the symbols that this model reads, `[N]` int32.

        Args:
            text: the text.
            name: what an error message calls the text.
            where: what an error message calls a line and a column, such as `Text.where`.

        Raises:
            UnknownSymbol: the text has a symbol that the vocabulary lacks, and there is no "<unk>".
        """

    @abstractmethod
    def pieces(self, symbols: Iterable[int], text: str) -> Iterator[str]:
        """Give what each symbol adds to a text."""

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
            pieces: what each symbol adds to the text: a character (with `units="jamo"` one jamo;
                see `generate_text`), a word and the blank before it.

        Raises:
            ArgumentError: the prompt is empty, or a number is outside its range.
            UnknownSymbol: the prompt has a symbol that the vocabulary lacks.
        """
        numbers = self.encode(prompt, name="prompt").long()
        if not len(numbers):
            raise ArgumentError("`prompt` is empty.", got="''", expected=f"some {self.unit}")
        check_choice(temperature, top_k)
        check_size("length", length, least=0)
        generator = torch.Generator().manual_seed(check_seed(seed))
        chooser = partial(choose, temperature=temperature, top_k=top_k, generator=generator)
        was_training = self.training
        self.eval()
        try:
            scores, state = self(numbers.unsqueeze(1))  # [T, 1, V]
            scores = self._hide_unknown(scores[-1])
            symbols = generate(self._step, scores, state, length=length, choose=chooser)
            yield from self.pieces((int(symbol) for symbol in symbols), prompt)
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
        if self.has_unknown:
            scores[:, 0] = -torch.inf
        return scores
