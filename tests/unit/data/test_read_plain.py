"""Plain text, and what all files of lines have in common: ends, encodings, gzip, standard input."""

import gzip
import io
import sys

import pytest

from recurra.base import ArgumentError, DataError, TextError
from recurra.data import BadRecords, ReadOptions, read_records

MARK = b"\xef\xbb\xbf"


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="reviews.txt"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write_file


def texts(source, **options):
    return [record.fields["text"] for record in read_records(source, ReadOptions(**options))]


def refusal(source, kind=TextError, **options):
    with pytest.raises(kind) as caught:
        list(read_records(source, ReadOptions(**options)))
    return caught.value


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\ntwo", ["one", "two"]),
        (MARK + b"one\r\ntwo\nthree\r\n", ["one", "two", "three"]),
        (b"one\rtwo\rthree", ["one", "two", "three"]),
        (b"one\r\n\r\ntwo\r\n", ["one", "", "two"]),
        (b"one\rstill one\ntwo\n", ["one\rstill one", "two"]),
        ("이 영화\u2028정말 \x85좋다\n둘".encode(), ["이 영화\u2028정말 \x85좋다", "둘"]),
        (b"\n", [""]),
        (b"a" + MARK + b"b\n", ["a\ufeffb"]),
    ],
    ids=[
        "plain", "no final line end", "mark and mixed ends", "carriage returns", "empty line",
        "a carriage return within", "Korean, other line breaks", "one empty line", "mark within",
    ],
)  # fmt: skip
def test_lines(write, raw, expected):
    path = write(raw)
    assert texts(path) == expected
    places = [record.where for record in read_records(str(path))]
    assert places == [f"{path}:{i}" for i in range(1, len(expected) + 1)]


def test_a_line_longer_than_a_block_is_put_together(write):
    long = "가나" * 200_000
    assert texts(write(f"one\n{long}\nthree\n".encode())) == ["one", long, "three"]


def test_gzip(write):
    first = gzip.compress("하나\n둘\n".encode())
    path = write(first + gzip.compress(b"three\n", mtime=0), "a.txt.gz")
    assert texts(path) == ["하나", "둘", "three"]


def test_a_broken_gzip_file(write):
    whole = gzip.compress(bytes(range(1, 256)) * 50, mtime=0)
    for raw in (whole[:-20], b"plain text\n", whole[:30] + b"\xff\xff\xff" + whole[33:]):
        path = write(raw, "a.txt.gz")
        error = refusal(path, DataError, encoding="latin-1")
        assert "gzip file is broken" in error.problem
        assert error.details["where"] == str(path)


def stdin_of(raw, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def test_standard_input(monkeypatch):
    stdin_of("하나\r\n둘".encode(), monkeypatch)
    records = list(read_records("-"))
    assert [record.fields for record in records] == [{"text": "하나"}, {"text": "둘"}]
    assert [record.where for record in records] == ["standard input:1", "standard input:2"]


def test_standard_input_among_files(monkeypatch, write):
    stdin_of(b"two\n", monkeypatch)
    assert texts([str(write(b"one")), "-"]) == ["one", "two"]


def test_an_empty_standard_input(monkeypatch):
    stdin_of(b"", monkeypatch)
    assert refusal("-").details["where"] == "standard input"


def test_standard_input_without_bytes(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("text"))
    assert "no bytes" in refusal("-").details["got"]


def test_standard_input_twice():
    assert "only once" in refusal(["-", "-"], ArgumentError).problem


@pytest.mark.parametrize(
    ("raw", "byte", "offset", "line"),
    [
        (b"abc\xffdef", "ff", 3, 1),
        (b"one\r\ntwo\nth\xe9e\n", "e9", 11, 3),
        (MARK + b"one\n\x80", "80", 7, 2),
        ("한글\n".encode("cp949"), "c7", 0, 1),
        (b"a" * 300_000 + b"\nb\xfe\n", "fe", 300_002, 2),
    ],
)
def test_not_utf_8(write, raw, byte, offset, line):
    path = write(raw)
    error = refusal(path)
    assert error.problem == "A text file is not UTF-8."
    assert error.details["got"] == f"byte 0x{byte} at offset {offset}"
    assert error.details["where"] == f"{path}:{line}"
    assert "--encoding" in error.details["fix"]
    assert "--skip-bad" in error.details["fix"]
    assert raw[offset] == int(byte, 16)


def test_lines_that_are_not_utf_8_can_be_left_out(write):
    bad = BadRecords(2)
    records = read_records(write(b"one\n\xff\nthree\n\xc7\xd1"), bad=bad)
    assert [record.where.rsplit(":", 1)[1] for record in records] == ["1", "3"]
    assert bad.count == 2


@pytest.mark.parametrize("encoding", ["cp949", "latin-1", "utf-8-sig", "iso2022_kr", "cp037"])
def test_other_encodings(write, encoding):
    words = ["한글", "둘"] if encoding not in ("latin-1", "cp037") else ["café", "two"]
    assert texts(write("\n".join(words).encode(encoding)), encoding=encoding) == words


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings(write, encoding):
    lines = ["한글 \u0a0a", "", "셋" * 100_000, "four"]
    raw = ("\ufeff" * (len(encoding) > 6) + "\r\n".join(lines)).encode(encoding)
    assert texts(write(raw), encoding=encoding) == lines


def test_a_wrong_byte_of_another_encoding(write):
    path = write("하나\n둘\n".encode("cp949") + b"\xff\xff\n")
    error = refusal(path, encoding="cp949")
    assert error.problem == "A text file is not cp949."
    assert error.details["got"] == "byte 0xff at offset 8"
    assert error.details["where"] == f"{path}:3"


def test_a_wrong_byte_of_a_wide_encoding(write):
    raw = b"\xfe\xff" + "one\ntwo\nth".encode("utf-16-be") + b"\xd8\x00\x00\x41" + b"\x00\n"
    path = write(raw)
    error = refusal(path, encoding="utf-16")
    assert error.details["where"] == f"{path}:3"
    assert error.details["got"] == f"byte 0xd8 at offset {raw.index(0xD8)}"


@pytest.mark.parametrize(
    ("raw", "word", "fix"),
    [
        ("one".encode("utf-16"), "UTF-16", "--encoding utf-16"),
        ("one".encode("utf-32"), "UTF-32", "--encoding utf-32"),
        (gzip.compress(b"one", mtime=0), "gzip", ".gz"),
        (b"PK\x03\x04rest", "spreadsheet", "CSV"),
        (b"PAR1\x15\x04", "Parquet", "--format parquet"),
    ],
)
def test_files_of_another_kind_are_recognised(write, raw, word, fix):
    error = refusal(write(raw))
    assert word in error.details["got"]
    assert fix in error.details["fix"]


def test_a_nul_character(write):
    path = write(b"one\ntw\0o\n")
    error = refusal(path)
    assert error.problem == "A text has a NUL character."
    assert error.details["got"] == "U+0000 at column 3"
    assert error.details["where"] == f"{path}:2"


@pytest.mark.parametrize("length", [11, 1000, 900_000])
def test_a_line_that_is_too_long(write, length):
    path = write(b"0123456789\r\n" + b"x" * length + b"\nthree\n")
    bad = BadRecords(1)
    records = list(read_records(path, ReadOptions(longest_line=10), bad))
    assert [record.fields["text"] for record in records] == ["0123456789", "three"]
    assert records[1].where == f"{path}:3"
    error = refusal(path, longest_line=10)
    assert error.problem == "A line is too long."
    assert error.details["where"] == f"{path}:2"
    assert error.text().splitlines()[1:3] == [
        "  got:       more than 10 bytes",
        "  expected:  at most 10",
    ]


def test_offsets_after_a_line_that_is_too_long(write):
    path, bad = write(b"y" * 700_000 + b"\n\xff\n"), BadRecords(2)
    assert list(read_records(path, ReadOptions(longest_line=9), bad)) == []
    assert bad.errors[1].details["got"] == "byte 0xff at offset 700001"


def test_an_empty_file(write):
    path = write(b"")
    error = refusal([write(b"one", "a.txt"), path])
    assert error.details == {"got": "0 bytes", "where": str(path)}


def test_files_that_cannot_be_opened_are_named_before_any_is_read(tmp_path, write):
    good = write(b"one")
    for wrong, reason in ((tmp_path / "none.txt", "No such file"), (tmp_path, "directory")):
        with pytest.raises(TextError, match="cannot be read") as caught:
            read_records([good, wrong])
        assert f"{wrong}: " in caught.value.details["got"]
        assert reason in caught.value.details["got"]


def test_a_path_with_a_nul_character():
    assert "cannot be read" in refusal("a\0b").problem


def test_the_one_column_can_be_named(write):
    (record,) = read_records(write(b"one"), ReadOptions(columns=("document",)))
    assert record.fields == {"document": "one"}


def test_two_names_for_the_one_column(write):
    error = refusal(write(b"one"), ArgumentError, columns=("a", "b"))
    assert error.problem == "A plain text has one column."
