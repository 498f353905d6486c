"""How `recurra predict` writes an answer: as JSON, as a row of a table, or its main value alone."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from recurra.base import DataError
from recurra.tasks import Prediction


def answer_form(out: Path | None, plain: bool) -> Callable[[Prediction], str]:
    """Choose how answers are written.

    Args:
        out: the file they go to; `.csv` and `.tsv` ask for a table. Default: standard output.
        plain: whether the main value alone is written.

    Returns:
        What turns each prediction, in order, into one or more lines.
    """
    if plain:
        return lambda prediction: plain_value(prediction) + "\n"
    row = None if out is None else ROWS.get(out.suffix.lower())
    if row is None:
        return lambda prediction: json.dumps(_columns(prediction), ensure_ascii=False) + "\n"
    return _Table(row)


def plain_value(prediction: Prediction) -> str:
    """Write the first value of an answer that was not read, on one line."""
    answer, read = prediction.answer, prediction.record.fields
    value = _cell(next((each for name, each in answer.items() if name not in read), ""))
    return " ".join(value.splitlines()) if "\n" in value or "\r" in value else value


class _Table:
    """Rows below a header, which the first answer gives."""

    def __init__(self, row: Callable[[Sequence[str]], str]) -> None:
        self._row = row
        self._header: list[str] = []

    def __call__(self, prediction: Prediction) -> str:
        columns = _columns(prediction)
        text = ""
        if not self._header:
            self._header = list(columns)
            text = self._row(self._header)
        if set(columns) != set(self._header):
            raise DataError(
                "The answers have different columns, which no table can hold.",
                got=", ".join(columns),
                expected=", ".join(self._header),
                where=prediction.record.where,
                fix="--out FILE.jsonl",
            )
        return text + self._row([_cell(columns[name]) for name in self._header])


def _quoted_row(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _plain_row(cells: Sequence[str]) -> str:
    """Write a row of a TSV file, in which a quote is a character like others.

    Tabs and line ends within a value become blanks: there is no way to write them.
    """
    return "\t".join(re.sub("\r\n|[\t\r\n]", " ", cell) for cell in cells) + "\n"


ROWS = {".csv": _quoted_row, ".tsv": _plain_row}
"""How a row of a table is written, by the ending of the file."""


def _columns(prediction: Prediction) -> Mapping[str, Any]:
    """Give the answer, and what was read beside it."""
    fields, answer = prediction.record.fields, prediction.answer
    return {**answer, **{role: value for role, value in fields.items() if role not in answer}}


def _cell(value: Any) -> str:
    """Write a value so that people read it: texts as they are, words side by side, else JSON."""
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        value = " ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
