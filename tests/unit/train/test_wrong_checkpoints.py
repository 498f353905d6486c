"""Checkpoints with a right checksum and a wrong content: refused, with the file and the way on."""

import math
import shutil

import pytest
import torch
from small_training import Noting, fit_small, settings, small_run, small_task

from recurra.base import ConfigMismatch, DamagedFile
from recurra.store import Run


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run that was stopped after 7 of 10 steps, and the tree of its newest checkpoint."""
    folder = tmp_path_factory.mktemp("stopped") / "run"
    task = small_task()
    noting = Noting(7)
    fit_small(task, small_run(folder, task), listener=noting, stop=noting.stop)
    return folder


def put(*path, value):
    def change(tree):
        *parents, last = path
        for parent in parents:
            tree = tree[parent]
        tree[last] = value(tree[last]) if callable(value) else value

    change.__name__ = f"{'.'.join(map(str, path))}"
    return change


def drop(*path):
    def change(tree):
        *parents, last = path
        for parent in parents:
            tree = tree[parent]
        del tree[last]

    change.__name__ = f"no {'.'.join(map(str, path))}"
    return change


def weight(value):
    def change(tree):
        name = next(iter(tree["weights"]))
        tree["weights"][name] = value(tree["weights"][name])

    return change


def entry(part, value, name=None):
    def change(tree):
        table = next(iter(tree["optimizer"]["parts"][part]["state"].values()))
        key = name or next(iter(table))
        table[key] = value(table[key])

    return change


def recurrent(value):
    def change(tree):
        tree["recurrent"] = value(tree["recurrent"])

    return change


NAN, MINUS = math.nan, -1.0
WRONG = {
    "step below 0": put("step", value=-1),
    "another step": put("step", value=8),
    "a step that is true": put("step", value=True),
    "a step that is no integer": put("step", value=7.0),
    "no step": drop("step"),
    "step a tensor": put("step", value=torch.tensor(7)),
    "a huge step": put("step", value=2**63),
    "more than there is": lambda tree: tree.update(more=1),
    "best a text": put("best", value="1"),
    "best none": put("best", value=None),
    "best NaN": put("best", value=NAN),
    "best a list": put("best", value=[1.0]),
    "tie NaN": put("tie", value=NAN),
    "tie a truth value": put("tie", value=True),
    "since best below 0": put("since_best", value=-1),
    "since best a number": put("since_best", value=0.5),
    "totals none": put("totals", value=None),
    "totals a list": put("totals", value=[]),
    "totals of other names": put("totals", value={"other": 1.0}),
    "totals with a text": put("totals", "nats", value="1"),
    "totals with NaN": put("totals", "nats", value=NAN),
    "totals with a tensor": put("totals", "nats", value=torch.ones(3)),
    "generator none": put("generator", value=None),
    "generator of another size": put("generator", value=lambda old: old[:-1]),
    "generator of floats": put("generator", value=lambda old: old.float()),
    "generator of ones": put("generator", value=torch.ones_like),
    "weights none": put("weights", value=None),
    "weights a list": put("weights", value=lambda old: list(old.values())),
    "weights a number": weight(lambda _: 1.0),
    "weights int64": weight(torch.Tensor.long),
    "weights float64": weight(torch.Tensor.double),
    "weights bfloat16": weight(torch.Tensor.bfloat16),
    "weights NaN": weight(lambda old: old * NAN),
    "weights infinite": weight(lambda old: old * math.inf),
    "optimizer none": put("optimizer", value=None),
    "optimizer a list": put("optimizer", value=[]),
    "optimizer empty": put("optimizer", value={}),
    "optimizer of one part": put("optimizer", "parts", value=lambda old: old[:1]),
    "optimizer parts exchanged": put("optimizer", "parts", value=lambda old: old[::-1]),
    "optimizer without groups": drop("optimizer", "parts", 0, "param_groups"),
    "optimizer group none": put("optimizer", "parts", 0, "param_groups", 0, value=None),
    "optimizer group of others": put(
        "optimizer", "parts", 0, "param_groups", 0, "params", value=[0]
    ),
    "optimizer with other settings": put(
        "optimizer", "parts", 0, "param_groups", 0, "momentum", value=0.5
    ),
    "optimizer settings of a type": put(
        "optimizer", "parts", 1, "param_groups", 0, "betas", value=None
    ),
    "optimizer state none": put("optimizer", "parts", 1, "state", value=None),
    "optimizer state of others": put("optimizer", "parts", 1, "state", value={99: {}}),
    "optimizer state lacking": lambda tree: next(
        iter(tree["optimizer"]["parts"][1]["state"].values())
    ).popitem(),
    "optimizer state NaN": entry(1, lambda old: old * NAN, "exp_avg"),
    "optimizer squares below 0": entry(1, lambda old: old - 1, "exp_avg_sq"),
    "optimizer state of a shape": entry(0, lambda old: old[:1]),
    "optimizer state of a dtype": entry(0, torch.Tensor.double),
    "optimizer state a number": entry(0, lambda _: 1.0),
    "optimizer step below 0": entry(1, lambda old: old * MINUS, "step"),
    "optimizer step beyond": entry(1, lambda old: old + 100, "step"),
    "recurrent a number": put("recurrent", value=1.0),
    "recurrent a text": put("recurrent", value="state"),
    "recurrent of fewer": recurrent(lambda old: old[:1]),
    "recurrent of a shape": recurrent(lambda old: (old[0][:1], *old[1:])),
    "recurrent of integers": recurrent(lambda old: tuple(each.long() for each in old)),
    "recurrent of doubles": recurrent(lambda old: tuple(each.double() for each in old)),
    "recurrent NaN": recurrent(lambda old: tuple(each * NAN for each in old)),
}


@pytest.fixture
def rewritten(stopped, tmp_path):
    """Write the newest checkpoint again, changed, with a right checksum."""

    def write(change):
        shutil.copytree(stopped, tmp_path / "run")
        run = Run.open(tmp_path / "run")
        path = run.checkpoints()[-1]
        tree = run.read_checkpoint(path)
        change(tree)
        run.write_checkpoint(path, tree)
        return run, path

    return write


def snapshot(folder):
    return {
        path: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_content_is_refused(rewritten, change):
    run, path = rewritten(change)
    before = snapshot(run.folder)
    with pytest.raises(DamagedFile) as caught:
        fit_small(small_task(), run)
    details = caught.value.details
    assert details["where"] == str(path)
    assert f"delete {path}" in details["fix"]
    assert {"got", "expected"} & details.keys()
    assert len(str(caught.value)) < 1500
    assert snapshot(run.folder) == before


@pytest.mark.parametrize("kind", ["names", "shapes", "fewer"])
def test_weights_of_another_task_are_refused(rewritten, kind):
    def change(tree):
        name, old = tree["weights"].popitem()
        if kind == "names":
            tree["weights"]["other"] = old
        elif kind == "shapes":
            tree["weights"][name] = torch.zeros(*old.shape, 2)

    run, _ = rewritten(change)
    with pytest.raises(ConfigMismatch):
        fit_small(small_task(), run)


def test_the_tree_has_to_be_a_table(rewritten):
    run, path = rewritten(lambda _: None)
    run.write_checkpoint(path, {"step": 7})
    with pytest.raises(DamagedFile, match="not a training state"):
        fit_small(small_task(), run)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adam",
                                       "adamw", "muon"])  # fmt: skip
def test_every_optimizer_goes_on(tmp_path, optimizer):
    training = settings(optimizer=optimizer, learning_rate=0.001, weight_decay=0.01)
    weights = []
    for stops in ([None], [4, None]):
        folder = tmp_path / str(len(stops))
        for stop in stops:
            task = small_task(dropout=0.2)
            run = Run.open(folder) if folder.exists() else small_run(folder, task, training)
            noting = Noting(stop)
            fit_small(task, run, training, listener=noting, stop=noting.stop)
        weights.append(task.state_dict())
    for name, each in weights[0].items():
        assert torch.equal(each, weights[1][name]), name
