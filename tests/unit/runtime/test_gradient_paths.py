# Results require gradients where those of the plain loop do, and nowhere else.
import itertools

import pytest
import torch
from torch import nn

from backend_runs import skip_without_compiled
from recurra import unroll
from recurra.base import state_tensors


class Cell(nn.Module):
    """States that go into each other in several ways; the step is given."""

    def __init__(self, states, step):
        super().__init__()
        self.states, self.step = states, step
        self.lin = nn.Linear(3, 3).double()

    def initial_state(self, batch_size):
        return tuple(torch.zeros(batch_size, 3, dtype=torch.float64) for _ in range(self.states))

    def forward(self, x, state):
        return self.step(self, x, *state)


def handed_through(cell, x, h, c):
    return cell.lin(x) + c, (torch.tanh(cell.lin(h)), c)


def exchanged(_, x, h, c):
    return h * 0.5 + x, (c, h)


def moved_on(cell, x, a, b, c):
    return a + x, (b, c, cell.lin(x))


def round_three(_, x, a, b, c):
    return a - x, (b, c, a * 0.5)


def counted(cell, x, h, n):
    return h, (torch.tanh(cell.lin(h) + x + n), n + 1.0)


def stopped(cell, x, h, c):
    return h + x, (torch.tanh(cell.lin(x) + h), (0.5 * c + h).detach())


def stopped_output(cell, x, h):
    h = torch.tanh(cell.lin(x) + h)
    return h.detach(), (h,)


def detached_weights(cell, x, h):
    h = torch.tanh(x @ cell.lin.weight.data + h * cell.lin.bias)
    return h, (h,)


def chosen(cell, x, h, c):
    return torch.where(h > 0, c, 0.5 * c) + x, (torch.tanh(cell.lin(x)), torch.where(h > c, c, x))


def linear(cell, x, h, c):  # for a scan
    return h + c, (0.5 * h + cell.lin(x), 0.9 * c)


STEPS = {
    handed_through: 2, exchanged: 2, moved_on: 3, round_three: 3, counted: 2, stopped: 2,
    stopped_output: 1, detached_weights: 1, chosen: 2, linear: 2,
}  # fmt: skip

OPTIONS = {
    "whole": {},
    "lengths": {"lengths": torch.tensor([2, 0, 3, 1])},
    "resets": {"resets": torch.tensor([[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]]).bool()},
}


def flags(cell, T, wanted, options, backend):
    x_grad, weight_grad, *state_grads = wanted
    cell.lin.requires_grad_(weight_grad)
    x = torch.linspace(-1, 1, T * 12, dtype=torch.float64).reshape(T, 4, 3).requires_grad_(x_grad)
    state = tuple(
        torch.full((4, 3), 0.1 * place, dtype=torch.float64, requires_grad=flag)
        for place, flag in enumerate(state_grads)
    )
    y, end = unroll(cell, x, state, backend=backend, **options)
    results = [y, *state_tensors(end)]
    loss = [(each * each.detach().cos()).sum() for each in results if each.requires_grad]
    sources = [each for each in (x, *state, *cell.parameters()) if each.requires_grad]
    gradients = torch.autograd.grad(sum(loss), sources, allow_unused=True) if loss else ()
    return results, [
        each if each is not None else torch.zeros_like(source)
        for each, source in zip(gradients, sources, strict=False)
    ]


def backends(step):
    return ("c", "scan") if step is linear else ("c",)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_as_in_the_plain_loop(step, options):
    skip_without_compiled()
    cell = Cell(STEPS[step], step)
    for T in (3,) if options else (1, 2, 3, 6):
        for wanted in itertools.product((False, True), repeat=2 + cell.states):
            expected, gradients = flags(cell, T, wanted, options, "reference")
            for backend in backends(step):
                got, found = flags(cell, T, wanted, options, backend)
                wrong = [
                    a.requires_grad != b.requires_grad for a, b in zip(got, expected, strict=True)
                ]
                assert not any(wrong), (T, wanted, backend, wrong)
                torch.testing.assert_close(got, expected, check_stride=False)
                torch.testing.assert_close(found, gradients)


def test_many_steps_are_not_gone_through_one_by_one():
    skip_without_compiled()
    cell = Cell(3, round_three)
    for T in (20_000, 20_001, 20_002):
        x = torch.zeros(T, 1, 3, dtype=torch.float64)
        state = tuple(torch.ones(1, 3, dtype=torch.float64) for _ in range(3))
        state[0].requires_grad_()
        cell.lin.requires_grad_(False)
        y, end = unroll(cell, x, state, backend="c")
        assert y.requires_grad
        place = -T % 3
        assert [each.requires_grad for each in end] == [n == place for n in range(3)], T
