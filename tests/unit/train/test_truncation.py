"""Truncated back-propagation: state goes on from window to window, gradients and memory do not."""

import torch
from small_training import Noting, corpus, fit_small, settings, small_run, small_task

from recurra.base import state_tensors
from recurra.data import ContiguousStreams
from recurra.train import fit


class Watching(Noting):
    """Note the state that the training carries, and how much memory it holds, after each step."""

    def __init__(self, task):
        super().__init__()
        self.task = task
        self.carried, self.kept, self.now = [], [], 0
        outcome = task.outcome

        def noting_outcome(batch, state):
            if task.training:
                self.carried.append(state)
            return outcome(batch, state)

        task.outcome = noting_outcome

    def pack(self, tensor):
        self.now += 1
        return Saved(self, tensor)

    def on_step(self, progress):
        super().on_step(progress)
        self.kept.append(self.now)


class Saved:
    """A tensor saved for backward; it counts as long as the graph holds it."""

    def __init__(self, counter, tensor):
        self.counter, self.tensor = counter, tensor

    def __del__(self):
        self.counter.now -= 1


def train(folder, text_length, epochs=1):
    task = small_task()
    watching = Watching(task)
    numbers = corpus.training.numbers.repeat(20)[:text_length]
    streams = ContiguousStreams(numbers, streams=2, window=6)
    hooks = torch.autograd.graph.saved_tensors_hooks(watching.pack, lambda saved: saved.tensor)
    training = settings(epochs=epochs, checkpoint_every=1000)
    with hooks:
        fit(
            task,
            streams,
            corpus.validation,
            training,
            small_run(folder, task, training),
            listener=watching,
        )
    return watching


def test_the_carried_state_has_no_history(tmp_path):
    watching = train(tmp_path / "run", 100)
    first, *others = watching.carried
    assert first is None
    assert others
    for state in others:
        assert all(part.grad_fn is None for part in state_tensors(state))
        assert not any(part.requires_grad for part in state_tensors(state))
        assert all(bool(part.any()) for part in state_tensors(state))


def test_the_carried_state_is_the_one_that_the_window_before_ended_in(tmp_path):
    task = small_task()
    watching = Watching(task)
    training = settings(epochs=1, learning_rate=1e-30)  # so that the weights stay what they are
    weights = {name: weight.clone() for name, weight in task.state_dict().items()}
    run = small_run(tmp_path / "run", task, training)
    fit_small(task, run, training, listener=watching)
    twin = small_task()
    twin.load_state_dict(weights)
    state = None
    for batch, carried in zip(corpus.training, watching.carried, strict=False):
        if state is not None:
            for part, expected in zip(state_tensors(carried), state_tensors(state), strict=True):
                torch.testing.assert_close(part, expected)
        state = twin.outcome(batch, state).state


def test_memory_does_not_grow_with_the_text(tmp_path):
    short = train(tmp_path / "short", 100)
    long = train(tmp_path / "long", 400)
    assert len(long.kept) > 3.5 * len(short.kept)
    assert short.kept == [short.kept[0]] * len(short.kept)
    assert long.kept == [short.kept[0]] * len(long.kept)


def test_memory_would_be_seen_to_grow():
    """So the test above can fail: without a cut between the windows, the graph grows."""
    task = small_task()
    watching = Watching(task)
    state, kept = None, []
    with torch.autograd.graph.saved_tensors_hooks(watching.pack, lambda saved: saved.tensor):
        for batch in corpus.training:
            state = task.outcome(batch, state).state
            kept.append(watching.now)
    assert kept[-1] > 3 * kept[0]


def test_a_new_epoch_begins_with_a_fresh_state():
    """The first window resets, so what was carried over from the end of the text is forgotten."""
    task = small_task().eval()
    first = corpus.training[0]
    state = task.outcome(corpus.training[len(corpus.training) - 1], None).state
    with torch.no_grad():
        fresh, carried = task.outcome(first, None), task.outcome(first, state)
        later = task.outcome(corpus.training[1], None), task.outcome(corpus.training[1], state)
    assert carried.totals == fresh.totals
    assert later[0].totals != later[1].totals  # elsewhere the state does matter
