"""CoNLL-U, and words in columns."""

import pytest

from recurra.base import DataError
from recurra.data import BadRecords, ReadOptions, read_records

SENTENCE = """\
# sent_id = 1
# text = Don't go.
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tDo\tdo\tAUX\tVBP\tMood=Ind\t3\taux\t_\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_
2.1\tever\tever\tADV\t_\t_\t_\t_\t_\t_
3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No

"""
SECOND = "1\t뉴 욕\t뉴+욕\tPROPN\tNNP\t_\t0\troot\t_\t_\n"


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="a.conllu"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_sentences(write, end):
    path = write((SENTENCE + "\n# a comment alone\n\n" + SECOND).replace("\n", end))
    first, second = read_records(path)
    assert first.fields == {
        "form": ["Do", "n't", "go"],
        "lemma": ["do", "not", "go"],
        "upos": ["AUX", "PART", "VERB"],
        "xpos": ["VBP", "RB", "VB"],
        "feats": ["Mood=Ind", "_", "_"],
        "head": ["3", "3", "0"],
        "deprel": ["aux", "advmod", "root"],
    }
    assert first.where == f"{path}:1"
    assert second.fields["form"] == ["뉴 욕"]
    assert second.where == f"{path}:12"


@pytest.mark.parametrize(
    ("line", "problem", "got"),
    [
        ("1\ta\tb", "another number of columns", "3 between tabs"),
        (SECOND.replace("1\t", "2\t", 1).rstrip(), "wrong id", "'2'"),
        (SECOND.replace("1\t", "x\t", 1).rstrip(), "wrong id", "'x'"),
        (SECOND.replace("1\t", "3-2\t", 1).rstrip(), "wrong id", "'3-2'"),
        (SECOND.replace("1\t", "7.1\t", 1).rstrip(), "wrong id", "'7.1'"),
        (SECOND.replace("뉴 욕", "").rstrip(), '"form" is empty', "''"),
    ],
)
def test_a_wrong_line_spoils_its_sentence(write, line, problem, got):
    path = write(SENTENCE + f"# text\n{line}\n{SECOND}\n" + SECOND)
    bad = BadRecords(1)
    assert [record.where for record in read_records(path, bad=bad)] == [f"{path}:1", f"{path}:13"]
    error = bad.errors[0]
    assert problem in error.problem
    assert error.details["got"] == got
    assert error.details["where"] == f"{path}:10"


def test_a_wrong_byte_spoils_its_sentence(write):
    path, bad = write(SENTENCE.replace("go", "g\xf3").encode("latin-1") + SECOND.encode()), None
    bad = BadRecords(1)
    assert len(list(read_records(path, bad=bad))) == 1
    assert bad.errors[0].details["where"] == f"{path}:2"


def test_sentences_that_do_not_end(write):
    path = write(SECOND.rstrip("\n") + "\n" + "# x\n" * 100)
    with pytest.raises(DataError, match="sentence is too long") as caught:
        list(read_records(path, ReadOptions(longest_line=200)))
    assert caught.value.details["where"] == f"{path}:1"


CONLL = "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ  B-VP\tO\n \n# CD B-NP O\n"


def test_words_in_columns(write):
    path = write(CONLL, "a.conll")
    first, second = read_records(path)
    assert first.fields == {
        "form": ["EU", "rejects"],
        "column 2": ["NNP", "VBZ"],
        "column 3": ["B-NP", "B-VP"],
        "label": ["B-ORG", "O"],
    }
    assert (first.where, second.where) == (f"{path}:3", f"{path}:6")
    assert second.fields["form"] == ["#"]


def test_words_in_named_columns_between_tabs(write):
    path = write("뉴 욕\tB-LOC\n에\tO\n", "a.txt")
    options = ReadOptions(format="columns", separator="tab", columns=("word", "tag"))
    (record,) = read_records(path, options)
    assert record.fields == {"word": ["뉴 욕", "에"], "tag": ["B-LOC", "O"]}


def test_words_alone(write):
    (record,) = read_records(write("a\nb\n", "a.conll"))
    assert record.fields == {"form": ["a", "b"]}


def test_a_word_with_another_number_of_columns(write):
    path, bad = write("a X\nb Y\n\nc\n\nd Z\n", "a.conll"), BadRecords(1)
    assert [record.fields["form"] for record in read_records(path, bad=bad)] == [["a", "b"], ["d"]]
    assert bad.errors[0].details["where"] == f"{path}:4"
    assert bad.errors[0].details["got"] == "1: c"
    assert bad.errors[0].details["expected"] == "2: form, label"


def test_an_empty_column_of_a_word(write):
    path = write("a\tX\n\tY\n", "a.conll")
    with pytest.raises(DataError, match='"form" is empty') as caught:
        list(read_records(path, ReadOptions(separator="tab")))
    assert caught.value.details["where"] == f"{path}:2"


def test_a_wrong_byte_among_words(write):
    path = write(b"a X\nb\xff Y\n", "a.conll")
    with pytest.raises(DataError, match="UTF-8") as caught:
        list(read_records(path))
    assert caught.value.details["where"] == f"{path}:2"
