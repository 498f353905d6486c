"""Quoted columns, after RFC 4180."""

import re

_REST = re.compile(r'((?:[^"]+|"")*+)("?)')
"""What follows an opening quote, with `""` for a quote, and the closing one if it is there."""


class QuotedRow:
    r"""The columns of one row, which may go on over several lines.

    A column that begins with a quote ends with one; within it, separators and line ends are
    characters and two quotes are one. A quote that stands elsewhere is a character.

    Args:
        separator: between columns.

    Example:
        >>> row = QuotedRow(",")
        >>> row.feed('1,"one, or'), row.feed('""uno"" still",I')
        (False, True)
        >>> row.columns
        ['1', 'one, or\n"uno" still', 'I']
    """

    def __init__(self, separator: str) -> None:
        self.separator = separator
        self.columns: list[str] = []
        self._open: list[str] | None = None  # pieces of the quoted column that is not closed

    def feed(self, line: str) -> bool:
        """Take one more line; tell whether the row ends with it.

        Raises:
            ValueError: something follows a closing quote; the message says what.
        """
        place = 0
        if self._open is not None:
            self._open.append("\n")
            place = self._close(line, 0)
        elif '"' not in line:
            self.columns = line.split(self.separator)
            return True
        else:
            place = self._column(line, 0)
        while 0 <= place < len(line):
            place = self._column(line, place + self._separated(line, place))
        return place >= 0

    def _column(self, line: str, place: int) -> int:
        if line.startswith('"', place):
            self._open = []
            return self._close(line, place + 1)
        end = line.find(self.separator, place)
        end = len(line) if end < 0 else end
        self.columns.append(line[place:end])
        return end

    def _close(self, line: str, place: int) -> int:
        assert self._open is not None
        match = _REST.match(line, place)
        assert match  # it matches nothing, too
        self._open.append(match[1].replace('""', '"'))
        if not match[2]:
            return -1
        self.columns.append("".join(self._open))
        self._open = None
        return match.end()

    def _separated(self, line: str, place: int) -> int:
        if not line.startswith(self.separator, place):
            raise ValueError(f"{line[place : place + 20]!r} after a closing quote")
        return len(self.separator)
