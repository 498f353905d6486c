"""evaluate: measuring without training."""

import pytest
import torch
from small_training import TEXT, corpus, small_task

from recurra.data import ContiguousStreams, streams_that_fit
from recurra.train import evaluate


@pytest.fixture
def numbers():
    return corpus.vocabulary.encode(TEXT)


@pytest.mark.parametrize("window", [1, 5, 16, 100])
def test_windows_with_carried_state_are_one_long_pass(numbers, window):
    task = small_task()
    (whole,) = ContiguousStreams(numbers, streams=1, window=len(numbers) - 1)
    with torch.no_grad():
        expected = task.eval().metrics(task.outcome(whole, None).totals)
    measured = evaluate(task, ContiguousStreams(numbers, streams=1, window=window))
    assert measured == pytest.approx(expected, rel=1e-6)


def test_windows_without_the_state_would_measure_something_else(numbers):
    """So the test above can fail."""
    task = small_task().eval()
    streams = ContiguousStreams(numbers, streams=1, window=5)
    with torch.no_grad():
        forgetful = sum(task.outcome(batch, None).totals["nats"] for batch in streams)
    carried = evaluate(task, streams)["bits_per_character"] * streams.targets * 0.6931471805599453
    assert abs(forgetful - carried) > 0.01


def test_every_row_counts_as_much_as_it_has_targets(numbers):
    task = small_task()
    streams = ContiguousStreams(numbers, streams=3, window=7)
    rows = [numbers[b * streams.steps : (b + 1) * streams.steps + 1] for b in range(3)]
    assert sum(len(row) - 1 for row in rows) == len(numbers) - 1
    bits = sum(
        evaluate(task, streams_that_fit(row, streams=1, window=1000))["bits_per_character"]
        * (len(row) - 1)
        for row in rows
    )
    expected = bits / (len(numbers) - 1)
    assert evaluate(task, streams)["bits_per_character"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_it_leaves_weights_mode_and_random_numbers_alone(training):
    task = small_task(dropout=0.5).train(training)
    weights = {name: weight.clone() for name, weight in task.state_dict().items()}
    generator = torch.get_rng_state()
    first = evaluate(task, corpus.validation)
    assert evaluate(task, corpus.validation) == first  # dropout is off
    assert task.training is training
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(torch.equal(weight, weights[name]) for name, weight in task.state_dict().items())
    assert all(parameter.grad is None for parameter in task.parameters())
    assert torch.is_grad_enabled()


def test_the_mode_comes_back_after_an_error_too():
    task = small_task().train()
    with pytest.raises(AttributeError):
        evaluate(task, [None])
    assert task.training


def test_nothing_is_kept_for_gradients():
    with torch.autograd.graph.saved_tensors_hooks(
        lambda _: pytest.fail("a tensor is kept for gradients"), lambda kept: kept
    ):
        evaluate(small_task(), corpus.validation)
