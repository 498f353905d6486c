"""Whatever stands in the files of a run: a command works, or says what is wrong; never a traceback.

A few of all changes are tried, the same each time, by one command each; `long` tries many more.
"""

import io
import itertools
import json
import re
import shutil
import sys
import time
from functools import partial

import mutations
import pytest
import torch
from small_commands import TEXT, small
from small_tasks import REVIEWS, SMALL

from recurra.cli import main
from recurra.store import Run, read_tensors, write_tensors

FEW, MANY = 10, 500
SECONDS = 20  # none takes longer; most are done in a tenth of a second


def run_main(*words):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["recurra", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
    return ended.value.code or 0


@pytest.fixture(scope="session")
def originals(tmp_path_factory):
    """Train a language model and a classifier, each with a data file beside it."""
    folder = tmp_path_factory.mktemp("originals")
    (folder / "text.txt").write_text(TEXT[:900])
    (folder / "reviews.tsv").write_text(REVIEWS)
    lm = ["train", "lm", folder / "text.txt", "--out", folder / "lm", *small(epochs=1)]
    assert run_main(*lm) == 0
    classify = ["train", "classify", folder / "reviews.tsv", "--out", folder / "classify"]
    assert run_main(*classify, *SMALL) == 0
    return folder


USES = {
    "lm": [["info"], ["generate", "--length", "3"], ["evaluate", "text.txt"],
           ["train", "--resume"]],
    "classify": [["info"], ["predict", "reviews.tsv"], ["evaluate", "reviews.tsv"],
                 ["train", "--resume"]],
}  # fmt: skip


@pytest.fixture
def use(originals, tmp_path, monkeypatch, recurra):
    """Run each command on a changed run, and hold it to an answer or an error in its form."""
    for name in ("text.txt", "reviews.tsv"):
        shutil.copy(originals / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)

    commands = {kind: itertools.cycle(uses) for kind, uses in USES.items()}

    def run(kind, change, what):
        for first, *others in [next(commands[kind])]:
            shutil.rmtree("run", ignore_errors=True)
            shutil.copytree(originals / kind, "run")
            change(tmp_path / "run")
            words = [*others, "run"] if first == "train" else ["run", *others]
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
            began = time.monotonic()
            answer = recurra(first, *words)
            assert time.monotonic() - began < SECONDS, (first, what)
            assert answer.code in (0, 2), (first, what)
            assert "Traceback" not in answer.err + answer.out
            assert len(answer.err) < 20_000, (first, what)
            if answer.code:
                assert re.search(r"^  (got|expected|where|fix): ", answer.err, re.M), (first, what)

    return run


def config_changes(originals, kind):
    config = Run.open(originals / kind).config
    for path, odd in mutations.mutations(config):
        changed = mutations.mutated(config, path, odd)
        yield mutations.name_of(path, odd), changed


def try_all(use, kind, changes, write):
    for what, changed in changes:
        use(kind, lambda folder, changed=changed: write(folder, changed), what)


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.long)])
@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "edited"])
@pytest.mark.parametrize("kind", USES)
def test_configurations(use, originals, kind, sealed, count):
    changes = mutations.some(list(config_changes(originals, kind)), count, seed=kind)
    write = partial(mutations.write_config, sealed=sealed)
    try_all(use, kind, changes, write)


ODD_LINES = (
    b"", b"[]", b"3", b"null", b"\xff", b"{" * 10_000, b'{"step": 1, "step": 2}', b"\0",
)  # fmt: skip


def write_lines(folder, lines):
    (folder / "metrics.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", USES)
def test_measurements(use, originals, kind, count):
    lines = (originals / kind / "metrics.jsonl").read_bytes().splitlines()
    changes = []
    for number in (0, len(lines) - 1):
        record = json.loads(lines[number])
        for path, odd in mutations.mutations(record):
            changed = json.dumps(mutations.mutated(record, path, odd)).encode()
            written = [*lines[:number], changed, *lines[number + 1 :]]
            changes.append((f"{number}: {mutations.name_of(path, odd)}", written))
    for odd in (
        b"",
        b"[]",
        b"3",
        b"null",
        b"\xff",
        b"{" * 10_000,
        b'{"step": 1, "step": 2}',
        b"\0",
    ):
        changes.append((repr(odd)[:30], [*lines, odd]))
    try_all(use, kind, mutations.some(changes, count, seed=kind), write_lines)


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", USES)
def test_checkpoints(use, originals, kind, count):
    """The tree of a checkpoint as it lies on disk, tensors by their names."""
    path = Run.open(originals / kind).checkpoints()[-1]
    tensors, document = read_tensors(path)
    changes = [
        (mutations.name_of(at, odd), mutations.mutated(document, at, odd))
        for at, odd in mutations.mutations(document)
    ]

    def write(folder, changed):
        write_tensors(folder / "checkpoints" / path.name, tensors, changed)

    try_all(use, kind, mutations.some(changes, count, seed=kind), write)


TENSORS = {
    "int64": lambda each: each.long(),
    "float64": lambda each: each.double(),
    "bool": lambda each: each.bool(),
    "complex": lambda each: each.to(torch.complex64),
    "NaN": lambda each: each * float("nan"),
    "a shape": lambda each: each[..., None],
    "fewer": lambda each: each.flatten()[:0],
}


@pytest.mark.parametrize("name", TENSORS)
@pytest.mark.parametrize("kind", USES)
def test_sealed_weights(recurra, originals, tmp_path, monkeypatch, kind, name):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(originals / kind, "run")
    run = Run.open("run")
    weights, step = run.read_weights()
    run.write_weights({k: TENSORS[name](each) for k, each in weights.items()}, step)
    for words in (["info", "run"], ["train", "--resume", "run"]):
        answer = recurra(*words)
        assert answer.code == 2, words
        assert "weights.safetensors" in answer.err


def test_a_finished_run_that_is_taken_up_stays_as_it_is(recurra, originals, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind in USES:
        shutil.copytree(originals / kind, kind)
        for _ in range(3):
            assert recurra("train", "--resume", kind).code == 0
        for name in ("metrics.jsonl", "config.json", "weights.safetensors"):
            expected = (originals / kind / name).read_bytes()
            assert (tmp_path / kind / name).read_bytes() == expected, name
