"""Sizes and choices of a translator, and of a dialogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from recurra.base import Batch
from recurra.data import DemoData, Field, Record, demo_dialogue
from recurra.report import Example
from recurra.tasks.framework import AnswerOptions, Defaults
from recurra.tasks.seq2seq.translation_network import END_NUMBER, TranslatorConfig
from recurra.tasks.seq2seq.translator import Translator
from recurra.tasks.shared import encode_field


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


class Chat(Translator):
    """Answer a question, as a `Translator` from questions to answers.

    With a context the question is about that text: the encoder reads the context, a mark, and the
    question. Source: O. Vinyals and Q. Le, "A neural conversational model" (2015).

    Args:
        encoder: turns questions and answers into numbers.
        config: sizes and choices.
        cell: makes a cell of the user's. Default: the one that `config` names.

    Example:
        >>> import recurra
        >>> sizes = recurra.tasks.ChatConfig(units="words", hidden_size=16)
        >>> talk = [{"question": f"what is {n}", "answer": f"{n} it is"} for n in range(40)]
        >>> training = recurra.tasks.default_training(recurra.tasks.Chat, epochs=1)
        >>> task = recurra.tasks.Chat.fit(talk, out="runs/talk", settings=sizes, training=training)
        >>> isinstance(task.reply("what is 7"), str)
        True
    """

    kind: ClassVar[str] = "chat"
    command: ClassVar[str] = "chat"
    settings_type: ClassVar[type] = ChatConfig
    summary: ClassVar[str] = "Answer questions; `recurra chat RUN` talks in the terminal."
    defaults: ClassVar[Defaults] = Defaults(
        epochs=20, batch_size=64, learning_rate=0.005, patience=0, keep="last"
    )
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "question", "What is asked.", ("question", "Q", "source", "input", "text"), "text"
        ),
        Field("answer", "What to say.", ("answer", "A", "target", "output"), "text", target=True),
        Field(
            "context", "A text that the question is about.", ("context", "passage"), "text",
            required=False,
        ),
    )  # fmt: skip
    written: ClassVar[str] = "answer"

    @classmethod
    def demo(cls) -> DemoData:
        """Give questions about Python's own functions, in many words, and their answers."""
        return demo_dialogue()

    def read(self, record: Record) -> list[int]:
        """Turn the context, if there is one, and the question into numbers."""
        question = encode_field(self.encoder, record, "question")
        if record.fields.get("context") is None:
            return question
        return [*encode_field(self.encoder, record, "context"), END_NUMBER, *question]

    def final_measures(self, batch: Batch, options: AnswerOptions) -> dict[str, torch.Tensor]:
        """Answer besides, and say which answers are right to the letter, `[B]`."""
        found = self.answers(batch, options)
        right = [
            self._is_exact(answer["text"], wanted)
            for answer, wanted in zip(found, batch.targets.texts, strict=True)
        ]
        ones = torch.ones(len(right))
        return {**self.measured(batch).measures, "right": torch.tensor(right) * ones, "asked": ones}

    def _is_exact(self, written: str, wanted: str) -> bool:
        return written in (wanted, self.encoder.decode(self.encoder.encode(wanted)))

    def _example(self, record: Record, written: str, wanted: str | None) -> Example:
        """Mark exact answers alone: another one may be as good."""
        exact = wanted is not None and self._is_exact(written, wanted)
        return Example(self.given(record), written, wanted, right=exact or None)

    def final_metrics(self, totals: Mapping[str, Any]) -> dict[str, float]:
        """Give the share of answers that are right to the letter besides."""
        return {"exact_answers": totals["right"] / totals["asked"], **self.metrics(totals)}

    def given(self, record: Record) -> str:
        """Give context and question as people read them."""
        parts = [record.fields.get("context"), record.fields["question"]]
        return "\n".join(part for part in parts if part)

    def reply(
        self, question: str, context: str | None = None, options: AnswerOptions | None = None
    ) -> str:
        """Answer one question.

        Args:
            question: what is asked.
            context: a text that it is about. Default: none.
            options: how to answer. Default: `AnswerOptions()`.

        Raises:
            DataError: the question is empty.
        """
        given = {"question": question} | ({} if context is None else {"context": context})
        return str(next(self.predict([given], options)).answer["text"])
