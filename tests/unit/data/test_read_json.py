"""JSON lines, and JSON lists of objects."""

import json

import pytest

from recurra.base import DataError
from recurra.data import BadRecords, ReadOptions, read_records


@pytest.fixture
def write(tmp_path):
    def write_file(content, name):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


OBJECTS = [
    {"text": '쉼표, ] } "따옴표" \\', "label": 1},
    {"left": {"name": "가", "tags": ["a", "]"]}, "right": {}, "label": None},
    {"text": "", "score": 2.5},
]


@pytest.mark.parametrize("indent", [None, 0, 2])
def test_a_list_of_objects(write, indent):
    path = write(json.dumps(OBJECTS, ensure_ascii=False, indent=indent), "a.json")
    records = list(read_records(path))
    assert [record.fields for record in records] == OBJECTS
    assert records[0].where == f"{path}:{1 if indent is None else 2}"


def test_the_lines_on_which_objects_begin(write):
    path = write('[ {"a":\n1}, {"a": 2},\n\n{\n"a": 3}\n]\n', "a.json")
    places = [record.where.rsplit(":", 1)[1] for record in read_records(path)]
    assert places == ["1", "2", "4"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson"])
def test_an_object_a_line(write, name):
    lines = [json.dumps(each, ensure_ascii=False) for each in OBJECTS]
    path = write("\ufeff" + "\r\n\r\n".join(lines), name)
    records = list(read_records(path))
    assert [record.fields for record in records] == OBJECTS
    assert [record.where for record in records] == [f"{path}:{i}" for i in (1, 3, 5)]


@pytest.mark.parametrize(
    ("line", "problem", "got"),
    [
        ('{"a": }', "not JSON", "Expecting value at column 7"),
        ('{"a": 1', "not JSON", "Expecting ',' delimiter"),
        ("[1, 2]", "not a JSON object", "a list: [1, 2]"),
        ('"word"', "not a JSON object", 'a text: "word"'),
        ("3", "not a JSON object", "a number: 3"),
        ("null", "not a JSON object", "null"),
        ('{"a": 1, "a": 2}', "not JSON", "the key 'a' comes twice"),
        ('{"a": ' + "9" * 5000 + "}", "not JSON", "Exceeds the limit"),
        ('{"a": ' + "[" * 100_000 + "}", "not JSON", "recursion"),
    ],
)
def test_a_line_that_is_wrong(write, line, problem, got):
    path = write('{"a": 0}\n' + line + '\n{"a": 3}\n', "a.jsonl")
    bad = BadRecords(1)
    assert [record.fields["a"] for record in read_records(path, bad=bad)] == [0, 3]
    assert problem in bad.errors[0].problem
    assert got in bad.errors[0].details["got"]
    assert bad.errors[0].details["where"] == f"{path}:2"
    with pytest.raises(DataError, match=problem):
        list(read_records(path))


def test_a_line_with_a_wrong_byte(write):
    path, bad = write(b'{"a": "\xff"}\n{"a": 2}\n', "a.jsonl"), BadRecords(1)
    assert [record.fields["a"] for record in read_records(path, bad=bad)] == [2]


def test_a_wrong_object_of_a_list(write):
    path = write('[\n{"a": 1},\n{"a":\n  nope},\n{"a": 3}\n]', "a.json")
    bad = BadRecords(1)
    assert [record.fields["a"] for record in read_records(path, bad=bad)] == [1, 3]
    assert bad.errors[0].details["where"] == f"{path}:4"
    assert "Expecting value at column 3: '  nope}'" in bad.errors[0].details["got"]


@pytest.mark.parametrize(
    ("raw", "line", "got", "expected"),
    [
        ('{"train": []}', 1, "{", "["),
        ("[1, 2]", 1, "1", "{ or ]"),
        ('["a"]', 1, '"a"', "{ or ]"),
        ('[{"a": 1}\n{"a": 2}]', 2, "{", ", or ]"),
        ('[{"a": 1},\n]', 2, "]", "{"),
        ('[{"a": 1}]\n[]', 2, "[", "the end of the file"),
        ('[{"a": 1},\n{"a": 2},', 2, "the end of the file", "{"),
        ('[{"a": 1}\n', 1, "the end of the file", ", or ]"),
        ('[\n{"a": 1\n', 2, "the end of the file", "the end of the object that begins on line 2"),
        ('[{"a": "\nb"}]', 1, "a string that is not closed", "the end of the object"),
        ("\n\n", 2, "the end of the file", "["),
    ],
)
def test_a_list_that_is_wrong(write, raw, line, got, expected):
    path = write(raw, "a.json")
    with pytest.raises(DataError, match="not a list of objects") as caught:
        list(read_records(path, bad=BadRecords(9)))
    details = caught.value.details
    assert details["where"] == f"{path}:{line}"
    assert details["got"] == got
    assert details["expected"].startswith(expected)


def test_an_empty_list(write):
    with pytest.raises(DataError, match="no records"):
        list(read_records(write("[]", "a.json")))


def test_a_list_with_a_wrong_byte(write):
    with pytest.raises(DataError, match="not UTF-8"):
        list(read_records(write(b'[{"a": "\xff"}]', "a.json"), bad=BadRecords(9)))


def test_an_object_that_never_ends(write):
    path = write('[{"a": [\n' + "1,\n" * 50, "a.json")
    with pytest.raises(DataError, match="too long") as caught:
        list(read_records(path, ReadOptions(longest_line=60)))
    assert caught.value.details["where"] == f"{path}:1"
