"""CoNLL-U, the format of Universal Dependencies: ten columns a word, a sentence a record."""

from collections.abc import Iterator
from pathlib import Path

from recurra.base import DataError
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.lines import Line, read_blocks
from recurra.data.records.open_files import name_of
from recurra.data.records.options import ReadOptions
from recurra.data.records.record import Record

COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")

KEPT = ("form", "lemma", "upos", "xpos", "feats", "head", "deprel")
"""The columns that a record has, each a list of str, one for each word."""


def read_conllu(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read sentences as lists: `form`, `lemma`, `upos`, `xpos`, `feats`, `head`, `deprel`.

    Ranges of words (3-4) and empty nodes (8.1) are skipped.
    """
    name = name_of(path)
    for block in read_blocks(path, options):
        try:
            words = _words(block, name)
        except DataError as error:
            bad.refuse(error)
            continue
        if words:  # comments alone are not a sentence
            lists = zip(*words, strict=True)
            columns = dict(zip(COLUMNS, map(list, lists), strict=True))
            yield Record({key: columns[key] for key in KEPT}, f"{name}:{block[0].number}")


def _words(block: list[Line], name: str) -> list[list[str]]:
    words: list[list[str]] = []
    for line in block:
        if line.error:
            raise line.error
        if line.text.startswith("#"):
            continue
        columns = line.text.split("\t")
        _check_columns(columns, f"{name}:{line.number}")
        if _is_word(columns[0], len(words) + 1, f"{name}:{line.number}"):
            words.append(columns)
    return words


def _check_columns(columns: list[str], where: str) -> None:
    if len(columns) != len(COLUMNS):
        raise DataError(
            "A line of CoNLL-U has another number of columns.",
            got=f"{len(columns)} between tabs",
            expected=f"{len(COLUMNS)}: {', '.join(COLUMNS)}",
            where=where,
        )
    for column, value in zip(COLUMNS, columns, strict=True):
        if not value.strip():
            raise DataError(
                f'The column "{column}" is empty.',
                got=repr(value),
                expected="_ where there is nothing",
                where=where,
            )


def _is_word(number: str, expected: int, where: str) -> bool:
    """Tell words from ranges and empty nodes by their id; the next word has the id `expected`."""
    if number == str(expected):
        return True
    first, dash, last = number.partition("-")
    if dash and _are_numbers(first, last) and int(first) < int(last):
        return False
    before, dot, place = number.partition(".")
    if dot and _are_numbers(before, place) and int(before) == expected - 1:
        return False
    raise DataError(
        "A line of CoNLL-U has a wrong id.",
        got=repr(number[:20]),
        expected=f"{expected}, or a range such as {expected}-{expected + 1}",
        where=where,
    )


def _are_numbers(*words: str) -> bool:
    return all(word.isascii() and word.isdecimal() and len(word) < 10 for word in words)
