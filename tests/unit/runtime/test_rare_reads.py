# Rare ways in which a step reads what changes between calls: by order, by title, by registration.
import abc
import collections
import dataclasses
import enum
import functools
import importlib
import math
import operator
import sys
import types
import warnings

import pytest
import torch
import torch.nn.functional as F
from test_guards import assert_honest, of
from torch import nn

from backend_runs import skip_without_compiled
from recurra import unroll
from recurra.base import CannotFuse

D = torch.float64


@pytest.fixture(autouse=True)
def compiled_only():
    skip_without_compiled()


def in_turn(things):
    def factor(self, hidden):
        for act in things(self):
            hidden = act(hidden)
        return hidden

    return factor


# --- stories: at each yield the cell is compiled, and is what Python runs ---


class Rate(float):
    pass


class Order(int):
    __slots__ = ()


class Word(str):
    pass


def numbers_and_strings_of_the_users_own_types():
    cell = of(lambda s, h: (h.sin() if s.word == "sin" else h.cos()) * s.rate ** (s.order + 1))
    cell.rate, cell.order, cell.word = Rate(0.5), Order(2), Word("sin")
    yield cell
    cell.rate = Rate(0.25)
    yield cell
    cell.order = Order(3)
    yield cell
    cell.word = Word("cos")
    yield cell


class Rated:
    __slots__ = ("rate",)


class Hidden(Rated):
    __slots__ = ("own",)

    @property
    def rate(self):
        return self.own


def a_property_that_hides_a_slot():
    cell = of(lambda s, h: h * s.thing.rate)
    cell.thing = Hidden()
    cell.thing.own = 0.5
    yield cell
    cell.thing.own = 0.25
    yield cell


def what_an_error_says():
    cell = of(lambda s, h: s.error.args[0])
    cell.error = ValueError(0.5)
    yield cell
    cell.error.args = (0.25,)
    yield cell


def the_order_of_modules():
    cell = of(in_turn(lambda self: self.acts.values()))
    cell.acts = nn.ModuleDict({"a": nn.Tanh(), "b": nn.Softplus()})
    yield cell
    cell.acts["a"] = cell.acts.pop("a")
    yield cell


def the_order_of_attributes():
    cell = of(in_turn(lambda self: vars(self.acts).values()))
    cell.acts = types.SimpleNamespace(a=torch.sin, b=F.softplus)
    yield cell
    act = cell.acts.a
    del cell.acts.a
    cell.acts.a = act
    yield cell


def the_order_of_a_set():
    def factor(self, hidden):
        for number in self.numbers:
            hidden = hidden * 0.5 if number == 8 else hidden + number + 1
        return hidden

    cell = of(factor)
    cell.numbers = {0, 8}
    yield cell
    cell.numbers = {8, 0}
    yield cell


@dataclasses.dataclass
class Pair:
    """A pair."""

    a: float = 0.5
    b: float = 0.25


def places_of_a_pattern():
    def factor(self, hidden):
        match self.pair:
            case Pair(value):
                return value

    cell = of(factor)
    cell.pair = Pair()
    with pytest.MonkeyPatch.context() as patch:
        yield cell
        patch.setattr(Pair, "__match_args__", ("b", "a"))
        yield cell


def titles_of_functions_and_classes():
    def helper():
        """Help."""

    class Titled:
        """A title."""

    cell = of(
        lambda s, h: len(helper.__name__) * len(Titled.__qualname__) * len(Titled.__doc__) / 500
    )
    yield cell
    helper.__name__ = "another"
    yield cell
    Titled.__qualname__ = "Other"
    yield cell
    Titled.__doc__ = "Another title."
    yield cell


def what_counts_as_a_class():
    class Base(abc.ABC):
        pass

    class Plain:
        pass

    class Long:
        pass

    def factor(self, hidden):
        is_sequence = isinstance(self.long, collections.abc.Sequence)
        return (0.5 if isinstance(self.plain, Base) else 0.25) * (2.0 if is_sequence else hidden)

    cell = of(factor)
    cell.plain, cell.long = Plain(), Long()
    yield cell
    Base.register(Plain)
    yield cell
    collections.abc.Sequence.register(Long)
    yield cell


def functions_by_type():
    @functools.singledispatch
    def act(value):
        return value * 0.5

    act.register(torch.Tensor, torch.sin)
    cell = of(lambda s, h: act(h))
    yield cell
    act.register(torch.Tensor, torch.cos)
    yield cell
    act.register(torch.Tensor, lambda value: value * 0.125)
    yield cell


def other_parents():
    class A:
        def factor(self, hidden):
            return 0.5

    class B:
        def factor(self, hidden):
            return hidden.cos()

    kind = type("Child", (A, type(of(None)).__base__), {})
    cell = kind()
    yield cell
    kind.__bases__ = (B, *kind.__bases__[1:])
    yield cell


def functions_that_modules_of_pytorch_run():
    cell = of(lambda self, h: self.act(h))
    cell.act = nn.Sigmoid()
    linear, sigmoid = F.linear, torch.sigmoid
    yield cell
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(F, "linear", lambda *given: linear(*given) * 0.5)
        yield cell
        patch.setattr(torch, "sigmoid", lambda value: sigmoid(value) * 0.5)
        yield cell
    yield cell


def calls_of_modules_of_pytorch():
    cell = of(lambda _, h: 0.5)
    yield cell
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            nn.Linear, "__call__", lambda self, x: F.linear(x, self.weight), raising=False
        )
        yield cell
    yield cell


def functions_of_other_libraries():
    cell = of(lambda _, h: math.sqrt(0.25) * torch.special.expit(h))
    expit = torch.special.expit
    yield cell
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(math, "sqrt", lambda value: 0.125)
        yield cell
        patch.setattr(torch.special, "expit", lambda value: expit(value) * 0.5)
        yield cell
    yield cell


class Kind(enum.Enum):
    A = "a"
    B = "b"

    def __init__(self, _):
        self.rates = [0.5]


def members_of_an_enumeration():
    cell = of(lambda self, h: Kind[self.name].rates[0] * Kind(self.value).rates[0])
    cell.name, cell.value = "A", "b"
    yield cell
    Kind.A.rates[0] = 0.25
    yield cell
    Kind.B.rates[0] = 0.125
    yield cell
    Kind.A.rates[0] = Kind.B.rates[0] = 0.5


def attributes_in_a_text():
    class Config:
        rate = 0.5

    cell = of(lambda _, h: float("{c.rate:.3f}".format(c=Config)))  # noqa: UP032
    yield cell
    Config.rate = 0.25
    yield cell


STORIES = [
    numbers_and_strings_of_the_users_own_types, a_property_that_hides_a_slot,
    what_an_error_says, the_order_of_modules,
    the_order_of_attributes, the_order_of_a_set, places_of_a_pattern,
    titles_of_functions_and_classes, what_counts_as_a_class, functions_by_type, other_parents,
    functions_that_modules_of_pytorch_run, calls_of_modules_of_pytorch,
    functions_of_other_libraries, members_of_an_enumeration, attributes_in_a_text,
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_change_between_calls_is_seen(story):
    for cell in story():
        assert_honest(cell, backend="c")


def test_imports_that_begin_with_a_dot(tmp_path, monkeypatch):
    package = tmp_path / "package_of_a_step"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "rates.py").write_text("RATE = 0.5\n")
    (package / "cells.py").write_text(
        "def factor(self, hidden):\n"
        "    from . import rates\n"
        "    from .rates import RATE\n"
        "    return RATE * rates.RATE\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    cell = of(importlib.import_module("package_of_a_step.cells").factor)
    rates = importlib.import_module("package_of_a_step.rates")
    for rate in (0.5, 0.25):
        rates.RATE = rate
        assert_honest(cell, backend="c")
    for name in [name for name in sys.modules if name.startswith("package_of_a_step")]:
        monkeypatch.delitem(sys.modules, name)


def assert_refused(cell, match):
    with pytest.raises(CannotFuse, match=match):
        unroll(cell, torch.randn(2, 2, 3, dtype=D), backend="c")
    with warnings.catch_warnings():  # said once for all cells of a name
        warnings.simplefilter("ignore")
        assert_honest(cell)


NUMBERS = {
    "item": lambda h, t: t.item(),
    "float": lambda h, t: float(t),
    "view": lambda h, t: t.view(1)[0].item(),
    "math": lambda h, t: math.exp(t),
    "equal": lambda h, t: 0.5 if torch.equal(t, torch.tensor(0.5, dtype=D)) else 0.25,
    "allclose": lambda h, t: 0.5 if torch.allclose(t, t.new_tensor(0.5)) else 0.25,
    "an option": lambda h, t: F.leaky_relu(h, t),
    "alpha": lambda h, t: torch.add(h, h, alpha=t),
    "full": lambda h, t: torch.full_like(h, t),
    "epsilon": lambda h, t: F.layer_norm(h, (3,), eps=t),
    "a list": lambda h, t: torch.tensor([t, t, 1.0], dtype=D),
    "lists": lambda h, t: h.new_tensor([[t], [t]]).sum(),
    "as it was made": lambda h, t: h.new([t, t, t]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_made_of_a_tensor_is_refused(name):
    tensor = torch.tensor(0.5, dtype=D)
    cell = of(lambda _, h: NUMBERS[name](h, tensor))
    for value in (0.5, 0.25):
        tensor.fill_(value)
        assert_refused(cell, "makes a (number|tensor)|values of a tensor")


def test_a_number_made_of_a_tensor_is_refused_though_the_step_goes_on():
    tensor = torch.tensor(0.5, dtype=D)

    def factor(_self, hidden):
        try:
            return float(tensor)
        except Exception:
            return 2.0

    assert_refused(of(factor), "makes a number")


def test_tensors_that_are_computed_with_are_no_numbers():
    tensor = torch.tensor(0.5, dtype=D)
    cell = of(lambda _, h: torch.where(h > 0, tensor, 0.0) + h.clamp(-tensor, tensor) * tensor)
    for value in (0.5, 0.25):
        tensor.fill_(value)
        assert_honest(cell, backend="c")


def test_what_was_put_on_a_parameter():
    cell = of(lambda self, h: getattr(self.affine.weight, "scale", 1.0))
    assert_honest(cell, backend="c")
    for scale in (0.5, 0.25):
        cell.affine.weight.scale = scale
        assert_refused(cell, "put on a tensor")


def test_objects_that_answer_by_themselves():
    class Answers:
        def __getattribute__(self, name):
            return object.__getattribute__(self, name)

    cell = of(lambda self, h: self.answers.rate)
    cell.answers = Answers()
    for rate in (0.5, 0.25):
        cell.answers.rate = rate
        assert_refused(cell, "answers")


def test_operators_that_were_exchanged(monkeypatch):
    cell = of(lambda _, h: h + 0.5)
    assert_honest(cell, backend="c")
    times = torch.Tensor.__mul__
    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "__mul__", lambda a, b: times(a, b) + 1, raising=False)
        assert_refused(cell, "__mul__")
    assert_honest(cell, backend="c")


def test_calls_of_all_modules_that_were_exchanged(monkeypatch):
    cell = of(lambda _, h: 0.5)
    assert_honest(cell, backend="c")
    call, calls = nn.Module.__call__, []

    def counted(self, *args, **options):
        calls.append(type(self))
        return call(self, *args, **options)

    monkeypatch.setattr(nn.Module, "__call__", counted)
    with pytest.warns(UserWarning, match="outside of itself"):
        unroll(cell, torch.randn(3, 2, 3, dtype=D))
    assert calls.count(nn.Linear) == 3


# --- what a step writes to ---


@dataclasses.dataclass(slots=True)
class Slotted:
    calls: int = 0
    last: object = None


class Parent:
    __slots__ = ("last",)


class Child(Parent):
    pass


TENSOR = torch.ones(3, dtype=D)
QUEUE = {}


def write_to_slots(cell, hidden):
    cell.thing.calls += 1
    cell.thing.last = hidden
    return 1.0


def fill_an_empty_slot(cell, hidden):
    cell.child.last = hidden
    return 1.0


def turn_a_dictionary(_, hidden):
    name = next(iter(QUEUE))
    QUEUE[name] = QUEUE.pop(name)
    return QUEUE[name]


def put_something_on_a_tensor(_, hidden):
    TENSOR.calls = getattr(TENSOR, "calls", 0) + 1
    return TENSOR


def put_something_on_a_parameter(cell, hidden):
    cell.affine.weight.last = hidden
    return 1.0


def noted(cell):
    last = [getattr(thing, "last", 0) for thing in (cell.thing, cell.child, cell.affine.weight)]
    kinds = [type(each).__name__ for each in last]
    return [cell.thing.calls, *kinds, list(QUEUE), getattr(TENSOR, "calls", 0)]


@pytest.mark.parametrize(
    "act",
    [
        write_to_slots, fill_an_empty_slot, turn_a_dictionary, put_something_on_a_tensor,
        put_something_on_a_parameter,
    ],
)  # fmt: skip
def test_a_step_writes_once_a_step(act):
    found = []
    for backend in ("reference", "auto", "c"):
        QUEUE.clear()
        QUEUE.update(a=0.5, b=0.25, c=0.125)
        vars(TENSOR).pop("calls", None)
        cell = of(act)
        cell.thing, cell.child = Slotted(), Child()
        before = noted(cell)
        x = torch.ones(4, 2, 3, dtype=D)
        if backend == "c":
            with pytest.raises(CannotFuse, match=r"outside of itself|writes"):
                unroll(cell, x, backend="c")
            assert noted(cell) == before
        elif backend == "auto":
            with pytest.warns(UserWarning, match=r"outside of itself|writes"):
                found.append((unroll(cell, x)[0].tolist(), noted(cell)))
        else:
            found.append((unroll(cell, x, backend=backend)[0].tolist(), noted(cell)))
    assert found[0] == found[1]


# --- parts of a state that are one tensor ---


class TwoParts(nn.Module):
    def __init__(self, ask, *, is_one):
        super().__init__()
        torch.manual_seed(1)
        self.affine = nn.Linear(3, 3, dtype=D)
        self.ask, self.is_one = ask, is_one

    def initial_state(self, batch_size):
        zeros = self.affine.weight.new_zeros(batch_size, 3)
        return zeros, zeros if self.is_one else zeros.clone()

    def forward(self, x, state):
        h, c = state
        c = c * 0.5 + 1 if self.ask(h, c) else c
        h = torch.tanh(self.affine(x) + h + c)
        return h, ((h, h) if self.is_one else (h, c))


@pytest.mark.parametrize("is_one", [True, False])
@pytest.mark.parametrize(
    "ask",
    [
        lambda h, c: h is c,
        lambda h, c: h is not c,
        lambda h, c: operator.is_(h, c),
        lambda h, c: any(each is c for each in (h,)),
    ],
)
@pytest.mark.filterwarnings("ignore:.*runs in the plain loop")
def test_two_parts_of_a_state_may_be_one_tensor(ask, is_one):
    x = torch.linspace(-1, 1, 24, dtype=D).view(4, 2, 3)
    one = torch.ones(2, 3, dtype=D)
    for state in (None, (one, one), (one, one.clone())):
        expected = unroll(TwoParts(ask, is_one=is_one), x, state, backend="reference")[0]
        for _ in range(2):  # also from disk
            got = unroll(TwoParts(ask, is_one=is_one), x, state)[0]
            torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("is_one", [True, False])
@pytest.mark.parametrize("ask", [lambda h, c: type(h) is torch.Tensor, lambda h, c: c is None])
def test_types_and_none_are_asked_for_in_a_kernel(ask, is_one):
    x = torch.linspace(-1, 1, 24, dtype=D).view(4, 2, 3)
    cell = TwoParts(ask, is_one=is_one)
    expected = unroll(cell, x, backend="reference")[0]
    torch.testing.assert_close(unroll(cell, x, backend="c")[0], expected)
