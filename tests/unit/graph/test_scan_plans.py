"""Plans of scans: which states can be found at once, in which order, and which cannot."""

import pytest
import torch
from torch import nn

from recurra import GRU, LSTM, cells
from recurra.base import CannotFuse
from recurra.graph import partition, plan_scan, trace_step

I, H = 3, 4  # noqa: E741


def planned(cell):
    return plan_scan(partition(trace_step(cell, torch.zeros(2, I), cell.initial_state(2))))


def stages(cell):
    """Return for every stage its places, and which parts of it are there."""
    return [
        (
            stage.places,
            [[entry is not None for entry in row] for row in stage.matrix],
            [each is not None for each in stage.offset],
        )
        for stage in planned(cell).stages
    ]


class Written(nn.Module):
    """A cell of one state, from an expression of its new state."""

    def __init__(self, next_state):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(H, I))
        self.next_state = next_state

    def initial_state(self, batch_size):
        return self.weight.new_zeros(batch_size, H)

    def forward(self, x, hidden):
        hidden = self.next_state(hidden, x @ self.weight.T)
        return hidden.tanh(), hidden


LINEAR = {
    "add": lambda h, u: h + u,
    "sub": lambda h, u: u - h,
    "mul": lambda h, u: u.sigmoid() * h,
    "div": lambda h, u: (h + u) / (1 + u * u),
    "neg": lambda h, u: -(0.5 * h) + u,
    "lerp": lambda h, u: torch.lerp(h, u, u.sigmoid()),
    "addcmul": lambda h, u: torch.addcmul(u, h, u.sigmoid()),
    "where": lambda h, u: torch.where(u > 0, h, u),
    "clone": lambda h, u: h.clone() * 0.5 + u,
    "twice": lambda h, u: 0.3 * h + u * h,
}
NOT_LINEAR = {
    "tanh": lambda h, u: torch.tanh(h + u),
    "square": lambda h, u: 0.1 * h * h + u,
    "quotient": lambda h, u: u / (2 + h),
    "condition": lambda h, u: torch.where(h > 0, u, 0.5 * h),
    "sum": lambda h, u: h.sum(dim=1, keepdim=True) * u,
    "shift": lambda h, u: torch.cat([h[:, 1:], u[:, :1]], dim=1),
}


@pytest.mark.parametrize("name", LINEAR)
def test_linear_steps(name):
    assert [stage[0] for stage in stages(Written(LINEAR[name]))] == [(0,)]


@pytest.mark.parametrize("name", NOT_LINEAR)
def test_steps_that_are_not_linear(name):
    with pytest.raises(CannotFuse, match="cannot be found by a scan") as caught:
        planned(Written(NOT_LINEAR[name]))
    assert "test_scan_plans.py" in caught.value.details["where"]


@pytest.mark.parametrize("cell", [GRU(I, H), LSTM(I, H), cells.SRU(I, H, peephole=True)], ids=str)
def test_cells_whose_gates_see_the_state(cell):
    with pytest.raises(CannotFuse, match="of the state"):
        planned(cell)


def test_a_state_that_is_known_comes_first():
    shift, pooling = stages(cells.QRNN(I, H))
    assert shift == ((1,), [[False]], [True])
    assert pooling == ((0,), [[True]], [True])


def test_a_register_from_its_end():
    assert [places for places, *_ in stages(cells.QRNN(I, H, window=4))] == [(3,), (2,), (1,), (0,)]


def test_coupled_states_together():
    assert stages(cells.LRU(I, H)) == [((0, 1), [[True, True], [True, True]], [True, True])]


def test_zoneout_around_a_linear_cell():
    found = stages(cells.Zoneout(cells.MinGRU(I, H), probability=0.2))
    assert sorted(places for places, *_ in found) == [(0,), (1,), (2,)]
    assert found[-1][0] == (0,)  # its masks need key and step
