# Mistakes in a user's cell are named before they do harm.
import pytest
import torch
from torch import nn

from recurra import unroll
from recurra.base import RecurraError, ShapeError
from refusals import refused

X = torch.ones(4, 2, 3)


class Faulty(nn.Module):
    """A cell that starts and goes on as it is told."""

    def __init__(self, start, step):
        super().__init__()
        self.start, self.step = start, step

    def initial_state(self, batch_size):
        return self.start(batch_size)

    def forward(self, x, state):
        return x, self.step(x, state)


CHANGES = {
    "shape": (lambda _, state: state[:, :2], "(2, 2) float32 on cpu"),
    "dtype": (lambda _, state: state.double(), "(2, 3) float64 on cpu"),
    "a tuple": (lambda _, state: (state,), "tuple(0=(2, 3) float32 on cpu)"),
    "a list": (lambda *_: [0], "[0] (list)"),
    "nothing": (lambda *_: None, "None (NoneType)"),
}


@pytest.mark.parametrize(("step", "got"), CHANGES.values(), ids=CHANGES)
def test_a_cell_that_changes_the_form_of_its_state(step, got):
    cell = Faulty(lambda B: torch.zeros(B, 3), step)
    with refused(
        ShapeError,
        "`Faulty` changes the form of its state.",
        got=got,
        expected="(2, 3) float32 on cpu",
    ):
        unroll(cell, X)


@pytest.mark.parametrize("shape", [(1, 3), (3,), ()])
def test_an_initial_state_without_a_row_for_each_sequence(shape):
    cell = Faulty(lambda _: torch.zeros(shape), lambda _, state: state)
    with refused(
        ShapeError,
        "`Faulty.initial_state` does not give one row per sequence.",
        got=f"{shape} float32 on cpu",
        expected="tensors of shape (2, ...)",
    ):
        unroll(cell, X)


STATES = {
    "list": lambda B: [torch.zeros(B, 3)],
    "dictionary": lambda B: {"hidden": torch.zeros(B, 3)},
    "nothing": lambda _: None,
    "number": lambda _: 0.0,
    "number in a tuple": lambda _: (0.0,),
}


@pytest.mark.parametrize("start", STATES.values(), ids=STATES)
def test_an_initial_state_that_is_no_state(start):
    with pytest.raises(RecurraError, match="Faulty"):
        unroll(Faulty(start, lambda _, state: state), X)
