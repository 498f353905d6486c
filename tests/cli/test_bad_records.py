"""Records and options that cannot be used: a message in words, exit code 2, nothing is written."""

import io
import sys

import pytest
from small_commands import DETAIL, snapshot
from small_tasks import REVIEWS, ROWS, SMALL


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reviews.tsv").write_text(REVIEWS)
    return tmp_path


@pytest.fixture
def says_no(recurra, place):
    """Run a command that must be refused; give its message."""

    def run(*arguments):
        before = snapshot(place)
        answer = recurra(*arguments)
        assert answer.code == 2, answer.out
        assert snapshot(place) == before
        problem, *details = answer.err.splitlines()
        assert problem[-1] in ".;:,", problem
        assert all(DETAIL.match(line) for line in details), answer.err
        return answer.err

    return run


def train(*words):
    return ["train", "classify", *words, "--out", "new", *SMALL]


def test_a_missing_column(says_no):
    said = says_no(*train("reviews.tsv", "--text", "txt"))
    assert "There is no column for the text." in said
    assert "the columns text, label" in said
    assert "--text text" in said


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"text\tlabel\n", "no records"),
        (b"text\tlabel\na\tyes\nb\n", "reviews.tsv:3"),
        (b"text\tlabel\n" + b"a\tyes\nb\tyes\n", "only one label"),
        (b"text\tlabel\n" + b"a\tyes\nb\tyes\nc\tno\n", "stands in a single training record"),
        (b"text\tlabel\nna\xefve\tyes\nb\tno\n" * 2, "--encoding"),
        ("text\tlabel\na\tyes\n".encode("utf-16"), "--encoding utf-16"),
        (b"text\tlabel\na\tyes\n \tno\n" * 4, 'column "text" is empty'),
        (b"text\tlabel\na\tyes\nb\t\n" * 4, 'column "label" is empty'),
    ],
)
def test_records_that_cannot_be_used(says_no, place, raw, words):
    (place / "reviews.tsv").write_bytes(raw)
    said = says_no(*train("reviews.tsv", "--validation", "reviews.tsv"))
    assert words in said
    assert "reviews.tsv" in said or "label" in said


def test_an_endless_line(says_no, recurra, place):
    (place / "long.tsv").write_text(REVIEWS + "a " * 500_000 + "\tpraise\n")
    said = says_no(*train("long.tsv"))
    assert "too long" in said
    assert "500,000 steps" in said
    assert "long.tsv:50" in said
    answer = recurra(*train("long.tsv", "--skip-bad", "1"))
    assert answer.code == 0, answer.err
    assert "1 record" in answer.out
    assert "long.tsv:50" in answer.out


def test_a_mark_returns_and_quoted_commas(recurra, place):
    rows = "".join(
        f'"{text}, they say ""{n}""",{label}\r\n' for n, (text, label) in enumerate(ROWS)
    )
    (place / "r.csv").write_bytes(b"\xef\xbb\xbf" + f"text,label\r\n{rows}".encode())
    answer = recurra(*train("r.csv"))
    assert answer.code == 0, answer.err
    assert 'they say "' in answer.out
    assert "2: " in answer.out


def test_another_encoding(recurra, place):
    (place / "k.tsv").write_bytes(REVIEWS.replace("film", "영화").encode("cp949"))
    assert recurra(*train("k.tsv", "--encoding", "cp949")).code == 0


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--units", "wrds"], "did you mean 'words'?"),
        (["--optimizer", "adan"], "did you mean 'adam'?"),
        (["--cell", "lstn"], "did you mean 'lstm'?"),
        (["--format", "tvs"], "did you mean 'tsv'?"),
        (["--epochs", "0"], "an integer >= 1"),
        (["--dropout", "2"], "[0, 1]"),
        (["--skip-bad", "-1"], "an integer >= 0"),
        (["--validation", "1.5"], "(0, 1)"),
        (["--validation", "nothing.tsv"], "nothing.tsv"),
        (["--test", "nothing.tsv"], "nothing.tsv"),
        (["--batch-size", "0"], "an integer >= 1"),
        (["--demo"], "--demo and FILE"),
    ],
)
def test_options_that_cannot_be(says_no, option, words):
    rest = [each for each in train("reviews.tsv") if each not in option[:1]]
    if option[0] in SMALL:
        at = rest.index(SMALL[SMALL.index(option[0]) + 1])
        rest = rest[:at] + rest[at + 1 :]
    assert words in says_no(*rest, *option)


@pytest.mark.parametrize(
    "option",
    [
        ["--label", "stars"], ["--text", "body"], ["--features", "a,b"], ["--separator", "tab"],
        ["--encoding", "latin-1"], ["--skip-bad", "3"], ["--columns", "a,b"], ["--test", "r.tsv"],
    ],
)  # fmt: skip
def test_a_demo_takes_no_option_of_files(says_no, option):
    assert f"--demo and {option[0]}" in says_no("train", "classify", "--demo", *option)


@pytest.mark.usefixtures("place")
def test_what_standard_input_lost_first_is_counted_and_said(recurra, monkeypatch):
    broken = "no columns\n"
    head, rows = REVIEWS.split("\n", 1)
    command = [*train("-"), "--format", "tsv", "--skip-bad"]
    for limit, code in ((1, 2), (2, 0)):
        raw = f"{head}\n{broken}{rows}{broken}".encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        answer = recurra(*command, limit)
        assert answer.code == code, answer.err + answer.out
    assert "left out    2 records" in answer.out
    assert "standard input:2" in answer.out


def test_nothing_to_train_on_and_unknown_tasks(says_no, recurra):
    assert "FILE" in says_no("train", "classify")
    assert "--resume RUN" in says_no("train", "--cell", "lstm")
    assert "did you mean 'classify'?" in says_no("train", "clasify")
    unknown = recurra("train", "classify", "reviews.tsv", "--hiden-size", "3")
    assert unknown.code == 2
    assert "--hidden-size" in unknown.err


def test_using_a_run_on_what_does_not_fit(says_no, recurra, place):
    assert recurra(*train("reviews.tsv")).code == 0
    (place / "other.tsv").write_text("text\tlabel\na fine film\tpraise\na film\tenvy\n")
    said = says_no("evaluate", "new", "other.tsv")
    assert "other.tsv:3" in said
    assert "'blame', 'praise'" in said
    (place / "no_label.tsv").write_text("text\nfine\n")
    assert "no column for the label" in says_no("evaluate", "new", "no_label.tsv")
    (place / "broken.conllu").write_text("1\tthe\n\n")
    assert "broken.conllu:1" in says_no("predict", "new", "broken.conllu", "--text", "form")
    assert "nothing.tsv" in says_no("predict", "new", "nothing.tsv")
    assert "--source" in says_no("predict", "new", "reviews.tsv", "--source", "text")
    assert "text" in says_no("predict", "new", "--value", "a", "--value", "b")
    assert "one of them" in says_no("predict", "new", "reviews.tsv", "--value", "b")
    assert "integer >= 1" in says_no("predict", "new", "reviews.tsv", "--beam", "0")
    assert "writes nothing" in says_no("generate", "new")
    assert "no dialogue" in says_no("chat", "new")
    assert "translate" in says_no("train", "translate", "--resume", "new")
    assert "nothing beside" in says_no("train", "classify", "--resume", "new", "--epochs", "3")
    (place / "reviews.tsv").write_text(REVIEWS + "more\tpraise\n")
    assert "not the one that the run began with" in says_no("train", "--resume", "new")


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize(
    "command",
    [
        ["predict", "run", "text.txt"], ["chat", "run"], ["generate", "run", "--label", "a"],
        ["evaluate", "run", "text.txt", "--format", "tsv"],
        ["train", "classify", "--resume", "run"],
    ],
)  # fmt: skip
def test_a_language_model_is_no_task_on_records(refused, command):
    refused(*command)
