# What wrappers have in common: sizes, states, and PyTorch's own compiler around them.
import pytest
import torch

from recurra import GRU, LSTM, LSTMState, unroll
from recurra.base import ArgumentError
from recurra.cells import (
    BahdanauCell,
    ConvLSTM,
    DropConnect,
    GeneralScore,
    HighwayCell,
    LayerNormCell,
    RecurrentDropout,
    ResidualCell,
    RMSNormCell,
    Zoneout,
)
from zoo import NestedState

WRAPPERS = {
    "Zoneout": lambda cell: Zoneout(cell, 0.1),
    "RecurrentDropout": lambda cell: RecurrentDropout(cell, 0.1),
    "DropConnect": lambda cell: DropConnect(cell, 0.1),
    "LayerNormCell": lambda cell: LayerNormCell(cell, 4),
    "RMSNormCell": lambda cell: RMSNormCell(cell, 4),
    "ResidualCell": ResidualCell,
    "HighwayCell": lambda cell: HighwayCell(cell, 4),
}
ANY = pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)


@ANY
def test_sizes_are_those_of_the_cell_inside(wrap):
    cell = wrap(GRU(4, 4))
    assert (cell.input_size, cell.output_size) == (4, 4)
    assert not hasattr(ResidualCell(NestedState()), "input_size")


@ANY
def test_weights_are_saved_and_loaded(wrap):
    one, other = (wrap(LSTM(4, 4)).eval() for _ in range(2))
    x = torch.randn(5, 2, 4)
    assert not torch.equal(unroll(one, x)[0], unroll(other, x)[0])
    other.load_state_dict(one.state_dict())
    assert torch.equal(unroll(one, x)[0], unroll(other, x)[0])


@ANY
def test_wrappers_wrap_each_other(wrap):
    inner = wrap(DropConnect(RMSNormCell(LSTM(4, 4), 4), 0.2))
    y, _ = unroll(inner, torch.randn(5, 2, 4), backend="c")
    assert y.shape == (5, 2, 4)


def test_weights_of_a_convolution_are_left_out_too():
    cell, x = DropConnect(ConvLSTM(2, 3, size=4), 0.5, redraw=False), torch.randn(5, 2, 2, 4)
    y, state = unroll(cell, x, backend="reference")
    assert type(state) is LSTMState
    assert not torch.equal(y, unroll(cell.cell, x, backend="reference")[0])


@pytest.fixture
def _fresh_compiler():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


# PyTorch's own warnings, of what its compiler does inside
quiet = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@quiet
@pytest.mark.usefixtures("_fresh_compiler")
@ANY
def test_torch_compile(wrap):
    cell, x = wrap(LSTM(4, 4)), torch.randn(5, 2, 4)
    outputs = []
    for run in (torch.compile(unroll, fullgraph=True, backend="aot_eager"), unroll):
        torch.manual_seed(1)
        outputs.append(run(cell, x)[0])
    torch.testing.assert_close(*outputs)


@quiet
@pytest.mark.usefixtures("_fresh_compiler")
def test_torch_compile_of_attention():
    cell = BahdanauCell(LSTM(3 + 4, 5), GeneralScore(5, 4), places=6)

    def run(x, memory, lengths):
        return unroll(cell, x, cell.attend(memory, lengths))[0]

    given = torch.randn(5, 2, 3), torch.randn(2, 6, 4), torch.tensor([6, 2])
    fast = torch.compile(run, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(fast(*given), run(*given))


@ANY
@pytest.mark.parametrize("inside", [5, GRU, torch.nn.Linear(4, 4)], ids=["5", "GRU", "Linear"])
def test_what_is_no_cell_is_refused(wrap, inside):
    with pytest.raises(ArgumentError, match="is not a cell") as caught:
        wrap(inside)
    assert caught.value.details["got"] == repr(inside)[:60]
