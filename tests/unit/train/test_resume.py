"""Exact resume: a training that was stopped ends in the same bits as one that was not."""

import pytest
import torch
from small_training import (
    EPOCH,
    STEPS,
    Noting,
    fit_small,
    settings,
    small_run,
    small_task,
    without_seconds,
)

from recurra.base import ConfigMismatch, DamagedFile
from recurra.store import Run
from recurra.train import TrainingState, newest_state

STOPS = [1, 2, 3, EPOCH - 1, EPOCH, EPOCH + 1, STEPS - 1]
MODELS = {
    "dropout": {"dropout": 0.3},
    "lstm": {"cell": "lstm", "connections": "plain"},
    "rnn": {"cell": "rnn", "inputs": "one-hot", "connections": "residual"},
}


def train(folder, stops, **choices):
    """Train to the end, stopped and taken up again, from a freshly built task, after each stop."""
    for stop in [*stops, None]:
        task = small_task(**choices)
        run = Run.open(folder) if folder.exists() else small_run(folder, task)
        noting = Noting(stop)
        result = fit_small(task, run, listener=noting, stop=noting.stop)
        assert result.step == (stop or STEPS)
        assert result.finished == (stop is None)
    return run, task


@pytest.fixture(scope="module", params=MODELS)
def undisturbed(request, tmp_path_factory):
    """Train once without a stop; give the choices of the model, the run and the trained task."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    choices = MODELS[request.param]
    trained = train(tmp_path_factory.mktemp("undisturbed") / "run", [], **choices)
    torch.set_num_threads(before)
    return choices, *trained


def assert_same_ending(run, task, expected_run, expected_task):
    for name, weight in expected_task.state_dict().items():
        assert torch.equal(task.state_dict()[name], weight), name
    assert run.weights_path.read_bytes() == expected_run.weights_path.read_bytes()
    last, expected = run.checkpoints()[-1], expected_run.checkpoints()[-1]
    assert last.name == expected.name
    assert last.read_bytes() == expected.read_bytes()
    expected_metrics = without_seconds(expected_run.metrics.read())
    assert without_seconds(run.metrics.read()) == expected_metrics


@pytest.mark.parametrize("stops", [[stop] for stop in STOPS] + [[2, 4, 5, 9]], ids=str)
def test_a_stopped_training_ends_in_the_same_bits(tmp_path, undisturbed, stops):
    choices, expected_run, expected_task = undisturbed
    run, task = train(tmp_path / "run", stops, **choices)
    assert_same_ending(run, task, expected_run, expected_task)


def test_a_training_that_died_goes_on_from_its_last_checkpoint(tmp_path, undisturbed):
    """Steps after the checkpoint are made again, and their measurements are not there twice."""
    choices, expected_run, expected_task = undisturbed
    task = small_task(**choices)
    run = small_run(tmp_path / "run", task)

    class Dying(Noting):
        def on_step(self, progress):
            if progress.step == 8:
                raise KeyError("died")

    with pytest.raises(KeyError, match="died"):
        fit_small(task, run, listener=Dying())
    assert newest_state(run).step == 6
    task, noting = small_task(**choices), Noting()
    fit_small(task, run, listener=noting)
    assert noting.started == [(6, STEPS)]
    assert_same_ending(run, task, expected_run, expected_task)


def test_the_first_weights_of_the_task_do_not_matter_when_a_run_is_taken_up(tmp_path, undisturbed):
    choices, expected_run, expected_task = undisturbed
    run, _ = train(tmp_path / "run", [], **choices)
    for path in run.checkpoints()[1:]:
        path.unlink()
    task = small_task(seed=99, **choices)
    fit_small(task, run)
    assert_same_ending(run, task, expected_run, expected_task)


def test_a_finished_training_stays_finished(tmp_path):
    run, _ = train(tmp_path / "run", [])
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    noting = Noting()
    result = fit_small(small_task(), run, listener=noting)
    assert result.finished
    assert noting.steps == []
    after = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    assert {path.name for path in before if after[path] != before[path]} <= {"loss.png"}
    assert after.keys() == before.keys()


def test_a_stop_asked_for_before_the_beginning_stops_after_one_step(tmp_path):
    task, noting = small_task(), Noting()
    noting.stop.set()
    result = fit_small(task, small_run(tmp_path / "run", task), listener=noting, stop=noting.stop)
    assert result.step == 1
    assert not result.finished


def test_a_stop_at_the_last_step_is_no_stop(tmp_path):
    task, noting = small_task(), Noting(STEPS)
    result = fit_small(task, small_run(tmp_path / "run", task), listener=noting, stop=noting.stop)
    assert result.finished


def test_a_damaged_newest_checkpoint_is_refused_by_name(tmp_path):
    run, _ = train(tmp_path / "run", [])
    newest = run.checkpoints()[-1]
    newest.write_bytes(newest.read_bytes()[:-1])
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    with pytest.raises(DamagedFile) as caught:
        fit_small(small_task(), run)
    assert caught.value.details["where"] == str(newest)
    assert str(newest) in caught.value.details["fix"]
    assert str(newest) in str(caught.value)
    after = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    assert after == before


def test_without_the_damaged_checkpoint_the_one_before_leads_to_the_same_bits(
    tmp_path, undisturbed
):
    choices, expected_run, expected_task = undisturbed
    run, _ = train(tmp_path / "run", [], **choices)
    run.checkpoints()[-1].unlink()
    task = small_task(**choices)
    fit_small(task, run)
    assert_same_ending(run, task, expected_run, expected_task)


def test_a_checkpoint_of_another_configuration_is_refused(tmp_path):
    run, _ = train(tmp_path / "run", [4])
    task = small_task()
    other = small_run(tmp_path / "other", task, settings(seed=1))
    foreign = other.checkpoint_path(4)
    run.checkpoint_path(STEPS).rename(foreign)
    with pytest.raises(ConfigMismatch) as caught:
        fit_small(task, other, settings(seed=1))
    assert caught.value.details["where"] == str(foreign)


def test_a_checkpoint_that_is_no_training_state_is_refused(tmp_path):
    task = small_task()
    run = small_run(tmp_path / "run", task)
    for tree in ({"step": 1}, [1], {}):
        run.write_checkpoint(run.checkpoint_path(1), tree)
        with pytest.raises(DamagedFile, match=r"not a training state|something else"):
            fit_small(task, run)


def test_a_run_without_checkpoints_has_no_state(tmp_path):
    assert newest_state(small_run(tmp_path / "run", small_task())) is None


def test_a_training_state_comes_back_from_its_tree():
    state = TrainingState(3, {"w": torch.ones(2)}, None, torch.get_rng_state(), None, 1.5)
    assert TrainingState.from_tree(state.to_tree()) == state
