# What torch.nn lacks, against torch.nn run row by row and piece by piece.
import pytest
import torch
from nn_twins import INPUT, KINDS, assert_close, random_hx, row_by_row, twins
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from compare import assert_same, measure, random_input
from recurra.base import ArgumentError, DtypeError

T, B = 6, 5
LENGTHS = torch.tensor([4, 0, 6, 1, 3])
RESETS = torch.zeros(T, B, dtype=torch.bool)
RESETS[2, 0] = RESETS[0, 1] = RESETS[0, 2] = RESETS[3, 2] = RESETS[5, 2] = RESETS[4, 3] = True
RESETS[1, 4] = RESETS[2, 4] = RESETS[3, 4] = True  # the last one lies in the padding

CASES = {
    "lengths": (LENGTHS, None),
    "resets": (None, RESETS),
    "both": (LENGTHS, RESETS),
    "none": (None, None),
}


@pytest.mark.parametrize(("lengths", "resets"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("kind", KINDS)
def test_rows_alone_and_in_pieces(kind, bidirectional, lengths, resets):
    module, twin = twins(kind, num_layers=2, bidirectional=bidirectional)
    x, hx = random_input(T, B, INPUT), random_hx(module, B)
    expected = measure(module, lambda x, hx: row_by_row(module, x, hx, lengths, resets), x, hx)
    got = measure(twin, lambda x, hx: twin(x, hx, lengths=lengths, resets=resets), x, hx)
    assert_same(got, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_batch_first(kind):
    _, twin = twins(kind, num_layers=2, bidirectional=True, batch_first=True)
    x = torch.randn(B, T, INPUT, dtype=torch.float64)
    y, state = twin(x, lengths=LENGTHS, resets=RESETS.T)
    twin.batch_first = False
    expected, last = twin(x.transpose(0, 1), lengths=LENGTHS, resets=RESETS)
    assert torch.equal(y, expected.transpose(0, 1))
    for mine, other in zip(state, last, strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize("kind", KINDS)
def test_lengths_are_what_packing_is(kind):
    module, twin = twins(kind, num_layers=2, bidirectional=True)
    x, lengths = torch.randn(T, B, INPUT, dtype=torch.float64), torch.tensor([4, 2, 6, 1, 3])
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    expected = pad_packed_sequence(module(packed)[0])[0]
    assert_close(twin(x, lengths=lengths)[0], expected, "y")


@pytest.mark.parametrize("batch_first", [False, True], ids=["time-first", "batch-first"])
def test_resets_of_packed_rows_are_in_the_order_of_the_user(batch_first):
    module, twin = twins("LSTM", bidirectional=True, batch_first=batch_first)
    x, lengths = torch.randn(T, B, INPUT, dtype=torch.float64), torch.tensor([4, 2, 6, 1, 3])
    hx = random_hx(module, B)
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    y, state = twin(packed, hx, resets=RESETS.T if batch_first else RESETS)
    module.batch_first = False
    expected, last = row_by_row(module, x, hx, lengths, RESETS)
    assert_close(pad_packed_sequence(y)[0], expected, "y")
    for mine, other in zip(state, last, strict=True):
        assert_close(mine, other, "state")


def test_without_a_batch():
    _, twin = twins("GRU", bidirectional=True)
    x = torch.randn(T, INPUT, dtype=torch.float64)
    y, state = twin(x, lengths=torch.tensor(4), resets=RESETS[:, 0])
    expected, last = twin(x.unsqueeze(1), lengths=torch.tensor([4]), resets=RESETS[:, :1])
    assert torch.equal(y, expected.squeeze(1))
    assert torch.equal(state, last.squeeze(1))


def test_padding_never_matters():
    _, twin = twins("LSTM", num_layers=2, bidirectional=True)
    x = torch.randn(T, B, INPUT, dtype=torch.float64)
    filled = torch.where((torch.arange(T).unsqueeze(1) < LENGTHS).unsqueeze(2), x, torch.nan)
    for mine, other in zip(
        measure(
            twin, lambda x, _: twin(x, lengths=LENGTHS), filled.requires_grad_()
        ).gradients.values(),
        measure(twin, lambda x, _: twin(x, lengths=LENGTHS), x.requires_grad_()).gradients.values(),
        strict=True,
    ):
        assert_close(mine, other, "gradient")


def test_lengths_outside_are_refused():
    _, twin = twins("GRU")
    x = torch.randn(T, B, INPUT, dtype=torch.float64)
    for wrong in (torch.tensor([4, -1, 6, 1, 3]), torch.tensor([4, 7, 6, 1, 3])):
        with pytest.raises(ArgumentError, match="`lengths`"):
            twin(x, lengths=wrong)
    with pytest.raises(DtypeError, match="`lengths`"):
        twin(x, lengths=LENGTHS.double())
    with pytest.raises(DtypeError, match="`resets`"):
        twin(x, resets=RESETS.int())


def test_lengths_of_what_is_packed_are_refused():
    _, twin = twins("GRU")
    packed = pack_padded_sequence(torch.randn(T, 2, INPUT).double(), [6, 3])
    with pytest.raises(ArgumentError, match="given twice"):
        twin(packed, lengths=torch.tensor([6, 3]))
