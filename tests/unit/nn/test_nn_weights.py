# The parameters are those of the module, once, whatever takes their place.
import copy
import pickle
import weakref

import pytest
import torch
from nn_twins import INPUT, KINDS, assert_close, twins
from torch import nn
from torch.func import functional_call
from torch.nn.utils import parametrizations, parametrize

from recurra import nn as ours

T, B = 5, 2
SUFFIX = "_l1_reverse"


def pair(kind="LSTM"):
    module, twin = twins(kind, num_layers=2, bidirectional=True)
    x = torch.randn(T, B, INPUT, dtype=torch.float64)
    twin(x)  # so that whatever is kept between runs is there
    return module, twin, x


def assert_same_output(module, twin, x):
    assert_close(twin(x)[0], module(x)[0], "y")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_registered_twice(kind):
    module, twin, _ = pair(kind)
    assert list(twin.modules()) == [twin]
    assert [name for name, _ in twin.named_parameters()] == [
        name for name, _ in module.named_parameters()
    ]
    assert not list(twin.buffers())


def test_the_views_are_kept():
    _, twin, x = pair()
    before = [view for _, views in twin._made_layers for view in views]
    twin(x)
    after = [view for _, views in twin._made_layers for view in views]
    assert len(before) == 4
    assert all(one is other for one, other in zip(before, after, strict=True))
    names = [name for name, _ in before[0].named_parameters()]
    assert names == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    assert before[3].weight_hh is twin.weight_hh_l1_reverse


def test_an_optimizer_moves_both_alike():
    module, twin, x = pair()
    for each in (module, twin):
        optimizer = torch.optim.SGD(each.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            each(x)[0].square().sum().backward()
            optimizer.step()
    for (name, mine), other in zip(twin.named_parameters(), module.parameters(), strict=True):
        assert_close(mine, other, name)


def test_a_replaced_parameter():
    module, twin, x = pair()
    for each in (module, twin):
        old = getattr(each, "weight_hh" + SUFFIX)
        setattr(each, "weight_hh" + SUFFIX, nn.Parameter(old.detach() * 2))
    assert_same_output(module, twin, x)
    twin(x)[0].sum().backward()
    assert getattr(twin, "weight_hh" + SUFFIX).grad is not None


def test_values_changed_in_place():
    module, twin, x = pair()
    with torch.no_grad():
        for each in (module, twin):
            each.bias_hh_l0.add_(1)
    assert_same_output(module, twin, x)


def test_loading_by_assignment():
    _, twin, x = pair()
    other, _ = twins("LSTM", num_layers=2, bidirectional=True)
    twin.load_state_dict(other.state_dict(), assign=True)
    assert twin.weight_ih_l0.data_ptr() == other.weight_ih_l0.data_ptr()
    assert_same_output(other, twin, x)


@pytest.mark.parametrize("overwrite", [False, True])
def test_another_dtype(overwrite):
    module, twin, x = pair()
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(overwrite)
    try:
        twin.float()
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(before)
    y, (h, c) = twin(x.float())
    assert y.dtype == h.dtype == c.dtype == torch.float32
    assert_close(y.double(), module(x)[0], "y", tolerance=1e-5)


def test_from_the_meta_device():
    module, _, x = pair()
    twin = ours.LSTM(INPUT, 4, 2, bidirectional=True, device="meta", dtype=torch.float64)
    twin.to_empty(device="cpu").load_state_dict(module.state_dict())
    assert_same_output(module, twin, x)


@pytest.mark.parametrize("how", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
@pytest.mark.parametrize("kind", KINDS)
def test_copies_are_independent(kind, how):
    module, twin, x = pair(kind)
    copied = how(twin)
    assert repr(copied) == repr(twin)
    assert list(copied.modules()) == [copied]
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert_same_output(module, copied, x)
    assert twin(x)[0].abs().max() == 0
    copied(x)[0].sum().backward()
    assert all(parameter.grad is None for parameter in twin.parameters())
    assert all(parameter.grad is not None for parameter in copied.parameters())


def replicated(module):
    """Copy a module as DataParallel does, with what it computes for one device as weights."""
    replica = module._replicate_for_data_parallel()
    for name, parameter in module.named_parameters():
        setattr(replica, name, parameter * 1)
    return replica


# What is compiled stays with the views; neither a copy nor a file is to have a part in it.
@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, replicated])
def test_copies_have_views_of_their_own(how):
    _, twin, x = pair()
    copied = how(twin)
    y, _ = copied(x)
    assert torch.equal(y, twin(x)[0])
    views = [[view for _, views in each._made_layers for view in views] for each in (twin, copied)]
    assert all(mine is not other for mine, other in zip(*views, strict=True))


def test_a_copy_keeps_what_was_asked_for():
    module = ours.GRU(3, 5, reset="before", backend="reference", batch_first=True)
    copied = pickle.loads(pickle.dumps(module))
    x = torch.randn(2, 4, 3)
    assert torch.equal(copied(x)[0], module(x)[0])
    assert (copied.reset, copied.backend, copied.batch_first) == ("before", "reference", True)


def test_saving_and_loading(tmp_path):
    module, twin, x = pair()
    torch.save(twin, tmp_path / "whole.pt")
    assert_same_output(module, torch.load(tmp_path / "whole.pt", weights_only=False), x)
    torch.save(twin.state_dict(), tmp_path / "weights.pt")
    module.load_state_dict(torch.load(tmp_path / "weights.pt"), strict=True)


def test_functional_call():
    module, twin, x = pair()
    weights = {
        name: (2 * weight).detach().requires_grad_() for name, weight in twin.named_parameters()
    }
    results = []
    for each in (module, twin):
        y, _ = functional_call(each, weights, (x,))
        results.append((y, torch.autograd.grad(y.square().sum(), list(weights.values()))))
    assert_close(results[1][0], results[0][0], "y")
    for name, mine, other in zip(weights, results[1][1], results[0][1], strict=True):
        assert_close(mine, other, name)
    assert_same_output(module, twin, x)  # its own weights are back


@pytest.mark.filterwarnings("ignore:.*runs in the plain loop")
def test_functional_gradients():
    module, twin, x = pair("GRU")

    def loss(each):
        return lambda weights: functional_call(each, weights, (x,))[0].square().sum()

    got = torch.func.grad(loss(twin))(dict(twin.named_parameters()))
    module(x)[0].square().sum().backward()
    for name, parameter in module.named_parameters():
        assert_close(got[name], parameter.grad, name)


class Doubled(nn.Module):
    def forward(self, weight):
        return 2 * weight


def test_a_parametrization():
    module, twin, x = pair()
    for each in (module, twin):
        parametrize.register_parametrization(each, "weight_hh" + SUFFIX, Doubled())
    assert_same_output(module, twin, x)
    for each in (module, twin):
        each(x)[0].square().sum().backward()
    name = f"parametrizations.weight_hh{SUFFIX}.original"
    assert_close(
        twin.get_parameter(name).grad, module.get_parameter(name).grad, "gradient of the original"
    )


def test_weight_norm():
    module, twin, x = pair()
    for each in (module, twin):
        parametrizations.weight_norm(each, "weight_hh_l0")
        parametrizations.weight_norm(each, "weight_ih_l1")
    assert_same_output(module, twin, x)


class Counted(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, weight):
        self.calls += 1
        return weight


def test_a_parametrization_is_computed_once_a_run():
    _, twin, x = pair()
    parametrize.register_parametrization(twin, "weight_ih_l0", Counted())
    counter = twin.parametrizations["weight_ih_l0"][0]
    before = counter.calls
    twin(x, lengths=torch.tensor([5, 3]))
    assert counter.calls == before + 1


def test_what_was_computed_for_a_run_is_not_kept():
    _, twin, x = pair()
    computed = []

    class Noted(nn.Module):
        def forward(self, weight):
            result = 2 * weight
            computed.append(weakref.ref(result))
            return result

    parametrize.register_parametrization(twin, "weight_hh_l0", Noted(), unsafe=True)
    computed.clear()
    y, state = twin(x)
    assert computed
    del y, state
    assert computed[-1]() is None


def test_weights_are_given_back_after_a_mistake():
    _, twin, x = pair()
    parametrize.register_parametrization(twin, "weight_hh_l0", Doubled())
    with pytest.raises(ValueError, match="`lengths`"):
        twin(x, lengths=torch.tensor([5, 9]))
    view = twin._made_layers[0][1][0]
    assert view.weight_hh is None
    twin(x)


def test_frozen_weights_get_no_gradient():
    _, twin, x = pair()
    twin.requires_grad_(False)
    twin.bias_ih_l0.requires_grad_(True)
    twin(x)[0].sum().backward()
    with_gradient = [name for name, weight in twin.named_parameters() if weight.grad is not None]
    assert with_gradient == ["bias_ih_l0"]


def test_in_a_model():
    class Tagger(nn.Module):
        def __init__(self, room):
            super().__init__()
            self.lower = room.LSTM(3, 5, batch_first=True, bidirectional=True)
            self.head = nn.Linear(10, 2)

        def forward(self, x):
            return self.head(self.lower(x)[0])

    theirs, mine = Tagger(nn), Tagger(ours)
    mine.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.randn(2, 6, 3)
    assert_close(mine(x), theirs(x), "y", tolerance=1e-5)
    assert repr(mine) == repr(theirs)
