"""Files that are cut at the wrong signs: the message names the options that cut them."""

import pytest

from recurra.base import DataError
from recurra.data import BadRecords, Field, ReadOptions, find_columns, read_records

LABEL = Field("label", "what is told", ("label",), "label")
TAGS = Field("tags", "a label for each word", ("tags",), "tokens")

PLAIN = "; without --columns if the first line names them"
NO_HEADER = " if the first line is not a header"


def fix_of(path, field=LABEL, **options):
    first = next(iter(read_records(path, ReadOptions(**options))))
    with pytest.raises(DataError, match=f"no column for the {field.role}") as caught:
        find_columns(first, [field], {})
    return caught.value.details["fix"]


@pytest.mark.parametrize(
    ("name", "raw", "fix"),
    [
        ("a.csv", "a;b;c\nx;1;2\n", "--separator semicolon"),
        ("a.csv", "a|b\nx|1\n", "--separator pipe"),
        ("a.csv", "text, more;class;id\nx, y;1;2\n", "--separator semicolon"),
        ("a.tsv", "a,b,c\nx,1,2\n", "--separator comma"),
        ("a.csv", "a\tb\nx\t1\n", "--separator tab"),
        ("a.csv", "s\t5.0\tA, b.\nm\t1\tA, c.\n",
         "--separator tab, with --columns A,B,..." + NO_HEADER),
        ("a.csv", "a,b|c,d\nx,1|2,y\n", "--label COLUMN"),
        ("a.csv", "text\n\"x,y,z\"\n", "--label text"),
        ("SMS", "ham\tGo, now;then\n", "--format tsv --columns A,B" + PLAIN),
        ("deu.txt", "Go.\tGeh.\tx\n", "--format tsv --columns A,B,..." + PLAIN),
        ("a.data", "M,0.455,15\n", "--format csv --columns A,B,..." + PLAIN),
        ("a.data", "ham;Go, now\n", "--format csv --separator semicolon --columns A,B" + PLAIN),
        ("a.data", "ham|Go, now\n", "--format csv --separator pipe --columns A,B" + PLAIN),
        ("a.txt", "Well, my dear; that is so, he said.\n", "--label text"),
        ("a.txt", "1,000 dollars\n", "--label text"),
        ("a.jsonl", '{"text": "a;b"}\n', "--label text"),
    ],
)  # fmt: skip
def test_one_column_that_is_several(tmp_path, name, raw, fix):
    path = tmp_path / name
    path.write_text(raw)
    assert fix_of(path) == fix


def test_tagged_words(tmp_path):
    path = tmp_path / "eng.testa"
    path.write_text("The DT I-NP O\nDrug NNP I-NP O\n")
    assert fix_of(path, TAGS) == "--format columns, if each line is a word and its label"
    path.write_text("The dog\tDT NN\n")
    assert fix_of(path, TAGS) == "--format tsv --columns A,B" + PLAIN


def test_records_in_memory_are_not_cut():
    with pytest.raises(DataError) as caught:
        find_columns(next(read_records([{"a;b;c": "x;y"}])), [LABEL], {})
    assert caught.value.details["fix"] == "--label a;b;c"


@pytest.mark.parametrize("limit", [0, 1])
def test_rows_of_another_width_in_a_file_that_is_cut_wrongly(tmp_path, limit):
    path = tmp_path / "sms.csv"
    path.write_text("Nr;class;text\n0;ham;a, b\n1;ham;c, d\n")
    with pytest.raises(DataError, match="another number of columns") as caught:
        list(read_records(path, bad=BadRecords(limit)))
    assert caught.value.details["where"] == f"{path}:{2 + limit}"
    assert caught.value.details["fix"] == "--separator semicolon"


def test_rows_in_one_piece_where_columns_are_named(tmp_path):
    path = tmp_path / "semi.csv"
    path.write_text("x;1;2\n")
    with pytest.raises(DataError, match="another number of columns") as caught:
        list(read_records(path, ReadOptions(columns=("a", "b", "c"))))
    assert caught.value.details["fix"] == "--separator semicolon"
