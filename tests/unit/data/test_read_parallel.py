"""Parallel files: one record of the lines with one number."""

import gzip
import io
import sys

import pytest

from recurra.base import ArgumentError, DataError
from recurra.data import BadRecords, ReadOptions, read_records

PARALLEL = ReadOptions(format="parallel")


@pytest.fixture
def write(tmp_path):
    def write_file(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write_file


def test_pairs(write):
    english = write("a.en", b"one\r\ntwo\x0b\xe2\x80\xa8\rstill two\n\nfour")
    korean = write("a.ko.gz", gzip.compress("하나\n둘\n\n넷\n".encode()))
    records = list(read_records([english, korean], PARALLEL))
    assert [tuple(record.fields.items()) for record in records] == [
        (("source", "one"), ("target", "하나")),
        (("source", "two\x0b\u2028\rstill two"), ("target", "둘")),
        (("source", ""), ("target", "")),
        (("source", "four"), ("target", "넷")),
    ]
    assert records[1].where == f"{english}:2 and {korean}:2"


def test_three_files(write):
    paths = [write("a", b"1\n2"), write("b", b"3\n4\n"), write("c", b"5\n6\n")]
    options = ReadOptions(format="parallel", columns=("x", "y", "z"))
    assert [dict(record.fields) for record in read_records(paths, options)] == [
        {"x": "1", "y": "3", "z": "5"},
        {"x": "2", "y": "4", "z": "6"},
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_files_and_columns_are_as_many(write, count):
    paths = [write(f"{i}.txt", b"one") for i in range(count)]
    with pytest.raises(ArgumentError, match="parallel files is a column"):
        list(read_records(paths, PARALLEL))


def test_unequal_counts_are_found_before_the_first_record(write):
    first, second = write("a.en", b"1\n2\n3"), write("a.de", b"1\n2\n")
    with pytest.raises(DataError, match="different numbers of lines") as caught:
        next(read_records([first, second], PARALLEL))
    assert caught.value.details["got"] == f"{first}: 3, {second}: 2"


def test_unequal_counts_with_standard_input_are_found_at_the_end(write, monkeypatch):
    path = write("a.en", b"1\n2\n3\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1\n2\n")))
    records = read_records([path, "-"], PARALLEL)
    assert next(records).fields == {"source": "1", "target": "1"}
    with pytest.raises(DataError, match="different numbers") as caught:
        list(records)
    assert caught.value.details["got"] == f"{path}: more than 2, standard input: 2"


def test_a_wrong_line_spoils_its_pair(write):
    first, second = write("a.en", b"1\n2\n3\n"), write("a.de", b"1\n\xff\n3\n")
    bad = BadRecords(1)
    records = read_records([first, second], PARALLEL, bad)
    assert [record.fields["source"] for record in records] == ["1", "3"]
    assert bad.errors[0].details["where"] == f"{second}:2"
