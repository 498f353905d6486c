# The same results and gradients as torch.nn with the same weights, over all options.
import pytest
import torch
from nn_twins import INPUT, KINDS, assert_close, random_hx, twins
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from compare import assert_same, measure, random_input

T, B = 5, 3
LENGTHS = torch.tensor([3, 5, 1])
SORTED = torch.tensor([5, 3, 1])


def run(module):
    return lambda x, hx: module(x, hx)


@pytest.mark.parametrize("given", [False, True], ids=["no-state", "state"])
@pytest.mark.parametrize("batch_first", [False, True], ids=["time-first", "batch-first"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_padded(kind, depth, bidirectional, bias, batch_first, given):
    module, twin = twins(
        kind, num_layers=depth, bidirectional=bidirectional, bias=bias, batch_first=batch_first
    )
    x = random_input(B, T, INPUT) if batch_first else random_input(T, B, INPUT)
    hx = random_hx(module, B) if given else None
    expected = measure(module, run(module), x, hx)
    assert_same(measure(twin, run(twin), x, hx), expected)


@pytest.mark.parametrize("given", [False, True], ids=["no-state", "state"])
@pytest.mark.parametrize("batch_first", [False, True], ids=["time-first", "batch-first"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("kind", KINDS)
def test_without_a_batch(kind, bidirectional, batch_first, given):
    module, twin = twins(kind, num_layers=2, bidirectional=bidirectional, batch_first=batch_first)
    x = torch.randn(T, INPUT, dtype=torch.float64, requires_grad=True)
    hx = random_hx(module, None) if given else None
    expected = measure(module, run(module), x, hx)
    assert expected.y.dim() == 2
    assert_same(measure(twin, run(twin), x, hx), expected)


@pytest.mark.parametrize("given", [False, True], ids=["no-state", "state"])
@pytest.mark.parametrize("lengths", [SORTED, LENGTHS], ids=["sorted", "unsorted"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("kind", KINDS)
def test_packed(kind, bidirectional, lengths, given):
    module, twin = twins(kind, num_layers=2, bidirectional=bidirectional)
    is_sorted = lengths is SORTED
    hx = random_hx(module, B) if given else None

    def packed(module):
        def run(x, hx):
            sequences = pack_padded_sequence(x, lengths, enforce_sorted=is_sorted)
            y, state = module(sequences, hx)
            assert isinstance(y, PackedSequence)
            assert torch.equal(y.batch_sizes, sequences.batch_sizes)
            for name in ("sorted_indices", "unsorted_indices"):
                mine, given = getattr(y, name), getattr(sequences, name)
                assert mine is given or torch.equal(mine, given)
            return y.data, state

        return run

    x = random_input(T, B, INPUT)
    expected = measure(module, packed(module), x, hx)
    assert_same(measure(twin, packed(twin), x, hx), expected)


def test_packed_in_the_order_of_a_batch_first_module():
    module, twin = twins("GRU", batch_first=True)
    packed = pack_padded_sequence(torch.randn(T, B, INPUT).double(), LENGTHS, enforce_sorted=False)
    assert_close(twin(packed)[0].data, module(packed)[0].data, "y")


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("kind", KINDS)
def test_float32(kind):
    module, twin = twins(kind, num_layers=2, bidirectional=True, dtype=torch.float32)
    x = torch.randn(T, B, INPUT, requires_grad=True)
    hx = random_hx(module, B)
    expected = measure(module, run(module), x, hx)
    assert_same(measure(twin, run(twin), x, hx), expected, tolerance=1e-5)


@pytest.mark.parametrize("given", [False, True], ids=["no-state", "state"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_without_rows(kind, bidirectional, given):
    module, twin = twins(kind, num_layers=2, bidirectional=bidirectional)
    x = random_input(T, 0, INPUT)
    hx = random_hx(module, 0) if given else None
    expected = measure(module, run(module), x, hx)
    assert expected.y.shape[:2] == (T, 0)
    got = measure(twin, run(twin), x, hx)
    assert_same(got, expected)
    assert all((gradient == 0).all() for gradient in got.gradients.values())


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_that_do_not_lie_in_order(kind):
    module, twin = twins(kind, num_layers=2)
    x = torch.randn(INPUT, B, T, dtype=torch.float64).permute(2, 1, 0).detach().requires_grad_()
    assert not x.is_contiguous()
    expected = measure(module, run(module), x)
    assert_same(measure(twin, run(twin), x), expected)


# The same law, and on one device even the same numbers: one mask over each layer's whole output.
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("kind", KINDS)
def test_dropout(kind, bidirectional):
    module, twin = twins(kind, num_layers=3, bidirectional=bidirectional, dropout=0.4)
    x = random_input(T, B, INPUT)

    def seeded(module):
        def run(x, hx):
            torch.manual_seed(5)
            return module(x, hx)

        return run

    dropped = measure(twin, seeded(twin), x)
    assert_same(dropped, measure(module, seeded(module), x))
    whole = measure(twin.eval(), seeded(twin), x)
    assert_same(whole, measure(module.eval(), seeded(module), x))
    assert not torch.equal(dropped.y, whole.y)


def test_dropout_of_packed_rows_is_on_in_training_only():
    module, twin = twins("GRU", num_layers=2, dropout=0.5)
    packed = pack_padded_sequence(torch.randn(T, B, INPUT).double(), LENGTHS, enforce_sorted=False)
    assert not torch.equal(twin(packed)[0].data, twin(packed)[0].data)
    twin.eval()
    assert_close(twin(packed)[0].data, module.eval()(packed)[0].data, "y")


def test_dropout_of_everything_leaves_no_input_to_the_second_layer():
    module, twin = twins("LSTM", num_layers=2, dropout=1.0)
    x = random_input(T, B, INPUT)
    y, _ = twin(x)
    assert_close(y, module(x)[0], "y")
    assert torch.autograd.grad(y.sum(), x)[0].abs().max() == 0


def test_dropout_can_be_changed():
    _, twin = twins("GRU", num_layers=2)
    x = torch.randn(T, B, INPUT).double()
    whole, _ = twin(x)
    twin.dropout = 0.5
    assert not torch.equal(twin(x)[0], whole)
    twin.dropout = 0.0
    assert torch.equal(twin(x)[0], whole)
