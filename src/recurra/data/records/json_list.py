"""JSON: a list of objects, of which one at a time is in memory."""

import re
from collections.abc import Iterator
from pathlib import Path

from recurra.base import DataError
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.json_lines import parse_object
from recurra.data.records.lines import Line, read_lines
from recurra.data.records.open_files import name_of
from recurra.data.records.options import ReadOptions
from recurra.data.records.record import Record

_SIGNS = re.compile(r'"(?:[^"\\]|\\.)*+"|[][{},"]|[^][{},"\s]+')
"""Strings, which no line end can be in; brackets, commas, quotes without an end; other words."""


def read_json_list(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read the objects of one list."""
    name, objects = name_of(path), _Objects(name_of(path), options.longest_line)
    for line in read_lines(path, options):
        if line.error:
            raise line.error
        for text, first in objects.feed(line):
            try:
                fields = parse_object(text, name, first)
            except DataError as error:
                bad.refuse(error)
            else:
                yield Record(fields, f"{name}:{first}")
    objects.check_closed()


class _Objects:
    """The texts of the objects of a list, found by their brackets as lines come in."""

    def __init__(self, name: str, longest: int) -> None:
        self.name, self.longest = name, longest
        self.depth = 0  # 1 within the list, more within an object
        self.expected = "["  # what may come next at depths 0 and 1
        self.begun: list[str] = []  # lines of the object that is not closed
        self.size = 0
        self.first = self.last = 1  # lines: of its beginning, and the last there was

    def feed(self, line: Line) -> Iterator[tuple[str, int]]:
        self.last, start = line.number, 0
        for match in _SIGNS.finditer(line.text):
            sign = match[0]
            if self.depth < 2:
                self._between(sign, line.number)
                if self.depth == 2:
                    self.first, start = line.number, match.start()
            elif sign in ("{", "["):
                self.depth += 1
            elif sign in ("}", "]"):
                self.depth -= 1
                if self.depth == 1:
                    yield "\n".join([*self.begun, line.text[start : match.end()]]), self.first
                    self.begun, self.size, self.expected = [], 0, ",]"
            elif sign == '"':
                raise self._broken("a string that is not closed", line.number)
        if self.depth > 1:
            self._keep(line.text[start:])

    def check_closed(self) -> None:
        if self.expected != "":
            raise self._broken("the end of the file", self.last)

    def _between(self, sign: str, number: int) -> None:
        """Take a sign that stands between objects."""
        if sign not in tuple(self.expected):
            raise self._broken(sign[:40], number)
        if sign in "[{":
            self.depth += 1
        self.expected = {"[": "{]", "{": "}", ",": "{", "]": ""}[sign]

    def _keep(self, text: str) -> None:
        self.begun.append(text)
        self.size += len(text) + 1
        if self.size > self.longest:
            raise DataError(
                "An object of a JSON list is too long.",
                got=f"more than {self.longest:,} characters",
                expected="a list of objects, each closed",
                where=f"{self.name}:{self.first}",
                fix="--longest-line BYTES, if it is right",
            )

    def _broken(self, got: str, number: int) -> DataError:
        if self.depth > 1:
            expected = f"the end of the object that begins on line {self.first}"
        else:
            expected = " or ".join(self.expected) or "the end of the file"
        return DataError(
            "A JSON file is not a list of objects.",
            got=got,
            expected=expected,
            where=f"{self.name}:{number}",
            fix='[{"text": "fine"}, ...]; or --format jsonl, for one object a line',
        )
