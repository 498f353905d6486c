"""Tagged words in columns, as in CoNLL-2003: a word a line, an empty line after a sentence."""

import re
from collections.abc import Iterator
from pathlib import Path

from recurra.base import DataError
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.lines import Line, read_blocks
from recurra.data.records.open_files import name_of
from recurra.data.records.options import ReadOptions
from recurra.data.records.record import Record

DOCUMENT = "-DOCSTART-"
"""The word of a line that begins a document; it is not a word of a sentence."""

_BLANKS = re.compile("[ \t]+")


def read_token_columns(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read sentences, a word a line, with columns between blanks: `form`, ..., `label`.

    A separator other than blanks can be given. Without names, the first column is "form" and the
    last "label"; those between are called "column 2" and so on. All sentences have as many columns
    as the first.
    """
    name, names = name_of(path), options.columns
    for block in read_blocks(path, options):
        try:
            words = [_columns(line, options) for line in block if not _begins_document(line)]
            names = names or (_names(len(words[0])) if words else ())
            _check_width(words, block, names, name)
        except DataError as error:
            bad.refuse(error)
            continue
        if words:
            lists = map(list, zip(*words, strict=True))
            yield Record(dict(zip(names, lists, strict=True)), f"{name}:{block[0].number}")


def _columns(line: Line, options: ReadOptions) -> list[str]:
    if line.error:
        raise line.error
    if options.separator is None:
        return _BLANKS.split(line.text.strip(" \t"))
    return line.text.split(options.separator)


def _begins_document(line: Line) -> bool:
    return line.text.startswith(DOCUMENT)


def _names(count: int) -> tuple[str, ...]:
    if count == 1:
        return ("form",)
    return ("form", *(f"column {i}" for i in range(2, count)), "label")


def _check_width(
    words: list[list[str]], block: list[Line], names: tuple[str, ...], name: str
) -> None:
    lines = [line for line in block if not _begins_document(line)]
    for line, word in zip(lines, words, strict=True):
        where = f"{name}:{line.number}"
        if len(word) != len(names):
            raise DataError(
                "A word has another number of columns.",
                got=f"{len(word)}: {' '.join(word)[:60]}",
                expected=f"{len(names)}: {', '.join(names)}",
                where=where,
                fix="name all columns: --columns form,pos,label",
            )
        for column, value in zip(names, word, strict=True):
            if not value.strip():
                raise DataError(f'The column "{column}" is empty.', got=repr(value), where=where)
