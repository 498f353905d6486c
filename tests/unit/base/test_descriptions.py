import torch

from recurra.base import describe_state, describe_tensor


def test_tensors_show_shape_dtype_and_device():
    assert describe_tensor(torch.zeros(2, 3, dtype=torch.int64)) == "(2, 3) int64 on cpu"
    assert describe_tensor(torch.zeros((), device="meta")) == "() float32 on meta"


def test_other_values_show_themselves_and_their_type():
    assert describe_tensor([1, 2]) == "[1, 2] (list)"
    assert describe_tensor(None) == "None (NoneType)"


def test_states_show_their_names():
    assert describe_state((torch.zeros(1), 5)) == "tuple(0=(1,) float32 on cpu, 1=5 (int))"
    assert describe_state(()) == "tuple()"
