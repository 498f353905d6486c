"""A task on records that can be fitted and used: the class to make a task of."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

from recurra.data import BadRecords, ReadOptions, Source
from recurra.tasks.framework.columns import read_records_for
from recurra.tasks.framework.evaluate import measure_records
from recurra.tasks.framework.fit import fit_task
from recurra.tasks.framework.outputs import AnswerOptions, Evaluation, Prediction
from recurra.tasks.framework.predict import predict_records
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
        self,
        source: Source,
        options: AnswerOptions | None = None,
        /,
        *,
        read: ReadOptions | None = None,
        bad: BadRecords | None = None,
        rows: int = 64,
        at_once: bool = False,
        **roles: str | Sequence[str],
    ) -> Iterator[Prediction]:
        """Answer records one after the other, in their order, in constant memory.

        Args:
            source: the records, as for `fit`; labels are not needed.
            options: how to answer. Default: `AnswerOptions()`.
            read: how files are read. Default: by their endings.
            bad: takes records that cannot be used. Default: the first raises.
            rows: records of a batch. Default: 64.
            at_once: whether each record is answered as soon as it has come, where others are still
                to be written; batches are then as they come. Default: False.
            roles: role to column. Default: the columns that were learnt from, else the usual names.
        """
        bad = BadRecords() if bad is None else bad
        records = read_records_for(self, source, roles, read, bad, targets=False)
        options = options or AnswerOptions()
        return predict_records(self, records, options, bad, rows=rows, at_once=at_once)

    def evaluate(
        self,
        source: Source,
        options: AnswerOptions | None = None,
        /,
        *,
        read: ReadOptions | None = None,
        bad: BadRecords | None = None,
        rows: int = 64,
        **roles: str | Sequence[str],
    ) -> Evaluation:
        """Measure the task on records whose targets are known, with confidence intervals.

        The arguments are those of `predict`.
        """
        bad = BadRecords() if bad is None else bad
        records = read_records_for(self, source, roles, read, bad, targets=True)
        return measure_records(self, records, options or AnswerOptions(), bad, rows=rows)
