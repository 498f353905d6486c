"""Indexes of records: what is found, what is kept on disk, and what is refused."""

import json
import sys

import pytest
import torch

from recurra.base import (
    ArgumentError,
    ConfigMismatch,
    DamagedFile,
    DataError,
    MissingExtra,
    RunError,
    RunExists,
    RunIncomplete,
    RunNotFound,
    ShapeError,
)
from recurra.data import BadRecords, Record, Vocabulary, demo_address_records, demo_addresses
from recurra.store import Run
from recurra.tasks import (
    IndexSettings,
    LanguageModel,
    Matcher,
    MatcherConfig,
    RecordIndex,
    save_task,
)
from recurra.tasks.search import index as index_module
from recurra.tasks.search.index import embed_sides

PLACES = list(demo_address_records(300, seed=4))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    torch.manual_seed(0)
    records = [Record(each, "demo") for each in demo_addresses(count=100).training]
    sizes = MatcherConfig(hidden_size=8, embedding_size=8, vector_size=8)
    task = Matcher.from_records(records, sizes)
    return save_task(task, tmp_path_factory.mktemp("runs") / "match").folder


@pytest.fixture(scope="module")
def folder(run):
    RecordIndex.build(run, PLACES, run.parent / "index")
    return run.parent / "index"


def test_batches_of_long_records_are_small_and_change_nothing(folder, monkeypatch):
    index = RecordIndex.open(folder)
    sides = [index.columns.encode(Record(each, "row"), index.task) for each in PLACES[:20]]
    whole, sizes = embed_sides(index.task, sides), []
    index.task.network.register_forward_pre_hook(lambda _, given: sizes.append(given[1]))
    monkeypatch.setattr(index_module, "STEPS", 60)
    assert torch.allclose(embed_sides(index.task, sides), whole, atol=1e-5)
    assert sum(sizes) == 20
    assert max(sizes) <= 10


def test_the_nearest_are_those_that_an_exact_search_finds(folder):
    index = RecordIndex.open(folder)
    assert len(index) == 300
    sides = [index.columns.encode(Record(each, ""), index.task) for each in PLACES]
    vectors = embed_sides(index.task, sides, rows=7)
    assert torch.allclose(vectors, embed_sides(index.task, sides), atol=1e-5)
    asked = [Record({**PLACES[i], "phone": ""}, "") for i in range(0, 300, 30)]
    sides = [index.columns.encode(each, index.task) for each in asked]
    exact = (embed_sides(index.task, sides) @ vectors.T).topk(10)
    found = index.search_all(asked, 10)
    shared = sum(
        len(set(exact.indices[i].tolist()) & {each.place for each in found[i]}) for i in range(10)
    )
    assert shared >= 95
    best = found[3][0]
    assert best.similarity == pytest.approx(float(exact.values[3, 0]), abs=2e-3)  # float16
    assert best.record == PLACES[best.place]


def test_the_matcher_judges_as_it_does_of_pairs(folder):
    index = RecordIndex.open(folder)
    found = index.search(PLACES[7], 3)
    assert found[0].place == 7
    assert found[0].similarity == pytest.approx(1, abs=1e-3)
    pairs = [{"left": PLACES[7], "right": each.record} for each in found]
    expected = [each.answer for each in index.task.predict(pairs)]
    for each, answer in zip(found, expected, strict=True):
        assert each.answer["score"] == pytest.approx(answer["score"], abs=5e-3)


def test_a_part_of_a_record_is_enough_to_ask(folder):
    index = RecordIndex.open(folder)
    assert len(index.search({"name": PLACES[3]["name"]}, 4)) == 4
    assert len(index.search({"name": "Cafe", "id": 9}, 400)) == 300
    with pytest.raises(DataError, match="none of the columns"):
        index.search({"id": 3})
    with pytest.raises(DataError, match="is empty"):
        index.search({"name": " "})
    with pytest.raises(ShapeError):
        index.search(PLACES[0], 0)


def test_columns_of_other_names_and_records_left_out(run, tmp_path):
    names = {"name": "n", "address": "a", "city": "c", "phone": "p"}
    renamed = [{**{names[k]: v for k, v in each.items()}, "id": i} for i, each in
               enumerate(PLACES[:20])]  # fmt: skip
    renamed[4] = {"n": "", "a": "", "c": "", "p": "", "id": 4}
    with pytest.raises(DataError, match="lacks columns"):
        RecordIndex.build(run, renamed, tmp_path / "i")
    with pytest.raises(ArgumentError, match="not those of the parts"):
        RecordIndex.build(run, renamed, tmp_path / "i", columns=["n"])
    with pytest.raises(DataError, match="is empty"):
        RecordIndex.build(run, renamed, tmp_path / "i", columns=list("nacp"))
    assert not list(tmp_path.iterdir())  # nothing is left behind
    bad = BadRecords(1)
    index = RecordIndex.build(run, renamed, tmp_path / "i", columns=list("nacp"), bad=bad)
    assert (len(index), bad.count) == (19, 1)
    assert index.search(renamed[5], 1)[0].record["id"] == 5
    with pytest.raises(RunExists):
        RecordIndex.build(run, renamed, tmp_path / "i", columns=list("nacp"))
    with pytest.raises(DataError, match="no records"):
        RecordIndex.build(run, iter([]), tmp_path / "j")
    with pytest.raises(DataError, match="No record can be used"):
        RecordIndex.build(
            run, renamed[4:5], tmp_path / "j", columns=list("nacp"), bad=BadRecords(1)
        )


def copied(folder, to):
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


@pytest.mark.parametrize(
    "name", ["index.usearch", "records.jsonl", "records.offsets", "index.json"]
)
@pytest.mark.parametrize("harm", ["cut", "altered", "gone"])
def test_damage_is_noticed(folder, tmp_path, name, harm):
    path = copied(folder, tmp_path / "copy") / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:-3] if harm == "cut" else content)
    with pytest.raises(RunIncomplete if (name, harm) == ("index.json", "gone") else DamagedFile):
        RecordIndex.open(path.parent)


def test_another_run_and_another_format_are_refused(run, folder, tmp_path):
    config = Run.open(run).config["task"]
    other = save_task(Matcher.from_config(config), tmp_path / "other").folder
    with pytest.raises(ConfigMismatch, match="made by another run"):
        RecordIndex.open(folder, run=other)
    model = save_task(LanguageModel(Vocabulary.of("hello")), tmp_path / "lm").folder
    with pytest.raises(ArgumentError, match="Only a matcher"):
        RecordIndex.build(model, PLACES, tmp_path / "i")
    with pytest.raises(RunNotFound):
        RecordIndex.open(tmp_path / "nowhere")
    bare = Run.create(tmp_path / "bare", {"task": config}).folder
    with pytest.raises(RunError):
        RecordIndex.build(bare, PLACES, tmp_path / "i")
    path = copied(folder, tmp_path / "copy") / "index.json"
    manifest = json.loads(path.read_text())
    manifest["format"] = 9
    path.write_text(json.dumps(manifest))
    with pytest.raises(DamagedFile):
        RecordIndex.open(path.parent)


@pytest.mark.parametrize("name", ["neighbours", "effort", "search_effort", "threads"])
def test_odd_settings_of_an_index_are_refused(name):
    with pytest.raises(ShapeError):
        IndexSettings(**{name: 0})


def test_a_missing_package_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    with pytest.raises(MissingExtra, match="usearch"):
        RecordIndex.open(folder)
