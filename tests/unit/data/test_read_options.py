"""Options, formats, paths, bad records and fingerprints."""

import hashlib

import pytest

from recurra.base import ArgumentError, DataError, ShapeError, TextError, UnknownName
from recurra.data import FORMATS, BadRecords, ReadOptions, fingerprint, read_records


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"columns": "text,label"}, "not a list of names"),
        ({"columns": ("a", " ")}, "not a list of names"),
        ({"columns": ("a", "b", "a")}, "names a column twice"),
        ({"separator": ""}, "cannot separate"),
        ({"separator": '"'}, "cannot separate"),
        ({"separator": "a\n"}, "cannot separate"),
        ({"separator": 3}, "cannot separate"),
        ({"encoding": "utf-9"}, "not a known encoding"),
        ({"encoding": "base64"}, "not a known encoding"),
        ({"encoding": "a\0b"}, "not a known encoding"),
    ],
)
def test_options_are_checked(options, problem):
    with pytest.raises(ArgumentError, match=problem):
        ReadOptions(**options)


def test_the_longest_line_is_a_size():
    with pytest.raises(ShapeError, match="longest_line"):
        ReadOptions(longest_line=0)


def test_words_for_separators():
    words = ("tab", "\\t", "\t", "comma", "~")
    signs = [ReadOptions(separator=word).separator for word in words]
    assert signs == ["\t", "\t", "\t", ",", "~"]


def test_columns_may_be_a_list():
    assert ReadOptions(columns=["a", "b"]) == ReadOptions(columns=("a", "b"))


def test_formats_by_name(tmp_path):
    names = [
        "text", "csv", "tsv", "jsonl", "ndjson", "json", "conllu", "columns", "parallel",
        "parquet", "arrow", "feather", "ipc",
    ]  # fmt: skip
    assert [name for name in FORMATS if name in names] == names  # there may be others
    with pytest.raises(UnknownName, match="format") as caught:
        read_records(tmp_path, ReadOptions(format="jsonlines"))
    assert "'jsonl'" in caught.value.details["fix"]


@pytest.mark.parametrize(
    ("name", "content", "fields"),
    [
        ("a.CSV", b"x,y\n1,2\n", {"x": "1", "y": "2"}),
        ("a.tsv", b"x\ty\n1\t2\n", {"x": "1", "y": "2"}),
        ("a.en", b"x,y\n", {"text": "x,y"}),
        ("a", b"x,y\n", {"text": "x,y"}),
        ("a.jsonl", b'{"x": 1}', {"x": 1}),
    ],
)
def test_formats_by_ending(tmp_path, name, content, fields):
    path = tmp_path / name
    path.write_bytes(content)
    assert next(read_records(path)).fields == fields


def test_a_told_format_goes_before_the_ending(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'"a"\tb\n1,2\t3\n')
    assert next(read_records(path, ReadOptions(format="tsv"))).fields == {'"a"': "1,2", "b": "3"}


@pytest.mark.parametrize(
    ("format", "option"),
    [
        ("jsonl", {"columns": ("a",)}),
        ("json", {"separator": ","}),
        ("text", {"separator": ","}),
        ("conllu", {"columns": ("a",)}),
        ("parquet", {"encoding": "cp949"}),
        ("arrow", {"columns": ("a",)}),
    ],
)
def test_options_that_a_format_has_not_are_refused(tmp_path, format, option):
    path = tmp_path / "a.txt"
    path.write_bytes(b"x")
    (name,) = option
    with pytest.raises(ArgumentError, match=f'"{format}" takes no `{name}`'):
        read_records(path, ReadOptions(format=format, **option))


def test_strings_in_a_list_are_paths_where_the_first_names_a_file(tmp_path):
    path = tmp_path / "reviews"
    path.write_bytes(b"one\n")
    assert [record.where for record in read_records([str(path)])] == [f"{path}:1"]
    with pytest.raises(TextError, match="cannot be read"):
        read_records([str(tmp_path / "missing.tsv.gz")])
    with pytest.raises(ArgumentError, match="something else"):
        read_records([path, 3])


def test_bad_records_up_to_the_limit():
    bad, errors = BadRecords(2), [DataError(f"{i}") for i in range(3)]
    bad.refuse(errors[0])
    bad.refuse(errors[1])
    with pytest.raises(DataError) as caught:
        bad.refuse(errors[2])
    assert caught.value is errors[2]
    assert (bad.count, bad.errors) == (2, errors[:2])
    assert caught.value.details["fix"] == ("`--skip-bad N` leaves up to N bad records out; N was 2")


def test_the_fix_of_an_error_stays():
    with pytest.raises(DataError) as caught:
        BadRecords().refuse(DataError("wrong", fix="mend it"))
    assert caught.value.details["fix"] == (
        "mend it; or `--skip-bad N` leaves up to N bad records out"
    )


def test_the_first_hundred_errors_are_kept():
    bad = BadRecords(150)
    for i in range(120):
        bad.refuse(DataError(str(i)))
    assert bad.count == 120
    assert [error.problem for error in bad.errors] == [str(i) for i in range(100)]


def test_a_limit_is_not_negative():
    with pytest.raises(ShapeError, match="limit"):
        BadRecords(-1)


def test_fingerprints(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    raw = bytes(range(256)) * 9000  # more than a block
    (tmp_path / "a.gz").write_bytes(raw)
    (tmp_path / "b").write_bytes(b"")
    first, second = fingerprint(["a.gz", tmp_path / "b"])
    assert (first.path, first.bytes) == (str(tmp_path / "a.gz"), len(raw))
    assert first.sha256 == hashlib.sha256(raw).hexdigest()
    assert second.bytes == 0


def test_no_fingerprint(tmp_path):
    with pytest.raises(TextError, match="cannot be read"):
        fingerprint([tmp_path / "none"])
    with pytest.raises(TextError, match="Standard input"):
        fingerprint(["-"])
