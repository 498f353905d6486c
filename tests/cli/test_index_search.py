"""recurra index and search: the nearest of many records, on the command line."""

import json

import pytest
import torch

from recurra.data import Record, demo_address_records, demo_addresses
from recurra.tasks import Matcher, MatcherConfig, load_task, save_task

PLACES = list(demo_address_records(30, seed=2))


@pytest.fixture
def matched(tmp_path, monkeypatch):
    """Give a current directory with a matcher in `run`, and `places.jsonl`."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    pairs = [Record(each, "demo") for each in demo_addresses(count=100).training]
    sizes = MatcherConfig(hidden_size=8, embedding_size=8, vector_size=8)
    save_task(Matcher.from_records(pairs, sizes), "run")
    lines = (json.dumps({**each, "id": i}) for i, each in enumerate(PLACES))
    (tmp_path / "places.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_what_was_indexed_is_found(recurra, matched):
    made = recurra("index", "run", "places.jsonl", "--out", "index")
    assert (made.code, made.err) == (0, "")
    assert "30 records in index" in made.out
    bad = json.dumps({"name": ""})
    (matched / "asked.jsonl").write_text(json.dumps(PLACES[7]) + "\n" + bad + "\n")
    found = recurra("search", "index", "asked.jsonl", "--top", 3, "--skip-bad", 1)
    assert found.code == 0
    assert "1 record left out" in found.err
    assert "asked.jsonl:2" in found.err
    [line] = map(json.loads, found.out.splitlines())
    assert line["record"] == PLACES[7]
    assert len(line["nearest"]) == 3
    nearest = line["nearest"][0]
    assert (nearest["record"]["id"], nearest["label"]) in {(7, "0"), (7, "1")}
    assert nearest["similarity"] == pytest.approx(1, abs=1e-3)


def test_what_cannot_be_searched_is_refused(recurra, matched):
    (matched / "asked.jsonl").write_text('{"id": 1}\n')
    assert recurra("search", "index", "asked.jsonl").code == 2
    assert recurra("index", "run", "places.jsonl", "--out", "index").code == 0
    taken = recurra("index", "run", "places.jsonl", "--out", "index")
    assert taken.code == 2
    assert "taken" in taken.err
    refused = recurra("search", "index", "asked.jsonl")
    assert refused.code == 2
    assert "none of the columns" in refused.err
    columns = recurra("index", "run", "places.jsonl", "--out", "other", "--columns", "name,id")
    assert "not those of the parts" in columns.err


def test_records_are_read_as_by_the_other_commands(recurra, matched):
    names = list(PLACES[0])
    rows = [names, *([str(each[name]) for name in names] for each in PLACES)]
    rows.append(["é" * 10_001, *names[1:]])
    lines = ("|".join(row) + "\n" for row in rows)
    (matched / "places.txt").write_text("".join(lines), encoding="cp1252")
    columns = ", ".join(load_task("run").parts.left)
    options = ["--format", "csv", "--separator", "pipe", "--encoding", "cp1252"]
    made = recurra(
        "index", "run", "places.txt", "--out", "index", "--columns", columns, *options,
        "--skip-bad", 1,
    )  # fmt: skip
    assert made.code == 0, made.err
    assert "30 records in index" in made.out
    assert "1 record left out" in made.err
    assert "too long" in made.err
    found = recurra("search", "index", "places.txt", "--skip-bad", 1, *options)
    assert (found.code, len(found.out.splitlines())) == (0, 30)


@pytest.mark.usefixtures("matched")
def test_parts_are_values(recurra):
    values = ["--value", "left.name=Ann's Bakery", "--value", "right.name=Anns bakery"]
    told = recurra("predict", "run", *values)
    assert told.code == 0, told.err
    assert json.loads(told.out)["left"] == {"name": "Ann's Bakery"}
