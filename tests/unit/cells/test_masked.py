# Masks over the weights of a cell: what is taken away stays away.
import pytest
import torch

from recurra import GRU, LSTM, unroll
from recurra.base import ArgumentError, ShapeError, UnknownName
from recurra.cells import CTRNN, LTC, AntisymmetricRNN, DaleCTRNN, FastGRNN, ProjectionLSTM, masked
from refusals import refused

H = 5
MASK = torch.ones(H, H).tril(1)


@pytest.mark.parametrize("make", [CTRNN, DaleCTRNN, GRU, LSTM])
@pytest.mark.parametrize("backend", ["c", "reference"])
def test_connections_that_are_not_there_get_no_gradient(make, backend):
    cell = masked(make(3, H), MASK.bool())
    assert isinstance(cell, make)
    optimizer = torch.optim.SGD(cell.parameters(), lr=0.1)
    for _ in range(3):
        y, _ = unroll(cell, torch.randn(4, 2, 3), backend=backend)
        optimizer.zero_grad()
        y.square().sum().backward()
        optimizer.step()
    off = MASK.repeat(len(cell.weight_hidden) // H, 1) == 0
    (weight,) = cell.parametrizations.weight_hidden.parameters()
    assert not cell.weight_hidden[off].any()
    assert not weight.grad[off].any()
    assert weight.grad[~off].any()


def test_a_masked_network_is_one_with_zeros():
    cell = CTRNN(3, H).double()
    plain = CTRNN(3, H).double()
    plain.load_state_dict(cell.state_dict())
    with torch.no_grad():
        plain.weight_hidden *= MASK
    x = torch.randn(4, 2, 3, dtype=torch.float64)
    torch.testing.assert_close(unroll(masked(cell, MASK), x)[0], unroll(plain, x)[0])


def test_a_mask_of_the_whole_weight_and_of_the_input():
    mask = torch.ones(3 * H, H)
    mask[H:] = 0
    cell = masked(GRU(3, H), mask)
    masked(cell, torch.zeros(3 * H, 3), weight="weight_input")
    assert cell.weight_hidden[:H].all()
    assert not cell.weight_hidden[H:].any()
    assert not cell.weight_input.any()


def test_masks_are_kept_with_the_weights():
    cell, other = masked(CTRNN(3, H), MASK), masked(CTRNN(3, H), MASK.T)
    other.load_state_dict(cell.state_dict())
    assert torch.equal(other.weight_hidden, cell.weight_hidden)


@pytest.mark.parametrize(
    ("make", "mask"),
    [(CTRNN, torch.ones(H, 3)), (GRU, torch.ones(2 * H, H)), (CTRNN, [[1.0] * H] * H)],
)
def test_masks_of_other_shapes_are_refused(make, mask):
    with pytest.raises(ShapeError, match="does not fit `weight_hidden`"):
        masked(make(3, H), mask)


def test_a_bias_has_no_mask():
    with pytest.raises(ShapeError, match="does not fit `bias`"):
        masked(CTRNN(3, H), torch.ones(H), weight="bias")


def test_other_numbers_are_refused():
    with refused(
        ArgumentError,
        "A mask has numbers other than 0 and 1.",
        got="numbers from 0 to 2",
        expected="bool, or zeros and ones",
    ):
        masked(CTRNN(3, H), 2 * MASK)


def test_an_unknown_weight_is_refused():
    with pytest.raises(UnknownName, match="`weight`"):
        masked(CTRNN(3, H), MASK, weight="weight_hiden")


@pytest.mark.parametrize(
    ("make", "weight"),
    [(LTC, "weight_hidden"), (LTC, "weight_input"), (AntisymmetricRNN, "weight_hidden")],
)
def test_weights_that_are_transformed_are_refused(make, weight):
    cell = make(H, H)
    with refused(
        ArgumentError,
        f"`{make.__name__}` does not use `{weight}` as it is: a zero there takes no connection"
        " away.",
        got=f"{make.__name__}.{weight}",
        expected="a weight whose zeros are connections that are not there",
        fix="take a cell that uses its weights as they are, such as `recurra.cells.CTRNN`",
    ):
        masked(cell, MASK, weight=weight)


def test_other_weights_of_such_cells_have_masks():
    cell = masked(AntisymmetricRNN(H, H), MASK, weight="weight_input")
    assert not cell.weight_input[MASK == 0].any()


def test_a_mask_of_one_gate_has_its_rows():
    mask = torch.tensor([[1, 0], [0, 1], [1, 1], [0, 0]])
    cell = masked(ProjectionLSTM(3, 4, projection_size=2), mask)
    assert torch.equal(cell.weight_hidden != 0, mask.bool().repeat(4, 1))
    cell = masked(GRU(3, H), torch.zeros(H, 3), weight="weight_input")
    assert not cell.weight_input.any()


def test_a_mask_with_other_rows_than_those_of_a_gate_is_refused():
    with refused(
        ShapeError,
        "The mask does not fit `weight_hidden` of `ProjectionLSTM`.",
        got="(2, 2) float32 on cpu",
        expected="(16, 2) or (4, 2)",
    ):
        masked(ProjectionLSTM(3, 4, projection_size=2), torch.ones(2, 2))
    with pytest.raises(ShapeError, match="does not fit `weight_hidden`"):
        masked(FastGRNN(3, 4, input_rank=2, hidden_rank=2), torch.ones(4, 4))


def test_a_mask_over_a_cell_without_gates():
    class Own(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(4, 2))

    assert not masked(Own(), torch.zeros(4, 2), weight="weight").weight.any()
    with pytest.raises(ShapeError, match="does not fit `weight`"):
        masked(Own(), torch.zeros(2, 2), weight="weight")
