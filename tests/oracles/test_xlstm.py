# The cells of xLSTM against their equations before stabilisation, and where those would overflow.
import itertools

import plain_gated
import pytest
import torch

from compare import assert_close
from recurra import cells, unroll
from recurra.base import ShapeError, UnknownName, map_state, state_tensors
from refusals import refused
from zoo import with_random_weights

X, H, T = 3, 4, 6
PLAIN = {"SLSTM": plain_gated.slstm_run, "MLSTM": plain_gated.mlstm_run}
NAMES = pytest.mark.parametrize("name", PLAIN)
HEADS = pytest.mark.parametrize("heads", [1, 2, 4])
BACKENDS = pytest.mark.parametrize("backend", ["reference", "c"])


def made(name, heads=1, **options):
    cell = getattr(cells, name)(X, H, heads=heads, **options)
    return with_random_weights(cell.double())


def inputs(steps=T):
    return torch.randn(steps, 1, X, dtype=torch.float64)


def run_plainly(name, cell, x):
    """Give the outputs `[T, 1, H]`, the memory and the normaliser."""
    outputs, *memory = PLAIN[name](cell, x.squeeze(1).tolist())
    return tuple(torch.tensor(part, dtype=torch.float64) for part in (outputs, *memory))


@BACKENDS
@HEADS
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@NAMES
def test_a_stabiliser_changes_nothing(name, bias, heads, backend):
    cell, x = made(name, heads, bias=bias), inputs()
    y, (*_, memory, normaliser, stabiliser) = unroll(cell, x, backend=backend)
    expected, plain_memory, plain_normaliser = run_plainly(name, cell, x)
    assert_close(y.squeeze(1), expected, "y")
    scale = stabiliser.squeeze(0).exp()
    for part, plain in ((memory, plain_memory), (normaliser, plain_normaliser)):
        fitted = scale.reshape(scale.shape + (1,) * (plain.dim() - scale.dim()))
        assert_close(part.squeeze(0) * fitted, plain, "state")


@BACKENDS
@NAMES
def test_a_stabiliser_begins_anew_after_a_reset(name, backend):
    cell, x = made(name, 2), inputs()
    resets = torch.zeros(T, 1, dtype=torch.bool)
    resets[[2, 5]] = True
    y, _ = unroll(cell, x, resets=resets, backend=backend)
    pieces = [run_plainly(name, cell, piece)[0] for piece in x.split([2, 3, 1])]
    assert_close(y.squeeze(1), torch.cat(pieces), "y")


@NAMES
def test_a_memory_and_its_scale_are_one(name):
    cell, x = made(name, 2), inputs()
    _, state = unroll(cell, x)
    more = 3.0
    scaled = state._replace(
        normaliser=state.normaliser * torch.e**more, stabiliser=state.stabiliser - more
    )
    field = "cell" if name == "SLSTM" else "memory"
    scaled = scaled._replace(**{field: getattr(state, field) * torch.e**more})
    assert_close(unroll(cell, x, scaled)[0], unroll(cell, x, state)[0], "y")


def with_gates(cell, i, f):
    """Set the gates to what they are without a look at x or h."""
    with torch.no_grad():
        for gate, value in (("i", i), ("f", f)):
            cell.weight_input[cell.rows_of(gate)] = 0
            cell.bias[cell.rows_of(gate)] = value
            if cell.weight_hidden is not None:
                cell.weight_hidden[cell.rows_of(gate)] = 0
    return cell


def gradients(cell, y, state, x):
    total = y.sum() + sum(part.sum() for part in state_tensors(state))
    return torch.autograd.grad(total, [x, *cell.parameters()])


@BACKENDS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("f", [-200.0, 0.0, 200.0])
@pytest.mark.parametrize("i", [-2000.0, -200.0, 0.0, 200.0, 2000.0])
@NAMES
def test_gates_whose_exponentials_are_out_of_range(name, i, f, dtype, backend):
    cell = with_gates(made(name, 2), i, f).to(dtype)
    x = inputs().to(dtype).requires_grad_()
    y, state = unroll(cell, x, backend=backend)
    for part in (y, *state_tensors(state), *gradients(cell, y, state, x)):
        assert part.isfinite().all()
    assert y.abs().max() < 1e3


@BACKENDS
@pytest.mark.parametrize("i", [-2000.0, -5.0, 2000.0])
def test_the_first_output_is_the_first_candidate(i, backend):
    cell, x = with_gates(made("SLSTM"), i, 0.0), inputs(1)
    drive = x[0] @ cell.weight_input.T + cell.bias
    z, o = (drive[:, cell.rows_of(gate)] for gate in ("z", "o"))
    assert_close(unroll(cell, x, backend=backend)[0][0], o.sigmoid() * z.tanh(), "y")


@NAMES
def test_a_later_input_can_outweigh_all_before(name):
    cell = made(name, 2)
    with torch.no_grad():
        for gate in ("i", "f"):
            cell.weight_input[cell.rows_of(gate)] = 0
        cell.weight_input[cell.rows_of("i"), 0] = 100.0
    early, late = inputs(), inputs(1)
    early[..., 0], late[..., 0] = 1.0, 2.0
    state = cell.initial_state(1)
    _, before = unroll(cell, early, state)
    hidden = {"hidden": before.hidden} if name == "SLSTM" else {}
    after_all = unroll(cell, late, before)[0]
    alone = unroll(cell, late, state._replace(**hidden))[0]
    assert_close(after_all, alone, "y")


def test_a_matrix_gives_back_what_was_written():
    cell = with_gates(cells.MLSTM(4, 4, dtype=torch.float64), 0.0, 50.0)
    with torch.no_grad():
        for gate in ("q", "k", "v"):
            cell.weight_input[cell.rows_of(gate)] = torch.eye(4, dtype=torch.float64)
        cell.weight_input[cell.rows_of("o")] = 0
        cell.bias[: 4 * 4] = 0
    x = 2.0 * torch.eye(4, dtype=torch.float64).unsqueeze(1)  # four values, each its own key
    _, state = unroll(cell, x)
    for number in x.split(1):
        y, _ = unroll(with_gates(cell, -50.0, 50.0), number, state)  # read, write nothing
        assert_close(y, 0.5 * number, "y")


@pytest.mark.parametrize("heads", [2, 4])
def test_heads_do_not_see_each_other(heads):
    cell = made("SLSTM", heads)
    state = map_state(lambda part: torch.rand_like(part), cell.initial_state(1))
    hidden = state.hidden.requires_grad_()
    y, _ = cell(inputs(1)[0], state._replace(hidden=hidden))
    for j in range(H):
        (gradient,) = torch.autograd.grad(y[0, j], hidden, retain_graph=True)
        here = torch.arange(H) // (H // heads) == j // (H // heads)
        assert gradient[0][here].abs().min() > 1e-9
        assert gradient[0][~here].eq(0).all()


def test_how_gates_start():
    open_gates = torch.tensor([3.0, 4.0, 5.0, 6.0])
    scalar, matrix = cells.SLSTM(X, 8, heads=2), cells.MLSTM(X, 8, heads=4)
    torch.testing.assert_close(scalar.bias[scalar.rows_of("f")].data, open_gates.repeat(2))
    torch.testing.assert_close(matrix.bias[matrix.rows_of("f")].data, open_gates)
    for gate in ("i", "f"):
        assert matrix.weight_input[matrix.rows_of(gate)].eq(0).all()
    assert 0 < matrix.bias[matrix.rows_of("i")].abs().max() < 1
    assert matrix.weight_input[matrix.rows_of("o")].abs().max() > 0


def test_rows_of_the_gates_of_a_matrix():
    cell = cells.MLSTM(X, 8, heads=4)
    rows = [cell.rows_of(gate) for gate in cell.gates]
    assert rows[0].start == 0
    assert rows[-1].stop == len(cell.bias)
    assert all(first.stop == after.start for first, after in itertools.pairwise(rows))
    with pytest.raises(UnknownName):
        cell.rows_of("z")


@NAMES
def test_heads_that_do_not_divide(name):
    with refused(
        ShapeError,
        "`heads` does not divide `hidden_size`.",
        got="heads=3, hidden_size=4",
        expected="a number of heads that divides the features of the hidden state",
        fix="hidden_size=6, or fewer heads",
    ):
        getattr(cells, name)(X, H, heads=3)
    with pytest.raises(ShapeError, match="`heads`"):
        getattr(cells, name)(X, H, heads=0)
    assert "heads=2" in repr(getattr(cells, name)(X, H, heads=2))
