# Any sizes, lengths, resets and direction, against the definition spelt out row by row.
import torch
from hypothesis import given
from hypothesis import strategies as st

from compare import assert_same_runs, join, random_input, rows
from recurra import unroll
from zoo import EVERY_CELL


def row_by_row(cell, lengths, resets, reverse):
    def run(x, state):
        T, B = x.shape[:2]
        state = cell.initial_state(B) if state is None else state
        y_shape = cell(x[0], state)[0].shape[1:]
        sequences, ends = [], []
        for row in range(B):
            here = slice(row, row + 1)
            now = rows(state, here)
            outputs = {}
            steps = range(lengths[row])
            for t in reversed(steps) if reverse else steps:
                if resets[t][row]:
                    now = cell.initial_state(1)
                outputs[t], now = cell(x[t, here], now)
            missing = x.new_zeros(1, *y_shape)
            sequences.append(torch.stack([outputs.get(t, missing) for t in range(T)]))
            ends.append(now)
        return torch.cat(sequences, dim=1), join(ends)

    return run


@st.composite
def batches(draw):
    T, B = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    lengths = draw(st.lists(st.integers(0, T), min_size=B, max_size=B))
    rows_of_marks = st.lists(st.booleans(), min_size=B, max_size=B)
    resets = draw(st.lists(rows_of_marks, min_size=T, max_size=T))
    return lengths, resets, draw(st.booleans())


@given(
    st.sampled_from(EVERY_CELL),
    batches(),
    st.integers(0, 1000),
)
def test_unroll_is_the_definition(specimen, batch, seed):
    torch.manual_seed(seed)  # the fixture seeds once for all examples
    cell = specimen.cell()
    lengths, resets, reverse = batch
    x = random_input(len(resets), len(lengths), specimen.input_size)

    def unrolled(x, state):
        return unroll(
            cell,
            x,
            state,
            lengths=torch.tensor(lengths),
            resets=torch.tensor(resets),
            reverse=reverse,
        )

    assert_same_runs(cell, unrolled, row_by_row(cell, lengths, resets, reverse), x)
