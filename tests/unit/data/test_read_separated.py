"""CSV and TSV: headers, quotes, rows of another width."""

import pytest

from recurra.base import DataError
from recurra.data import BadRecords, ReadOptions, read_records


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="reviews.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def rows(path, **options):
    return [
        (*record.fields.values(), int(record.where.rsplit(":", 1)[1]))
        for record in read_records(path, ReadOptions(**options))
    ]


def refusal(path, **options):
    with pytest.raises(DataError) as caught:
        list(read_records(path, ReadOptions(**options)))
    return caught.value


def test_quotes_of_csv(write):
    path = write(
        'text,label\r\nplain,1\r\n"one, two",2\r\n"first\r\nsecond ""said"" he",3\r\n\r\n'
        'a "word" within,4\r\n"",""\r\n "no quote",6\n,\n"last",9'
    )
    assert rows(path) == [
        ("plain", "1", 2),
        ("one, two", "2", 3),
        ('first\nsecond "said" he', "3", 4),
        ('a "word" within', "4", 7),
        ("", "", 8),
        (' "no quote"', "6", 9),
        ("", "", 10),
        ("last", "9", 11),
    ]


def test_the_names_come_from_the_header(write):
    (record,) = read_records(write('\ufeff"문서, 전체", label \n좋다,1\n'))
    assert record.fields == {"문서, 전체": "좋다", "label": "1"}


def test_columns_without_a_name_are_called_by_their_place(write):
    (record,) = read_records(write(",text\n0,fine\n"))
    assert record.fields == {"column 1": "0", "text": "fine"}


def test_tsv_has_no_quotes(write):
    path = write('id\tdocument\n1\t"한 번\n2\t""""\n3\ta "b\tc\n', "reviews.tsv")
    assert rows(write('id\tdocument\n1\t"한 번\n2\t""""\n', "b.tsv")) == [
        ("1", '"한 번', 2),
        ("2", '""""', 3),
    ]
    assert refusal(path).details["where"] == f"{path}:4"


def test_an_empty_column_at_the_end_of_a_row(write):
    assert rows(write("a\tb\n1\t\n\t\n", "a.tsv")) == [("1", "", 2), ("", "", 3)]


def test_a_blank_separates_only_as_many_columns_as_are_named(write):
    path = write("1 a stirring , funny film\r\n0 dull\n", "train.txt")
    assert rows(path, separator="space", columns=("label", "text")) == [
        ("1", "a stirring , funny film", 1),
        ("0", "dull", 2),
    ]
    assert refusal(write("1\n", "b.txt"), separator="space", columns=("a", "b")).details["got"] == (
        "1 column"
    )


@pytest.mark.parametrize(
    ("word", "sign"), [("tab", "\t"), ("semicolon", ";"), ("|||", "|||"), ("pipe", "|")]
)
def test_separators(write, word, sign):
    path = write(f'a{sign}b\n"x{sign}y"{sign}z\n', "a.csv")
    assert rows(path, separator=word) == [(f"x{sign}y", "z", 2)]


def test_files_without_a_header(write):
    first, second = write("one,1\n", "a.csv"), write("two,2\n", "b.csv")
    records = read_records([first, second], ReadOptions(columns=("text", "label")))
    assert [dict(record.fields) for record in records] == [
        {"text": "one", "label": "1"},
        {"text": "two", "label": "2"},
    ]


def test_each_file_has_its_own_header(write):
    first, second = write("text,label\none,1\n", "a.csv"), write("label,text\n2,two\n", "b.csv")
    records = list(read_records([first, second]))
    assert records[1].fields == {"label": "2", "text": "two"}
    assert records[1].where == f"{second}:2"


@pytest.mark.parametrize(
    ("raw", "line", "got"),
    [
        ("text,label\nfine,1\ntoo,many,2\n", 3, "3 columns"),
        ('text,label\n"one\ntwo",1\nfew\n', 4, "1 column"),
        ('text,label\n"one\ntwo",1,2\n', 2, "3 columns, which ends on line 3"),
    ],
)
def test_rows_of_another_width(write, raw, line, got):
    path = write(raw)
    error = refusal(path)
    assert error.problem == "A row has another number of columns."
    assert error.details["got"] == got
    assert error.details["expected"] == "2 columns: text, label"
    assert error.details["where"] == f"{path}:{line}"


def test_too_few_names_for_the_first_row(write):
    path = write("fine,1,a\n")
    assert refusal(path, columns=("text", "label")).details["fix"] == (
        "`--columns` with 3 names; or `--skip-bad N` leaves up to N bad records out"
    )
    later = write("fine,1\nfine,1,a\n", "later.csv")
    fix = refusal(later, columns=("text", "label")).details["fix"]
    assert fix == "`--skip-bad N` leaves up to N bad records out"


def test_rows_of_another_width_can_be_left_out(write):
    bad = BadRecords(2)
    path = write(b"text,label\na,b,c\nfine,1\n\xff,2\nlast,3\n")
    records = list(read_records(path, bad=bad))
    assert [record.where for record in records] == [f"{path}:3", f"{path}:5"]
    assert [error.details["where"] for error in bad.errors] == [f"{path}:2", f"{path}:4"]


def test_a_wrong_byte_within_quotes_spoils_its_row_alone(write):
    path, bad = write(b'a,b\n"one\n\xff",1\ntwo,2\n'), BadRecords(1)
    (record,) = read_records(path, bad=bad)
    assert record.fields == {"a": "two", "b": "2"}
    assert bad.errors[0].details["where"] == f"{path}:3"


def test_a_quote_that_is_never_closed(write):
    path = write('a,b\nfine,1\n"open,2\nthree,3\n')
    with pytest.raises(DataError, match="never closed") as caught:
        list(read_records(path, bad=BadRecords(99)))
    assert caught.value.details["where"] == f"{path}:3"
    assert "--format tsv" in caught.value.details["fix"]


@pytest.mark.parametrize("rest", ["y\n" * 100, "z" * 50 + "\n"])
def test_a_quote_that_is_not_closed_within_the_longest_line(write, rest):
    path = write('a,b\n"open,2\n' + rest)
    error = refusal(path, longest_line=40)
    assert error.problem == "A quoted column is never closed."
    assert error.details["where"] == f"{path}:2"


def test_what_follows_a_closing_quote(write):
    path = write('a,b\n"one" more,1\ntwo,2\n')
    error = refusal(path)
    assert error.problem == "A quoted column does not end with its quote."
    assert error.details["got"] == "' more,1' after a closing quote"
    assert error.details["where"] == f"{path}:2"
    bad = BadRecords(1)
    assert [record.fields["b"] for record in read_records(path, bad=bad)] == ["2"]


@pytest.mark.parametrize(
    ("raw", "problem", "line"),
    [
        ("text,label,text\na,b,c\n", "A header names a column twice.", 1),
        ("\n,,\na,b,c\n", "A header names no column.", 2),
        (b"te\xffxt,label\na,b\n", "A text file is not UTF-8.", 1),
    ],
)
def test_headers(write, raw, problem, line):
    path = write(raw)
    error = refusal(path)
    assert error.problem == problem
    assert error.details["where"] == f"{path}:{line}"


def test_a_header_besides_named_columns(write):
    path = write("text,label\nfine,1\n")
    error = refusal(path, columns=("text", "label"))
    assert error.problem == "The names of the columns stand in the file, too."
    assert error.details["where"] == f"{path}:1"


@pytest.mark.parametrize("raw", ["text,label\n", "\n\n"])
def test_a_file_without_records(write, raw):
    path = write(raw)
    error = refusal(path)
    assert error.problem == "A file has no records."
    assert error.details["where"] == str(path)
