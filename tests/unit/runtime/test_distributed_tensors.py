"""Weights and inputs that are distributed take the plain way; cells within FSDP run by kernels."""

import pytest
import torch
from odd_tensors import assert_same_outcome
from torch import distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Replicate, distribute_module, distribute_tensor

import recurra
from recurra import LSTM, Recurrent, Stream, unroll

T, B, D, H = 5, 2, 3, 4

pytestmark = pytest.mark.filterwarnings("ignore")  # of PyTorch, and that the plain loop runs


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    """One process that is a group of its own."""
    store = tmp_path_factory.mktemp("gloo") / "store"
    distributed.init_process_group("gloo", init_method=f"file://{store}", rank=0, world_size=1)
    yield init_device_mesh("cpu", (1,))
    distributed.destroy_process_group()


def test_distributed_weights_and_inputs(mesh):
    cell, x = LSTM(D, H), torch.randn(T, B, D)
    expected, _ = unroll(cell, x)
    distribute_module(cell, mesh)
    spread = distribute_tensor(x, mesh, [Replicate()])
    y, _ = unroll(cell, spread)
    assert isinstance(y, DTensor)
    torch.testing.assert_close(y.to_local(), expected)
    y.sum().backward()
    assert isinstance(cell.bias.grad, DTensor)
    for mixed in (
        lambda b: unroll(cell, x, backend=b),
        lambda b: unroll(LSTM(D, H), spread, backend=b),
    ):
        assert_same_outcome(lambda m=mixed: m("auto"), lambda m=mixed: m("reference"))


def test_a_sharded_layer_and_its_cell_outside_of_it(mesh):
    cell, x = LSTM(D, H), torch.randn(T, B, D)
    expected, _ = unroll(cell, x)
    layer = Recurrent(cell)
    fully_shard(layer, mesh=mesh)
    with pytest.raises(RuntimeError, match="mixed"):
        unroll(cell, x)
    with pytest.raises(RuntimeError, match="mixed"):
        Stream(cell)(x[0, :1])
    for _ in range(2):
        y, _ = layer(x)
        torch.testing.assert_close(y, expected)
        y.sum().backward()
        assert isinstance(cell.weight_hidden.grad, DTensor)


def test_sharded_drop_ins_and_crfs(mesh):
    x, tags = torch.randn(T, B, D), torch.zeros(T, B, dtype=torch.int64)
    module, crf = recurra.nn.LSTM(D, H, num_layers=2), recurra.layers.CRF(D)
    expected, loss = module(x)[0], crf(x, tags)
    for each in (module, crf):
        fully_shard(each, mesh=mesh)
    torch.testing.assert_close(module(x)[0], expected)
    torch.testing.assert_close(crf(x, tags), loss)
    (module(x)[0].sum() + crf(x, tags).sum()).backward()
    assert all(isinstance(each.grad, DTensor) for each in module.parameters())
