# Streams: one step at a time is what `unroll` computes over the whole sequence.
import copy
import warnings
from typing import NamedTuple

import pytest
import torch
from torch import nn

from backend_runs import reference, skip_without_compiled
from compare import assert_close
from paper_cells import PAPER_CELLS
from recurra import GRU, LSTM, RNN, LSTMState, Stream
from recurra.base import DtypeError, RecurraWarning, ShapeError, map_state, state_tensors
from refusals import refused
from zoo import CELLS, name_of, with_random_weights

NAMES = {
    "LSTM", "GRU-after", "GRU-before", "RNN-relu", "Narrowing", "NestedState", "LearntStart",
    "UsedTwice", "Normed", "LateOutput", "OneFeature", "SLSTM", "MLSTM", "LayerNormLSTM",
    "PhasedLSTM", "QRNN", "LTC", "ExpRNN", "AttentiveHistory", "FastWeights", "StackRNN",
    "LegendreMemory", "LSTMWithReadout", "ClockworkRNN-123", "CTRNN-noise", "CTRNN-irregular",
    "DaleCTRNN-masked", "GRUD-irregular",
}  # fmt: skip
SOME = [specimen for specimen in (*CELLS, *PAPER_CELLS) if specimen.name in NAMES]
TOLERANCE = 1e-10


@pytest.fixture(autouse=True)
def compiled_only():
    skip_without_compiled()


def lstm(dtype=torch.float32):
    return with_random_weights(LSTM(3, 5).to(dtype))


def steps(stream, xs):
    return torch.stack([stream(x) for x in xs])


def assert_is_reference(stream, xs, state=None, tolerance=TOLERANCE):
    """Demand that a stream is the plain loop from a state, or from the initial one."""
    with torch.no_grad():
        y, end = reference(stream.cell, xs, state)
    assert_close(steps(stream, xs), y, "y", tolerance)
    pairs = zip(state_tensors(stream.state), state_tensors(end), strict=True)
    for place, (mine, theirs) in enumerate(pairs):
        assert_close(mine, theirs, f"state {place}", tolerance)
    assert type(stream.state) is type(end)


def test_the_cells_are_there():
    assert {specimen.name for specimen in SOME} == NAMES


@pytest.mark.parametrize("specimen", SOME, ids=name_of)
def test_a_stream_is_the_reference(specimen):
    xs = torch.randn(6, 3, specimen.input_size, dtype=torch.float64)
    stream = Stream(specimen.cell(), 3)
    assert_is_reference(stream, xs)
    assert_is_reference(stream, xs, stream.state)  # and goes on from where it is


@pytest.mark.parametrize("specimen", SOME, ids=name_of)
def test_a_row_has_the_same_bits_alone_and_among_eight(specimen):
    cell = specimen.cell().float()
    xs = torch.randn(5, 8, specimen.input_size)
    together = Stream(cell, 8)
    y = steps(together, xs)
    for row in (0, 3, 7):
        alone = Stream(cell)
        assert torch.equal(steps(alone, xs[:, row : row + 1]), y[:, row : row + 1])
        pairs = zip(state_tensors(alone.state), state_tensors(together.state), strict=True)
        assert all(torch.equal(mine, theirs[row : row + 1]) for mine, theirs in pairs)


@pytest.mark.parametrize("H", [1, 2, 17, 64, 129])
def test_sizes_that_fill_no_vector(H):
    cell = with_random_weights(GRU(H + 2, H).double())
    assert_is_reference(Stream(cell, 2), torch.randn(4, 2, H + 2, dtype=torch.float64))


def test_float32():
    assert_is_reference(Stream(lstm(), 4), torch.randn(20, 4, 3), tolerance=2e-6)


# --- weights that change ---


def halved(cell):
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.mul_(0.5)


def loaded(cell):
    cell.load_state_dict({name: 0.7 * value for name, value in cell.state_dict().items()})


def replaced(cell):
    cell.weight_hidden = nn.Parameter(-cell.weight_hidden.detach())


def replaced_twice(cell):
    for _ in range(2):
        cell.bias = nn.Parameter(torch.randn_like(cell.bias))


def data_replaced(cell):
    cell.weight_hidden.data = torch.randn_like(cell.weight_hidden)


def averaged(cell):
    """Write as moving averages of weights do."""
    for parameter in cell.parameters():
        parameter.data.mul_(0.5).add_(torch.randn_like(parameter), alpha=0.5)


def by_numpy(cell):
    cell.weight_hidden.detach().numpy()[:] *= 0.5


def optimised(cell):
    optimizer = torch.optim.SGD(cell.parameters(), lr=0.5)
    for parameter in cell.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizer.step()


@pytest.mark.parametrize(
    "change",
    [halved, loaded, replaced, replaced_twice, data_replaced, averaged, by_numpy, optimised],
)
def test_new_weights_are_seen_at_the_next_step(change):
    cell = lstm(torch.float64)
    stream = Stream(cell, 2)
    xs = torch.randn(3, 2, 3, dtype=torch.float64)
    before = steps(stream, xs)
    stream.reset()
    change(cell)
    after = steps(stream, xs)
    assert not torch.equal(before, after)
    stream.reset()
    assert_is_reference(stream, xs)


def test_a_buffer_that_changes_is_seen():
    specimen = next(each for each in CELLS if each.name == "UsedTwice")
    stream = Stream(specimen.cell(), 2)
    xs = torch.randn(3, 2, 3, dtype=torch.float64)
    steps(stream, xs)
    stream.cell.decay.fill_(0.25)
    assert_is_reference(stream, xs, stream.state)
    stream.cell.decay = torch.full((3,), 0.5, dtype=torch.float64)
    assert_is_reference(stream, xs, stream.state)


class Scaled(nn.Module):
    """A number of the cell's own."""

    def __init__(self):
        super().__init__()
        self.weight_hidden = nn.Parameter(torch.randn(3, 3, dtype=torch.float64))
        self.alpha = 0.9

    def initial_state(self, batch_size):
        return self.weight_hidden.new_zeros(batch_size, 3)

    def forward(self, x, hidden):
        hidden = self.alpha * hidden + torch.tanh(x + hidden @ self.weight_hidden)
        return hidden, hidden


# --- the state ---


def test_reset_returns_to_the_start():
    stream = Stream(lstm(), 3)
    xs = torch.randn(4, 3, 3)
    first = steps(stream, xs)
    stream.reset()
    assert not any(part.any() for part in state_tensors(stream.state))
    assert torch.equal(steps(stream, xs), first)


def test_reset_of_rows_leaves_the_others():
    stream = Stream(lstm(), 3)
    xs = torch.randn(4, 3, 3)
    first = steps(stream, xs)
    reached = stream.state
    stream.reset(torch.tensor([True, False, True]))
    for part, before in zip(state_tensors(stream.state), state_tensors(reached), strict=True):
        assert torch.equal(part[1], before[1])
        assert not part[[0, 2]].any()
    second = steps(stream, xs)
    assert torch.equal(second[:, [0, 2]], first[:, [0, 2]])
    assert not torch.equal(second[:, 1], first[:, 1])


def test_reset_returns_to_a_learnt_start_of_now():
    cell = next(each for each in CELLS if each.name == "LearntStart").cell()
    stream = Stream(cell, 2)
    xs = torch.randn(3, 2, 3, dtype=torch.float64)
    assert_is_reference(stream, xs)
    halved(cell)
    stream.reset()
    assert_is_reference(stream, xs)


def test_the_state_is_a_copy():
    stream = Stream(lstm(), 2)
    for moment in ("before the first step", "after a step"):
        state = stream.state
        for part in state_tensors(state):
            part.fill_(7)
        assert not any((part == 7).any() for part in state_tensors(stream.state)), moment
        reached = stream.state
        stream(torch.randn(2, 3))
        assert not any(map(torch.equal, state_tensors(reached), state_tensors(stream.state)))


def test_a_state_that_is_set_is_copied_and_gone_on_from():
    cell = lstm(torch.float64)
    xs = torch.randn(3, 2, 3, dtype=torch.float64)
    state = map_state(torch.randn_like, cell.initial_state(2))
    stream = Stream(cell, 2)
    for _ in ("before the first step", "after steps"):
        given = map_state(torch.clone, state)
        stream.state = given
        for part in state_tensors(given):
            part.zero_()
        assert_is_reference(stream, xs, state)


def test_a_plain_tuple_gets_its_names_back():
    stream = Stream(lstm(), 1)
    stream.state = (torch.ones(1, 5), torch.zeros(1, 5))
    assert type(stream.state) is LSTMState
    assert stream.state.hidden.all()
    stream(torch.randn(1, 3))
    assert type(stream.state) is LSTMState


class Pair(NamedTuple):
    fast: torch.Tensor
    slow: torch.Tensor


class TwoSpeeds(nn.Module):
    def __init__(self):
        super().__init__()
        self.into = nn.Linear(3, 4)

    def initial_state(self, batch_size):
        zeros = self.into.weight.new_zeros(batch_size, 4)
        return Pair(zeros, zeros)

    def forward(self, x, state):
        fast = torch.tanh(self.into(x) + state.slow)
        return fast, Pair(fast, 0.9 * state.slow + 0.1 * state.fast)


def test_named_states_one_tensor_for_both_parts():
    cell = with_random_weights(TwoSpeeds().double())
    stream = Stream(cell, 2)
    assert_is_reference(stream, torch.randn(5, 2, 3, dtype=torch.float64))
    assert type(stream.state) is Pair


# --- inputs and outputs ---


def test_outputs_are_new_tensors():
    stream = Stream(lstm(), 1)
    first = stream(torch.randn(1, 3))
    kept = first.clone()
    first_state = stream.state
    second = stream(torch.randn(1, 3))
    assert torch.equal(first, kept)
    second.fill_(9)
    assert not (stream.state.hidden == 9).any()
    assert not torch.equal(first_state.hidden, stream.state.hidden)


def test_inputs_of_any_strides():
    cell = lstm()
    x = torch.randn(2, 3)
    stream = Stream(cell, 2)
    y = stream(x)
    wide = torch.zeros(2, 6)
    wide[:, ::2] = x
    for other in (x.t().contiguous().t(), wide[:, ::2]):
        assert not other.is_contiguous()
        stream.reset()
        assert torch.equal(stream(other), y)
    stream.reset()
    same = stream(x[:1].expand(2, 3))
    assert torch.equal(same[0], same[1])


def test_an_input_with_gradients_gives_an_output_without():
    stream = Stream(lstm(), 2)
    x = torch.randn(2, 3, requires_grad=True)
    y = [stream(x), stream(x)]
    assert not any(each.requires_grad for each in y)
    assert not any(part.requires_grad for part in state_tensors(stream.state))
    stream.reset()
    assert torch.equal(stream(x.detach()), y[0])


def test_a_state_with_gradients_is_taken_without():
    stream = Stream(lstm(), 1)
    stream.state = map_state(lambda part: part.requires_grad_(), stream.state)
    assert not any(part.requires_grad for part in state_tensors(stream.state))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_in_and_out_of_other_modes(mode):
    cell = lstm()
    xs = torch.randn(4, 2, 3)
    expected = steps(Stream(cell, 2), xs)
    with mode():
        stream = Stream(cell, 2)
        first = [stream(xs[0]), stream(xs[1])]
    got = torch.stack([*first, stream(xs[2]), stream(xs[3])])
    assert torch.equal(got, expected)
    stream.reset()
    assert torch.equal(steps(stream, xs), expected)
    stream.state = stream.state
    stream.reset(torch.tensor([True, True]))
    with mode():
        assert torch.equal(steps(stream, xs), expected)
        stream.reset()


def test_nan_stays_in_its_row():
    stream = Stream(lstm(), 3)
    x = torch.randn(3, 3)
    x[1, 0] = float("nan")
    y = stream(x)
    assert y[1].isnan().all()
    assert y[[0, 2]].isfinite().all()


# --- mistakes ---


@pytest.mark.parametrize("batch_size", [0, -1, 1.5, True, "2"])
def test_a_batch_size_that_is_none(batch_size):
    with pytest.raises(ShapeError, match="batch_size"):
        Stream(lstm(), batch_size)


@pytest.mark.parametrize("fused", [True, False], ids=["kernel", "own forward"])
@pytest.mark.parametrize("moment", ["first", "later"])
@pytest.mark.filterwarnings("ignore::recurra.base.RecurraWarning")
def test_wrong_rows_are_refused(moment, fused):
    stream = Stream(lstm() if fused else with_random_weights(Sorted()), 2)
    if moment == "later":
        stream(torch.randn(2, 3))
    reached = stream.state
    for shape in [(1, 3), (3, 3), (3,), ()]:
        with pytest.raises(ShapeError) as caught:
            stream(torch.randn(shape))
        assert caught.value.details["got"].startswith(str(shape))
        assert "expected" in caught.value.details
    pairs = zip(state_tensors(stream.state), state_tensors(reached), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in pairs)


def test_another_form_than_before_is_refused():
    stream = Stream(lstm(), 2)
    stream(torch.randn(2, 3))
    with refused(
        ShapeError,
        "`x` does not have the form of the stream's first input.",
        got="(2, 4) float32 on cpu",
        expected="(2, 3) float32",
    ):
        stream(torch.randn(2, 4))
    with pytest.raises(DtypeError) as caught:
        stream(torch.randn(2, 3).double())
    assert caught.value.details["got"] == "(2, 3) float64 on cpu"


@pytest.mark.parametrize("x", [[[1.0, 2.0, 3.0]], None, 3.0], ids=str)
def test_what_is_no_tensor_is_refused(x):
    stream = Stream(lstm(), 1)
    for _ in range(2):
        with pytest.raises(ShapeError, match="`x`"):
            stream(x)
        stream(torch.randn(1, 3))


WRONG_STATES = {
    "wide": (torch.zeros(2, 5), torch.zeros(2, 6)),
    "one row, to be broadcast": (torch.zeros(1, 5), torch.zeros(1, 5)),
    "another dtype": (torch.zeros(2, 5, dtype=torch.float64),) * 2,
    "a tensor": torch.zeros(2, 5),
    "three": (torch.zeros(2, 5),) * 3,
    "nothing": None,
}


@pytest.mark.parametrize("state", WRONG_STATES.values(), ids=WRONG_STATES)
@pytest.mark.parametrize("moment", ["first", "later"])
def test_wrong_states_are_refused(state, moment):
    stream = Stream(lstm(), 2)
    if moment == "later":
        stream(torch.randn(2, 3))
    reached = stream.state
    with pytest.raises(ShapeError, match=r"`state` is not a state of `LSTM`\.") as caught:
        stream.state = state
    assert {"got", "expected"} <= caught.value.details.keys()
    assert all(map(torch.equal, state_tensors(stream.state), state_tensors(reached)))


def test_wrong_marks_are_refused():
    stream = Stream(lstm(), 2)
    stream(torch.randn(2, 3))
    for rows in (torch.tensor([True]), torch.tensor(True), torch.ones(2, 1) > 0, [True, False]):
        with pytest.raises(ShapeError, match="`rows`") as caught:
            stream.reset(rows)
        assert caught.value.details["expected"] == "(2,) bool"
    with pytest.raises(DtypeError, match="`rows`"):
        stream.reset(torch.tensor([1, 0]))


# --- cells that no kernel can hold ---


class Sorted(nn.Module):
    """A cell that has no kernel."""

    def __init__(self):
        super().__init__()
        self.weight_hidden = nn.Parameter(torch.zeros(3, 3))

    def initial_state(self, batch_size):
        return self.weight_hidden.new_zeros(batch_size, 3)

    def forward(self, x, hidden):
        if float(x.sum()) > 1e9:
            return x, hidden
        hidden = torch.tanh(x + hidden @ self.weight_hidden).sort(dim=-1).values
        return hidden, hidden


class NoModule:
    def __init__(self):
        self.cell = RNN(3, 3)

    def initial_state(self, batch_size):
        return self.cell.initial_state(batch_size)

    def __call__(self, x, state):
        return self.cell(x, state)


@pytest.mark.parametrize("make", [Sorted, NoModule])
def test_a_cell_without_a_kernel_runs_its_own_forward_and_says_so_once(make):
    cell = make()
    if isinstance(cell, nn.Module):
        with_random_weights(cell)
    xs = torch.randn(4, 2, 3)
    with torch.no_grad():
        y, end = reference(cell, xs)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        stream = Stream(cell, 2)
        got = steps(stream, xs)
        other = steps(Stream(cell, 2), xs)
    assert [each.category for each in said] == [RecurraWarning]
    assert f"`{make.__name__}` run its own forward" in str(said[0].message)
    assert torch.equal(got, y)
    assert torch.equal(other, y)
    assert not got.requires_grad
    assert torch.equal(stream.state, end)
    stream.reset(torch.tensor([True, False]))
    assert not stream.state[0].any()
    stream.reset()
    assert torch.equal(steps(stream, xs), y)


def test_two_streams_of_a_cell_have_states_of_their_own():
    cell = lstm()
    one, two = Stream(cell, 1), Stream(cell, 1)
    xs = torch.randn(4, 1, 3)
    first = one(xs[0])
    steps(two, xs)
    two.reset()
    assert torch.equal(two(xs[0]), first)
    assert torch.equal(one(xs[1]), two(xs[1]))


def test_many_steps_hold_no_memory_of_the_past():
    cell = lstm(torch.float64)
    xs = torch.randn(500, 1, 3, dtype=torch.float64)
    assert_is_reference(Stream(copy.deepcopy(cell), 1), xs, tolerance=1e-9)


def test_a_number_of_the_cell_that_changes_is_seen():
    cell = Scaled()
    stream = Stream(cell, 2)
    xs = torch.randn(3, 2, 3, dtype=torch.float64)
    steps(stream, xs)
    cell.alpha = 0.1
    assert_is_reference(stream, xs, stream.state)


def test_another_part_in_the_place_of_one_is_seen():
    cell = with_random_weights(TwoSpeeds().double())
    stream = Stream(cell, 2)
    xs = torch.randn(3, 2, 3, dtype=torch.float64)
    steps(stream, xs)
    cell.into = with_random_weights(nn.Linear(3, 4, bias=False).double())
    assert_is_reference(stream, xs, stream.state)


class Dimmed(Scaled):
    """Acts in training only on half of the input; holds a tensor that is no buffer."""

    def __init__(self):
        super().__init__()
        self.level = torch.tensor(0.5, dtype=torch.float64)

    def forward(self, x, hidden):
        y, hidden = super().forward(0.5 * x if self.training else x, hidden)
        return self.level * y, hidden


def test_switches_and_tensors_of_its_own_are_seen():
    cell = Dimmed()
    stream = Stream(cell, 2)
    xs = torch.randn(3, 2, 3, dtype=torch.float64)
    assert_is_reference(stream, xs)
    cell.eval()
    assert_is_reference(stream, xs, stream.state)
    cell.level.fill_(0.25)
    assert_is_reference(stream, xs, stream.state)
    cell.level = torch.tensor(-1.0, dtype=torch.float64)
    assert_is_reference(stream, xs, stream.state)


class Masked(Dimmed):
    """Holds a buffer, too, and a tensor whose numbers do not follow each other in memory."""

    def __init__(self):
        super().__init__()
        self.register_buffer("decay", torch.tensor([0.9, 0.5, 0.7], dtype=torch.float64))
        self.mask = torch.ones(3, 2, dtype=torch.float64).t()[1]

    def forward(self, x, hidden):
        y, hidden = super().forward(x, hidden)
        return y * self.mask, hidden * self.decay


@pytest.mark.parametrize("name", ["decay", "mask", "level"])
@pytest.mark.parametrize(
    "write",
    [
        lambda tensor: tensor.mul_(0.5),
        lambda tensor: tensor.data.mul_(0.5),
        lambda tensor: tensor.numpy().__imul__(0.5),
    ],
)
def test_writing_to_what_is_no_parameter_is_seen(write, name):
    cell = Masked()
    stream = Stream(cell, 2)
    xs = torch.randn(3, 2, 3, dtype=torch.float64)
    assert_is_reference(stream, xs)
    write(getattr(cell, name))
    assert_is_reference(stream, xs, stream.state)


def test_a_cell_made_in_inference_mode():
    with torch.inference_mode():
        cell = lstm(torch.float64)
        stream = Stream(cell, 2)
        xs = torch.randn(3, 2, 3, dtype=torch.float64)
        assert_is_reference(stream, xs)
        cell.bias.fill_(0.5)
        assert_is_reference(stream, xs, stream.state)


def test_a_cell_that_is_converted_is_not_run_on_as_it_was():
    cell = lstm()
    stream = Stream(cell, 2)
    stream(torch.randn(2, 3))
    cell.double()
    for _ in range(2):
        with pytest.raises(DtypeError, match="`LSTM` has other forms of weights"):
            stream(torch.randn(2, 3))
        stream.reset()
    assert Stream(cell, 2)(torch.randn(2, 3).double()).dtype == torch.float64
