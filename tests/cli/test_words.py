"""recurra train lm --level word: words, texts to measure on, recipes."""

import gzip
import io
import json
import sys
from pathlib import Path

import pytest
from small_commands import small

from recurra.store import Run
from recurra.tasks.language import CorpusSource

RECIPES = sorted((Path(__file__).parents[2] / "examples" / "recipes").glob("*.toml"))
WORDS = "".join(f"the cat number {i % 7} sat on the mat .\n" for i in range(90))
RECIPE = """
level = "word"
cell = "lstm"
tied = true
variational = true
connections = "plain"
dropout = 0.1
word-dropout = 0.1
weight-dropout = 0.2
weight-decay = 0
hidden-size = 6
epochs = 1
"""


@pytest.fixture
def words(workplace):
    (workplace / "train.txt").write_text(WORDS)
    (workplace / "valid.txt").write_text(WORDS[:340])
    (workplace / "test.txt").write_text(WORDS[34:374] + "the zebra sat .\n")
    (workplace / "small.toml").write_text(RECIPE)
    return ["train.txt", "--validation", "valid.txt", "--test", "test.txt"]


SIZES = small(cell=None, hidden_size=None, epochs=None)


def test_words_are_learnt_written_and_measured(recurra, words, workplace):
    answer = recurra("train", "lm", *words, "--recipe", "small.toml", "--out", "new", *SIZES)
    assert (answer.code, answer.err) == (0, "")
    assert "899 words to learn" in answer.out
    assert "words/s" in answer.out
    assert "nats per word, perplexity" in answer.out
    assert "On the test text:" in answer.out
    run = Run.open("new")
    records = run.metrics.read()
    tested = [each for each in records if each["split"] == "test"]
    measured = [each for each in records if each["split"] == "validation"]
    assert measured[-1]["perplexity"] < 30
    config = json.loads((workplace / "new" / "config.json").read_text())
    model = config["task"]["model"]
    assert config["task"]["kind"] == "word_language_model"
    assert (model["tied"], model["weight_dropout"], model["hidden_size"]) == (True, 0.2, 6)
    assert config["training"]["weight_decay"] == 0.0
    shown = recurra("evaluate", "new", "test.txt").out
    assert f"{tested[0]['perplexity']:.4f} perplexity per word" in shown
    assert "1 words unknown to the model, 1.0 %" in shown
    written = recurra("generate", "new", "--prompt", "the cat", "--length", 12).out
    assert written.startswith("the cat ")
    assert "<" not in written
    info = recurra("info", "new").out
    assert "perplexity" in info
    assert "valid.txt" in info
    assert "test.txt" in info


def test_the_share_of_unknown_words_stands_beside_every_perplexity(recurra, words, workplace):
    (workplace / "test.txt").write_text("a zebra sat .\n" * 9)
    answer = recurra("train", "lm", *words, "--recipe", "small.toml", "--out", "new", *SIZES)
    assert (answer.code, answer.err) == (0, "")
    said = " ".join(answer.out.split())
    assert "on text it has not seen (0.0 % unknown words)." in said
    assert "perplexity (40.0 % unknown words)." in said
    warning = "40.0 % of the words of the test text are unknown to the vocabulary"
    assert warning in said
    page = (workplace / "new" / "report.html").read_text(encoding="utf-8")
    for shown in (warning, "windows of text, 40.0 % unknown words", "Commonest words"):
        assert shown in page
    assert "18 words unknown to the model, 40.0 %" in recurra("evaluate", "new", "test.txt").out


def test_the_report_sums_up_the_texts(workplace):
    page = (workplace / "run" / "report.html").read_text(encoding="utf-8")
    for shown in ("Data", "The model knows", "not in the training text", "Commonest characters"):
        assert shown in page
    assert "unknown characters" not in page


def test_resume_ends_in_the_same_bits_and_tests_once(recurra, words):
    recurra("train", "lm", *words, "--recipe", "small.toml", "--out", "new", *SIZES)
    run = Run.open("new")
    expected, last = run.weights_path.read_bytes(), run.checkpoints()[-1]
    saved = last.read_bytes()
    last.unlink()
    answer = recurra("train", "lm", "--resume", "new")
    assert (answer.code, answer.err) == (0, "")
    assert run.weights_path.read_bytes() == expected
    assert last.read_bytes() == saved
    assert [each["split"] for each in run.metrics.read()].count("test") == 1


def test_options_beside_a_recipe_win(recurra, words, workplace):
    given = ["--hidden-size", 5, "--tied", "--validation", "0.2"]
    answer = recurra(
        "train", "lm", "train.txt", "--recipe", "small.toml", "--out", "new", *SIZES, *given
    )
    assert answer.code == 0
    config = json.loads((workplace / "new" / "config.json").read_text())
    assert config["task"]["model"]["hidden_size"] == 5
    assert config["data"]["validation"] == 0.2
    assert config["training"]["epochs"] == 1
    assert "On the test text" not in answer.out
    del words


@pytest.mark.parametrize(
    ("recipe", "problem", "detail"),
    [
        ("hiden-size = 5", "no option", "hiden-size"),
        ("out = 'new'", "no option", "out"),
        ("epochs = 1.5", "another type", "epochs = 1.5"),
        ("tied = 1", "another type", "tied = 1"),
        ("dropout = true", "another type", "dropout = True"),
        ("level = true", "another type", "level = True"),
        ("tied = [1]", "another type", "tied = [1]"),
        ("level word", "not TOML", "line 1"),
    ],
)
def test_recipes_that_cannot_be_followed(refused, words, workplace, recipe, problem, detail):
    (workplace / "bad.toml").write_text(recipe)
    said, details = refused("train", "lm", *words, "--recipe", "bad.toml")
    assert problem in said
    assert detail in details["got"]
    assert details["where"] == "bad.toml"


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
@pytest.mark.usefixtures("words")
def test_the_recipes_of_the_project_can_be_followed(recurra, recipe):
    small_ones = ["--hidden-size", 4, "--embedding-size", 3, "--epochs", 1, "--threads", 1]
    answer = recurra(
        "train", "lm", "train.txt", "--recipe", recipe, "--out", "new", "--streams", 4, *small_ones
    )
    assert (answer.code, answer.err) == (0, "")


def test_numbers_and_a_mark_at_the_beginning_of_a_recipe(recurra, words, workplace):
    recipe = '\ufefflevel = "word"\nvalidation = 0.3\n'
    (workplace / "part.toml").write_text(recipe, encoding="utf-8")
    answer = recurra(
        "train", "lm", "train.txt", "--recipe", "part.toml", "--out", "new", "--epochs", 1, *SIZES,
        "--hidden-size", 4,
    )  # fmt: skip
    assert (answer.code, answer.err) == (0, "")
    assert json.loads((workplace / "new" / "config.json").read_text())["data"]["validation"] == 0.3
    del words


def test_a_recipe_that_is_missing(refused, words):
    said, details = refused("train", "lm", *words, "--recipe", "none.toml")
    assert "cannot be read" in said
    assert "none.toml" in details["got"]


def test_refused_together(refused, words):
    assert "letter by letter" in refused("train", "lm", *words, "--level", "word", "--jamo")[0]
    said, _ = refused("train", "lm", *words, "--level", "sentence")
    assert "--level" in said
    said, _ = refused("train", "lm", "train.txt", "--validation", "1.5")
    assert "validation" in said
    said, details = refused("train", "lm", "train.txt", "--validation", "nowhere.txt")
    assert "nowhere.txt" in details["got"]
    said, details = refused("train", "lm", "--resume", "run", "--recipe", "small.toml")
    assert "--recipe" in details["got"]


def test_characters_measure_on_texts_too(recurra, workplace):
    (workplace / "valid.txt").write_text("the cat sat on the mat.\n" * 4)
    answer = recurra(
        "train", "lm", "text.txt", "--validation", "valid.txt", "--test", "text.txt",
        "--out", "new", *small(epochs=1),
    )  # fmt: skip
    assert (answer.code, answer.err) == (0, "")
    assert "bits per character" in answer.out.split("On the test text:")[1]
    assert "The test text is also in the text to learn" in answer.out
    assert "The validation text" not in answer.out


def test_characters_that_only_the_texts_to_measure_on_have(recurra, workplace):
    (workplace / "valid.txt").write_text("the cat sat on the façade.\n" * 4, encoding="utf-8")
    (workplace / "test.txt").write_text("the Ωat sat on the mat.\n" * 4, encoding="utf-8")
    answer = recurra(
        "train", "lm", "text.txt", "--validation", "valid.txt", "--test", "test.txt",
        "--out", "new", *small(epochs=1),
    )  # fmt: skip
    assert (answer.code, answer.err) == (0, "")
    run = Run.open("new")
    assert {"ç", "Ω"} < set(run.config["task"]["vocabulary"])
    expected, last = run.weights_path.read_bytes(), run.checkpoints()[-1]
    last.unlink()
    assert recurra("train", "lm", "--resume", "new").code == 0
    assert run.weights_path.read_bytes() == expected


def test_texts_of_another_encoding(recurra, refused, workplace):
    text = "the café sat on the façade.\n" * 90
    for name, encoding in (("old.txt", "cp1252"), ("new.txt", "utf-8")):
        (workplace / name).write_text(text, encoding=encoding)
    (workplace / "test.txt").write_text("the façade sat.\n" * 4, encoding="cp1252")
    given = ["old.txt", "--test", "test.txt", "--encoding", "cp1252"]
    answer = recurra("train", "lm", *given, "--out", "new", *small(epochs=1))
    assert (answer.code, answer.err) == (0, "")
    run = Run.open("new")
    assert run.config["data"]["encoding"] == "cp1252"
    expected, last = run.weights_path.read_bytes(), run.checkpoints()[-1]
    last.unlink()
    assert recurra("train", "lm", "--resume", "new").code == 0
    assert run.weights_path.read_bytes() == expected
    measured = recurra("evaluate", "new", "old.txt", "--encoding", "cp1252")
    assert measured.code == 0
    assert measured.out == recurra("evaluate", "new", "new.txt").out
    assert "--encoding" in refused("evaluate", "new", "old.txt")[1]["fix"]


def test_an_encoding_that_cannot_be_meant(refused):
    assert "`encoding`" in refused("train", "lm", "text.txt", "--encoding", "utf-9")[0]
    problem, details = refused("train", "lm", "--demo", "--encoding", "cp1252")
    assert "no file" in problem
    assert "--demo" in details["got"]


@pytest.mark.usefixtures("workplace")
def test_a_run_from_before_there_were_encodings_goes_on(recurra, monkeypatch):
    describe = CorpusSource.describe

    def without_encoding(source):
        return {name: value for name, value in describe(source).items() if name != "encoding"}

    with monkeypatch.context() as patch:
        patch.setattr(CorpusSource, "describe", without_encoding)
        assert recurra("train", "lm", "text.txt", "--out", "new", *small(epochs=1)).code == 0
    run = Run.open("new")
    assert "encoding" not in run.config["data"]
    expected, last = run.weights_path.read_bytes(), run.checkpoints()[-1]
    last.unlink()
    assert recurra("info", "new").code == 0
    assert recurra("train", "lm", "--resume", "new").code == 0
    assert run.weights_path.read_bytes() == expected


def test_standard_input_and_a_packed_text(recurra, refused, workplace, monkeypatch):
    raw = (workplace / "text.txt").read_bytes()
    (workplace / "text.txt.gz").write_bytes(gzip.compress(raw))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    for name, out in (("-", "typed"), ("text.txt.gz", "packed")):
        answer = recurra("train", "lm", name, "--out", out, *small(epochs=1))
        assert (answer.code, answer.err) == (0, "")
    weights = [workplace / out / "weights.safetensors" for out in ("typed", "packed")]
    typed, packed = (recurra("evaluate", path.parent, "text.txt").out for path in weights)
    assert typed == packed
    said, details = refused("train", "lm", "--resume", "typed")
    assert "standard input" in said
    assert details["fix"] == "recurra train lm FILE --resume typed"
    assert recurra("train", "lm", "text.txt", "--resume", "typed").code == 0


def test_a_broken_packed_text(refused, workplace):
    (workplace / "text.txt.gz").write_bytes(b"this is none")
    said, details = refused("train", "lm", "text.txt.gz")
    assert "gzip file is broken" in said
    assert details["where"] == "text.txt.gz"


def test_another_validation_text_is_no_resume(refused, recurra, words, workplace):
    recurra("train", "lm", *words, "--recipe", "small.toml", "--out", "new", *SIZES)
    (workplace / "valid.txt").write_text("something else\n")
    said, details = refused("train", "lm", "--resume", "new")
    assert "not the one" in said
    assert "valid.txt" in details["got"]
