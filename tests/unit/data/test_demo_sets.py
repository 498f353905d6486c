"""What holds of every embedded data set: sizes, parts, seeds, time."""

import hashlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import FrozenInstanceError

import pytest

from recurra.base import ArgumentError, DataError, ShapeError
from recurra.data import (
    DemoData,
    demo_addresses,
    demo_dates,
    demo_dialogue,
    demo_distances,
    demo_names,
    demo_numbers,
    demo_passages,
    demo_sentences,
    demo_table,
    demo_tagging,
)
from refusals import refused

# each with its fields and with what no two parts may share
SETS = {
    demo_addresses: (("left", "right", "label"), lambda pair: str(pair)),
    demo_dates: (("source", "target"), lambda date: date["target"]),
    demo_dialogue: (("question", "answer"), lambda turn: turn["question"]),
    demo_distances: (("speed", "angle", "height", "target"), lambda row: str(row)),
    demo_names: (("text", "label"), lambda name: name["text"]),
    demo_numbers: (("text", "target"), lambda number: number["text"]),
    demo_passages: (("context", "question", "answer"), lambda asked: asked["context"]),
    demo_sentences: (("text", "label"), lambda sentence: sentence["text"]),
    demo_table: (("speed", "angle", "height", "label"), lambda row: str(row)),
    demo_tagging: (("form", "label"), lambda line: tuple(line["form"])),
}
SIZED = [demo_addresses, demo_dates, demo_distances, demo_numbers, demo_passages, demo_table]
every_set = pytest.mark.parametrize("make", SETS, ids=lambda make: make.__name__)
every_sized = pytest.mark.parametrize("make", SIZED, ids=lambda make: make.__name__)


def parts_of(data):
    return data.training, data.validation, data.test


@pytest.fixture(scope="module")
def made():
    return {make: make() for make in SETS}


@every_set
def test_records_have_just_the_fields_of_their_task(make, made):
    for part in parts_of(made[make]):
        assert all(tuple(record) == SETS[make][0] for record in part)


@every_set
def test_parts_are_large_enough_and_of_their_shares(make, made):
    sizes = [len(part) for part in parts_of(made[make])]
    assert 1_500 <= sum(sizes) <= 8_000
    assert [size / sum(sizes) for size in sizes] == pytest.approx([0.8, 0.1, 0.1], abs=0.02)


@every_set
def test_nothing_is_in_two_parts(make, made):
    seen = [{SETS[make][1](record) for record in part} for part in parts_of(made[make])]
    assert len(set.union(*seen)) == sum(len(each) for each in seen)


@every_set
def test_no_record_is_there_twice(make, made):
    records = [str(record) for part in parts_of(made[make]) for record in part]
    assert len(set(records)) == len(records)


@every_set
def test_the_seed_decides_and_the_global_generator_is_left_alone(make, made):
    random.seed(3)
    before = random.getstate()
    again, other = make(0), make(1)
    assert random.getstate() == before
    assert again == made[make]
    assert other.training != again.training
    assert [len(part) for part in parts_of(other)] == pytest.approx(
        [len(part) for part in parts_of(again)], rel=0.1
    )


@every_set
def test_making_takes_about_a_second(make, made):
    assert made[make]  # what is imported on first use is there
    times = []
    for _ in range(3):
        start = time.process_time()
        make()
        times.append(time.process_time() - start)
    assert min(times) < 2


@every_set
def test_it_says_what_it_is(make, made):
    data = made[make]
    assert data.words.endswith(".")
    assert data.name.isidentifier()
    assert isinstance(data, DemoData)
    with pytest.raises(FrozenInstanceError):
        data.name = "other"


def test_names_are_distinct(made):
    assert len({data.name for data in made.values()}) == len(SETS)


@pytest.mark.parametrize(
    ("make", "least_share"),
    [
        (demo_addresses, 0.45),
        (demo_names, 0.05),
        (demo_sentences, 0.2),
        (demo_table, 0.35),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_labels_are_balanced(make, least_share, made):
    labels = {record["label"] for record in made[make].training}
    for part in parts_of(made[make]):
        counts = Counter(record["label"] for record in part)
        assert counts.keys() == labels
        assert min(counts.values()) / len(part) > least_share


@pytest.mark.parametrize("seed", range(6))
def test_areas_are_balanced_for_any_seed(seed):
    for part in parts_of(demo_sentences(seed)):
        counts = Counter(record["label"] for record in part)
        assert len(counts) == 3
        assert min(counts.values()) / len(part) > 0.2


@every_sized
def test_another_count(make):
    assert sum(len(part) for part in parts_of(make(count=250))) == 250


@every_sized
@pytest.mark.parametrize("count", [99, 10**8, 1.5, True])
def test_impossible_counts(make, count):
    with pytest.raises(ShapeError, match="`count`"):
        make(count=count)


@every_set
@pytest.mark.parametrize("seed", [-1, 0.5])
def test_impossible_seeds(make, seed):
    with pytest.raises(ArgumentError, match="`seed`"):
        make(seed)


def test_another_process_makes_the_same_and_importing_makes_nothing(made):
    makers = (demo_addresses, demo_dialogue, demo_sentences, demo_tagging)
    names = ", ".join(make.__name__ for make in makers)
    code = (
        f"import sys, hashlib; from recurra.data import {names}; "
        "assert not {'_pydecimal', 'imaplib', 'sched'} & set(sys.modules); "
        f"made = [make() for make in ({names})]; "
        "print(hashlib.sha256(repr(made).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "5"}  # another order of sets
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    here = hashlib.sha256(repr([made[make] for make in makers]).encode()).hexdigest()
    assert done.stdout.strip() == here


@pytest.mark.parametrize(
    ("make", "module", "function"),
    [
        (demo_sentences, "sentences", "documented"),
        (demo_dialogue, "dialogue", "documented"),
        (demo_tagging, "tagging", "_lines_of"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_python_that_carries_too_little_is_refused(make, module, function, monkeypatch):
    monkeypatch.setattr(f"recurra.data.demos.{module}.{function}", lambda _: iter(()))
    with refused(
        DataError,
        "carries too little for the embedded data set",
        got="0 records",
        expected="at least 100",
        fix="use a Python that has its docstrings and its sources: not one run with -OO",
    ):
        make()


def test_a_python_without_sources_is_refused(monkeypatch):
    def no_source(module):
        assert module
        raise OSError("could not get source code")

    monkeypatch.setattr("inspect.getsource", no_source)
    with pytest.raises(DataError, match="tagging"):
        demo_tagging()
