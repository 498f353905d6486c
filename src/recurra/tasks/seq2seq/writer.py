"""Texts for a given label: a language model that is told what to write about."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, ClassVar, NamedTuple

import torch
import torch.nn.functional as F

from recurra.base import Batch, check_names, check_range, check_seed, check_size, settings_from
from recurra.data import (
    NO_TARGET,
    BadRecords,
    DemoData,
    Field,
    Record,
    TextEncoder,
    TokenVocabulary,
    demo_names,
    make_text_encoder,
    pad_rows,
    text_encoder_from,
)
from recurra.decode import check_choice, choose
from recurra.report import Example, Part
from recurra.tasks.framework import (
    Answer,
    AnswerOptions,
    CellMaker,
    Defaults,
    Measured,
    RecordTask,
    evaluating,
)
from recurra.tasks.seq2seq.writer_network import WriterConfig, WriterNetwork
from recurra.tasks.shared import (
    encode_field,
    labels_of,
    number_of_label,
    texts_of,
    with_labels_known_twice,
)

BEGIN_NUMBER, END_NUMBER = 1, 2
"""Numbers of the marks in every text encoder."""


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


class WriterExample(NamedTuple):
    """Numbers of the symbols of a text, if it is known, and the number of its label."""

    numbers: list[int] | None
    label: int


class Told(NamedTuple):
    """What a writer reads: the symbols before each, `[T, B]`, and labels `[B]`."""

    numbers: torch.Tensor
    labels: torch.Tensor


class Writer(RecordTask):
    """Write texts for a label: one to many.

        e_t = [embed(x_t), embed(label)]
        h_t, s_t = stack(e_t, s_{t-1})
        p(x_{t+1} | x_1 ... x_t, label) = softmax(E (W h_t + b) + c),   E the matrix of embed
        loss = -mean_t log p(x_{t+1} | x_1 ... x_t, label)         nats per symbol, the end included

    A part of the texts is learnt without their label, so that writing can press for it: with
    guidance g the scores are `(1 + g) scores(label) - g scores(no label)`. Source: J. Ho and T.
    Salimans, "Classifier-free diffusion guidance" (2022); of language models G. Sanchez et al.,
    "Stay on topic with classifier-free guidance" (2023).

    Args:
        encoder: turns texts into numbers.
        labels: their names.
        config: sizes and choices.
        cell: makes a cell of the user's. Default: the one that `config` names.

    Example:
        >>> import recurra
        >>> sizes = recurra.tasks.WriterConfig(units="characters", hidden_size=48)
        >>> calls = [{"text": "m" + "o" * n, "label": "cow"} for n in range(2, 30)]
        >>> calls += [{"text": "me" + "o" * n + "w", "label": "cat"} for n in range(2, 30)]
        >>> task = recurra.tasks.Writer.fit(calls, out="runs/calls", settings=sizes)
        >>> [text[:2] for text in task.write("cat", count=2)]
        ['me', 'me']
    """

    kind: ClassVar[str] = "writer"
    command: ClassVar[str] = "write"
    summary: ClassVar[str] = "Write texts for a given label, such as reviews that praise."
    monitor: ClassVar[str] = "perplexity"
    settings_type: ClassVar[type] = WriterConfig
    defaults: ClassVar[Defaults] = Defaults(
        epochs=15, batch_size=64, learning_rate=0.005, patience=3
    )
    fields: ClassVar[tuple[Field, ...]] = (
        Field("text", "The text.", ("text", "sentence", "document", "review"), "text", target=True),
        Field("label", "What it is told.", ("label", "class", "category", "topic"), "label"),
    )

    def __init__(
        self,
        encoder: TextEncoder,
        labels: TokenVocabulary,
        config: WriterConfig,
        *,
        cell: CellMaker | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.labels, self.settings = encoder, labels, config
        self.network = WriterNetwork(len(encoder), len(labels), config, cell)
        self._answered = 0

    @classmethod
    def from_records(
        cls, records: Sequence[Record], settings: WriterConfig, *, cell: CellMaker | None = None
    ) -> "Writer":
        """Make a writer with the symbols and the labels of records."""
        encoder = make_text_encoder(texts_of(records, "text"), settings.encoding)
        return cls(encoder, labels_of(records, "label"), settings, cell=cell)

    @classmethod
    def learnable(
        cls, records: Sequence[Record], settings: WriterConfig, bad: BadRecords
    ) -> Sequence[Record]:
        """Keep the records whose label another one has, too."""
        del settings
        return with_labels_known_twice(records, "label", bad)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, cell: CellMaker | None = None) -> "Writer":
        """Build the writer that `config` describes, with new weights."""
        settings = settings_from(WriterConfig, config["model"])
        labels = TokenVocabulary(check_names("labels", config["labels"]))
        task = cls(text_encoder_from(config["encoder"]), labels, settings, cell=cell)
        task.read_columns(config)
        return task

    def config(self) -> dict[str, Any]:
        """Describe the writer as JSON."""
        return {
            "columns": self.written_columns(),
            "labels": list(self.labels.tokens),
            "model": asdict(self.settings),
            "encoder": self.encoder.config(),
        }

    @classmethod
    def demo(cls) -> DemoData:
        """Give the names of characters of Unicode with their scripts."""
        return demo_names()

    @classmethod
    def group(cls, record: Record) -> str:
        """Hold texts apart, whatever their label."""
        return str(record.fields.get("text"))

    def example(self, record: Record, *, targets: bool = True) -> WriterExample:
        """Turn a record into numbers."""
        label = number_of_label(self.labels, record, "label")
        return WriterExample(encode_field(self.encoder, record, "text") if targets else None, label)

    def size(self, example: WriterExample) -> int:
        """Give the number of symbols, the end included."""
        return 1 + len(example.numbers or ())

    def collate(self, examples: Sequence[WriterExample]) -> Batch:
        """Put texts side by side, each after its beginning and before its end."""
        labels = torch.tensor([each.label for each in examples])
        if examples[0].numbers is None:
            return Batch(Told(torch.full((1, len(examples)), BEGIN_NUMBER), labels), None)
        texts = [each.numbers or [] for each in examples]
        numbers, lengths = pad_rows([[BEGIN_NUMBER, *text] for text in texts])
        targets, _ = pad_rows([[*text, END_NUMBER] for text in texts])
        beyond = torch.arange(len(targets)).unsqueeze(1) >= lengths  # [T, B]
        return Batch(Told(numbers, labels), targets.masked_fill(beyond, NO_TARGET), lengths)

    def measured(self, batch: Batch) -> Measured:
        """Sum the nats of each text; the loss is their mean over symbols."""
        told: Told = batch.inputs
        labels = self.network.without_some(told.labels) if self.training else told.labels
        scores, _ = self.network(told.numbers, labels, lengths=batch.lengths)  # [T, B, V]
        nats = F.cross_entropy(
            scores.flatten(0, 1), batch.targets.flatten(), ignore_index=NO_TARGET, reduction="none"
        )
        symbols = (batch.targets != NO_TARGET).sum(dim=0)  # [B]
        each = nats.view_as(batch.targets).sum(dim=0)  # [B]
        return Measured(each.sum() / symbols.sum(), {"nats": each, "symbols": symbols})

    def metrics(self, totals: Mapping[str, float]) -> dict[str, float]:
        """Give the perplexity per symbol, and its logarithm in nats."""
        nats = totals["nats"] / totals["symbols"]
        exp = float(torch.tensor(min(nats, 80.0), dtype=torch.float64).exp())
        return {"perplexity": exp, "nats_per_symbol": nats}

    def answers(self, batch: Batch, options: AnswerOptions) -> list[Answer]:
        """Write a text for each label; another one each time, from the same first one on."""
        writing = WritingOptions(longest=options.longest, seed=self._answered)
        self._answered += len(batch.inputs.labels)
        return [{"text": text} for text in self._write(batch.inputs.labels, writing)]

    def write(
        self, label: str, *, count: int = 1, options: WritingOptions | None = None
    ) -> list[str]:
        """Write some texts for a label.

        Args:
            label: one of `labels`.
            count: how many. Default: 1.
            options: how. Default: `WritingOptions()`.

        Raises:
            DataError: the label was not learnt.
        """
        check_size("count", count)
        number = number_of_label(self.labels, Record({"label": label}, "`label`"), "label")
        with evaluating(self):
            return self._write(torch.full((count,), number), options or WritingOptions())

    def generate_records(self, count: int, *, label: str, **options: Any) -> list[str]:
        """Write as the command line asks for; the options are those of `WritingOptions`."""
        return self.write(label, count=count, options=replace(WritingOptions(), **options))

    def _write(self, labels: torch.Tensor, options: WritingOptions) -> list[str]:
        """Write a text for each label `[B]`, all side by side."""
        generator = torch.Generator().manual_seed(options.seed)
        draw = partial(
            choose, temperature=options.temperature, top_k=options.top_k, generator=generator
        )
        B = len(labels)
        both = torch.cat([labels, torch.full_like(labels, len(self.labels))])  # [2B]
        state: Any = None
        symbols = torch.full((B,), BEGIN_NUMBER)  # [B]
        written, running = [], torch.ones(B, dtype=torch.bool)
        for _ in range(options.longest):
            scores, state = self.network.step(symbols.repeat(2), both, state)  # [2B, V]
            told, alone = scores.chunk(2)
            guided = told + options.guidance * (told - alone)
            guided[:, :END_NUMBER] = -torch.inf  # neither "<unk>" nor a second beginning
            symbols = torch.where(running, draw(guided), END_NUMBER)
            written.append(symbols)
            running = running & (symbols != END_NUMBER)
            if not bool(running.any()):
                break
        return [self.encoder.decode(text.tolist()) for text in torch.stack(written, dim=1)]

    def shown(self, records: Sequence[Record], batch: Batch, options: AnswerOptions) -> list[Part]:
        """Show what is written for each label."""
        del records, batch
        writing = WritingOptions(longest=options.longest)
        return [
            Example(label, text)
            for label in self.labels.tokens[:20]
            for text in self.write(label, count=3, options=writing)
        ]
