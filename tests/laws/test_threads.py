# Threads share the work, never the sums: however many there are, results have the same bits.
#
# That holds for the loop. Products before and after it are PyTorch's, whose library adds up in
# another order when it has other threads; here their sums are exact, so that no order matters.
import pytest
import torch
from torch import nn

from backend_runs import compiled, measured, reached_state, skip_without_compiled
from compare import assert_close
from recurra import LSTM
from recurra.base import state_tensors
from recurra.runtime._kernels.launch import _shares
from zoo import with_random_weights


class Damped(nn.Module):
    """A cell as users write them: a product of the state, a norm, a state that is one number."""

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.into = nn.Linear(input_size, hidden_size)
        self.weight_hidden = nn.Parameter(torch.zeros(hidden_size, hidden_size))
        self.norm = nn.LayerNorm(hidden_size)

    def initial_state(self, batch_size):
        new_zeros = self.weight_hidden.new_zeros
        return new_zeros(batch_size, len(self.weight_hidden)), new_zeros(batch_size)

    def forward(self, x, state):
        hidden, level = state
        drive = self.norm(self.into(x) + hidden @ self.weight_hidden)
        hidden = 0.6 * hidden + 0.4 * torch.tanh(drive) * torch.cos(level).unsqueeze(1)
        return hidden * level.unsqueeze(1), (hidden, 0.5 * level + hidden.mean(dim=1))


class Unprojected(nn.Module):
    """The input is added as it is, so that all products are those of the loop."""

    def __init__(self, size):
        super().__init__()
        self.weight_hidden = nn.Parameter(torch.zeros(size, size))

    def initial_state(self, batch_size):
        return self.weight_hidden.new_zeros(batch_size, len(self.weight_hidden))

    def forward(self, x, hidden):
        hidden = torch.tanh(x + hidden @ self.weight_hidden)
        return hidden, hidden


CELLS = {"LSTM": LSTM, "Damped": Damped}
SIZES = {
    "a team on one chunk": (5, 3, 256),
    "a team, longer": (40, 3, 256),
    "several chunks": (7, 70, 16),
    "odd": (13, 9, 31),
}
DTYPES = {"float32": torch.float32, "float64": torch.float64}


@pytest.fixture(autouse=True)
def threads_as_before():
    skip_without_compiled()
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def ways(T, B):
    """Return arguments of `unroll`: none, ragged lengths, resets, all at once."""
    lengths = torch.arange(B) * 5 % (T + 1)
    resets = torch.rand(T, B) < 0.3
    return {
        "plain": {},
        "lengths": {"lengths": lengths},
        "resets": {"resets": resets},
        "all": {"lengths": lengths, "resets": resets, "reverse": True},
    }


def with_exact_sums(make, hidden_size, dtype):
    """Make a cell whose products with an input of -1, 0 and 1 are not rounded."""
    cell = with_random_weights(make(12, hidden_size).to(dtype))
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            if "hidden" not in name:
                parameter.mul_(64).round_().div_(64)
    return cell


def exact_input(T, B, dtype):
    return torch.randint(-1, 2, (T, B, 12)).to(dtype).requires_grad_()


def assert_same_bits(got, expected, *, same_sums):
    """Demand the same bits of what the loop makes, and of sums of PyTorch's equality to rounding.

    Args:
        got: with some number of threads.
        expected: with one.
        same_sums: whether there are enough rows and steps for our own product of gradients.
    """
    assert torch.equal(got.y, expected.y), "y"
    pairs = zip(state_tensors(got.state), state_tensors(expected.state), strict=True)
    for place, (mine, theirs) in enumerate(pairs):
        assert torch.equal(mine, theirs), f"final state {place}"
    for name, gradient in expected.gradients.items():
        if name.startswith("state") or (same_sums and name == "weight_hidden"):
            assert torch.equal(got.gradients[name], gradient), f"gradient of {name}"
        else:
            tolerance = 1e-12 if gradient.dtype == torch.float64 else 2e-6
            assert_close(got.gradients[name], gradient, f"gradient of {name}", tolerance)


def test_the_sizes_are_those_of_a_team_and_of_chunks():
    def kinds(B, H):
        found = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(_shares(B, 4 * H * H))
        return found

    assert [as_team for *_, as_team in kinds(3, 256)] == [False, True, True]
    assert not any(as_team for *_, as_team in kinds(70, 16))
    assert all(chunks > 1 for _, chunks, _ in kinds(70, 16))
    assert [threads for threads, *_ in kinds(1, 16)] == [1, 1, 1]


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)
def test_any_number_of_threads_gives_the_same_bits(make, size, dtype):
    T, B, H = SIZES[size]
    cell = with_exact_sums(make, H, dtype)
    x = exact_input(T, B, dtype)
    state = reached_state(cell, x)
    for way, options in ways(T, B).items():
        runs = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            runs.append(measured(compiled, cell, x, state, **options))
        for threads, run in zip((2, 3), runs[1:], strict=True):
            try:
                lines = int(options["lengths"].sum()) if "lengths" in options else T * B
                assert_same_bits(run, runs[0], same_sums=lines >= 64)
            except AssertionError as error:
                error.add_note(f"way: {way}, threads: {threads}")
                raise


@pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)
def test_without_gradients_too(make):
    for T, B, H in SIZES.values():
        cell = with_exact_sums(make, H, torch.float32)
        x = exact_input(T, B, torch.float32)
        with torch.no_grad():
            runs = []
            for threads in (1, 2, 3):
                torch.set_num_threads(threads)
                runs.append(compiled(cell, x, lengths=torch.arange(B) * 5 % (T + 1)))
        for y, end in runs[1:]:
            assert torch.equal(y, runs[0][0])
            pairs = zip(state_tensors(end), state_tensors(runs[0][1]), strict=True)
            assert all(torch.equal(mine, theirs) for mine, theirs in pairs)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("H", [1, 7, 16, 300])
def test_a_row_alone_has_the_bits_it_has_among_others(H, threads):
    torch.set_num_threads(threads)
    cell = with_random_weights(Unprojected(H))
    x = torch.randn(6, 9, H, requires_grad=True)
    state = torch.randn(9, H)
    lengths = torch.tensor([6, 5, 4, 3, 2, 1, 0, 6, 3])
    y, end = compiled(cell, x, state, lengths=lengths)
    (d_x,) = torch.autograd.grad(y.sum() + end.square().sum(), x)
    for row in range(9):
        one = x[:, row : row + 1].detach().requires_grad_()
        part, last = compiled(cell, one, state[row : row + 1], lengths=lengths[row : row + 1])
        assert torch.equal(part, y[:, row : row + 1]), row
        assert torch.equal(last, end[row : row + 1]), row
        if lengths[row]:
            (d_one,) = torch.autograd.grad(part.sum() + last.square().sum(), one)
            assert torch.equal(d_one, d_x[:, row : row + 1]), row


def test_more_threads_than_rows_or_features():
    cell = with_random_weights(Unprojected(2).double())
    x = torch.randn(4, 1, 2, dtype=torch.float64, requires_grad=True)
    one = measured(compiled, cell, x, None)
    torch.set_num_threads(8)
    assert_same_bits(measured(compiled, cell, x, None), one, same_sums=False)
