"""read_text: files as one text."""

import hashlib
from pathlib import Path

import pytest

from recurra.base import ArgumentError, TextError
from recurra.data import Text, read_text

MARK = b"\xef\xbb\xbf"


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="text.txt"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write_file


@pytest.mark.parametrize(
    ("raw", "content"),
    [
        (b"hello\n", "hello\n"),
        (MARK + b"hello\n", "hello\n"),
        (b"one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        (MARK + b"\r\n", "\n"),
        ("한글 \U0001f600".encode(), "한글 \U0001f600"),
    ],
    ids=["plain", "mark", "line ends", "mark and line end", "beyond ASCII"],
)
def test_content(write, raw, content):
    assert read_text([write(raw)]).content == content


def test_a_mark_inside_a_text_is_a_character_of_it(write):
    assert read_text([write(b"a" + MARK + b"b")]).content == "a\ufeffb"


def test_files_are_joined_in_the_order_given_with_a_line_end_between(write):
    first, second, third = write(b"one", "1"), write(b"two\n", "2"), write(b"three", "3")
    assert read_text([first, second, third]).content == "one\ntwo\nthree"
    assert read_text([third, second, first]).content == "three\ntwo\none"


def test_every_file_may_have_a_mark(write):
    text = read_text([write(MARK + b"one\n", "1"), write(MARK + b"two\n", "2")])
    assert text.content == "one\ntwo\n"


def test_the_fingerprint_is_that_of_the_raw_bytes(write):
    raw = MARK + b"one\r\n"
    path = write(raw)
    expected = {"path": str(path), "bytes": 8, "sha256": hashlib.sha256(raw).hexdigest()}
    assert read_text([path]).fingerprint() == [expected]


def test_the_fingerprint_holds_absolute_paths(write, monkeypatch):
    path = write(b"one")
    monkeypatch.chdir(path.parent)
    assert read_text([path.name]).files[0].path == str(path)


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "utf-16-le", "utf-8", "iso2022_kr"])
def test_other_encodings(write, encoding):
    raw = "한글\r\n두 줄".encode(encoding)
    assert read_text([write(raw)], encoding=encoding).content == "한글\n두 줄"


def test_a_mark_is_dropped_in_other_encodings_too(write):
    raw = "\ufeffone".encode("utf-16-le")
    assert read_text([write(raw)], encoding="utf-16-le").content == "one"


def test_an_encoding_that_there_is_not(write):
    with pytest.raises(ArgumentError, match="`encoding`"):
        read_text([write(b"one")], encoding="utf-9")


def test_not_in_another_encoding_says_byte_offset_and_line(write):
    path = write("one\ntwo\n".encode("utf-16-le") + b"\x00\xd8a\x00")
    with pytest.raises(TextError, match="not utf-16-le") as caught:
        read_text([path], encoding="utf-16-le")
    assert caught.value.details["got"] == "byte 0x00 at offset 16"
    assert caught.value.details["where"] == f"{path}:3"


@pytest.mark.parametrize(
    ("line", "where"), [(1, "1:1"), (2, "2:1"), (3, "2:2"), (4, "3:1"), (9, "3:6")]
)
def test_a_line_of_the_text_is_found_in_its_file(write, line, where):
    text = read_text([write(b"one", "1"), write(b"two\r\n\r\n", "2"), write(b"three", "3")])
    folder = Path(text.files[0].path).parent
    assert text.where(line, 7) == f"{folder}/{where}, column 7"


def test_a_file_is_called_as_it_was_given(write, monkeypatch):
    monkeypatch.chdir(write(b"one").parent)
    assert read_text(["text.txt"]).where(1, 2) == "text.txt:1, column 2"


def test_a_text_that_came_from_no_file_has_lines_alone():
    assert Text("one", ()).where(1, 2) == "line 1, column 2"


@pytest.mark.parametrize(
    ("raw", "offset", "byte", "line"),
    [
        (b"abc\xffdef", 3, "ff", 1),
        (MARK + b"abc\xffdef", 6, "ff", 1),
        (b"one\ntwo\nth\xe9e", 10, "e9", 3),
        (MARK + b"one\ntwo\nth\xe9e", 13, "e9", 3),
        (b"\x80", 0, "80", 1),
        ("한글".encode()[:-1], 3, "ea", 1),  # cut off inside the second syllable
        ("한글".encode("cp949"), 0, "c7", 1),
        (b"\xed\xa0\x80", 0, "ed", 1),  # half of a surrogate pair
    ],
)
def test_not_utf_8_says_byte_offset_and_line(write, raw, offset, byte, line):
    path = write(raw)
    with pytest.raises(TextError, match="not UTF-8") as caught:
        read_text([path])
    details = caught.value.details
    assert details["got"] == f"byte 0x{byte} at offset {offset}"
    assert raw[offset] == int(byte, 16)  # the table above is right
    assert details["where"] == f"{path}:{line}"
    assert details["expected"] == "UTF-8"
    assert "--encoding" in details["fix"]


def test_a_bad_second_file_is_the_one_named(write):
    good, bad = write(b"fine", "good"), write(b"\xff", "bad")
    with pytest.raises(TextError) as caught:
        read_text([good, bad])
    assert caught.value.details["where"] == f"{bad}:1"


def test_an_empty_file_is_refused(write):
    path = write(b"")
    with pytest.raises(TextError, match="empty") as caught:
        read_text([path])
    assert caught.value.details == {"got": "0 bytes", "where": str(path)}


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(TextError, match="cannot be read") as caught:
        read_text([tmp_path / "nothing.txt"])
    assert "nothing.txt: No such file" in caught.value.details["got"]


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(TextError, match="cannot be read") as caught:
        read_text([tmp_path])
    assert "directory" in caught.value.details["got"]
