# What a step reads is what Python would read: stories of cells that are changed between calls.
import array
import collections
import contextlib
import copy
import dataclasses
import enum
import functools
import math
import os
import types
import warnings
import weakref

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from backend_runs import skip_without_compiled
from recurra import unroll
from recurra.base import CannotFuse

TAU = 0.8
TABLE = {"rate": 0.5, "deep": {"more": [0.5, 1.5]}}
RATES = [0.5, 0.25]
SPACE = types.SimpleNamespace(rate=torch.tensor(0.7, dtype=torch.float64))
EMBEDDED = nn.Linear(3, 3).double().requires_grad_(False)


class Cell(nn.Module):
    """h_t = tanh(W [x_t, h_{t-1}]) * factor(h_{t-1})"""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.affine = nn.Linear(6, 3).double()

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 3, dtype=torch.float64)

    def forward(self, x, hidden):
        hidden = torch.tanh(self.affine(torch.cat([x, hidden], -1))) * self.factor(hidden)
        return hidden, hidden

    def factor(self, hidden):
        return 1.0


def of(factor):
    """Return a cell of a new class with this factor."""
    return type("Story", (Cell,), {"factor": factor})()


def set_global(name, value):
    globals()[name] = value


@pytest.fixture(autouse=True)
def compiled_only():
    skip_without_compiled()


@pytest.fixture(autouse=True)
def globals_as_they_were():
    kept = {name: globals()[name] for name in ("TAU", "helper", "RATES", "doubled")}
    tables = copy.deepcopy(TABLE)
    yield
    globals().update(kept)
    globals().pop("abs", None)
    TABLE.update(tables)


def loop(cell, x):
    """Run a cell by hand."""
    hidden, outputs = cell.initial_state(x.shape[1]), []
    for each in x:
        y, hidden = cell(each, hidden)
        outputs.append(y)
    return torch.stack(outputs), hidden


def run(function, cell, x):
    x = x.clone().requires_grad_()
    y, end = function(cell, x)
    loss = y.square().sum() + end.sin().sum()
    return [y, end, *torch.autograd.grad(loss, [x, *cell.parameters()], allow_unused=True)]


def assert_honest(cell, **options):
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    found = run(lambda *given: unroll(*given, **options), cell, x)
    for got, expected in zip(found, run(loop, cell, x), strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-12)


# --- stories: at each yield the cell is compiled, and is what Python runs ---


def a_global():
    cell = of(lambda _, h: TAU)
    yield cell
    set_global("TAU", 0.3)
    yield cell
    yield of(type(cell).factor)
    set_global("TAU", torch.tensor(0.25, dtype=torch.float64))
    yield cell
    TAU.fill_(0.5)
    yield cell
    TAU.data.fill_(0.75)
    yield cell
    TAU.numpy()[...] = 1.25
    yield cell


def a_new_cell_of_a_class_after_a_global_has_changed():
    first = of(lambda _, h: TAU)
    yield first
    set_global("TAU", 0.3)
    yield type(first)()


def equal_numbers_of_other_types():
    cell = of(lambda _, h: h.new_ones(()) * TAU if isinstance(TAU, float) else h + TAU)
    for value in (1.0, 1, True, 0.0, -0.0):
        set_global("TAU", value)
        yield cell


def helper(hidden):
    return hidden * 0.5


def a_helper():
    cell = of(lambda _, h: helper(h))
    yield cell
    set_global("helper", lambda hidden: hidden * 0.1)
    yield cell
    helper.__code__ = (lambda hidden: hidden.cos()).__code__
    yield cell


def doubled(hidden):
    return 2 * helper(hidden)


def a_helper_of_a_helper():
    cell = of(lambda _, h: doubled(h))
    yield cell
    set_global("helper", torch.sin)
    yield cell


def a_class_attribute():
    cell = of(lambda self, h: self.rate)
    type(cell).rate = 0.5
    yield cell
    type(cell).rate = 0.2
    yield cell
    cell.rate = 0.7
    yield cell
    del cell.rate
    yield cell


def an_attribute_of_a_parent():
    class Parent(Cell):
        rate = 0.5

        def factor(self, hidden):
            return self.rate

    class Child(Parent):
        pass

    cell = Child()
    yield cell
    Parent.rate = 0.25
    yield cell
    Child.rate = 0.75
    yield cell


def a_method_on_the_class():
    cell = of(lambda _, h: 0.5)
    yield cell
    type(cell).factor = lambda _, h: h.cos()
    yield cell
    cell.factor = torch.sin
    yield cell
    type(cell).forward = lambda self, x, h: (x, torch.tanh(x + h))
    yield cell


def a_method_of_a_module_within():
    class Gate(nn.Module):
        scale = 0.5

        def forward(self, value):
            return value.sigmoid() * self.scale

    cell = of(lambda self, h: self.gate(h))
    cell.gate = Gate()
    yield cell
    Gate.scale = 0.25
    yield cell
    Gate.forward = lambda _, value: value.cos()
    yield cell
    cell.gate = nn.Tanh()
    yield cell


def another_class_for_the_cell():
    cell = of(lambda _, h: 0.5)
    yield cell
    cell.__class__ = type(of(lambda _, h: h.cos()))
    yield cell


def a_closure():
    value = 0.5

    def change(to):
        nonlocal value
        value = to

    cell = of(lambda _, h: value)
    yield cell
    change(0.2)
    yield cell


def a_box_in_a_closure():
    box = [0.5]
    cell = of(lambda _, h: box[0])
    yield cell
    box[0] = 0.25
    yield cell
    box.insert(0, 0.75)
    yield cell


def a_property():
    cell = of(lambda self, h: self.rate)
    type(cell).rate = property(lambda self: self.hidden_rate * TAU)
    cell.hidden_rate = 0.5
    yield cell
    cell.hidden_rate = 0.25
    yield cell
    set_global("TAU", 0.4)
    yield cell
    type(cell).rate = property(lambda self: self.hidden_rate)
    yield cell


def a_cached_property():
    class Cached(Cell):
        @functools.cached_property
        def rate(self):
            return TAU

        def factor(self, hidden):
            return self.rate

    cell = Cached()
    assert cell.rate == TAU
    yield cell
    cell.__dict__["rate"] = 0.25
    yield cell


def static_and_class_methods():
    class Methods(Cell):
        rate = 0.5

        @staticmethod
        def bent(hidden):
            return hidden.cos()

        @classmethod
        def scaled(cls, hidden):
            return hidden * cls.rate

        def factor(self, hidden):
            return self.bent(hidden) + self.scaled(hidden)

    cell = Methods()
    yield cell
    Methods.rate = 0.25
    yield cell
    Methods.bent = staticmethod(torch.sin)
    yield cell


def containers():
    cell = of(lambda _, h: TABLE["rate"] * TABLE["deep"]["more"][1] * RATES[-1])
    yield cell
    TABLE["rate"] = 0.3
    yield cell
    TABLE["deep"]["more"][1] = 0.3
    yield cell
    TABLE["deep"] = {"more": (1.0, 2.0)}
    yield cell
    RATES.append(0.75)
    yield cell
    RATES.pop()
    set_global("RATES", collections.deque([1.5]))
    yield cell
    RATES[0] = 0.5
    yield cell


def sets_and_ranges():
    switches = {"sin"}
    cell = of(lambda _, h: h.sin() if "sin" in switches else h.cos())
    yield cell
    switches.clear()
    yield cell


def tensors_in_containers():
    held = {"rate": torch.tensor([0.5, 0.25, 1.0], dtype=torch.float64)}
    cell = of(lambda _, h: held["rate"] * SPACE.rate)
    yield cell
    held["rate"].data.mul_(2)
    yield cell
    held["rate"].numpy()[1] = 7.0
    yield cell
    SPACE.rate.data.fill_(0.125)
    yield cell
    held["rate"] = torch.ones(3, dtype=torch.float64)
    yield cell


def plain_tensors_of_the_cell():
    cell = of(lambda self, h: self.one * self.many + self.equal)
    cell.one = torch.tensor(0.5, dtype=torch.float64)
    cell.many = torch.ones(3, dtype=torch.float64)
    cell.equal = torch.ones(3, dtype=torch.float64)
    yield cell
    cell.equal.data.fill_(0.25)
    yield cell
    cell.one.numpy()[...] = 0.125
    yield cell
    cell.many.detach()[0] = 3.0
    yield cell


def places_of_an_axis():
    order = torch.tensor([2, 0, 1])
    cell = of(lambda _, h: h[:, order])
    yield cell
    order.numpy()[:] = [1, 0, 2]
    yield cell


def arrays():
    numpy = pytest.importorskip("numpy")
    cell = of(lambda self, h: float(self.rates[0]) * self.more[1] * self.bytes[0] / 200)
    cell.rates = numpy.array([0.5, 0.25])
    cell.more = array.array("d", [1.0, 0.5])
    cell.bytes = bytearray(b"ab")
    yield cell
    cell.rates[0] = 2.0
    yield cell
    cell.more[1] = 1.5
    yield cell
    cell.bytes[0] = 200
    yield cell


def an_array_as_a_tensor():
    numpy = pytest.importorskip("numpy")
    rates = numpy.array([0.5, 0.25, 1.0])
    cell = of(lambda _, h: torch.from_numpy(rates))
    yield cell
    rates[1] = 4.0
    yield cell


class Kind(enum.Enum):
    SMALL = 0.25
    LARGE = 0.75


@dataclasses.dataclass
class Options:
    rate: float = 0.5
    kind: Kind = Kind.SMALL
    inner: dict = dataclasses.field(default_factory=lambda: {"a": [1.0]})


def objects_in_objects():
    cell = of(lambda self, h: self.o.rate * self.o.kind.value * self.o.inner["a"][0])
    cell.o = Options()
    yield cell
    cell.o.rate = 0.25
    yield cell
    cell.o.kind = Kind.LARGE
    yield cell
    cell.o.inner["a"][0] = 3.0
    yield cell
    cell.o = Options(rate=2.0)
    yield cell


class Slotted:
    __slots__ = ("__secret", "rate")

    def __init__(self):
        self.rate, self.__secret = 0.5, [1.0]

    def value(self):
        return self.rate * self.__secret[0]

    def change(self):
        self.__secret[0] = 2.0


def slots():
    cell = of(lambda self, h: self.slotted.value())
    cell.slotted = Slotted()
    yield cell
    cell.slotted.rate = 0.25
    yield cell
    cell.slotted.change()
    yield cell


def defaults():
    def factor(_self, hidden, rates=[0.5], *, more=0.5):  # noqa: B006
        return rates[0] * more

    cell = of(factor)
    yield cell
    factor.__defaults__[0][0] = 0.25
    yield cell
    factor.__defaults__ = ([2.0],)
    yield cell
    factor.__kwdefaults__["more"] = 3.0
    yield cell


def attributes_of_functions():
    def factor(_self, hidden):
        return factor.rate

    factor.rate = 0.5
    cell = of(factor)
    yield cell
    factor.rate = 0.25
    yield cell


def partial_functions_and_bound_methods():
    options = {"rate": 0.5}

    class Bent:
        rate = 2.0

        def __call__(self, hidden, rate):
            return hidden * rate * self.rate

    bent = Bent()
    cell = of(lambda self, h: self.partial(h) + self.bound(h, 0.5))
    cell.partial = functools.partial(bent, **options)
    cell.bound = bent.__call__
    yield cell
    cell.partial.keywords["rate"] = 0.25
    yield cell
    bent.rate = 0.5
    yield cell
    Bent.__call__ = lambda self, hidden, rate: hidden.cos()
    yield cell


def names_made_up():
    cell = of(lambda self, h: getattr(self, "".join(("ra", "tes")))[0])
    cell.rates = [0.5]
    yield cell
    cell.rates[0] = 0.25
    yield cell


def lambdas_by_name():
    cell = of(lambda self, h: self.bends[self.name](h))
    cell.bends = {"sin": torch.sin, "cos": lambda h: h.cos()}
    cell.name = "sin"
    yield cell
    cell.name = "cos"
    yield cell
    cell.bends["cos"] = lambda h: h * 0.25
    yield cell


def a_name_of_python_itself():
    cell = of(lambda _, h: abs(-0.5) * math.pi)
    yield cell
    set_global("abs", lambda value: 0.25)
    yield cell
    del globals()["abs"]
    yield cell


def a_function_of_builtins():
    cell = of(lambda _, h: divmod(2.5, 1)[1] * h)
    yield cell
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.divmod", lambda *_: (0.0, 0.25))
        yield cell
    yield cell


def a_module_that_makes_its_names():
    module = types.ModuleType("module_with_getattr")
    module.__getattr__ = lambda name: {"RATE": TAU}[name]
    cell = of(lambda _, h: module.RATE)
    yield cell
    set_global("TAU", 0.3)
    yield cell
    module.RATE = 0.125
    yield cell


def an_object_of_another_class():
    class Other(Options):
        @property
        def scale(self):
            return 2.0

    cell = of(lambda self, h: getattr(self.o, "scale", 1.0) * self.o.rate)
    cell.o = Options()
    yield cell
    cell.o.__class__ = Other
    yield cell
    cell.o.__dict__ = {"rate": 0.125}
    yield cell


def functions_of_pytorch():
    cell = of(lambda _, h: torch.sigmoid(h) * F.relu(h) + h.sin())
    yield cell
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "sigmoid", lambda value: value * 0.5)
        yield cell
        patch.setattr(torch, "sigmoid", torch.tanh)
        yield cell
    yield cell
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(F, "relu", lambda value: value * 0.5)
        yield cell
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "sin", lambda value: value * 0.5)
        yield cell
    yield cell


def forward_of_a_module_of_pytorch():
    cell = of(lambda _, h: 0.5)
    yield cell
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nn.Linear, "forward", lambda self, x: F.linear(x, self.weight))
        yield cell
    yield cell


def modules_that_are_not_registered():
    cell = of(lambda self, h: self.held[0](h) + EMBEDDED(h))
    cell.held = [nn.Linear(3, 3).double().requires_grad_(False)]
    yield cell
    cell.held[0].weight.data.mul_(2)
    yield cell
    EMBEDDED.bias.data.add_(1)
    yield cell
    cell.held[0] = nn.Linear(3, 3).double().requires_grad_(False)
    yield cell


def weak_references():
    options = Options()
    cell = of(lambda self, h: self.options().rate)
    cell.options = weakref.ref(options)
    yield cell
    options.rate = 0.25
    yield cell


def a_weak_reference_that_dies():
    options = Options()
    cell = of(lambda self, h: self.options().rate if self.options() else 2.0)
    cell.options = weakref.ref(options)
    yield cell
    del options
    yield cell


class Table(collections.UserDict):
    pass


class Space(types.SimpleNamespace):
    pass


def objects_whose_parents_are_of_a_library():
    cell = of(lambda self, h: self.table["rate"] * self.space.rate)
    cell.table, cell.space = Table(rate=0.5), Space(rate=0.5)
    yield cell
    cell.table["rate"] = 0.25
    yield cell
    cell.space.rate = 0.125
    yield cell


def attributes_of_tensors_and_of_classes_of_pytorch():
    cell = of(lambda self, h: self.rates.scale * getattr(self.affine, "scale", 1.0) * self.rates)
    cell.rates = torch.ones(3, dtype=torch.float64)
    cell.rates.scale = 0.5
    yield cell
    cell.rates.scale = 0.25
    yield cell
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nn.Linear, "scale", 2.0, raising=False)
        yield cell
        patch.setattr(nn.Linear, "scale", 3.0)
        yield cell
    yield cell


def a_decorator_of_a_library():
    @torch.compiler.allow_in_graph
    def scaled(hidden):
        return hidden * TAU

    @contextlib.contextmanager
    def scale():
        yield TAU

    def factor(_self, hidden):
        with scale() as tau:
            return scaled(hidden) + tau

    cell = of(factor)
    yield cell
    set_global("TAU", 0.3)
    yield cell


def the_environment():
    cell = of(lambda _, h: float(os.environ["RATE_OF_A_STEP"]) * float(os.getenv("RATE_OF_A_STEP")))
    with pytest.MonkeyPatch.context() as patch:
        for value in ("0.5", "0.25"):
            patch.setenv("RATE_OF_A_STEP", value)
            yield cell


def a_module_that_is_imported_in_the_step():
    module = types.ModuleType("module_of_a_step")
    module.RATE = 0.5

    def factor(_self, hidden):
        from module_of_a_step import RATE

        return RATE

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "module_of_a_step", module)
        cell = of(factor)
        yield cell
        module.RATE = 0.25
        yield cell


def a_cell_made_by_exec():
    space = {"Cell": Cell, "RATE": 0.5}
    exec("class Made(Cell):\n    def factor(self, hidden):\n        return RATE * hidden", space)
    cell = space["Made"]()
    yield cell
    space["RATE"] = 0.25
    yield cell


def forward_hooks():
    cell = of(lambda _, h: 0.5)
    rates = [0.5]
    yield cell
    handle = cell.affine.register_forward_hook(lambda *given: given[-1] * rates[0])
    yield cell
    rates[0] = 0.25
    yield cell
    handle.remove()
    handle = cell.affine.register_forward_hook(lambda *given: given[-1].cos())
    yield cell
    handle.remove()
    yield cell
    handle = nn.modules.module.register_module_forward_pre_hook(
        lambda _, given: tuple(each * 0.5 for each in given)
    )
    yield cell
    handle.remove()
    yield cell


def modes_and_copies():
    cell = of(lambda self, h: 0.5 if self.training else TAU)
    yield cell
    yield cell.eval()
    yield copy.deepcopy(cell)
    set_global("TAU", 0.3)
    yield copy.deepcopy(cell)
    yield cell.train()


def what_the_step_does_not_read_may_be_anything():
    cell = of(lambda _, h: 0.5)
    cell.lock = __import__("threading").Lock()
    cell.numbers = iter([1, 2])
    yield cell
    cell.log = open(os.devnull)  # noqa: SIM115
    yield cell
    cell.log.close()


STORIES = [
    a_global, a_new_cell_of_a_class_after_a_global_has_changed, equal_numbers_of_other_types,
    a_helper, a_helper_of_a_helper, a_class_attribute, an_attribute_of_a_parent,
    a_method_on_the_class, a_method_of_a_module_within,
    another_class_for_the_cell, a_closure, a_box_in_a_closure, a_property, a_cached_property,
    static_and_class_methods, containers, sets_and_ranges, tensors_in_containers,
    plain_tensors_of_the_cell, places_of_an_axis, arrays, an_array_as_a_tensor,
    objects_in_objects,
    slots, defaults, attributes_of_functions, partial_functions_and_bound_methods, names_made_up,
    lambdas_by_name, a_name_of_python_itself, a_function_of_builtins,
    a_module_that_makes_its_names, an_object_of_another_class, functions_of_pytorch,
    forward_of_a_module_of_pytorch,
    modules_that_are_not_registered, weak_references, a_weak_reference_that_dies,
    objects_whose_parents_are_of_a_library, attributes_of_tensors_and_of_classes_of_pytorch,
    a_decorator_of_a_library, the_environment,
    a_module_that_is_imported_in_the_step, a_cell_made_by_exec, forward_hooks, modes_and_copies,
    what_the_step_does_not_read_may_be_anything,
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_change_between_calls_is_seen(story):
    with contextlib.closing(story()) as cells:
        for cell in cells:
            assert_honest(cell, backend="c")


def test_what_is_set_back_is_not_compiled_again(monkeypatch):
    from recurra.runtime import _choice

    compiled = []
    compile_cell = _choice.compile_cell
    monkeypatch.setattr(_choice, "compile_cell", lambda *a: compiled.append(a) or compile_cell(*a))
    cell = of(lambda _, h: TAU)
    for value in (0.8, 0.3, 0.8, 0.3):
        set_global("TAU", value)
        assert_honest(cell, backend="c")
    assert len(compiled) == 2
    assert_honest(type(cell)(), backend="c")
    assert len(compiled) == 2


def reads_a_lock(self, hidden):
    with self.lock:
        return hidden


def reads_an_iterator(self, hidden):
    return next(self.numbers)


def asks_for_globals(_self, hidden):
    return globals()["T" + "AU"]


@functools.lru_cache
def remembered():
    return TAU


def calls_what_remembers(_self, hidden):
    return remembered()


@pytest.mark.parametrize(
    "factor", [reads_a_lock, reads_an_iterator, asks_for_globals, calls_what_remembers]
)
def test_what_cannot_be_watched_is_refused_by_name(factor):
    cell = of(factor)
    cell.lock = __import__("threading").RLock()
    cell.numbers = iter([1.0] * 99)
    with pytest.raises(CannotFuse, match=r"lock|numbers|globals|remembered"):
        unroll(cell, torch.randn(2, 2, 3, dtype=torch.float64), backend="c")


def more_than_two_rows(_self, hidden):
    return 0.5 if hidden.shape[0] > 2 else 2.0


def a_single_row(_self, hidden):
    return hidden.sin() if len(hidden) == 1 else hidden.cos()


def an_even_number_of_rows(_self, hidden):
    return 0.5 if hidden.size(0) % 2 == 0 else 2.0


def many_numbers(_self, hidden):
    return {True: 0.5, False: 2.0}[hidden.numel() in (3, 6)]


def only_shapes(_self, hidden):
    return hidden.reshape(hidden.shape[0], -1, 1).squeeze(-1) * hidden.new_ones(len(hidden), 1)


SIZES = [more_than_two_rows, a_single_row, an_even_number_of_rows, many_numbers, only_shapes]


@pytest.mark.parametrize("factor", SIZES, ids=lambda factor: factor.__name__)
def test_the_number_of_rows_is_no_secret(factor):
    cell = of(factor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for B in (5, 1, 2, 3, 4, 1):
            x = torch.randn(4, B, 3, dtype=torch.float64)
            for got, expected in zip(run(unroll, cell, x), run(loop, cell, x), strict=True):
                torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-12)
            if factor is only_shapes:
                unroll(cell, x, backend="c")


def test_a_part_that_is_reached_past_the_cell_is_refused():
    cell = of(lambda self, h: 0.5)
    handle = nn.modules.module.register_module_forward_hook(
        lambda module, _, out: out * 0.5 if module is cell.affine else None
    )
    try:
        with pytest.raises(CannotFuse, match="a part of the cell"):
            unroll(cell, torch.randn(2, 2, 3, dtype=torch.float64), backend="c")
        with pytest.warns(UserWarning, match="a part of the cell"):
            assert_honest(cell)
    finally:
        handle.remove()
    assert_honest(cell, backend="c")


@pytest.mark.filterwarnings("ignore:.*pkg_resources.*", "ignore:.*deprecated.*")
def test_what_changes_under_torch_compile_is_seen():
    cell = of(lambda _, h: TAU if h.shape[0] < 3 else 2.0)
    compiled = torch.compile(lambda x: unroll(cell, x), fullgraph=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tau, B in ((0.8, 2), (0.3, 2), (0.3, 4), (0.3, 5)):
            set_global("TAU", tau)
            x = torch.randn(4, B, 3, dtype=torch.float64)
            torch._dynamo.mark_dynamic(x, 1)
            got = run(lambda _, x: compiled(x), cell, x)
            for mine, theirs in zip(got, run(loop, cell, x), strict=True):
                torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-12)
    torch.compiler.reset()
