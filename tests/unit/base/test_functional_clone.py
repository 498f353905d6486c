# A clone computes with other tensors, and leaves alone the module that others may run meanwhile.
import torch
from torch import nn

from recurra.base import functional_clone


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = self.other = nn.Linear(2, 2)
        self.alias = (self.one.weight,)
        self.bound = self.one.extra_repr
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("none", None)

    def forward(self, x):
        self.count = self.count + 1
        return self.other(self.one(x))


def cloned(*, also=()):
    net = Net()
    other = torch.eye(2)
    tensors = [net.one.weight, *(getattr(net, name) for name in also)]
    return net, functional_clone(net, tensors, [other, *([torch.ones(())] * len(also))]), other


def test_named_tensors_are_others_and_the_rest_is_shared():
    net, clone, other = cloned()
    assert clone.one.weight is other
    assert clone.one.bias is net.one.bias
    assert clone.count is net.count
    assert clone.none is None
    assert clone.alias is net.alias


def test_a_module_with_two_names_stays_one_and_methods_are_its_own():
    net, clone, _ = cloned()
    assert clone.one is clone.other is not net.one
    assert clone.bound.__self__ is clone.one


def test_the_module_is_left_alone():
    net, clone, _ = cloned()
    before = dict(net.named_parameters()), net.one
    clone(torch.ones(1, 2))
    assert (dict(net.named_parameters()), net.one) == before


def test_what_is_assigned_to_a_buffer_that_is_not_named_reaches_the_module():
    net, clone, _ = cloned()
    clone(torch.ones(1, 2))
    assert net.count == 1


def test_what_is_assigned_to_a_named_buffer_does_not():
    net, clone, _ = cloned(also=("count",))
    clone(torch.ones(1, 2))
    assert (net.count, clone.count) == (0, 2)
