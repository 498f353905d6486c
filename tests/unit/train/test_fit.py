"""fit: what a training does and leaves behind."""

import math
import random
import sys

import numpy
import pytest
import torch
from small_training import (
    EPOCH,
    STEPS,
    Noting,
    corpus,
    fit_small,
    settings,
    small_run,
    small_task,
)

from recurra.base import MissingExtra, TrainingDiverged
from recurra.train import evaluate, fit


@pytest.fixture
def task():
    return small_task()


@pytest.fixture
def run(tmp_path, task):
    return small_run(tmp_path / "run", task)


def test_it_learns_and_leaves_a_complete_run(task, run):
    before = evaluate(task, corpus.validation)["bits_per_character"]
    result = fit_small(task, run)
    after = evaluate(task, corpus.validation)["bits_per_character"]
    assert after < before
    assert result.finished
    assert result.step == STEPS
    assert result.best == pytest.approx(after)
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "checkpoints", "config.json", "lock", "loss.png", "metrics.jsonl", "weights.safetensors",
    ]  # fmt: skip
    assert run.picture_path.read_bytes().startswith(b"\x89PNG")


def test_the_listener_hears_everything_in_order(task, run):
    noting = Noting()
    fit_small(task, run, listener=noting)
    assert noting.started == [(0, STEPS)]
    assert [each.step for each in noting.steps] == list(range(1, STEPS + 1))
    assert [each.epoch for each in noting.steps] == [1] * EPOCH + [2] * EPOCH
    assert {each.steps for each in noting.steps} == {STEPS}
    assert [each.step for each, _ in noting.validations] == [EPOCH, STEPS]
    expected = [f"step-{step:010d}.safetensors" for step in (3, 5, 6, 9, 10)]
    assert noting.checkpoints == expected
    assert [path.name for path in run.checkpoints()] == expected[-2:]


def test_the_log_sums_up_what_was_measured(task, run):
    noting = Noting()
    fit_small(task, run, listener=noting)
    train, validation = (
        [each for each in run.metrics.read() if each["split"] == split]
        for split in ("train", "validation")
    )
    assert [each["step"] for each in train] == [10]
    assert [each["step"] for each in validation] == [EPOCH, STEPS]
    sizes = 2 * [int((batch.targets >= 0).sum()) for batch in corpus.training]
    bits = [each.metrics["bits_per_character"] for each in noting.steps]
    mean = sum(map(float.__mul__, bits, map(float, sizes))) / sum(sizes)
    assert train[0]["bits_per_character"] == pytest.approx(mean)
    assert train[0]["gradient_norm"] > 0
    for record, (progress, best) in zip(validation, noting.validations, strict=True):
        assert record["bits_per_character"] == progress.metrics["bits_per_character"]
        assert record["best"] is best


def test_the_callers_random_numbers_are_left_alone(run):
    task = small_task(dropout=0.5)
    random.seed(1)
    numpy.random.seed(1)
    torch.manual_seed(1)
    before = random.getstate(), numpy.random.get_state()[1].tolist(), torch.get_rng_state()
    fit_small(task, run)
    assert random.getstate() == before[0]
    assert numpy.random.get_state()[1].tolist() == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])


def test_the_callers_random_numbers_do_not_matter(tmp_path):
    weights = []
    for seed in (1, 2):
        task = small_task(dropout=0.5)
        torch.manual_seed(seed)
        fit_small(task, small_run(tmp_path / str(seed), task))
        weights.append(task.head.weight.detach())
    assert torch.equal(*weights)


def test_the_seed_of_the_settings_does_matter(tmp_path):
    weights = []
    for seed in (1, 2):
        task, training = small_task(dropout=0.5), settings(seed=seed)
        fit_small(task, small_run(tmp_path / str(seed), task, training), training)
        weights.append(task.head.weight.detach())
    assert not torch.equal(*weights)


def test_it_trains_with_dropout_on_and_measures_with_dropout_off(run):
    task = small_task(dropout=0.5).eval()
    noting = Noting()
    fit_small(task, run, listener=noting)
    last, _ = noting.validations[-1]
    assert evaluate(task, corpus.validation) == last.metrics
    still = Noting()
    torch.manual_seed(0)
    task = small_task()
    fit_small(task, small_run(run.folder.with_name("still"), task), listener=still)
    assert still.steps[0].metrics != noting.steps[0].metrics


def test_only_better_weights_are_kept(task, tmp_path, monkeypatch):
    """A validation that gets worse must not overwrite what was better."""
    run = small_run(tmp_path / "own", task, settings(epochs=4))
    values = iter([3.0, 2.0, 2.5, 2.0])
    from recurra.train import _session

    monkeypatch.setattr(
        _session, "sum_up", lambda *_: {"nats": next(values) * math.log(2), "characters": 1}
    )
    kept = []

    class Keeping(Noting):
        def on_validation(self, progress, best):
            super().on_validation(progress, best)
            kept.append(run.read_weights())

    noting = Keeping()
    result = fit_small(task, run, settings(epochs=4), listener=noting)
    assert [best for _, best in noting.validations] == [True, True, False, False]
    assert [step for _, step in kept] == [EPOCH, 2 * EPOCH, 2 * EPOCH, 2 * EPOCH]
    assert torch.equal(kept[1][0]["head.weight"], kept[3][0]["head.weight"])
    assert not torch.equal(kept[3][0]["head.weight"], task.head.weight)
    assert result.best == 2.0


def test_the_last_weights_are_kept_if_asked_for(task, tmp_path, monkeypatch):
    from recurra.train import _session

    asked = settings(epochs=3, keep="last")
    run = small_run(tmp_path / "own", task, asked)
    values = iter([2.0, 3.0, 4.0])
    monkeypatch.setattr(
        _session, "sum_up", lambda *_: {"nats": next(values) * math.log(2), "characters": 1}
    )
    noting = Noting()
    result = fit_small(task, run, asked, listener=noting)
    assert result.best == pytest.approx(2.0)
    assert [best for _, best in noting.validations] == [True, False, False]
    weights, step = run.read_weights()
    assert step == 3 * EPOCH
    assert torch.equal(weights["head.weight"], task.head.weight)
    logged = [each for each in run.metrics.read() if each["split"] == "validation"]
    assert [(each["best"], each["kept"]) for each in logged] == [
        (True, True), (False, True), (False, True),
    ]  # fmt: skip


def test_of_equal_values_that_with_the_smaller_loss_is_better(task, tmp_path, monkeypatch):
    from recurra.train import _session

    asked = settings(epochs=5, patience=2)
    run = small_run(tmp_path / "own", task, asked)
    losses = iter([0.6, 0.5, 0.5, 0.4, 0.45])
    monkeypatch.setattr(_session, "sum_up", lambda *_: {"next": next(losses)})
    monkeypatch.setattr(type(task), "best_is_largest", True)
    monkeypatch.setattr(type(task), "tie_breaker", "loss")
    usual = task.metrics

    def metrics(totals):
        if "next" in totals:
            return {"bits_per_character": 1.0, "loss": totals["next"]}
        return usual(totals)

    monkeypatch.setattr(task, "metrics", metrics)
    noting = Noting()
    result = fit_small(task, run, asked, listener=noting)
    assert [best for _, best in noting.validations] == [True, True, False, True, False]
    assert (result.step, result.best) == (5 * EPOCH, 1.0)
    assert run.read_weights()[1] == 4 * EPOCH


@pytest.mark.parametrize("largest", [False, True])
def test_patience_ends_a_training_that_gets_no_better(task, tmp_path, monkeypatch, largest):
    from recurra.train import _session

    asked = settings(epochs=9, patience=2)
    run = small_run(tmp_path / "own", task, asked)
    sign = -1 if largest else 1
    values = iter([3.0, 2.0, 2.5, 2.0])
    monkeypatch.setattr(_session, "sum_up", lambda *_: {"next": next(values)})
    monkeypatch.setattr(type(task), "best_is_largest", largest)
    usual = task.metrics

    def metrics(totals):
        return {"bits_per_character": sign * totals["next"]} if "next" in totals else usual(totals)

    monkeypatch.setattr(task, "metrics", metrics)
    noting = Noting()
    result = fit_small(task, run, asked, listener=noting)
    assert (result.step, result.finished, result.best) == (4 * EPOCH, True, sign * 2.0)
    assert noting.early == [(4 * EPOCH, 4, 2)]
    again = fit_small(task, run, asked)  # nothing is left to do
    assert (again.step, again.finished, again.best) == (4 * EPOCH, True, sign * 2.0)


def test_what_a_task_calibrates_is_kept_with_the_weights(task, tmp_path, monkeypatch):
    run = small_run(tmp_path / "own", task, settings(epochs=1))

    def calibrate(totals):
        with torch.no_grad():
            task.head.bias.fill_(totals["characters"])

    monkeypatch.setattr(task, "calibrate", calibrate)
    fit_small(task, run, settings(epochs=1))
    weights, _ = run.read_weights()
    assert bool((weights["head.bias"] > 1).all())


class OtherEachTime:
    """Batches that are another part of the data in each epoch."""

    def __init__(self, batches, seen):
        self.batches, self.seen = batches, seen

    def __len__(self):
        return 2

    def __getitem__(self, i):
        raise AssertionError("asked of an epoch, never of all")

    def epoch(self, number):
        def batch(i):
            self.seen.append((number, i))
            return self.batches[(number * 2 + i) % EPOCH]

        return type("Drawn", (), {"__len__": lambda _: 2, "__getitem__": lambda _, i: batch(i)})()


def test_batches_of_epochs_are_asked_for_the_epoch_that_runs(task, tmp_path):
    asked = settings(epochs=3)
    run = small_run(tmp_path / "own", task, asked)
    seen = []
    fit(task, OtherEachTime(corpus.training, seen), corpus.validation, asked, run)
    assert seen == [(epoch, i) for epoch in range(3) for i in range(2)]


def test_a_validation_that_is_not_a_number_is_never_the_best(task, run, monkeypatch):
    from recurra.train import _session

    monkeypatch.setattr(_session, "sum_up", lambda *_: {"nats": math.nan, "characters": 1})
    with pytest.raises(TrainingDiverged, match="validation measure"):
        fit_small(task, run)
    assert not run.weights_path.exists()


def test_a_loss_that_is_no_number_stops_the_training(task, tmp_path, monkeypatch):
    monkeypatch.setattr(
        torch.nn.functional, "cross_entropy", lambda scores, *_, **__: scores.sum() * math.nan
    )
    with pytest.raises(TrainingDiverged, match="the loss is not") as caught:
        fit_small(task, small_run(tmp_path / "other", task))
    assert "nan at step 1" in caught.value.details["got"]
    assert "--learning-rate" in caught.value.details["fix"]


def test_a_gradient_that_is_no_number_is_not_saved(task, tmp_path):
    """A checkpoint must stay good to go on from, with other code or by hand."""
    run = small_run(tmp_path / "own", task, settings(checkpoint_every=1))

    def spoil(gradient):
        return gradient * float("nan")

    task.head.bias.register_hook(spoil)
    with pytest.raises(TrainingDiverged):
        fit_small(task, run, settings(checkpoint_every=1))
    for path in run.checkpoints():
        weights = run.read_checkpoint(path)["weights"]
        assert all(bool(weight.isfinite().all()) for weight in weights.values()), path.name


def test_gradients_are_scaled_down_to_the_norm(task, tmp_path, monkeypatch):
    """The optimizer must see what was clipped, and the log what there was before."""
    run = small_run(tmp_path / "own", task, settings(clip_norm=0.01))
    from recurra.train._optimizer import MuonAdamW

    seen = []
    step = MuonAdamW.step

    def noting_step(self, closure=None):
        def noting_closure():
            loss = closure()
            gradients = [parameter.grad.flatten() for parameter in task.parameters()]
            seen.append(float(torch.cat(gradients).norm()))
            return loss

        return step(self, noting_closure)

    monkeypatch.setattr(MuonAdamW, "step", noting_step)
    fit_small(task, run, settings(clip_norm=0.01))
    assert len(seen) == STEPS
    assert seen == pytest.approx([0.01] * STEPS, rel=1e-3)
    (record,) = [each for each in run.metrics.read() if each["split"] == "train"]
    assert record["gradient_norm"] > 0.02


def test_gradients_below_the_norm_are_left_alone(tmp_path):
    weights = []
    for clip_norm in (1e3, 1e6):
        task, training = small_task(), settings(clip_norm=clip_norm)
        fit_small(task, small_run(tmp_path / str(clip_norm), task, training), training)
        weights.append(task.head.weight.detach())
    assert torch.equal(*weights)


def test_without_lightning_it_says_how_to_install_it(task, run, monkeypatch):
    monkeypatch.delitem(sys.modules, "recurra.train._lightning", raising=False)
    monkeypatch.setitem(sys.modules, "lightning", None)
    before = sorted(run.folder.rglob("*"))
    with pytest.raises(MissingExtra, match="lightning") as caught:
        fit_small(task, run)
    assert caught.value.details["fix"] == "pip install 'recurra[train]'"
    assert sorted(run.folder.rglob("*")) == before


def test_leftovers_of_an_interrupted_write_are_cleaned(task, run):
    leftover = run.folder / "checkpoints" / "step-0000000001.safetensorsabc.partial"
    leftover.write_bytes(b"half")
    fit_small(task, run)
    assert not leftover.exists()
