"""What some tasks can do besides answering records."""

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

from recurra.data import Record
from recurra.tasks.framework.outputs import Answer, AnswerOptions


@runtime_checkable
class Generates(Protocol):
    """A task that writes texts of its own; `recurra generate` asks for them."""

    def generate_records(self, count: int, *, label: str, **options: Any) -> list[str]:
        """Write some texts.

        Args:
            count: how many.
            label: what they are told to be.
            options: any of `temperature`, `top_k`, `guidance`, `longest` and `seed`; what is not
                given is as the task thinks best.
        """


@runtime_checkable
class Continues(Protocol):
    """A task that goes on with a text; `recurra generate` asks it without a label."""

    def default_prompt(self) -> str:
        """Give a prompt that any text could go on from."""

    def joins_pieces(self) -> bool:
        """Tell whether pieces are only read together, as letters that make a syllable."""

    def generate(self, prompt: str, **options: Any) -> Iterator[str]:
        """Continue a text, piece by piece.

        Args:
            prompt: the text to continue.
            options: any of `length`, `temperature`, `top_k` and `seed`.
        """

    def generate_text(self, prompt: str, **options: Any) -> str:
        """Continue a text and return it whole; the options are those of `generate`."""


@runtime_checkable
class Errs(Protocol):
    """A task whose answers are right or wrong; the report shows mistakes that it was sure of."""

    def mistake(self, record: Record, answer: Answer) -> float | None:
        """Tell how sure a wrong answer was: the larger, the surer. None where it is right.

        Args:
            record: with its targets.
            answer: what the task says of it.
        """


@runtime_checkable
class Replies(Protocol):
    """A task that replies in a dialogue; `recurra chat` asks it."""

    def reply(
        self, question: str, context: str | None = None, options: AnswerOptions | None = None
    ) -> str:
        """Reply to a question.

        Args:
            question: what is asked.
            context: a text that the reply may come from. Default: none.
            options: how to answer. Default: `AnswerOptions()`.
        """
