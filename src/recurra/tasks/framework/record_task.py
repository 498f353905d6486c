"""A task on records that can be fitted and used: the class to make a task of."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from recurra.data import Source
from recurra.tasks.framework.evaluate import evaluate_source
from recurra.tasks.framework.fit import fit_task
from recurra.tasks.framework.outputs import AnswerOptions, Evaluation, Prediction
from recurra.tasks.framework.predict import predict_source
from recurra.tasks.framework.record_model import RecordModel
from recurra.tasks.framework.record_source import RecordSource


class RecordTask(RecordModel):
    """A task whose data are records: named fields in, an answer out.

    A new task is one file with a class of this kind. What it has to say of itself is the protocol
    of `RecordModel`; this class adds the whole way from a file to a trained task and to answers.
    """

    source_type: ClassVar[type[RecordSource]] = RecordSource

    @classmethod
    def fit(cls, source: Source, /, **options: Any) -> Self:
        """Make a task from records and train it.

        Args:
            source: the training records: a path or several, a DataFrame, a Table, an iterable of
                mappings; or "demo" for the data that the task carries.
            options: those of `recurra.tasks.framework.fit_task`, such as `out`, the run
                directory; and the column of each role by the role's name, such as
                `text="document"`.

        Returns:
            task: with the weights that were best on the validation data.
        """
        return fit_task(cls, source, **options)

    def predict(
        self, source: Source, options: AnswerOptions | None = None, /, **reading: Any
    ) -> Iterator[Prediction]:
        """Answer records one after the other, in their order, in constant memory.

        Args:
            source: the records, as for `fit`; labels are not needed.
            options: how to answer. Default: `AnswerOptions()`.
            reading: those of `recurra.tasks.framework.predict_source`: `read`, `bad`, `rows`,
                `at_once`, and the column of each role.
        """
        return predict_source(self, source, options or AnswerOptions(), **reading)

    def evaluate(
        self, source: Source, options: AnswerOptions | None = None, /, **reading: Any
    ) -> Evaluation:
        """Measure the task on records whose targets are known, with confidence intervals.

        Args:
            source: the records, as for `fit`.
            options: how to answer. Default: `AnswerOptions()`.
            reading: as for `predict`.
        """
        return evaluate_source(self, source, options or AnswerOptions(), **reading)
