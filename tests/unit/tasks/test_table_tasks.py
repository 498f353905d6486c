"""TableClassifier and TableRegressor: multi-layer perceptrons as tasks."""

import json
import math

import pytest
import torch

from recurra.base import (
    ArgumentError,
    Batch,
    DamagedFile,
    DataError,
    ShapeError,
    Task,
    UnknownName,
    describe_tensor,
)
from recurra.cells import GRU
from recurra.data import TableRows
from recurra.store import Run
from recurra.tasks import (
    AnswerOptions,
    TableClassifier,
    TableConfig,
    TableRegressor,
    describe_task,
    load_task,
    save_task,
)
from recurra.tasks.registry import language_model_run, load_language_model
from recurra.train import TrainingSettings, evaluate, fit
from refusals import refused

GATE_ROWS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
SETTINGS = TrainingSettings(epochs=150, learning_rate=0.1, warmup=0, checkpoint_every=1000)


def classifier(*hidden_sizes, seed=0, **choices):
    torch.manual_seed(seed)
    config = TableConfig(hidden_sizes=hidden_sizes, **choices)
    return TableClassifier(["a", "b"], ["no", "yes"], config)


def regressor(*hidden_sizes, seed=0):
    torch.manual_seed(seed)
    return TableRegressor(["a", "b"], ["c", "d"], TableConfig(hidden_sizes=hidden_sizes))


def train(task, inputs, targets, folder, settings=SETTINGS, **watching):
    table = TableRows(inputs, targets, rows=4)
    run = Run.open(folder) if folder.exists() else Run.create(folder, {"task": describe_task(task)})
    fit(task, table, table, settings, run, **watching)
    return evaluate(task, table), run


@pytest.mark.parametrize(
    ("name", "outputs", "hidden_sizes", "learnt"),
    [
        ("AND", [0, 0, 0, 1], (), True),
        ("OR", [0, 1, 1, 1], (), True),
        ("XOR", [0, 1, 1, 0], (), False),
        ("XOR", [0, 1, 1, 0], (8,), True),
        ("XOR", [0, 1, 1, 0], (8, 8), True),
    ],
)
def test_one_layer_learns_and_and_or_and_xor_takes_two(
    tmp_path, name, outputs, hidden_sizes, learnt
):
    task = classifier(*hidden_sizes, activation="tanh")
    metrics, _ = train(task, GATE_ROWS, torch.tensor(outputs), tmp_path / "run")
    assert (metrics["accuracy"] == 1) == learnt, name
    if learnt:
        assert task.classify(GATE_ROWS) == [("no", "yes")[each] for each in outputs]
    else:
        assert metrics["cross_entropy"] == pytest.approx(math.log(2), abs=1e-3)


def test_a_regression_in_units_of_its_own(tmp_path):
    inputs = torch.rand(64, 2) * torch.tensor([1000.0, 0.01]) + torch.tensor([5e4, 0.0])
    targets = torch.stack([3 * inputs[:, 0] + 2, 1e6 * inputs[:, 1] ** 2], dim=1)
    task = regressor(16)
    task.standardise(inputs, targets)
    before = task.estimate(inputs)
    metrics, _ = train(task, inputs, targets, tmp_path / "run")
    assert metrics["r2"] > 0.98
    errors = (task.estimate(inputs) - targets).square().mean().sqrt().item()
    assert metrics["root_mean_squared_error"] == pytest.approx(errors, rel=1e-3)
    assert errors < 0.1 * (before - targets).square().mean().sqrt().item()


def test_the_loss_of_a_classifier_is_the_mean_cross_entropy():
    task = classifier(3)
    targets = torch.tensor([1, 0, 1, 1])
    outcome = task.outcome(Batch(GATE_ROWS, targets), None)
    probabilities = task.probabilities(GATE_ROWS)
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(4))
    expected = -probabilities[torch.arange(4), targets].log().mean().item()
    assert outcome.loss.item() == pytest.approx(expected, rel=1e-5)
    assert outcome.state is None
    metrics = task.metrics(outcome.totals)
    assert metrics["cross_entropy"] == pytest.approx(expected, rel=1e-5)
    right = (probabilities.argmax(dim=1) == targets).float().mean().item()
    assert metrics["accuracy"] == right


def test_the_loss_of_a_regressor_knows_no_units():
    inputs, targets = torch.randn(50, 2), torch.randn(50, 2) * 7 + 100
    task = regressor()
    task.standardise(inputs, targets)
    with torch.no_grad():
        for parameter in task.network.parameters():
            parameter.zero_()  # predicts the mean
    outcome = task.outcome(Batch(inputs, targets), None)
    assert outcome.loss.item() == pytest.approx(1.0, rel=1e-4)
    deviations = targets.var(dim=0, correction=0).mean().sqrt().item()
    metrics = task.metrics(outcome.totals)
    assert metrics["root_mean_squared_error"] == pytest.approx(deviations, rel=1e-4)
    assert metrics["r2"] == pytest.approx(0.0, abs=1e-4)
    torch.testing.assert_close(task.estimate(inputs), targets.mean(dim=0).expand(50, 2))


@pytest.mark.parametrize("columns", [1, 2])
def test_the_share_explained_is_of_the_variance_of_the_data_measured(columns):
    names = ["price", "rent"][:columns]
    task = TableRegressor(["a", "b"], names, TableConfig(hidden_sizes=(4,)))
    task.standardise(torch.rand(40, 2), 50 * torch.rand(40, columns))
    batch = Batch(torch.rand(30, 2), (5 + 9 * torch.rand(30, columns)).double())
    with torch.no_grad():
        learnt = task.train().metrics(task.outcome(batch, None).totals)
        measured = task.eval().metrics(task.outcome(batch, None).totals)
        final = task.final_measures(batch, AnswerOptions())
        told = task.estimate(batch.inputs).double()
    final = task.final_metrics({name: each.double().sum(dim=0) for name, each in final.items()})
    errors = (told - batch.targets).square().sum(dim=0)
    spread = (batch.targets - batch.targets.mean(dim=0)).square().sum(dim=0)
    assert measured["r2"] == pytest.approx(float((1 - errors / spread).mean()), rel=1e-5)
    assert measured["r2"] == pytest.approx(final["r2"], rel=1e-9)
    assert measured["root_mean_squared_error"] == learnt["root_mean_squared_error"]
    shares = errors / 30 / task.target_scales.deviation.square()
    assert learnt["r2"] == pytest.approx(float((1 - shares).mean()), rel=1e-4)


def test_one_row_to_validate_on_has_no_variance_of_its_own():
    task = regressor()
    task.standardise(torch.rand(40, 2), torch.rand(40, 2))
    outcome = task.eval().outcome(Batch(torch.rand(1, 2), torch.rand(1, 2).double()), None)
    assert math.isfinite(task.metrics(outcome.totals)["r2"])


def test_columns_are_brought_to_one_scale():
    inputs = torch.rand(20, 2).double() * torch.tensor([1000.0, 0.01])
    inputs[:, 1] = 3.0  # says nothing, and must not divide by nothing
    task = classifier(4)
    task.standardise(inputs)
    scaled = task.scales(inputs)
    torch.testing.assert_close(scaled.mean(dim=0).float(), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(scaled[:, 0].std(correction=0).float(), torch.tensor(1.0))
    assert not scaled[:, 1].any()
    torch.testing.assert_close(task.scales.inverse(scaled), inputs)


@pytest.mark.parametrize("number", [0.1, 1e6 + 0.1, -7.3, 1e-30])
@pytest.mark.parametrize("rows", [1, 3, 10, 1000])
def test_a_column_that_never_changes_keeps_1(number, rows):
    """Ten times 0.1 in float32 has a mean beside 0.1, and a deviation of 7e-9."""
    inputs = torch.full((rows, 2), number)
    task = classifier(4)
    task.standardise(inputs)
    assert task.scales.deviation.tolist() == [1.0, 1.0]
    assert not task.scales(inputs).any()
    assert (task.scales(inputs + 1) - 1).abs().max() <= 0.1


def test_a_deviation_too_small_to_be_written_divides_nothing():
    inputs = torch.tensor([[0.0, 0.0], [1e-30, 1.0]])  # the square of the first is 0
    task = classifier(4)
    task.standardise(inputs)
    assert task.scales(inputs).isfinite().all()


@pytest.mark.parametrize("make", [classifier, regressor])
def test_a_saved_task_comes_back_ready_to_use(tmp_path, make):
    task = make(5, 4)
    assert isinstance(task, Task)
    task.scales.measure("inputs", GATE_ROWS * 3)
    save_task(task, tmp_path / "run")
    loaded = load_task(tmp_path / "run")
    assert type(loaded) is type(task)
    assert not loaded.training
    assert loaded.config() == task.config() == json.loads(json.dumps(task.config()))
    assert torch.equal(loaded(GATE_ROWS), task(GATE_ROWS))


def test_training_that_was_stopped_ends_in_the_same_bits(tmp_path):
    import threading

    from recurra.train import Listener

    class StopAfter(Listener):
        def __init__(self, step):
            self.step, self.event = step, threading.Event()

        def on_step(self, progress):
            if progress.step == self.step:
                self.event.set()

    settings = TrainingSettings(epochs=6, warmup=2, checkpoint_every=2)
    inputs, targets = torch.randn(10, 2), torch.arange(10) % 2
    whole = classifier(5, dropout=0.2)
    train(whole, inputs, targets, tmp_path / "whole", settings)
    for step in (3, 8, None):
        parts, stop = classifier(5, dropout=0.2), StopAfter(step)
        train(parts, inputs, targets, tmp_path / "parts", settings, listener=stop, stop=stop.event)
    for name, weight in whole.state_dict().items():
        assert torch.equal(parts.state_dict()[name], weight), name


def test_the_classes_and_targets_have_names():
    assert classifier().classes == ("no", "yes")
    assert regressor().targets == ("c", "d")
    assert regressor().features == ("a", "b")


@pytest.mark.parametrize("names", [[], ["a", "a"], [1, 2], "ab", None])
def test_names_that_are_none(names):
    with refused(
        ArgumentError,
        "`features` are not names",
        got=repr(names),
        expected="one or more strings, each once",
    ):
        TableClassifier(names, ["no", "yes"])
    with pytest.raises(ArgumentError, match="`classes` are not names"):
        TableClassifier(["a"], names)
    with pytest.raises(ArgumentError, match="`targets` are not names"):
        TableRegressor(["a"], names)


def test_one_class_is_nothing_to_tell_apart():
    with refused(ArgumentError, "only one class", got="['no']", expected="two or more"):
        TableClassifier(["a"], ["no"])


def test_rows_of_other_columns_are_refused():
    with refused(
        ShapeError,
        "have other columns",
        got="(4, 3) float32 on cpu",
        expected="(N, 2): a, b",
    ):
        classifier()(torch.ones(4, 3))


def test_targets_that_would_be_broadcast_are_refused():
    task = TableRegressor(["a", "b"], ["c"])
    with refused(
        ShapeError,
        "targets of this `TableRegressor` have another shape",
        got="(4,) float32 on cpu",
        expected="(4, 1)",
        fix="one column alone is targets.unsqueeze(1)",
    ):
        task.outcome(Batch(GATE_ROWS, torch.ones(4)), None)


def test_targets_that_are_no_classes_are_refused():
    task = classifier()
    for targets in (torch.ones(4), torch.ones(4, 1, dtype=torch.int64), torch.ones(3).long()):
        with refused(
            ShapeError,
            "not one class a row",
            got=describe_tensor(targets),
            expected="(4,) int64",
        ):
            task.outcome(Batch(GATE_ROWS, targets), None)
    for targets, span in (([0, 1, 2, 0], "0 .. 2"), ([0, -1, 1, 0], "-1 .. 1")):
        with refused(ArgumentError, "a class that it does not have", got=span, expected="0 .. 1"):
            task.outcome(Batch(GATE_ROWS, torch.tensor(targets)), None)


@pytest.mark.parametrize("shape", [(4,), (0, 2), (4, 1), (4, 3)])
def test_columns_that_cannot_be_measured_are_refused(shape):
    with refused(
        ShapeError,
        "`inputs` is not rows of the columns",
        got=f"{shape} float32 on cpu",
        expected="(N, 2), N >= 1",
    ):
        classifier().standardise(torch.ones(shape))
    with pytest.raises(ShapeError, match="`targets` is not rows"):
        regressor().standardise(torch.ones(4, 2), torch.ones(shape))


def test_missing_numbers_are_not_measured():
    rows = GATE_ROWS.clone()
    rows[1, 0] = float("nan")
    task = classifier()
    with pytest.raises(DataError, match="`inputs` has a number that is missing") as caught:
        task.standardise(rows)
    assert caught.value.details["got"] == "nan at [1, 0], 1 in all"
    assert not task.scales.mean.any()


@pytest.mark.parametrize("make", [classifier, regressor])
def test_predictions_are_made_without_dropout(make):
    task = make(50)
    task.network.dropout.p = 0.5
    assert task.training
    assert not torch.equal(task(GATE_ROWS), task(GATE_ROWS))
    assert torch.equal(task.evaluated(GATE_ROWS), task.evaluated(GATE_ROWS))
    told = task.classify if make is classifier else task.estimate
    first, second = told(GATE_ROWS), told(GATE_ROWS)
    assert first == second if isinstance(first, list) else torch.equal(first, second)
    assert task.training


def test_impossible_choices():
    with pytest.raises(ShapeError, match="`hidden_sizes` is not a list of sizes"):
        TableConfig(hidden_sizes=3)
    with pytest.raises(ShapeError, match="hidden_sizes"):
        TableConfig(hidden_sizes=(3, 0))
    with pytest.raises(UnknownName, match="activation"):
        TableConfig(activation="bent")
    with pytest.raises(ArgumentError, match="dropout"):
        TableConfig(dropout=-0.1)


@pytest.mark.parametrize(
    "change",
    [
        lambda task: task.pop("features"),
        lambda task: task.update(features="ab"),
        lambda task: task.update(classes=["one"]),
        lambda task: task["model"].update(hidden_sizes=3),
        lambda task: task["model"].update(hidden_sizes=["3"]),
        lambda task: task["model"].update(colour="red"),
        lambda task: task["model"].pop("dropout"),
    ],
)
def test_a_configuration_that_describes_no_table_task(tmp_path, change):
    run = save_task(classifier(3), tmp_path / "run")
    path = run.folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    change(config["task"])
    path.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(DamagedFile, match="not as Recurra writes it"):
        load_task(run.folder)


def test_a_cell_is_refused_where_there_is_none(tmp_path):
    save_task(classifier(3), tmp_path / "run")
    with refused(
        ArgumentError,
        "The task of the run has no cell",
        got="table_classifier, and a cell",
        expected="no cell",
        where=str(tmp_path / "run" / "config.json"),
    ):
        load_task(tmp_path / "run", cell=GRU)


def test_a_run_of_tables_does_not_write(tmp_path):
    save_task(classifier(3), tmp_path / "run")
    for use in (load_language_model, language_model_run):
        with refused(
            ArgumentError,
            "not one of a language model",
            got="table_classifier",
            expected="language_model or word_language_model",
            where=str(tmp_path / "run" / "config.json"),
        ):
            use(tmp_path / "run")
