"""The scan itself, and when it is taken."""

import warnings

import pytest
import torch

from compare import assert_close
from recurra import Recurrent, cells, explain, runtime, unroll
from recurra.base import BackendUnavailable, CannotFuse, RecurraWarning
from recurra.runtime import _choice
from recurra.runtime._scan.associative_scan import Maps, scan

T = 7


def drawn(k, holes=()):
    """Draw maps of k states; some entries of the matrix are missing."""
    matrix = [[torch.randn(T, 2, dtype=torch.float64) for _ in range(k)] for _ in range(k)]
    for row, column in holes:
        matrix[row][column] = None
    return Maps(
        tuple(map(tuple, matrix)),
        tuple(torch.randn(T, 2, dtype=torch.float64) for _ in range(k)),
    )


def step_by_step(maps):
    states = [tuple(each[0] for each in maps.offset)]
    for t in range(1, T):
        here = maps.take(slice(t, t + 1))
        states.append(tuple(each[0] for each in here.of(tuple(each[None] for each in states[-1]))))
    return tuple(torch.stack(column) for column in zip(*states, strict=True))


@pytest.mark.parametrize(
    ("k", "holes"), [(1, ()), (1, [(0, 0)]), (2, ()), (2, [(0, 1)]), (3, [(0, 1), (2, 2)])]
)
def test_a_scan_goes_through_all_steps(k, holes):
    maps = drawn(k, holes)
    for found, expected in zip(scan(maps), step_by_step(maps), strict=True):
        assert_close(found, expected, "states")


def of_flat(*tensors):
    k = int(len(tensors) ** 0.5)
    rows = tuple(tuple(tensors[row * k : (row + 1) * k]) for row in range(k))
    return scan(Maps(rows, tensors[k * k :]))


@pytest.mark.parametrize("k", [1, 2])
def test_gradients_and_gradients_of_gradients(k):
    maps = drawn(k)
    flat = [each.requires_grad_() for row in maps.matrix for each in row]
    flat += [each.requires_grad_() for each in maps.offset]
    assert torch.autograd.gradcheck(of_flat, flat)
    assert torch.autograd.gradgradcheck(of_flat, flat)


def test_steps_too_large_to_be_joined_are_taken_in_turn():
    matrix = torch.full((300, 1), 2.0, requires_grad=True)  # 2^300 is no float32
    offset = torch.zeros(300, 1)
    offset[-4] = 1.0
    offset.requires_grad_()
    (states,) = scan(Maps(((matrix,),), (offset,)))
    assert states[-4:, 0].tolist() == [1.0, 2.0, 4.0, 8.0]
    assert states[:-4].eq(0).all()
    (gradient,) = torch.autograd.grad(states[5].sum(), offset)
    assert gradient[:7, 0].tolist() == [32.0, 16.0, 8.0, 4.0, 2.0, 1.0, 0.0]


def test_states_that_are_infinite_anyway_stay_so():
    (states,) = scan(Maps(((torch.full((200, 1), 2.0),),), (torch.ones(200, 1),)))
    assert states[:127].isfinite().all()
    assert states[-1].isinf().all()


@pytest.fixture
def _no_kernels(monkeypatch):
    def unavailable(*_):
        raise BackendUnavailable("No compiler here.")

    monkeypatch.setattr(_choice, "_run_kernels", unavailable)


@pytest.mark.usefixtures("_no_kernels")
def test_where_there_is_no_kernel_a_scan_is_taken():
    cell = cells.MinGRU(3, 4)
    x = torch.randn(40, 2, 3)
    with pytest.warns(RecurraWarning, match="`MinGRU` runs as a scan"):
        y, _ = unroll(cell, x)
    assert torch.equal(y, unroll(cell, x, backend="scan")[0])


@pytest.mark.usefixtures("_no_kernels")
def test_large_states_take_the_plain_loop():
    class Large(cells.MinGRU):
        """Warned of once, and not before."""

    with pytest.warns(RecurraWarning, match="`Large` runs in the plain loop"):
        unroll(Large(3, 512), torch.randn(40, 9, 3))


@pytest.mark.usefixtures("_no_kernels")
def test_short_sequences_take_the_plain_loop():
    class Other(cells.MinGRU):
        """Warned of once, and not before."""

    with pytest.warns(RecurraWarning, match="`Other` runs in the plain loop"):
        unroll(Other(3, 4), torch.randn(3, 2, 3))


@pytest.mark.usefixtures("_no_kernels")
def test_cells_that_no_kernel_holds_but_a_scan_does_not_either():
    with pytest.warns(RecurraWarning, match="`UGRNN` runs in the plain loop"):
        unroll(cells.UGRNN(3, 4), torch.randn(40, 2, 3))


def test_a_scan_that_was_asked_for_is_taken_or_refused():
    with pytest.raises(CannotFuse, match="cannot be found by a scan"):
        unroll(cells.UGRNN(3, 4), torch.randn(5, 2, 3), backend="scan")
    with pytest.raises(CannotFuse, match=r"no `nn.Module`"):
        unroll(Bare(), torch.randn(5, 2, 3), backend="scan")


class Bare:
    """A cell that is no module."""

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 3)

    def __call__(self, x, hidden):
        return hidden, 0.5 * hidden + x


def test_gradients_of_gradients_of_linear_cells_take_no_plain_loop():
    cell = cells.MinGRU(3, 4).double()
    x = torch.randn(20, 2, 3, dtype=torch.float64, requires_grad=True)

    def second(backend):
        y, _ = unroll(cell, x, backend=backend)
        (first,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
        return torch.autograd.grad(first.square().sum(), [x, *cell.parameters()])

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = second("c")
    for one, other in zip(found, second("reference"), strict=True):
        assert_close(one, other, "gradients")


def test_explain_says_what_is_linear():
    text = str(explain(cells.LRU(3, 4)))
    assert "state.real' = a * state.real + c * state.imaginary + b" in text
    assert "the kernel, step by step, is faster" in text
    assert "no: the state is not linear in itself" in str(explain(cells.UGRNN(3, 4)))


def test_layers_take_a_scan():
    layer = Recurrent(cells.HGRN(3, 4).double(), backend="scan")
    x = torch.randn(6, 2, 3, dtype=torch.float64)
    assert_close(layer(x)[0], unroll(layer.cell, x, backend="reference")[0], "y")
    assert runtime.check_backend("scan") == "scan"
