"""Prediction in a stream: records in, answers out, in constant memory."""

from collections.abc import Iterable, Iterator
from typing import Any

from recurra.data import BadRecords, Record
from recurra.tasks.framework.examples import examples_of
from recurra.tasks.framework.outputs import Answer, AnswerOptions, Prediction
from recurra.tasks.framework.record_model import RecordModel, evaluating
from recurra.tasks.framework.streaming import chunks_as_they_come, full_chunks

CHUNK = 4096
"""Records that are sorted by length together while predicting; all that is in memory at a time."""


def predict_records(
    task: RecordModel,
    records: Iterable[Record],
    options: AnswerOptions,
    bad: BadRecords,
    *,
    rows: int = 64,
    longest: int | None = None,
    at_once: bool = False,
) -> Iterator[Prediction]:
    """Answer records one after the other, in their order, in constant memory.

    Args:
        task: the task.
        records: fields by role; a stream of any length.
        options: how to answer.
        bad: takes the records that cannot be used.
        rows: records of a batch.
        longest: steps of the longest record. Default: as in training, `task.longest`.
        at_once: see `RecordTask.predict`.

    Yields:
        predictions: one for each record that can be used.
    """
    longest = task.longest if longest is None else longest
    for chunk in (chunks_as_they_come if at_once else full_chunks)(records, CHUNK):
        kept, examples = examples_of(task, chunk, bad, longest=longest, targets=False, using=True)
        answers = _answers(task, examples, options, rows)
        yield from map(Prediction, answers, kept)


def _answers(
    task: RecordModel, examples: list[Any], options: AnswerOptions, rows: int
) -> list[Answer]:
    """Answer examples by batches of like length; give the answers in the order of the examples."""
    if not examples:
        return []
    places = _sorted_places(task, examples)
    answers: list[Answer] = [{}] * len(examples)
    with evaluating(task):
        for start in range(0, len(places), rows):
            chosen = places[start : start + rows]
            batch = task.collate([examples[place] for place in chosen])
            for place, answer in zip(chosen, task.answers(batch, options), strict=True):
                answers[place] = answer
    return answers


def _sorted_places(task: RecordModel, examples: list[Any]) -> list[int]:
    return sorted(range(len(examples)), key=lambda place: task.size(examples[place]))
