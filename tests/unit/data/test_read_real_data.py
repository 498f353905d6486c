"""The readers on real data sets, whose counts are known."""

import pytest

from recurra.base import DataError
from recurra.data import BadRecords, Field, ReadOptions, find_columns, read_records, select_fields

pytestmark = pytest.mark.data

TEXT = Field("text", "what is read", ("text", "document"), "text")
LABEL = Field("label", "what is told", ("label",), "label")


def read(*paths, **options):
    return list(read_records(list(paths), ReadOptions(**options)))


def test_nsmc_has_quotes_that_are_none_and_empty_documents(data_dir):
    path = data_dir / "nsmc" / "ratings_train.txt"
    records = read(path, format="tsv")
    assert len(records) == 150_000
    assert records[-1].where == f"{path}:150001"
    assert sum(record.fields["document"].startswith('"') for record in records) == 623
    columns = find_columns(records[0], [TEXT, LABEL], {})
    bad = BadRecords(5)
    chosen = list(select_fields(records, columns, [TEXT, LABEL], bad))
    assert bad.count == 5
    assert len(chosen) == 149_995
    labels = [record.fields["label"] for record in records]
    assert (labels.count("0"), labels.count("1")) == (75_173, 74_827)
    with pytest.raises(DataError, match='"document" is empty') as caught:
        list(select_fields(records, columns, [TEXT, LABEL], BadRecords(4)))
    line = int(caught.value.details["where"].rsplit(":", 1)[1])
    lines = path.read_bytes().split(b"\n")
    assert lines[line - 1].split(b"\t")[1] == b""


def test_sst2_has_a_label_and_a_blank_before_its_sentence(data_dir):
    folder = data_dir / "sst2"
    for name, count in (("train.txt", 6_920), ("dev.txt", 872), ("test.txt", 1_821)):
        records = read(folder / name, separator="space", columns=("label", "text"))
        assert len(records) == count
        assert {record.fields["label"] for record in records} == {"0", "1"}


@pytest.mark.parametrize(
    ("folder", "name", "sentences", "words", "tags"),
    [
        ("ud_english_ewt", "train.conllu.gz", 12_544, 204_577, 17),
        ("ud_english_ewt", "test.conllu.gz", 2_077, 25_094, 17),
        ("ud_korean_gsd", "train.conllu", 4_400, 56_687, 16),
    ],
)
def test_universal_dependencies(data_dir, folder, name, sentences, words, tags):
    records = read(data_dir / folder / name)
    assert len(records) == sentences
    assert sum(len(record.fields["form"]) for record in records) == words
    assert len({tag for record in records for tag in record.fields["upos"]}) == tags


def test_multi30k(data_dir):
    folder = data_dir / "multi30k_en_de"
    records = read(folder / "train.en.gz", folder / "train.de.gz", format="parallel")
    assert len(records) == 29_000
    assert records[0].fields["source"].startswith("Two young, White males")
    assert records[0].fields["target"].startswith("Zwei junge weiße Männer")


def test_korean_chatbot(data_dir):
    path = data_dir / "korean_chatbot" / "ChatbotData.csv"
    records = read(path)
    assert len(records) == 11_823
    assert {record.fields["label"] for record in records} == {"0", "1", "2", "2   "}
    chosen = select_fields(records, {"label": ("label",)}, [LABEL], BadRecords())
    assert {record.fields["label"] for record in chosen} == {"0", "1", "2"}


def test_sick(data_dir):
    folder = data_dir / "sick"
    names = ("SICK_train.txt", "SICK_trial.txt", "SICK_test_annotated.txt")
    records = read(*(folder / name for name in names), format="tsv")
    assert len(records) == 4_500 + 500 + 4_927
    score = Field("score", "how alike", ("relatedness_score",), "number")
    columns = find_columns(records[0], [score], {})
    scores = [
        each.fields["score"] for each in select_fields(records, columns, [score], BadRecords())
    ]
    assert (min(scores), max(scores)) == (1.0, 5.0)
    assert {record.fields["entailment_judgment"] for record in records} == {
        "NEUTRAL", "ENTAILMENT", "CONTRADICTION",
    }  # fmt: skip


def test_matching_of_citations(data_dir):
    path = data_dir / "matching_dblp_acm" / "train.jsonl"
    sides = [Field(side, "one of two", (side,), "parts") for side in ("left", "right")]
    records = read(path)
    columns = find_columns(records[0], [*sides, LABEL], {})
    chosen = list(select_fields(records, columns, [*sides, LABEL], BadRecords()))
    assert len(chosen) == 7_417
    assert sum(record.fields["label"] == "1" for record in chosen) == 1_332
    assert list(chosen[0].fields["left"]) == ["title", "authors", "venue", "year"]
