# Methods and parts of a cell that its step reaches: by attributes they compile, otherwise the plain
# loop runs, and nothing is written more often than in Python.
import functools
import types
import warnings
import weakref

import pytest
import torch
from torch import nn

from backend_runs import skip_without_compiled
from recurra import unroll
from recurra.base import CannotFuse
from recurra.cells import DropConnect

T = 4


@pytest.fixture(autouse=True)
def compiled_only():
    skip_without_compiled()


class Cell(nn.Module):
    """h_t = act(tanh(W [x_t, h_{t-1}]))"""

    def __init__(self):
        super().__init__()
        self.affine = nn.Linear(6, 3)
        self.register_buffer("mask", torch.tensor([0.9, 0.8, 0.7]))
        self.register_buffer("seen", torch.ones(()))
        self.act = None
        self.double()

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 3, dtype=torch.float64)

    def forward(self, x, hidden):
        hidden = self.act(torch.tanh(self.affine(torch.cat([x, hidden], -1))))
        return hidden, hidden

    def bends(self, a):
        return a * self.mask - self.affine.weight.sum().sin()

    def counts(self, a):
        self.seen += 1
        return a / self.seen

    def decays(self, a):
        with torch.no_grad():
            self.affine.bias.mul_(0.9)
        return a


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.full((3,), 0.5, dtype=torch.float64))

    def forward(self, a):
        return self.act(a) * self.scale

    def act(self, a):
        return a

    def writes(self, a):
        return a * self.scale.mul_(0.9)


def made(change):
    """Return a cell of a new class, changed."""
    torch.manual_seed(3)
    cell = type(change.__name__, (Cell,), {})()
    change(cell)
    return cell


def loop(cell, x):
    """Run a cell by hand."""
    hidden, outputs = cell.initial_state(x.shape[1]), []
    for each in x:
        y, hidden = cell(each, hidden)
        outputs.append(y)
    return torch.stack(outputs), hidden


def run(function, cell, x, **options):
    """Return what two calls make, with gradients, and what they leave behind."""
    found = []
    for _ in range(2):
        given = x.clone().requires_grad_()
        y, end = function(cell, given, **options)
        weights = [each for each in (given, *cell.parameters()) if each.requires_grad]
        loss = y.square().sum() + end.sin().sum()
        kept = [each.detach().clone() for each in (*cell.parameters(), *cell.buffers())]
        try:
            found += torch.autograd.grad(loss, weights, allow_unused=True)
        except RuntimeError as error:  # a weight was written to
            found.append(str(error)[:40])
        found += [y.detach(), *kept]
    return found


def assert_is_python(change, **options):
    x = torch.randn(T, 2, 3, dtype=torch.float64)
    found = run(unroll, made(change), x, **options)
    for got, expected in zip(found, run(loop, made(change), x), strict=True):
        if isinstance(expected, torch.Tensor):
            torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-12)
        else:
            assert got == expected


# --- what compiles ---


def a_method(cell):
    cell.act = cell.bends


def a_method_of_no_class(cell):
    cell.act = types.MethodType(lambda self, a: self.bends(a).sin(), cell)


def another_forward(cell):
    cell.act, own = torch.sin, type(cell).forward
    cell.forward = types.MethodType(lambda self, x, h: own(self, 0.5 * x, h), cell)


def a_method_of_a_module_within(cell):
    cell.inner = Inner()
    cell.act = cell.inner.forward


def a_method_of_the_cell_in_a_module_within(cell):
    cell.inner = cell.act = Inner()
    cell.inner.act = cell.bends


def methods_of_modules_of_a_list(cell):
    cell.layers = nn.ModuleList([Inner(), Inner()])
    cell.layers[0].act = cell.layers[1].forward
    cell.act = cell.layers[0].forward


def a_method_of_the_parent_class(cell):
    kind = type(cell)
    cell.__class__ = type("Over", (kind,), {"bends": lambda _, a: a})
    cell.act = super(type(cell), cell).bends


def another_name_of_a_buffer(cell):
    cell.alias = cell.mask
    cell.act = types.MethodType(lambda self, a: a * self.alias, cell)


def buffers_in_a_list(cell):
    cell.masks = [cell.mask, cell.seen]
    cell.act = types.MethodType(lambda self, a: a * self.masks[0] * self.masks[1], cell)


COMPILED = [
    a_method, a_method_of_no_class, another_forward, a_method_of_a_module_within,
    a_method_of_the_cell_in_a_module_within, methods_of_modules_of_a_list,
    a_method_of_the_parent_class, another_name_of_a_buffer, buffers_in_a_list,
]  # fmt: skip


@pytest.mark.parametrize("verify", ["0", "1"])
@pytest.mark.parametrize("change", COMPILED, ids=lambda change: change.__name__)
def test_methods_that_are_attributes_compile(change, verify, monkeypatch):
    monkeypatch.setenv("RECURRA_VERIFY", verify)
    assert_is_python(change, backend="c")


def assert_compiles(cell):
    x = torch.randn(T, 2, 3, dtype=torch.float64)
    torch.testing.assert_close(unroll(cell, x, backend="c")[0], loop(cell, x)[0])


def test_another_method_is_noticed():
    cell = made(a_method)
    assert_compiles(cell)
    for act in (lambda self, a: a * self.mask, lambda _, a: a.cos(), type(cell).bends):
        cell.act = types.MethodType(act, cell)
        assert_compiles(cell)
    type(cell).bends = lambda _, a: a  # the attribute still holds what it was
    assert_compiles(cell)
    cell.act = cell.bends
    assert_compiles(cell)


@pytest.mark.parametrize("name", ["forward", "_call_impl", "_slow_forward"])
def test_another_forward_of_the_cell_itself_is_noticed(name):
    cell = made(a_method)
    for factor in (0.5, 0.25):
        setattr(cell, name, lambda x, h, factor=factor: (h + factor, h + x * factor))
        assert_compiles(cell)


def test_two_cells_have_buffers_of_their_own():
    first = made(buffers_in_a_list)
    second = type(first)()
    buffers_in_a_list(second)
    second.mask.mul_(0.5)
    for cell in (first, second):
        assert_compiles(cell)
        cell.seen.add_(0.5)
        assert_compiles(cell)


# --- what does not ---


def a_forward_around_its_own(cell):
    cell.act, inner = cell.counts, cell.forward
    cell.forward = lambda x, h: inner(0.5 * x, h)


def in_a_closure(cell):
    act = cell.counts
    cell.act = lambda a: act(a)


def in_a_closure_that_writes_to_a_weight(cell):
    act = cell.decays
    cell.act = lambda a: act(a)


def in_a_list(cell):
    cell.acts = [cell.counts]
    cell.act = types.MethodType(lambda self, a: self.acts[0](a), cell)


def in_a_dictionary(cell):
    cell.acts = {"act": cell.counts}
    cell.act = types.MethodType(lambda self, a: self.acts["act"](a), cell)


def in_a_partial_function(cell):
    cell.act = functools.partial(cell.counts)


def as_a_default(cell):
    cell.act = lambda a, act=cell.counts: act(a)


def in_a_hook(cell):
    cell.act = nn.Identity()
    cell.affine.register_forward_hook(lambda *given, act=cell.counts: act(given[-1]))


def as_a_hook(cell):
    cell.act = nn.Identity()
    hook = types.MethodType(lambda self, *given: self.counts(given[-1]), cell)
    cell.affine.register_forward_hook(hook)


def in_an_object(cell):
    space = types.SimpleNamespace(act=cell.counts)
    cell.act = lambda a: space.act(a)


def of_the_class(cell):
    type(cell).other = cell.counts
    cell.act = types.MethodType(lambda self, a: self.other(a), cell)


def in_a_decorator_of_a_library(cell):
    cell.act = torch.no_grad()(cell.counts)


def by_its_call(cell):
    act = cell.counts.__call__
    cell.act = lambda a: act(a)


def by_super(cell):
    cell.__class__ = type("Over", (type(cell),), {"counts": lambda _, a: a})
    parent = super(type(cell), cell)
    cell.act = lambda a: parent.counts(a)


def by_a_weak_reference(cell):
    act = weakref.WeakMethod(cell.counts)
    cell.act = lambda a: act()(a)


def by_a_descriptor(cell):
    class Act:
        def __get__(self, owner, kind):
            return self.act

    type(cell).other = act = Act()
    act.act = cell.counts
    cell.act = types.MethodType(lambda self, a: self.other(a), cell)


def of_a_module_in_one_that_is_not_registered(cell):
    cell.inner, outer = Inner(), nn.Module()
    outer.inner = cell.inner
    outer.inner.act = cell.inner.writes
    cell.act = lambda a: outer.inner(a)


def a_parameter_in_a_closure(cell):
    bias = cell.affine.bias

    def act(a):
        with torch.no_grad():
            bias.mul_(0.9)
        return a

    cell.act = act


def a_method_of_a_parameter(cell):
    cell.write, cell.affine.bias.requires_grad = cell.affine.bias.mul_, True

    def act(self, a):
        with torch.no_grad():
            self.write(0.9)
        return a

    cell.act = types.MethodType(act, cell)


PAST = [
    a_forward_around_its_own, in_a_closure, in_a_closure_that_writes_to_a_weight, in_a_list,
    in_a_dictionary, in_a_partial_function, as_a_default, in_a_hook, as_a_hook, in_an_object,
    of_the_class, in_a_decorator_of_a_library, by_its_call, by_super, by_a_weak_reference,
    by_a_descriptor, of_a_module_in_one_that_is_not_registered, a_parameter_in_a_closure,
    a_method_of_a_parameter,
]  # fmt: skip


@pytest.mark.parametrize("change", PAST, ids=lambda change: change.__name__)
def test_what_is_reached_past_the_cell_is_refused_before_it_runs(change):
    assert_is_refused(change, "a part of the cell, past the cell's attributes")


def assert_is_refused(change, why):
    cell, x = made(change), torch.randn(T, 2, 3, dtype=torch.float64)
    before = {name: each.clone() for name, each in cell.state_dict().items()}
    with pytest.raises(CannotFuse, match=why):
        unroll(cell, x, backend="c")
    assert all(torch.equal(each, before[name]) for name, each in cell.state_dict().items())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_is_python(change)


def a_method_that_counts(cell):
    cell.act = cell.counts


def a_method_that_writes_to_a_weight(cell):
    cell.act = cell.decays


def another_name_that_is_written(cell):
    cell.alias = cell.seen
    cell.act = types.MethodType(lambda self, a: a / self.alias.add_(1), cell)


def a_buffer_in_a_closure_that_is_written(cell):
    seen = cell.seen
    cell.act = lambda a: a / seen.add_(1)


def a_method_of_a_buffer(cell):
    add = cell.seen.add_
    cell.act = lambda a: a / add(1)


def a_buffer_of_a_module_that_is_not_registered(cell):
    cell.hidden = [Inner()]
    cell.act = types.MethodType(lambda self, a: self.hidden[0].writes(a), cell)


def a_table_of_identities(cell):
    rates = {id(cell): 0.5}
    cell.act = types.MethodType(lambda self, a: a * rates.get(id(self), 1.0), cell)


WRITING = {
    a_method_that_counts: "writes in place", a_method_that_writes_to_a_weight: "gradients",
    another_name_that_is_written: "writes in place",
    a_buffer_in_a_closure_that_is_written: "outside of itself",
    a_method_of_a_buffer: "outside of itself",
    a_buffer_of_a_module_that_is_not_registered: "outside of itself",
    a_table_of_identities: "calls `id`",
}  # fmt: skip


@pytest.mark.parametrize("change", WRITING, ids=lambda change: change.__name__)
def test_what_was_written_while_it_was_tried_is_taken_back(change):
    assert_is_refused(change, WRITING[change])


def test_messages_say_where_the_method_is():
    x = torch.randn(T, 2, 3, dtype=torch.float64)
    with pytest.raises(CannotFuse, match=r"reads `inner\.__self__`"):
        unroll(made(a_forward_around_its_own), x, backend="c")


def test_a_cell_that_was_compiled_by_torch_itself_is_refused():
    cell = made(a_method_that_counts)
    cell.compile(backend="eager")
    with pytest.raises(CannotFuse, match="a part of the cell"):
        unroll(cell, torch.randn(T, 2, 3, dtype=torch.float64), backend="c")
    assert cell.seen == 1


def test_drop_connect_leaves_out_weights_of_methods_that_are_attributes():
    x = torch.randn(T, 2, 3, dtype=torch.float64)
    found = []
    for is_attribute in (False, True):
        cell = made(a_method)
        if not is_attribute:
            vars(cell).pop("act")
            type(cell).act = type(cell).bends
        dropped = DropConnect(cell, 0.5, names=["affine.weight"])
        for backend in ("c", "reference"):
            torch.manual_seed(5)
            found.append(unroll(dropped, x, backend=backend)[0])
    for each in found[1:]:
        torch.testing.assert_close(each, found[0], rtol=1e-10, atol=1e-12)
