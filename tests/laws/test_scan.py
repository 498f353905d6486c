# Law: a scan gives what the sequence gives, for every cell that is linear in its state.
import pytest
import torch

from compare import assert_close
from recurra import cells, unroll
from recurra.base import CannotFuse, state_tensors
from zoo import CELLS, Specimen, name_of

T, B = 9, 4

LINEAR = [
    *(each for each in CELLS if each.name in ("MinGRU", "MinLSTM", "LRU", "HGRN", "SRU", "QRNN")),
    Specimen("QRNN-window", lambda: cells.QRNN(3, 4, window=3)),
    Specimen("QRNN-one", lambda: cells.QRNN(3, 4, window=1)),
    Specimen("Zoneout", lambda: cells.Zoneout(cells.MinGRU(3, 4), probability=0.4)),
]
LENGTHS = {"whole": None, "ragged": [9, 1, 0, 5], "one": [1, 1, 1, 0]}
PASSAGES = [
    pytest.param(lengths, resets, reverse, id=f"{name}{'-resets' * resets}{'-reverse' * reverse}")
    for name, lengths in LENGTHS.items()
    for resets in (False, True)
    for reverse in (False, True)
]


def drawn_state(cell):
    """Return a state that is not the initial one, but has its counters."""
    like = list(state_tensors(cell.initial_state(B)))
    values = [torch.randn_like(each).requires_grad_() for each in like]
    if isinstance(cell, cells.Zoneout):
        values[1:] = like[1:]
    return in_form(cell.initial_state(B), iter(values)), [v for v in values if v.requires_grad]


def in_form(state, values):
    if isinstance(state, torch.Tensor):
        return next(values)
    parts = [in_form(part, values) for part in state]
    return tuple(parts) if type(state) is tuple else type(state)(*parts)


def results_and_gradients(cell, x, state, sources, options, backend):
    y, final = unroll(cell, x, state, backend=backend, **options)
    results = [each for each in (y, *state_tensors(final)) if each.requires_grad]
    torch.manual_seed(5)
    gradients = torch.autograd.grad(
        results, sources, [torch.randn_like(each) for each in results], allow_unused=True
    )
    return [y, *state_tensors(final)], gradients


@pytest.mark.parametrize(("lengths", "resets", "reverse"), PASSAGES)
@pytest.mark.parametrize("specimen", LINEAR, ids=name_of)
def test_scan_equals_sequence(specimen, lengths, resets, reverse):
    cell = specimen.cell()
    x = torch.randn(T, B, 3, dtype=torch.float64, requires_grad=True)
    state, leaves = drawn_state(cell)
    sources = [x, *leaves, *cell.parameters()]
    options = {
        "lengths": None if lengths is None else torch.tensor(lengths),
        "resets": torch.rand(T, B) < 0.3 if resets else None,
        "reverse": reverse,
    }
    torch.manual_seed(3)  # keys of resets
    found = results_and_gradients(cell, x, state, sources, options, "scan")
    torch.manual_seed(3)
    expected = results_and_gradients(cell, x, state, sources, options, "reference")
    for one, other in zip(found[0], expected[0], strict=True):
        assert_close(one, other, "results")
    for one, other in zip(found[1], expected[1], strict=True):
        assert_close(zero_for_none(one), zero_for_none(other), "gradients")


def zero_for_none(gradient):
    return torch.zeros(()) if gradient is None else gradient


@pytest.mark.parametrize("specimen", LINEAR, ids=name_of)
def test_padding_is_not_seen(specimen):
    cell = specimen.cell()
    x = torch.randn(T, B, 3, dtype=torch.float64)
    lengths = torch.tensor([9, 2, 4, 0])
    poisoned = x.clone()
    for row, length in enumerate(lengths):
        poisoned[length:, row] = torch.nan
    torch.manual_seed(3)
    y, final = unroll(cell, poisoned.requires_grad_(), lengths=lengths, backend="scan")
    torch.manual_seed(3)
    expected, _ = unroll(cell, x, lengths=lengths, backend="scan")
    assert_close(y, expected, "y")
    (y.sum() + sum(each.sum() for each in state_tensors(final))).backward()
    assert poisoned.grad.isfinite().all()
    assert all(each.grad.isfinite().all() for each in cell.parameters() if each.grad is not None)


@pytest.mark.parametrize("T", [1, 2, 3, 64, 65])
def test_lengths_of_sequences(T):
    cell = cells.LRU(3, 4).double()
    x = torch.randn(T, B, 3, dtype=torch.float64)
    y, final = unroll(cell, x, backend="scan")
    expected, end = unroll(cell, x, backend="reference")
    assert_close(y, expected, "y")
    assert_close(final.imaginary, end.imaginary, "state")


@pytest.mark.parametrize("specimen", [each for each in CELLS if each not in LINEAR], ids=name_of)
def test_other_cells_are_refused_or_right(specimen):
    cell = specimen.cell()
    x = torch.randn(T, B, specimen.input_size, dtype=torch.float64)
    try:
        y, _ = unroll(cell, x, backend="scan")
    except CannotFuse:
        return
    assert_close(y, unroll(cell, x, backend="reference")[0], "y")
