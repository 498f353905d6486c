"""One text for another: translation, and whatever else answers a sequence by a sequence."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

import torch
import torch.nn.functional as F

from recurra.base import Batch, check_size, settings_from
from recurra.data import (
    NO_TARGET,
    DemoData,
    Field,
    Record,
    TextEncoder,
    demo_dates,
    make_text_encoder,
    pad_rows,
    text_encoder_from,
)
from recurra.decode import Hypothesis
from recurra.report import AttentionMap, Example, Part
from recurra.tasks.framework import Answer, AnswerOptions, CellMaker, Defaults, Measured, RecordTask
from recurra.tasks.seq2seq.bleu import bleu_counts, bleu_metric
from recurra.tasks.seq2seq.translation_network import (
    BEGIN_NUMBER,
    END_NUMBER,
    Pair,
    TranslationNetwork,
    TranslatorConfig,
)
from recurra.tasks.shared import encode_field

MORE_THAN_LEARNT = 10
"""A text that is written has so many symbols more than any that was learnt, at most."""


class PairExample(NamedTuple):
    """Numbers of a source and, if it is known, of its target with the text itself."""

    source: list[int]
    target: list[int] | None
    text: str | None


class Wanted(NamedTuple):
    """What is to be written: symbols `[T, B]`, `NO_TARGET` after their end, and the texts."""

    numbers: torch.Tensor
    texts: list[str]


class Translator(RecordTask):
    """Write a text for a text: many to many, of any two lengths.

        m_1 ... m_S = encoder(x_1 ... x_S)
        p(y_t | y_1 ... y_{t-1}, x) = softmax of what the decoder makes of y_{t-1} and the m_s
        loss = -mean_t log p(y_t | ...)                        nats per symbol, the end included

    What is written is found by beam search. Sources: I. Sutskever et al., "Sequence to sequence
    learning with neural networks" (2014); for attention see `recurra.layers.Decoder`.

    Args:
        encoder: turns texts of both sides into numbers.
        config: sizes and choices.
        cell: makes a cell of the user's. Default: the one that `config` names.

    Example:
        >>> import recurra
        >>> sizes = recurra.tasks.TranslatorConfig(units="characters", hidden_size=32)
        >>> pairs = [{"source": "a" * n, "target": "b" * n} for n in range(1, 40)]
        >>> training = recurra.tasks.default_training(recurra.tasks.Translator, epochs=2)
        >>> task = recurra.tasks.Translator.fit(
        ...     pairs, out="runs/letters", settings=sizes, training=training)
        >>> sorted(next(task.predict([{"source": "aaa"}])).answer)
        ['score', 'text']
    """

    kind: ClassVar[str] = "translator"
    command: ClassVar[str] = "translate"
    summary: ClassVar[str] = "Translate: learn from pairs of texts to write one for the other."
    monitor: ClassVar[str] = "perplexity"
    settings_type: ClassVar[type] = TranslatorConfig
    defaults: ClassVar[Defaults] = Defaults(
        epochs=10, batch_size=64, learning_rate=0.003, patience=3
    )
    out_of: ClassVar[Mapping[str, float]] = MappingProxyType({"bleu": 100})
    fields: ClassVar[tuple[Field, ...]] = (
        Field("source", "The text that is read.", ("source", "src", "input", "text"), "text"),
        Field("target", "The text to write.", ("target", "tgt", "output"), "text", target=True),
    )
    written: ClassVar[str] = "target"

    def __init__(
        self, encoder: TextEncoder, config: TranslatorConfig, *, cell: CellMaker | None = None
    ) -> None:
        super().__init__()
        self.encoder, self.settings = encoder, config
        self.network = TranslationNetwork(len(encoder), config, cell)
        self.longest_learnt: int | None = None

    @classmethod
    def from_records(
        cls, records: Sequence[Record], settings: Any, *, cell: CellMaker | None = None
    ) -> Self:
        """Make a translator with the symbols of records, those of both sides."""
        texts = [str(value) for record in records for value in record.fields.values()]
        task = cls(make_text_encoder(texts, settings.encoding), settings, cell=cell)
        written = (record.fields[cls.written] for record in records)
        task.longest_learnt = max(len(task.encoder.encode(text)) for text in written)
        return task

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, cell: CellMaker | None = None) -> Self:
        """Build the translator that `config` describes, with new weights."""
        settings: TranslatorConfig = settings_from(cls.settings_type, config["model"])
        task = cls(text_encoder_from(config["encoder"]), settings, cell=cell)
        task.read_columns(config)
        longest = config["longest_learnt"]
        task.longest_learnt = None if longest is None else check_size("longest_learnt", longest)
        return task

    def config(self) -> dict[str, Any]:
        """Describe the translator as JSON."""
        return {
            "columns": self.written_columns(),
            "model": asdict(self.settings),
            "encoder": self.encoder.config(),
            "longest_learnt": self.longest_learnt,
        }

    @classmethod
    def demo(cls) -> DemoData:
        """Give dates as people write them, and as ISO 8601 does."""
        return demo_dates()

    def read(self, record: Record) -> list[int]:
        """Turn what is read of a record into numbers."""
        return encode_field(self.encoder, record, "source")

    def example(self, record: Record, *, targets: bool = True) -> PairExample:
        """Turn a record into numbers; the source ends with its mark, too."""
        source = [*self.read(record), END_NUMBER]
        if not targets:
            return PairExample(source, None, None)
        numbers = encode_field(self.encoder, record, self.written)
        return PairExample(source, numbers, record.fields[self.written])

    def size(self, example: PairExample) -> int:
        """Give the symbols of the longer side."""
        return max(len(example.source), 1 + len(example.target or ()))

    def collate(self, examples: Sequence[PairExample]) -> Batch:
        """Put pairs side by side, each target after its beginning and before its end."""
        source, lengths = pad_rows([each.source for each in examples])
        if examples[0].target is None:
            return Batch(Pair(source, lengths, None), None)
        targets = [each.target or [] for each in examples]
        before, steps = pad_rows([[BEGIN_NUMBER, *target] for target in targets])
        numbers, _ = pad_rows([[*target, END_NUMBER] for target in targets])
        beyond = torch.arange(len(numbers)).unsqueeze(1) >= steps  # [T, B]
        wanted = Wanted(
            numbers.masked_fill(beyond, NO_TARGET), [each.text or "" for each in examples]
        )
        return Batch(Pair(source, lengths, before), wanted, steps)

    def measured(self, batch: Batch) -> Measured:
        """Sum the nats of each target; the loss is their mean over symbols."""
        assert batch.lengths is not None  # `collate` gives them
        numbers = batch.targets.numbers  # [T, B]
        kept = numbers != NO_TARGET
        features = self.network(batch.inputs, batch.lengths).features[kept]  # [N, E]
        logs = self.network.decoder.scores(features).log_softmax(dim=1)  # [N, V]
        nats = F.nll_loss(logs, numbers[kept], reduction="none")  # [N]
        loss = nats.mean()
        if self.training and self.settings.label_smoothing:
            loss = torch.lerp(loss, -logs.mean(), self.settings.label_smoothing)
        rows = kept.nonzero()[:, 1]  # [N]
        each = nats.new_zeros(kept.shape[1]).index_add(0, rows, nats.detach())  # [B]
        return Measured(loss, {"nats": each, "symbols": batch.lengths})

    def metrics(self, totals: Mapping[str, float]) -> dict[str, float]:
        """Give the perplexity per symbol, and its logarithm in nats."""
        nats = totals["nats"] / totals["symbols"]
        exp = float(torch.tensor(min(nats, 80.0), dtype=torch.float64).exp())
        return {"perplexity": exp, "nats_per_symbol": nats}

    def final_measures(self, batch: Batch, options: AnswerOptions) -> dict[str, torch.Tensor]:
        """Translate besides, and count what BLEU is made of, `[B, 10]`."""
        texts = [self._text(found[0]) for found in self._search(batch, options)]
        return {**self.measured(batch).measures, "bleu": bleu_counts(texts, batch.targets.texts)}

    def final_metrics(self, totals: Mapping[str, Any]) -> dict[str, float]:
        """Give BLEU besides."""
        return {**bleu_metric(totals), **self.metrics(totals)}

    def answers(self, batch: Batch, options: AnswerOptions) -> list[Answer]:
        """Write the best text for each source; its score is the log-probability per symbol."""
        return [self._answer(found, options) for found in self._search(batch, options)]

    def _search(
        self, batch: Batch, options: AnswerOptions, *, watch: bool = False
    ) -> list[list[Hypothesis]]:
        return self.network.search(
            batch.inputs,
            width=max(options.beam, options.top),
            length_penalty=options.length_penalty,
            longest=self._longest(options),
            best=max(1, options.top),
            watch=watch,
        )

    def _longest(self, options: AnswerOptions) -> int:
        """Give the symbols of a text at most: none is much longer than the longest learnt."""
        known = self.longest_learnt
        return options.longest if known is None else min(options.longest, known + MORE_THAN_LEARNT)

    def _answer(self, found: list[Hypothesis], options: AnswerOptions) -> Answer:
        ranked = [{"text": self._text(each), "score": self._score(each)} for each in found]
        return {**ranked[0], "top": ranked} if options.top else ranked[0]

    def _text(self, found: Hypothesis) -> str:
        return self.encoder.decode(found.symbols.tolist())

    def _score(self, found: Hypothesis) -> float:
        return round(found.log_probability / (len(found.symbols) + found.ended), 4)

    def shown(self, records: Sequence[Record], batch: Batch, options: AnswerOptions) -> list[Part]:
        """Show texts with their translations, and where attention looked."""
        parts: list[Part] = []
        for i, (record, found) in enumerate(
            zip(records, self._search(batch, options, watch=True), strict=True)
        ):
            wanted = record.fields.get(self.written)
            parts.append(self._example(record, self._text(found[0]), wanted))
            parts += self._attention(batch.inputs, i, found[0])
        return parts

    def _example(self, record: Record, written: str, wanted: str | None) -> Example:
        return Example(self.given(record), written, wanted)

    def given(self, record: Record) -> str:
        """Give what is read of a record as people read it."""
        return str(record.fields["source"])

    def _attention(self, pair: Pair, row: int, found: Hypothesis) -> list[Part]:
        weights = found.watched  # [M, S], S rounded up
        if weights is None or not weights.shape[1]:
            return []
        count = int(pair.lengths[row])
        tokens = self.encoder.vocabulary.decode(pair.source[:count, row].tolist())
        written = self.encoder.vocabulary.decode(found.symbols.tolist())
        written += ["<eos>"] * (len(weights) - len(written))
        return [AttentionMap(tokens, written, weights[:, :count].tolist())]
