# Cells that nobody should write: they do what the plain loop makes them do, or are refused by name.
import contextlib
import functools
import inspect
import io
import linecache
import os
import random
import sys
import threading
import time
import types

import pytest
import torch
from torch import nn

from backend_runs import skip_without_compiled
from recurra import GRU, RecurraError, unroll

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*runs in the plain loop"),
    pytest.mark.filterwarnings("ignore:.*runs as a scan"),
]

X = torch.linspace(-1, 1, 20).view(5, 2, 2)  # [T, B, I]


@pytest.fixture(autouse=True)
def compiled():
    skip_without_compiled()


class Plain(nn.Module):
    """A cell that does something bad before its step."""

    def __init__(self, bad=lambda cell, x, h: None):
        super().__init__()
        torch.manual_seed(3)
        self.affine = nn.Linear(5, 3)
        self.bad = bad

    def initial_state(self, batch_size):
        return self.affine.weight.new_zeros(batch_size, 3)

    def forward(self, x, h):
        self.bad(self, x, h)
        h = torch.tanh(self.affine(torch.cat([x, h], -1)))
        return h, h


def outcome(run, backend):
    """Run, go back, and tell what comes out: numbers, or the exception."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            cell, seen = run(backend)
            y, state = unroll(cell, X, backend=backend)
            if y.requires_grad:
                (y.sum() + state.square().sum()).backward()
    except Exception as error:
        return type(error), str(error), printed.getvalue()
    gradients = [each.grad for each in cell.parameters()]
    return y.detach(), state.detach(), gradients, seen(), printed.getvalue()


def assert_as_plain(make, times=2):
    """Demand of new cells of the same making, run again and again, what the plain loop does."""
    for _ in range(times):
        expected = outcome(make, "reference")
        got = outcome(make, "auto")
        assert len(got) == len(expected), f"{got} is not {expected}"
        for mine, theirs in zip(got, expected, strict=True):
            if isinstance(theirs, torch.Tensor | list) and len(expected) > 3:
                torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6)
            else:
                assert mine == theirs


def with_bad(bad, seen=lambda: 0):
    """Make a cell that does something bad, and what can be seen of it."""
    return lambda _: (Plain(bad), seen)


# Raising.


def counted_raise(at, kind=ValueError):
    def make(_):
        calls = []

        def bad(cell, x, h):
            calls.append(1)
            if len(calls) == at:
                raise kind(f"no step {at}")

        return Plain(bad), lambda: len(calls)

    return make


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 6])
def test_raising_at_a_step(at):
    assert_as_plain(counted_raise(at))


@pytest.mark.parametrize(
    "kind", [KeyError, ZeroDivisionError, NotImplementedError, RuntimeError, StopIteration, OSError]
)
def test_raising_any_exception(kind):
    assert_as_plain(counted_raise(3, kind))


def test_raising_what_is_no_exception():
    class Stopped(BaseException):
        pass

    for backend in ("reference", "auto"):
        cell, _ = counted_raise(3, Stopped)(backend)
        with pytest.raises(Stopped, match="no step 3"):
            unroll(cell, X, backend=backend)


def test_raising_on_values():
    def bad(cell, x, h):
        if (x > 0.5).any():
            raise ValueError("x is large")

    assert_as_plain(with_bad(bad))


def test_an_assertion_on_values():
    def bad(cell, x, h):
        if float(h.detach().abs().sum()) >= 1e-3:
            raise AssertionError("h is large")

    assert_as_plain(with_bad(bad))


def test_a_shape_error_is_the_users_own():
    def bad(cell, x, h):
        cell.affine(x)

    kind, message, _ = outcome(with_bad(bad), "auto")
    assert (kind, message) == outcome(with_bad(bad), "reference")[:2]
    assert len(message) < 300


def test_raising_once_leaves_nothing_behind():
    switch = []

    def bad(cell, x, h):
        if switch:
            raise ValueError("now")

    cell = Plain(bad)
    expected = unroll(cell, X, backend="reference")[0]
    torch.testing.assert_close(unroll(cell, X)[0], expected)
    switch.append(1)
    with pytest.raises(ValueError, match="now"):
        unroll(cell, X)
    switch.clear()
    torch.testing.assert_close(unroll(cell, X)[0], expected)


# Effects.


def test_printing():
    assert_as_plain(with_bad(lambda cell, x, h: print("step", tuple(h.shape))))


def test_writing_to_standard_error(capfd):
    for backend in ("reference", "auto"):
        cell = Plain(lambda cell, x, h: os.write(2, b"step\n"))
        capfd.readouterr()
        unroll(cell, X, backend=backend)
        assert capfd.readouterr().err.count("step") == len(X)


def test_sleeping():
    cell = Plain(lambda cell, x, h: time.sleep(0.02))
    for _ in range(2):
        began = time.monotonic()
        unroll(cell, X)
        assert 0.1 <= time.monotonic() - began < 30


def test_opening_files(tmp_path):
    def make(backend):
        log = tmp_path / f"{backend}-{random.random()}.txt"

        def bad(cell, x, h):
            with log.open("a") as file:
                file.write("step\n")

        return Plain(bad), log.read_text

    assert_as_plain(make)


def test_reading_a_file(tmp_path):
    file = tmp_path / "gain.txt"

    def make(_):
        class Reading(Plain):
            def forward(self, x, h):
                return super().forward(x * float(file.read_text()), h)

        return Reading(), lambda: 0

    for text in ("0.5", "2.0", "much"):
        file.write_text(text)
        assert_as_plain(make, times=1)
    file.unlink()
    assert_as_plain(make, times=1)


def test_a_missing_file(tmp_path):
    assert_as_plain(with_bad(lambda cell, x, h: (tmp_path / "no").read_text()))


# Global state, in its own words.
STATES = {
    "random seed": (lambda: random.seed(5), random.getstate),
    "PyTorch's seed": (lambda: torch.manual_seed(5), lambda: torch.get_rng_state().tolist()),
    "dice": (lambda: (random.random(), torch.rand(1)), lambda: torch.get_rng_state().tolist()),
    "default dtype": (lambda: torch.set_default_dtype(torch.float64), torch.get_default_dtype),
    "grad mode": (lambda: torch.set_grad_enabled(False), torch.is_grad_enabled),
    "threads": (lambda: torch.set_num_threads(2), torch.get_num_threads),
    "environment": (
        lambda: os.environ.update(BAD_CELL=os.environ.get("BAD_CELL", "") + "x"),
        lambda: os.environ.get("BAD_CELL"),
    ),
    "path": (lambda: sys.path.append("/no/such/place"), lambda: sys.path.count("/no/such/place")),
    "folder": (lambda: os.chdir("/"), os.getcwd),
    "determinism": (
        lambda: torch.use_deterministic_algorithms(True),
        torch.are_deterministic_algorithms_enabled,
    ),
    "recursion limit": (lambda: sys.setrecursionlimit(5000), sys.getrecursionlimit),
    "a module": (lambda: sys.modules.update(bad_cell=None), lambda: "bad_cell" in sys.modules),
}


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Put back what cells change."""
    monkeypatch.chdir(tmp_path)
    path, threads, limit = list(sys.path), torch.get_num_threads(), sys.getrecursionlimit()

    def put_back():
        random.seed(1)
        torch.manual_seed(1)
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(False)
        os.environ.pop("BAD_CELL", None)
        sys.path[:] = path
        sys.setrecursionlimit(limit)
        sys.modules.pop("bad_cell", None)
        os.chdir(tmp_path)

    yield put_back
    put_back()


@pytest.mark.parametrize("name", STATES)
def test_changing_global_state(name, world):
    change, look = STATES[name]

    def make(_):
        world()
        cell = Plain(lambda cell, x, h: change() and None)
        return cell, look

    assert_as_plain(make)


def test_the_trace_changes_no_state_of_its_own(world):
    cell, looks = Plain(), [look for _, look in STATES.values()]
    before = [look() for look in looks]
    unroll(cell, X)[0].sum().backward()
    assert [look() for look in looks] == before


# Not reentrant.


@pytest.mark.parametrize("inner", ["auto", "c", "reference"])
def test_another_cell_within(inner):
    def make(_):
        other = GRU(2, 3)

        class Nested(Plain):
            def forward(self, x, h):
                y, _ = unroll(other, x.unsqueeze(0), h, backend=inner)
                return super().forward(x, y[0])

        torch.manual_seed(7)
        other = GRU(2, 3)
        return Nested(), lambda: 0

    assert_as_plain(make)


def test_itself_within():
    def make(_):
        class Nested(Plain):
            depth = 0

            def forward(self, x, h):
                if self.depth:
                    return super().forward(x, h)
                type(self).depth += 1
                try:
                    y, _ = unroll(self, x.unsqueeze(0), h)
                finally:
                    type(self).depth -= 1
                return super().forward(x, y[0])

        return Nested(), lambda: Nested.depth

    assert_as_plain(make)


@contextlib.contextmanager
def recursion_limit(frames):
    """Let calls go so many frames deeper than here."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + frames)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def test_itself_within_for_ever():
    class Endless(Plain):
        def forward(self, x, h):
            return unroll(self, x.unsqueeze(0), h)[0][0], h

    # Each level looks for all that its step reads: a few dozen show as much as a hundred.
    with recursion_limit(300), pytest.raises((RecursionError, RecurraError)):
        unroll(Endless(), X)
    unroll(Plain(), X, backend="c")  # nothing is left locked or half traced


def test_recursion_for_ever():
    def deeper(n):
        return deeper(n + 1)

    kind, *_ = outcome(with_bad(lambda cell, x, h: deeper(0)), "auto")
    assert kind is RecursionError


def test_recursion():
    def deep(a, n):
        return a if n == 0 else deep(torch.sin(a), n - 1)

    class Deep(Plain):
        def forward(self, x, h):
            return super().forward(deep(x, 100), h)

    assert_as_plain(lambda _: (Deep(), lambda: 0))


# Locks.


def within(seconds, work):
    """Run in a thread; fail where it hangs."""
    results = []

    def run():
        try:
            results.append(work())
        except BaseException as error:
            results.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert results, "it hangs"
    if isinstance(results[0], BaseException):
        raise results[0]
    return results[0]


@pytest.mark.parametrize("kind", [threading.Lock, threading.RLock])
def test_a_lock_held_in_the_step(kind):
    lock = kind()

    class Locked(Plain):
        def forward(self, x, h):
            with lock:
                return super().forward(x, h)

    cell = Locked()
    expected = unroll(cell, X, backend="reference")[0]
    got = within(60, lambda: unroll(cell, X)[0])
    torch.testing.assert_close(got, expected)
    assert lock.acquire(blocking=False)


def test_a_lock_held_by_the_caller():
    lock = threading.RLock()

    class Locked(Plain):
        def forward(self, x, h):
            with lock:
                return super().forward(x, h)

    cell = Locked()

    def work():
        with lock:
            return unroll(cell, X)[0]

    torch.testing.assert_close(within(60, work), unroll(cell, X, backend="reference")[0])


def test_a_step_that_waits_for_another_unroll():
    # Tracing is one at a time; a step that waits for a thread that traces must not wait for ever.
    class Waiting(Plain):
        def forward(self, x, h):
            results = []
            thread = threading.Thread(
                target=lambda: results.append(unroll(Plain(), X[:1])), daemon=True
            )
            thread.start()
            thread.join(20)
            assert results, "the other thread hangs"
            return super().forward(x, h)

    expected = unroll(Waiting(), X, backend="reference")[0]
    torch.testing.assert_close(within(100, lambda: unroll(Waiting(), X)[0]), expected)


LOCKED_CALL = """
import threading
lock = threading.RLock()
def call(function, *arguments):
    with lock:
        return function(*arguments)
"""


def test_a_lock_that_library_code_takes_is_given_back():
    # What `with` calls at its start is not seen by a profile hook; what it calls at its end is.
    library = {"__name__": "functools"}
    exec(compile(LOCKED_CALL, functools.__file__, "exec"), library)
    call = library["call"]

    class Locked(Plain):
        def forward(self, x, h):
            h = call(torch.tanh, self.affine(torch.cat([x, h], -1)))
            return h, h

    expected = unroll(Locked(), X, backend="reference")[0]
    for _ in range(2):
        torch.testing.assert_close(unroll(Locked(), X)[0], expected)
        # another thread, while this one lives: the system gives the number of one that ended to the
        # next, and a lock knows its owner by that
        assert within(60, lambda: library["lock"].acquire(blocking=False))
        library["lock"] = threading.RLock()


def test_a_cached_property_in_two_threads():
    class Cached(Plain):
        @functools.cached_property
        def rate(self):
            return 0.5

        def forward(self, x, h):
            return super().forward(x * self.rate, h)

    expected = unroll(Cached(), X, backend="reference")[0]
    torch.testing.assert_close(unroll(Cached(), X)[0], expected)
    torch.testing.assert_close(within(60, lambda: unroll(Cached(), X)[0]), expected)


def test_a_lock_as_an_attribute():
    cell = Plain()
    cell.lock = threading.Lock()
    torch.testing.assert_close(unroll(cell, X)[0], unroll(cell, X, backend="reference")[0])


# Size.


# A thousand is already deeper than Python recurses.
LARGE = pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.long)])


@LARGE
def test_thousands_of_lines(count):
    lines = ["h = torch.tanh(self.affine(torch.cat([x, h], -1)))"] + ["h = h * 0.9999"] * count
    source = "def forward(self, x, h):\n" + "".join(f"    {line}\n" for line in lines)
    names = {"torch": torch}
    exec(source + "    return h, h\n", names)
    long = type("Long", (Plain,), {"forward": names["forward"]})
    with torch.no_grad():
        expected = unroll(long(), X[:2], backend="reference")[0]
        torch.testing.assert_close(unroll(long(), X[:2])[0], expected)


@LARGE
@pytest.mark.parametrize("used", [1, pytest.param(200, marks=pytest.mark.long)])
def test_thousands_of_parameters(used, count):
    class Wide(Plain):
        def __init__(self):
            super().__init__()
            self.many = nn.ParameterList([nn.Parameter(torch.ones(3)) for _ in range(count)])

        def forward(self, x, h):
            y, h = super().forward(x, h)
            for place in range(used):
                h = h * self.many[place]
            return y, h

    cell = Wide()
    expected = unroll(cell, X, backend="reference")[0]
    y, _ = unroll(cell, X)
    torch.testing.assert_close(y, expected)
    with torch.no_grad():
        cell.many[0].mul_(0.5)
    torch.testing.assert_close(unroll(cell, X)[0], unroll(cell, X, backend="reference")[0])


# Where a cell comes from.

SOURCE = """
TAU = 0.8

def helper(a):
    return torch.tanh(a) * TAU

class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.affine = nn.Linear(5, 3)

    def initial_state(self, batch_size):
        return self.affine.weight.new_zeros(batch_size, 3)

    def forward(self, x, h):
        h = helper(self.affine(torch.cat([x, h], -1)))
        return h, h
"""

CHANGES = {
    "a global": "TAU = 0.3",
    "a helper": "def helper(a):\n    return torch.sigmoid(a)",
    "the class": SOURCE.replace("return h, h", "return h * 0.5, h"),
    "the same again": SOURCE,
    "a method": "Cell.forward = lambda self, x, h: (h + 1, h * 0.5)",
}


@pytest.mark.parametrize("kind", ["notebook", "exec", "module"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_cell_of_a_notebook_or_of_exec(kind, change):
    module = types.ModuleType(f"bad_cells_{kind}")
    names = vars(module) if kind == "module" else {"__name__": "__main__"}
    names |= {"torch": torch, "nn": nn}
    if kind == "module":
        names = vars(module)

    def execute(text, number):
        filename = f"<ipython-input-{number}>" if kind == "notebook" else "<string>"
        if kind == "notebook":
            lines = text.splitlines(keepends=True)
            linecache.cache[filename] = (len(text), None, lines, filename)
        exec(compile(text, filename, "exec"), names)

    execute(SOURCE, 1)
    old = names["Cell"]()
    torch.testing.assert_close(unroll(old, X), unroll(old, X, backend="reference"))
    execute(change, 2)
    for cell in (old, names["Cell"]()):
        torch.testing.assert_close(unroll(cell, X), unroll(cell, X, backend="reference"))


# Changed while another thread runs it.


@pytest.mark.parametrize("what", ["number", "global", "method", "weight", "module"])
def test_changed_while_another_thread_runs_it(what):
    names = {"torch": torch, "nn": nn, "__name__": "__main__"}
    exec(SOURCE.replace("TAU\n", "TAU * getattr(cell, 'gain', 1.0)\n"), names)
    cell = names["cell"] = names["Cell"]()
    other = nn.Linear(5, 3)
    mine, forward = cell.affine, type(cell).forward

    def set_weight(value):
        cell.affine.weight.data.fill_(0.1 * value)

    changes = {
        "number": lambda i: setattr(cell, "gain", (0.5, 1.0)[i]),
        "global": lambda i: names.__setitem__("TAU", (0.3, 0.8)[i]),
        "method": lambda i: setattr(
            type(cell), "forward", (lambda self, x, h: (h + 1, h + 1), forward)[i]
        ),
        "weight": set_weight,
        "module": lambda i: setattr(cell, "affine", (other, mine)[i]),
    }
    x = X[:1]  # one step: it sees the cell before a change or after it
    allowed = []
    for place in (0, 1):
        changes[what](place)
        allowed.append(unroll(cell, x, backend="reference")[0].detach())
    stop, wrong = threading.Event(), []

    def run():
        while not stop.is_set():
            with torch.no_grad():
                y, _ = unroll(cell, x)
            if not any(torch.allclose(y, each, atol=1e-5) for each in allowed):
                wrong.append(y)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for turn in range(60):
        changes[what](turn % 2)
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if what not in {"weight", "module"}:  # these are written while they are read
        assert not wrong
    for place in (0, 1):
        changes[what](place)
        torch.testing.assert_close(unroll(cell, x)[0].detach(), allowed[place])
