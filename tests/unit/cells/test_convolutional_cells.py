# Cells over a line or a plane: how they start, what they refuse, how they run.
import pytest
import torch

from recurra import LSTMState, Stream, explain, unroll
from recurra.base import CannotFuse, DtypeError, RecurraWarning, ShapeError
from recurra.cells import ConvGRU, ConvLSTM, HighwayCell, PeepholeConvLSTM, ResidualCell, Zoneout
from refusals import refused

B = 2
KINDS = pytest.mark.parametrize("kind", [ConvLSTM, PeepholeConvLSTM, ConvGRU])


@KINDS
def test_states_are_pictures_of_zeros(kind):
    cell = kind(2, 3, size=(5, 4), dtype=torch.float64)
    state = cell.initial_state(B)
    parts = [state] if kind is ConvGRU else list(state)
    assert (type(state) is LSTMState) == (kind is not ConvGRU)
    assert all(part.shape == (B, 3, 5, 4) and not part.any() for part in parts)
    assert parts[0].dtype == torch.float64
    assert cell.input_shape == (2, 5, 4)
    assert repr(cell) == f"{kind.__name__}(2, 3, size=(5, 4), kernel_size=3)"


@pytest.mark.parametrize("kind", [ConvLSTM, PeepholeConvLSTM])
def test_forget_gates_start_open(kind):
    cell = kind(2, 3, size=4)
    assert cell.bias.unflatten(0, (4, 3))[1].tolist() == [1.0] * 3
    assert cell.bias.eq(1).sum() == 3
    assert kind(2, 3, size=4, bias=False).bias is None


@KINDS
def test_it_runs_in_the_plain_loop_and_says_so(kind):
    cell, x = kind(2, 3, size=4), torch.randn(5, B, 2, 4)
    explanation = explain(cell, (2, 4))
    assert not explanation.is_fused
    assert "convolution" in str(explanation)
    with pytest.raises(CannotFuse, match="convolution"):
        unroll(cell, x, backend="c")
    with pytest.warns(RecurraWarning, match="plain loop"):
        y, _ = unroll(cell, x)
    assert torch.equal(y, unroll(cell, x, backend="reference")[0])


@KINDS
def test_it_streams(kind):
    cell, xs = kind(2, 3, size=(3, 4)), torch.randn(5, B, 2, 3, 4)
    stream = Stream(cell, B)
    with torch.no_grad():
        y, _ = unroll(cell, xs)
    with pytest.warns(RecurraWarning, match="run its own forward"):
        first = stream(xs[0])
    torch.testing.assert_close(torch.stack([first, *map(stream, xs[1:])]), y)


@KINDS
def test_wrappers_fit(kind):
    x = torch.randn(5, B, 3, 4)
    cell = ResidualCell(Zoneout(kind(3, 3, size=4), 0.2)).eval()
    assert unroll(cell, x, backend="reference")[0].shape == x.shape
    with pytest.raises(ShapeError, match="`HighwayCell` weighs features"):
        unroll(HighwayCell(kind(3, 3, size=4), 4), x, backend="reference")


@KINDS
@pytest.mark.parametrize("value", [0, -1, 2.5, True])
def test_impossible_sizes(kind, value):
    for name, arguments in {
        "input_channels": (value, 3, 4),
        "hidden_channels": (2, value, 4),
        "size": (2, 3, (4, value)),
    }.items():
        with pytest.raises(ShapeError, match=f"`{name}` is not a possible number"):
            kind(*arguments)
    with pytest.raises(ShapeError, match="`kernel_size` is not"):
        kind(2, 3, 4, kernel_size=value)


@KINDS
def test_even_kernels(kind):
    with refused(
        ShapeError,
        "`kernel_size` is even",
        got="4",
        expected="an odd integer >= 1",
        fix="kernel_size=5",
    ):
        kind(2, 3, 8, kernel_size=4)


@KINDS
@pytest.mark.parametrize("size", [(), (2, 3, 4)], ids=str)
def test_neither_a_line_nor_a_plane(kind, size):
    with refused(
        ShapeError,
        "`size` is neither that of a line nor that of a plane.",
        got=repr(size),
        expected="one or two integers >= 1",
    ):
        kind(2, 3, size)


@KINDS
@pytest.mark.parametrize("shape", [(B, 2), (B, 2, 5), (B, 3, 4), (B, 2, 4, 1), (2, 4)], ids=str)
def test_an_input_of_another_shape(kind, shape):
    cell = kind(2, 3, size=4)
    with refused(
        ShapeError,
        f"The input of a step of `{kind.__name__}` has the wrong shape.",
        got=f"{shape} float32 on cpu",
        expected="(B, 2, 4)",
        fix="sequences are [T, B, I, ...]; one alone is x.unsqueeze(1)",
    ):
        cell(torch.zeros(shape), cell.initial_state(B))


@KINDS
def test_an_input_of_another_dtype(kind):
    cell = kind(2, 3, size=4)
    with refused(
        DtypeError,
        f"The input of a step of `{kind.__name__}` has not the dtype of its weights.",
        got="(2, 2, 4) float64 on cpu",
        expected="float32",
        fix="x.to(torch.float32)",
    ):
        cell(torch.zeros(B, 2, 4, dtype=torch.float64), cell.initial_state(B))
