# Results lie in memory of their own: whoever writes to them writes to nothing else.
import pytest
import torch
from torch import nn

import recurra
from backend_runs import skip_without_compiled
from recurra import unroll


@pytest.fixture(autouse=True)
def compiled_only():
    skip_without_compiled()


class Cell(nn.Module):
    def __init__(self, output):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.5, 0.25, 2.0]))
        self.output = output

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 3), torch.zeros(batch_size, 3)

    def forward(self, x, state):
        hidden = torch.tanh(x + self.weight * state[0] - state[1])
        return self.output(self, x, hidden), (hidden, x)


OUTPUTS = {
    "x": lambda cell, x, hidden: x,
    "a part of x": lambda cell, x, hidden: x[:, 1:],
    "x in another form": lambda cell, x, hidden: x.reshape(-1, 3, 1).transpose(1, 2),
    "a parameter": lambda cell, x, hidden: cell.weight.expand(len(x), 3),
    "one number in many places": lambda cell, x, hidden: hidden[:, :1].expand(-1, 4),
    "the state": lambda cell, x, hidden: hidden,
    "the state before": lambda cell, x, hidden: hidden * 1.0,
}


@pytest.mark.parametrize("backend", ["c", "reference"])
@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("name", OUTPUTS)
def test_results_may_be_written_to(name, gradients, backend):
    cell = Cell(OUTPUTS[name])
    for T in (1, 4):
        x = torch.randn(T, 1, 3)
        kept = x.clone(), cell.weight.detach().clone()
        with torch.set_grad_enabled(gradients):
            y, state = unroll(cell, x, backend=backend)
        y, state = y.detach(), [part.detach().clone() for part in state]
        expected = y.clone()
        y[0, 0, ..., 0] = 9.0
        expected[0, 0, ..., 0] = 9.0
        torch.testing.assert_close(y, expected, rtol=0, atol=0)
        y.zero_()
        torch.testing.assert_close((x, cell.weight.detach()), kept, rtol=0, atol=0)


def speaks(cell, x, hidden):
    print(end="")  # noqa: T201
    return hidden


@pytest.mark.filterwarnings("ignore:Streams of")
@pytest.mark.parametrize("output", [speaks, *OUTPUTS.values()])
def test_streams_keep_to_themselves(output):
    cell = Cell(output)
    stream, state, place = recurra.Stream(cell), cell.initial_state(1), torch.empty(1, 3)
    for x in torch.randn(5, 1, 3):
        place.copy_(x)  # as those do who read into one buffer
        y = stream(place)
        expected, state = cell(x, state)
        torch.testing.assert_close(y, expected)
        torch.testing.assert_close(stream.state, state)
        y.zero_()
        torch.testing.assert_close(place, x, rtol=0, atol=0)
        state = tuple(part.detach().clone() for part in stream.state)
