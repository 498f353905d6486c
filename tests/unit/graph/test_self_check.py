"""A PyTorch that traces otherwise than the compiler reads it gets the plain loop, never a guess."""

import threading
import warnings

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

import recurra
from recurra.base import CannotFuse
from recurra.graph import _differentiate, _evaluate, _import_fx, _self_check, _trace
from recurra.runtime import _choice

aten = torch.ops.aten


class Leaky(nn.Module):
    def __init__(self):
        super().__init__()
        self.into = nn.Linear(3, 4)
        self.back = nn.Linear(4, 4)

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 4)

    def forward(self, x, h):
        h = 0.7 * h + 0.3 * torch.tanh(self.into(x) + self.back(h))
        return h, h


@pytest.fixture(autouse=True)
def a_new_process(monkeypatch, tmp_path):
    monkeypatch.setenv("RECURRA_CACHE", str(tmp_path))
    monkeypatch.setattr(_choice, "_programs", type(_choice._programs)())
    _self_check._difference.cache_clear()
    yield
    _self_check._difference.cache_clear()


def with_table(change):
    """Let `make_fx` take operators apart as a new release might, by default."""

    def altered(make_fx):
        def make(function, decomposition_table=None, **options):
            return make_fx(function, change(dict(decomposition_table or {})), **options)

        return make

    return altered


def stops_nothing(operations):
    return {**operations, "stop": lambda *_: lambda tensor: tensor}


def other_tanh(table):
    return {**table, aten.tanh.default: lambda tensor: tensor.clamp(-1, 1)}


def other_gradient(table):
    return {**table, aten.sigmoid_backward.default: lambda d, y: d * y}


def raising(_):
    def make_fx(*_, **__):
        raise TypeError("make_fx() got an unexpected keyword argument 'tracing_mode'")

    return make_fx


def without_writes(functionalize):
    """Stand in for a functionalization that loses what is written through views."""

    def lost(function, **options):
        def run(*values):
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(torch.Tensor, "mul_", lambda tensor, _: tensor)
                return function(*values)

        return functionalize(run, **options)

    return lost


def swapped_where(rules):
    where = rules[aten.where.self]
    return {**rules, aten.where.self: lambda g, d, c, a, b: where(g, d, c, b, a)}


def no_conversion(rules):
    return {**rules, aten._to_copy.default: lambda *given, **_: given[2]}


BREAKS = {
    "detach stops nothing": (_evaluate, "_OF_ARGUMENTS", stops_nothing),
    "an operator is taken apart wrongly": (_trace, "make_fx", with_table(other_tanh)),
    "a gradient is taken apart wrongly": (_trace, "make_fx", with_table(other_gradient)),
    "make_fx has other arguments": (_trace, "make_fx", raising),
    "there is no make_fx": (_trace, "make_fx", lambda _: None),
    "there is no FakeTensorMode": (_trace, "fake_mode_of_cpus", lambda _: None),
    "modes cannot be left": (_trace, "_disable_current_modes", lambda _: None),
    "writes through views are lost": (torch.func, "functionalize", without_writes),
    "where takes its values in another order": (_import_fx, "RULES", swapped_where),
    "conversions are lost": (_import_fx, "RULES", no_conversion),
    "an operator has no rule": (
        _import_fx,
        "RULES",
        lambda rules: {aten.add.Tensor: rules[aten.add.Tensor]},
    ),
    "gradients are named otherwise": (_differentiate, "evaluate", lambda _: None),
}


@pytest.fixture(params=BREAKS)
def broken(request, monkeypatch):
    owner, name, alter = BREAKS[request.param]
    monkeypatch.setattr(owner, name, alter(getattr(owner, name)))


def test_this_release_passes():
    assert _self_check._difference() is None
    _self_check.check_tracing()


@pytest.mark.usefixtures("broken")
def test_a_pytorch_with_other_insides_gets_the_plain_loop_and_a_warning():
    cell, x = Leaky(), torch.randn(5, 2, 3)
    expected, state = recurra.unroll(cell, x, backend="reference")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(3):
            y, final = recurra.unroll(cell, x)
    assert torch.equal(y, expected)
    assert torch.equal(final, state)
    assert len(said) == 1
    assert f"PyTorch {torch.__version__} traces a step in another way" in str(said[0].message)
    assert "plain loop" in str(said[0].message)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("backend", ["c", "scan"])
def test_it_is_refused_where_a_kernel_is_asked_for(backend):
    with pytest.raises(CannotFuse, match="in another way than Recurra reads it") as caught:
        recurra.unroll(Leaky(), torch.randn(5, 2, 3), backend=backend)
    assert caught.value.details["got"]
    assert "install" in caught.value.details["fix"]


@pytest.mark.usefixtures("broken")
def test_explain_says_so():
    explanation = recurra.explain(Leaky(), 3)
    assert not explanation.is_fused
    assert "traces a step in another way" in " ".join(str(explanation).split())


@pytest.mark.usefixtures("broken")
def test_a_stream_runs_the_cell_itself_and_says_so():
    cell, x = Leaky(), torch.randn(2, 3)
    stream = recurra.Stream(cell, 2)
    with torch.no_grad(), pytest.warns(recurra.base.RecurraWarning, match="in another way"):
        y = stream(x)
    with torch.no_grad():
        assert torch.equal(y, cell(x, torch.zeros(2, 4))[0])


def test_it_is_checked_once_and_before_the_first_trace(monkeypatch):
    checked, traced = [], []
    first = _self_check._first_difference
    monkeypatch.setattr(
        _self_check, "_first_difference", lambda cell: checked.append(1) or first(cell)
    )
    trace = _trace.trace_step

    def followed(cell, *arguments):
        traced.append(type(cell).__name__)
        return trace(cell, *arguments)

    monkeypatch.setattr(_trace, "trace_step", followed)
    for _ in range(3):
        recurra.unroll(Leaky(), torch.randn(5, 2, 3), backend="c")
    assert checked == [1]
    assert traced[0] == "_KnownStep"
    assert "Leaky" in traced[1:]


def test_threads_that_come_together_check_once(monkeypatch):
    checked = []
    first = _self_check._first_difference
    monkeypatch.setattr(
        _self_check, "_first_difference", lambda cell: checked.append(1) or first(cell)
    )
    threads = [threading.Thread(target=_self_check.check_tracing) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert checked == [1]


class Doubled(torch.overrides.TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        return 2 * result if function is torch.tanh else result


def pack_nothing(_):
    raise AssertionError("a saved tensor of the check was packed")


AROUND = {
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "a default device": lambda: torch.device("meta"),
    "a mode of the user's": Doubled,
    "saved tensors hooks": lambda: torch.autograd.graph.saved_tensors_hooks(
        pack_nothing, pack_nothing
    ),
    "fake tensors": FakeTensorMode,
}


@pytest.mark.parametrize("around", AROUND)
def test_what_is_in_force_around_the_first_call_does_not_reach_the_check(around):
    with AROUND[around]():
        assert _self_check._difference() is None


def test_random_numbers_of_the_user_stay():
    before = torch.get_rng_state()
    _self_check.check_tracing()
    assert torch.equal(torch.get_rng_state(), before)


IN_A_THREAD = """
import threading
import torch, recurra

def first():
    recurra.unroll(recurra.cells.GRU(3, 4), torch.ones(5, 2, 3), backend="c")

thread = threading.Thread(target=first)
thread.start()
thread.join()
for size in range(5, 9):
    kept = [torch.randn(1000) for _ in range(100)]
    recurra.unroll(recurra.cells.LSTM(3, size), torch.ones(5, 2, 3), backend="c")
"""


def test_threads_that_traced_may_end(tmp_path, monkeypatch, warm_programs):
    monkeypatch.setenv("RECURRA_CACHE", str(tmp_path))
    done = warm_programs.run("-c", IN_A_THREAD, folder=tmp_path)
    assert done.returncode == 0, done.stderr


WARM = """
import torch, recurra
from recurra.graph import _self_check

def check(*_):
    raise AssertionError("checked")

if {warm}:
    _self_check._first_difference = check
cell = recurra.cells.GRU(3, 4)
for training in (False, True):
    with torch.set_grad_enabled(training):
        y, _ = recurra.unroll(cell, torch.ones(5, 2, 3), backend="c")
y.sum().backward()
"""


def test_a_warm_start_does_not_check(tmp_path, warm_programs):
    for warm in (False, True):
        done = warm_programs.run("-c", WARM.format(warm=warm), folder=tmp_path)
        assert done.returncode == 0, done.stderr
