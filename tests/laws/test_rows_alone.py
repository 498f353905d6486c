# A row in a ragged batch is the row run alone at its own length.
import pytest
import torch

from compare import (
    assert_same_runs,
    join,
    measure,
    padded,
    padding,
    random_input,
    random_state,
    rows,
)
from recurra.base import state_tensors
from zoo import ZOO, name_of

T, B = 5, 4
LENGTHS = [3, 5, 0, 1]


def rows_alone(layer, lengths, resets=None):
    def run(x, state):
        state = layer.initial_state(x.shape[1]) if state is None else state
        outputs, ends = [], []
        for row, length in enumerate(lengths):
            here = slice(row, row + 1)
            end = rows(state, here)
            if length == 0:
                y = layer(x[:1, here], end)[0][:0]  # only for the shape: no step belongs to it
            else:
                marks = None if resets is None else resets[:length, here]
                y, end = layer(x[:length, here], end, resets=marks)
            outputs.append(padded(y, len(x)))
            ends.append(end)
        return torch.cat(outputs, dim=1), join(ends)

    return run


@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_ragged_batch_is_its_rows_alone(specimen):
    layer = specimen.layer()

    def together(x, state):
        return layer(x, state, lengths=torch.tensor(LENGTHS))

    x = random_input(T, B, specimen.input_size)
    assert_same_runs(layer, together, rows_alone(layer, LENGTHS), x)


@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_ragged_batch_with_resets_is_its_rows_alone(specimen):
    layer = specimen.layer()
    # Marks just beyond the end belong to no step of the row.
    resets = (torch.rand(T, B) < 0.3) | padding(torch.tensor(LENGTHS), T)

    def together(x, state):
        return layer(x, state, lengths=torch.tensor(LENGTHS), resets=resets)

    x = random_input(T, B, specimen.input_size)
    assert_same_runs(layer, together, rows_alone(layer, LENGTHS, resets), x)


@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_a_row_of_length_zero_keeps_its_state(specimen):
    layer = specimen.layer()
    state = random_state(layer, B)
    empty = LENGTHS.index(0)
    resets = torch.ones(T, B, dtype=torch.bool)
    x = random_input(T, B, specimen.input_size)
    measured = measure(
        layer,
        lambda x, state: layer(x, state, lengths=torch.tensor(LENGTHS), resets=resets),
        x,
        state,
    )
    for start, end in zip(state_tensors(state), state_tensors(measured.state), strict=True):
        assert torch.equal(end[empty], start[empty])
        assert not torch.equal(end[0], start[0])
    assert (measured.gradients["x"][:, empty] == 0).all()


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32, torch.int64])
def test_lengths_of_any_integer_type_mean_the_same(dtype):
    specimen = ZOO[0]
    layer = specimen.layer()
    x = random_input(T, B, specimen.input_size)
    expected = layer(x, lengths=torch.tensor(LENGTHS))
    got = layer(x, lengths=torch.tensor(LENGTHS, dtype=dtype))
    assert torch.equal(got[0], expected[0])
    assert torch.equal(got[1], expected[1])
