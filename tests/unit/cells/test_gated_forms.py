"""What all LSTMs and GRUs of the collection have in common."""

import pytest
import torch

from recurra.base import state_tensors
from recurra.cells import COLLECTION

GATED = [entry for entry in COLLECTION.values() if entry.family in ("LSTM", "GRU")]
ENTRIES = pytest.mark.parametrize("entry", GATED, ids=lambda entry: entry.name)


@ENTRIES
def test_device_and_dtype_are_heeded(entry):
    for parameter in entry.cell(3, 6, device="meta", dtype=torch.float64).parameters():
        assert parameter.device.type == "meta"
        assert parameter.dtype == torch.float64


@ENTRIES
def test_all_biases_can_be_left_out(entry):
    names = set(entry.cell(3, 6, bias=False).state_dict())
    assert names
    assert not any(name.startswith("bias") for name in names)
    assert names < set(entry.cell(3, 6).state_dict())


@ENTRIES
def test_initial_states_are_zeros_of_the_dtype_of_the_weights(entry):
    for part in state_tensors(entry.cell(3, 6, dtype=torch.float64).initial_state(2)):
        assert part.shape[0] == 2
        assert part.dtype == torch.float64
        assert not part.any()


@ENTRIES
def test_gates_are_found_by_their_names(entry):
    cell = entry.cell(3, 6)
    rows = [cell.rows_of(gate) for gate in cell.gates]
    assert rows[0].start == 0
    assert rows[-1].stop == len(cell.bias)
    assert {cell.keeps, cell.replaces} <= {None, *cell.gates}


@ENTRIES
def test_the_same_seed_gives_the_same_cell(entry):
    torch.manual_seed(3)
    first, second = entry.cell(3, 6), entry.cell(3, 6)
    torch.manual_seed(3)
    again = entry.cell(3, 6).state_dict()
    assert all(torch.equal(again[name], weight) for name, weight in first.state_dict().items())
    other = second.state_dict()["weight_input"]
    assert not torch.equal(other, again["weight_input"])
