# Law: every cell of the collection compiles or says why, streams as it runs, is saved and loaded.
import pytest
import torch

from compare import assert_close
from recurra import Stream, explain, unroll
from recurra.base import state_tensors
from recurra.cells import COLLECTION
from recurra.store import read_tensors, write_tensors

I, H, T, B = 4, 4, 6, 2  # noqa: E741
ENTRIES = pytest.mark.parametrize("entry", COLLECTION.values(), ids=COLLECTION)


@ENTRIES
def test_it_compiles(entry):
    explanation = explain(entry.make(I, H), (I, *entry.positions))
    assert explanation.is_fused == (not entry.positions)  # convolutions stay in the plain loop


@pytest.mark.filterwarnings("ignore:Streams of `(Peephole)?Conv")
@ENTRIES
def test_a_stream_gives_what_the_sequence_gives(entry):
    cell = entry.make(I, H).double().eval()
    x = torch.randn(T, B, I, *entry.positions, dtype=torch.float64)
    stream = Stream(cell, B)
    steps = torch.stack([stream(each) for each in x])
    y, state = unroll(cell, x)
    assert_close(steps, y, "y")
    for one, other in zip(state_tensors(stream.state), state_tensors(state), strict=True):
        assert_close(one, other, "state")


@ENTRIES
def test_it_can_be_saved_and_loaded(entry, tmp_path):
    cell, other = entry.make(I, H), entry.make(I, H)
    file = tmp_path / "weights.safetensors"
    write_tensors(file, dict(cell.state_dict()), {})
    tensors, _ = read_tensors(file)
    other.load_state_dict(tensors)
    x = torch.randn(T, B, I, *entry.positions)
    assert torch.equal(unroll(cell.eval(), x)[0], unroll(other.eval(), x)[0])
