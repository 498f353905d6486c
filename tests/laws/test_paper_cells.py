# Cells from the literature run in the reference loop, and all of their parts are alive.
import pytest
import torch

from backend_runs import measured, reached_state, reference
from compare import random_input
from paper_cells import PAPER_CELLS
from recurra.base import map_state, state_tensors
from zoo import name_of

T, B = 6, 3
LENGTHS = torch.tensor([6, 4, 1])
RESETS = torch.tensor([[0, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 0], [0] * 6]).bool().T
every_cell = pytest.mark.parametrize("specimen", PAPER_CELLS, ids=name_of)


@every_cell
def test_every_source_reaches_the_results(specimen):
    cell = specimen.cell()
    x = random_input(T, B, specimen.input_size)
    runs = [
        measured(reference, cell, x, None, lengths=LENGTHS),
        measured(reference, cell, x, reached_state(cell, x), resets=RESETS),
    ]
    for run in runs:
        assert all(part.isfinite().all() for part in (run.y, *state_tensors(run.state)))
        for name, gradient in run.gradients.items():
            assert gradient.isfinite().all(), name
            assert gradient.abs().max() > 1e-4, name
        assert run.y.abs().max() < 30


@every_cell
def test_gradients_are_those_of_differences(specimen):
    cell = specimen.cell()
    x = random_input(3, 2, specimen.input_size)
    state = reached_state(cell, x)
    followed = [part for part in state_tensors(state) if part.requires_grad]

    def run(x, *sources):
        given = iter(sources)
        whole = map_state(lambda part: next(given) if part.requires_grad else part, state)
        y, end = reference(cell, x, whole, lengths=LENGTHS[1:] - 1, resets=RESETS[:3, :2])
        return (y, *(part for part in state_tensors(end) if part.requires_grad))

    sources = [x, *followed, *cell.parameters()]
    assert torch.autograd.gradcheck(run, sources, fast_mode=True)


@every_cell
def test_rows_do_not_see_each_other(specimen):
    cell = specimen.cell()
    x = random_input(T, B, specimen.input_size)
    y, _ = reference(cell, x)
    alone = [reference(cell, x[:, row : row + 1])[0] for row in range(B)]
    torch.testing.assert_close(torch.cat(alone, dim=1), y, rtol=1e-11, atol=1e-11)


def test_the_table_is_large_and_its_names_are_unique():
    names = [specimen.name for specimen in PAPER_CELLS]
    assert len(set(names)) == len(names) >= 20
    assert all(specimen.make.__doc__ for specimen in PAPER_CELLS)
