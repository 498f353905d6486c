"""Files whose lines were not cut where their columns end, and the options that cut them so."""

import re
from collections.abc import Sequence

from recurra.data.records.conversion import is_numeric
from recurra.data.records.record import Field, Record

SIGNS = {"tab": "\t", "semicolon": r";(?=\S|$)", "pipe": r"\|", "comma": r"(?<=\S),(?=\S)"}
"""What separates columns, as it is mostly written: a comma before a blank is one of a sentence."""

_FIRST_LINE = re.compile(r"(?<!json)(?<!jsonl)(?<!ndjson):1$")
"""Where a record stands that is the first of a file without a header; JSON is cut by itself."""

_LINE = re.compile(r":\d+$")


def separator_within(columns: Sequence[str]) -> str | None:
    """Name the sign that cuts columns into more than twice as many, if there is one.

    Args:
        columns: the names in a header, or the values of a row.
    """
    found = {word: _count(sign, columns) for word, sign in SIGNS.items()}
    enough = {word: count for word, count in found.items() if count >= len(columns)}
    if "tab" in enough:  # which stands in no text
        return "tab"
    return max(enough, key=lambda word: enough[word], default=None)


def way_to_cut(first: Record, field: Field) -> str | None:
    """Name the options that cut a file as it seems to be meant.

    Args:
        first: its first record, as it was cut.
        field: the role that no column was found for.

    Returns:
        options: with words around them. None where nothing says that lines were cut wrongly.
    """
    names = list(first.fields)
    if _LINE.search(first.where) and (word := separator_within(names)):
        return f"--separator {word}" + _names_of(SIGNS[word], names)
    value = first.fields[names[0]] if len(names) == 1 else None
    if not isinstance(value, str) or not _FIRST_LINE.search(first.where):
        return None
    return _of_tagged_words(value) if field.kind == "tokens" else _of_columns(value)


def _count(sign: str, columns: Sequence[str]) -> int:
    return sum(len(re.findall(sign, column)) for column in columns)


def _names_of(sign: str, header: Sequence[str]) -> str:
    """Say how columns are named, where the first line may not be a header."""
    cells = [cell for name in header for cell in re.split(sign, name)]
    some = any(is_numeric(cell) for cell in cells if cell.strip())
    return (
        f", with --columns {_letters(len(cells))} if the first line is not a header" if some else ""
    )


def _of_tagged_words(value: str) -> str:
    cells = value.split("\t")
    if len(cells) > 1 and any(" " in cell.strip() for cell in cells):
        return str(_of_columns(value))
    return "--format columns, if each line is a word and its label"


def _of_columns(value: str) -> str | None:
    word = separator_within([value])
    count = _count(SIGNS[word], [value]) if word else 0
    if word is None or (word == "comma" and count == 1):
        return None
    way = {"tab": "--format tsv", "comma": "--format csv"}.get(
        word, f"--format csv --separator {word}"
    )
    return f"{way} --columns {_letters(count + 1)}; without --columns if the first line names them"


def _letters(count: int) -> str:
    return "A,B" if count == 2 else "A,B,..."
