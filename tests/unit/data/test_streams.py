"""ContiguousStreams: a long text as rows that are read side by side."""

from collections import Counter

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recurra.base import ShapeError, TextError
from recurra.data import NO_TARGET, ContiguousStreams, streams_that_fit

many = settings(max_examples=100)  # a case takes well under a millisecond
SIZES = st.tuples(st.integers(2, 200), st.integers(1, 9), st.integers(1, 12))


def number_line(N):
    """Give symbols that are their own places, so that a window shows where it was cut."""
    return torch.arange(N, dtype=torch.int32)


def cut(sizes):
    N, streams, window = sizes
    assume(streams * window <= N - 1)
    return ContiguousStreams(number_line(N), streams=streams, window=window)


def valid_targets(batch):
    return batch.targets[batch.targets != NO_TARGET].tolist()


@many
@given(SIZES)
def test_every_symbol_but_the_first_is_a_target_exactly_once(sizes):
    streams = cut(sizes)
    seen = Counter(place for batch in streams for place in valid_targets(batch))
    assert seen == Counter(range(1, sizes[0]))
    assert streams.targets == sizes[0] - 1


@many
@given(SIZES)
def test_every_target_follows_its_input(sizes):
    for batch in cut(sizes):
        known = batch.targets != NO_TARGET
        assert torch.equal(batch.targets[known], batch.inputs[known] + 1)


@many
@given(SIZES)
def test_the_inputs_of_a_window_go_on_with_the_targets_of_the_one_before(sizes):
    streams = cut(sizes)
    for before, after in zip(streams, list(streams)[1:], strict=False):
        going_on = after.targets[0] != NO_TARGET  # rows that have not ended
        assert bool((before.targets[-1][going_on] != NO_TARGET).all())
        assert torch.equal(after.inputs[0][going_on], before.targets[-1][going_on])


@many
@given(SIZES)
def test_lengths_mark_exactly_the_steps_with_targets(sizes):
    for batch in cut(sizes):
        known = batch.targets != NO_TARGET  # [T, B]
        steps = torch.arange(len(known)).unsqueeze(1)
        lengths = torch.full((known.shape[1],), len(known))
        lengths = lengths if batch.lengths is None else batch.lengths
        assert torch.equal(known, steps < lengths)


@many
@given(SIZES)
def test_only_the_last_rows_end_early_and_no_window_is_without_targets(sizes):
    streams = cut(sizes)
    for batch in streams:
        assert valid_targets(batch)
        assert bool((batch.targets[:, 0] != NO_TARGET).all())


@many
@given(SIZES)
def test_only_the_first_window_resets_and_only_at_its_first_step(sizes):
    first, *others = cut(sizes)
    assert bool(first.resets[0].all())
    assert not bool(first.resets[1:].any())
    assert all(batch.resets is None for batch in others)


@many
@given(SIZES)
def test_shapes_and_types(sizes):
    streams = cut(sizes)
    for i, batch in enumerate(streams):
        T = sizes[2] if i < len(streams) - 1 else streams.steps - i * sizes[2]
        assert batch.inputs.shape == batch.targets.shape == (T, sizes[1])
        assert batch.inputs.dtype == batch.targets.dtype == torch.int64


def test_an_example_in_full():
    first, second = ContiguousStreams(number_line(9), streams=2, window=3)
    assert first.inputs.T.tolist() == [[0, 1, 2], [4, 5, 6]]
    assert first.targets.T.tolist() == [[1, 2, 3], [5, 6, 7]]
    assert first.lengths is None
    assert second.inputs.T.tolist() == [[3], [7]]
    assert second.targets.T.tolist() == [[4], [8]]


def test_a_window_can_be_read_again_and_windows_end():
    streams = ContiguousStreams(number_line(9), streams=2, window=3)
    assert torch.equal(streams[1].inputs, streams[1].inputs)
    for i in (-1, 2):
        with pytest.raises(IndexError):
            streams[i]


@pytest.mark.parametrize("N", [0, 1, 6])
def test_too_short_for_one_window_of_every_stream(N):
    with pytest.raises(TextError, match="too short") as caught:
        ContiguousStreams(number_line(N), streams=2, window=3)
    assert caught.value.details["got"] == f"{N} symbols"
    assert caught.value.details["expected"] == "more than 6 = 2 streams x 3 steps"


def test_one_symbol_more_is_long_enough():
    assert len(ContiguousStreams(number_line(7), streams=2, window=3)) == 1


@pytest.mark.parametrize("name", ["streams", "window"])
@pytest.mark.parametrize("size", [0, -1, 1.5, True])
def test_impossible_sizes(name, size):
    with pytest.raises(ShapeError, match=name):
        ContiguousStreams(number_line(9), **{"streams": 2, "window": 2, name: size})


@many
@given(SIZES)
def test_what_fits_has_every_target_once_and_keeps_the_limits(sizes):
    N, streams, window = sizes
    fitting = streams_that_fit(number_line(N), streams=streams, window=window)
    assert fitting.streams <= streams
    assert fitting.window <= window
    seen = Counter(place for batch in fitting for place in valid_targets(batch))
    assert seen == Counter(range(1, N))


@pytest.mark.parametrize("N", [0, 1])
def test_nothing_to_predict_fits_nowhere(N):
    with pytest.raises(TextError, match="too short to measure"):
        streams_that_fit(number_line(N), streams=2, window=2)
