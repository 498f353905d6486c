"""A label for each word: its part of speech, whether it belongs to a name, where words end."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, NamedTuple

import torch
import torch.nn.functional as F

from recurra.base import (
    ArgumentError,
    Batch,
    check_names,
    settings_from,
    shorten_repr,
    zero_padding,
)
from recurra.data import (
    BadRecords,
    DemoData,
    Field,
    Record,
    TokenVocabulary,
    demo_tagging,
    pad_rows,
)
from recurra.layers import CRF
from recurra.report import Confusion, Marked, Part
from recurra.tasks.framework import Answer, AnswerOptions, CellMaker, Defaults, Measured, RecordTask
from recurra.tasks.tagging.label_scheme import (
    Rules,
    all_obey,
    first_against,
    parts_of,
    rules_of,
)
from recurra.tasks.tagging.measures import (
    confusions,
    span_counts,
    span_metrics,
    word_counts,
    word_metrics,
)
from recurra.tasks.tagging.network import Sentences, TaggerConfig, TaggerNetwork, put_side_by_side
from recurra.tasks.tagging.word_encoder import Spelling, WordEncoder
from recurra.tasks.tagging.words import (
    check_against,
    forms_of,
    labelled_forms,
    labels_of_words,
    numbers_of_labels,
    with_as_many_labels,
)

FORMS = ("form", "tokens", "words", "token", "text", "sentence")
"""Usual names of the column of words; a plain text is split at its blanks."""

MAX_CONFUSED = 64
"""Of more labels no confusion matrix is made: it would grow with their square, record by record."""


class TaggerExample(NamedTuple):
    """The words of a sentence, as text and as numbers, and their labels, if they are known."""

    forms: list[str]
    words: list[Spelling]
    labels: list[int] | None


class TaggerInputs(NamedTuple):
    """What a tagger reads, and the words as text, which answers repeat."""

    sentences: Sentences
    forms: list[list[str]]


class Tagger(RecordTask):
    """Give each word of a sentence a label: many to many, aligned.

        scores_1 ... scores_T = network(w_1 ... w_T)                    see `TaggerNetwork`
        p(y_1 ... y_T | w) = CRF(scores)                                see `CRF`; or softmax, each
        loss = -sum log p(y_1 ... y_T | w) / words                      nats a word

    Where all labels are such as B-x, I-x, E-x, S-x and O, and the training data obey them, what
    cannot follow is excluded, and spans are measured besides. Source: Z. Huang et al.,
    "Bidirectional LSTM-CRF models for sequence tagging" (2015).

    Args:
        encoder: turns words into numbers.
        labels: their names.
        config: sizes and choices.
        obeys: whether the labels that cannot follow each other are excluded. Default: False.
        cell: makes a cell of the user's. Default: the one that `config` names.

    Example:
        >>> import recurra
        >>> sentences = [
        ...     {"form": "the old man", "label": "DET ADJ NOUN"},
        ...     {"form": "the man", "label": "DET NOUN"},
        ...     {"form": "old boats", "label": "ADJ NOUN"},
        ...     {"form": "they man the boats", "label": "PRON VERB DET NOUN"},
        ... ]
        >>> sizes = recurra.tasks.TaggerConfig(hidden_size=32, layers=1)
        >>> task = recurra.tasks.Tagger.fit(
        ...     sentences * 60,
        ...     out="runs/words",
        ...     settings=sizes,
        ...     rows=8,
        ...     data=recurra.tasks.DataSettings(validation=sentences),
        ... )
        >>> next(task.predict(["they man the old boats"])).answer["labels"]
        ['PRON', 'VERB', 'DET', 'ADJ', 'NOUN']
    """

    kind: ClassVar[str] = "tagger"
    command: ClassVar[str] = "tag"
    summary: ClassVar[str] = "Label each word: parts of speech, names, where words end."
    monitor: ClassVar[str] = "accuracy"
    best_is_largest: ClassVar[bool] = True
    tie_breaker: ClassVar[str | None] = "cross_entropy"
    settings_type: ClassVar[type] = TaggerConfig
    defaults: ClassVar[Defaults] = Defaults(
        epochs=12, batch_size=32, learning_rate=0.003, patience=4, optimizer="adamw"
    )
    fields: ClassVar[tuple[Field, ...]] = (
        Field("form", "The words.", FORMS, "tokens"),
        Field(
            "label",
            "A label for each word.",
            ("label", "upos", "tags", "tag", "ner", "pos", "labels"),
            "tokens",
            target=True,
        ),
    )

    def __init__(
        self,
        encoder: WordEncoder,
        labels: TokenVocabulary,
        config: TaggerConfig,
        *,
        obeys: bool = False,
        cell: CellMaker | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.labels, self.settings = encoder, labels, config
        self.parts = parts_of(labels.tokens)
        self.rules = rules_of(self.parts) if obeys and self.parts else None
        self.network = TaggerNetwork(encoder, len(labels), config, cell)
        self.crf = _crf(len(labels), self.rules) if config.decoder == "crf" else None

    @classmethod
    def from_records(
        cls, records: Sequence[Record], settings: TaggerConfig, *, cell: CellMaker | None = None
    ) -> "Tagger":
        """Make a tagger with the words and the labels of records."""
        pairs = [labelled_forms(record, settings.units) for record in records]
        labels = labels_of_words([names for _, names in pairs], records[0].where)
        encoder = WordEncoder.of((form for forms, _ in pairs for form in forms), settings)
        sequences = [labels.encode(names) for _, names in pairs]
        obeys = settings.transitions == "scheme" and all_obey(labels.tokens, sequences)
        return cls(encoder, labels, settings, obeys=obeys, cell=cell)

    @classmethod
    def learnable(
        cls, records: Sequence[Record], settings: TaggerConfig, bad: BadRecords
    ) -> Sequence[Record]:
        """Keep the sentences that have as many labels as words."""
        return with_as_many_labels(records, settings.units, bad)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, cell: CellMaker | None = None) -> "Tagger":
        """Build the tagger that `config` describes, with new weights."""
        settings = settings_from(TaggerConfig, config["model"])
        encoder = WordEncoder.from_config(config["encoder"], settings)
        labels = TokenVocabulary(check_names("labels", config["labels"]))
        if not isinstance(config["obeys"], bool):
            raise ArgumentError(
                "`obeys` is not true or false.", got=shorten_repr(config["obeys"], 60)
            )
        task = cls(encoder, labels, settings, obeys=config["obeys"], cell=cell)
        task.read_columns(config)
        return task

    def config(self) -> dict[str, Any]:
        """Describe the tagger as JSON."""
        return {
            "columns": self.written_columns(),
            "labels": list(self.labels.tokens),
            "obeys": self.rules is not None,
            "model": asdict(self.settings),
            "encoder": self.encoder.config(),
        }

    @classmethod
    def demo(cls) -> DemoData:
        """Give lines of the standard library's source, each token with its part in it."""
        return demo_tagging()

    def example(self, record: Record, *, targets: bool = True) -> TaggerExample:
        """Turn a record into numbers."""
        if not targets:
            forms = forms_of(record, self.settings.units)
            return TaggerExample(forms, list(map(self.encoder, forms)), None)
        forms, names = labelled_forms(record, self.settings.units)
        labels = numbers_of_labels(self.labels, forms, names, record.where)
        if self.rules is not None and self.crf is not None:
            check_against(first_against(self.rules, labels), forms, names, record.where)
        return TaggerExample(forms, list(map(self.encoder, forms)), labels)

    def size(self, example: TaggerExample) -> int:
        """Give the number of words."""
        return len(example.words)

    def collate(self, examples: Sequence[TaggerExample]) -> Batch:
        """Put sentences side by side."""
        sentences, lengths = put_side_by_side([each.words for each in examples])
        labels = [each.labels for each in examples if each.labels is not None]
        targets = pad_rows(labels)[0] if labels else None  # [T, B]
        return Batch(TaggerInputs(sentences, [each.forms for each in examples]), targets, lengths)

    def forward(self, sentences: Sentences, lengths: torch.Tensor) -> torch.Tensor:
        """Score the labels of sentences of these lengths `[B]`: `[T, B, K]`."""
        scores: torch.Tensor = self.network(sentences, lengths)
        return scores

    def decode(self, scores: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Give the best labels of scores `[T, B, K]`: `[T, B]`."""
        if self.crf is None:
            return scores.argmax(dim=2)
        return self.crf.decode(scores, lengths=lengths)[0]

    def measured(self, batch: Batch) -> Measured:
        """Compare with the labels of a batch.

        While learning, labels are taken from the scores alone: the best sequence is dear to find.
        """
        return self._compared(batch)[0]

    def _compared(self, batch: Batch) -> tuple[Measured, torch.Tensor]:
        """Compare with the labels of a batch; give the labels found, `[T, B]`, besides."""
        assert batch.lengths is not None  # `collate` gives them
        sentences, targets, lengths = batch.inputs.sentences, batch.targets, batch.lengths
        scores = self(sentences, lengths)
        nats = self._nats(scores, targets, lengths)  # [B]
        found = scores.detach().argmax(dim=2) if self.training else self.decode(scores, lengths)
        unknown = sentences.words[sentences.places] == 0  # [T, B]
        counts = word_counts(targets, found, lengths, unknown)
        measures = {"nats": nats.detach(), **counts}
        return Measured(nats.sum() / lengths.sum(), measures), found

    def _nats(
        self, scores: torch.Tensor, targets: torch.Tensor, lengths: torch.Tensor
    ) -> torch.Tensor:
        """Give -log p of the labels of each sentence, `[B]`."""
        if self.crf is not None:
            nats: torch.Tensor = self.crf(scores, targets, lengths=lengths)
            return nats
        each = F.cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="none")
        return zero_padding(each.view_as(targets), lengths).sum(dim=0)

    def metrics(self, totals: Mapping[str, float]) -> dict[str, float]:
        """Give the part of words and of sentences labelled rightly, and nats a word.

        "unknown_word_accuracy" is that of words without a vector of their own.
        """
        return word_metrics(totals)

    def final_measures(self, batch: Batch, options: AnswerOptions) -> dict[str, torch.Tensor]:
        """Count each label against each answer besides, `[B, K * K]`, and spans, `[B]`."""
        del options
        (_, measures), found = self._compared(batch)
        assert batch.lengths is not None  # `collate` gives them
        if len(self.labels) <= MAX_CONFUSED:
            measures["confusion"] = confusions(
                len(self.labels), batch.targets, found, batch.lengths
            )
        if self.parts is not None:
            measures |= span_counts(self.parts, batch.targets, found, batch.lengths)
        return measures

    def final_metrics(self, totals: Mapping[str, Any]) -> dict[str, float]:
        """Give precision, recall and F1 of spans besides, where labels mark spans."""
        metrics = self.metrics(totals)
        return metrics if self.parts is None else {**metrics, **span_metrics(totals)}

    def shown_totals(self, totals: Mapping[str, Any]) -> list[Part]:
        """Show which labels are taken for which."""
        if "confusion" not in totals:
            return []
        K = len(self.labels)
        return [Confusion(self.labels.tokens, totals["confusion"].view(K, K).long().tolist())]

    def answers(self, batch: Batch, options: AnswerOptions) -> list[Answer]:
        """Name the best labels of each sentence, and the probability of each of them."""
        assert batch.lengths is not None  # `collate` gives them
        lengths, forms = batch.lengths, batch.inputs.forms
        scores = self(batch.inputs.sentences, lengths)
        found = self.decode(scores, lengths).clamp(min=0)  # [T, B]
        shares = self._probabilities(scores, lengths)  # [T, B, K]
        chosen = shares.gather(2, found.unsqueeze(2)).squeeze(2)  # [T, B]
        answers: list[Answer] = []
        for b, length in enumerate(lengths.tolist()):
            names = self.labels.decode(found[:length, b].tolist())
            sure = [round(share, 6) for share in chosen[:length, b].tolist()]
            answers.append({"form": forms[b], "labels": names, "confidence": sure})
            if options.top:
                answers[b]["top"] = self._top(shares[:length, b], options.top)
        return answers

    def _probabilities(self, scores: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        if self.crf is None:
            return scores.softmax(dim=2)
        return self.crf.marginals(scores, lengths=lengths)

    def _top(self, shares: torch.Tensor, top: int) -> list[list[dict[str, Any]]]:
        """Name the likeliest labels of each word, from their probabilities `[T, K]`."""
        best = shares.topk(min(top, len(self.labels)), dim=1)
        return [
            [
                {"label": self.labels.tokens[number], "confidence": round(share, 6)}
                for number, share in zip(numbers, each, strict=True)
            ]
            for numbers, each in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]

    def shown(self, records: Sequence[Record], batch: Batch, options: AnswerOptions) -> list[Part]:
        """Show sentences with their labels."""
        return [
            Marked(answer["form"], answer["labels"], labelled_forms(record, self.settings.units)[1])
            for record, answer in zip(records, self.answers(batch, options), strict=True)
        ]


def _crf(labels: int, rules: Rules | None) -> CRF:
    if rules is None:
        return CRF(labels)
    return CRF(labels, allowed=rules.following, allowed_first=rules.first, allowed_last=rules.last)
