# What a step does besides computing happens as in Python, once a step; or its cell is refused.
import collections
import logging
import os
import random
import time
import types
import warnings

import numpy
import pytest
import torch
from torch import nn

from backend_runs import skip_without_compiled
from recurra import unroll
from recurra.base import CannotFuse

LOG, COUNTS, SEEN = [], {}, set()
COUNT = 0
T = 4


class Cell(nn.Module):
    """h_t = tanh(W [x_t, h_{t-1}]) * act(h_{t-1})"""

    def __init__(self, act):
        super().__init__()
        torch.manual_seed(3)
        self.affine = nn.Linear(6, 3).double()
        self.act = act
        self.log, self.last = [], types.SimpleNamespace(hidden=None, calls=0)

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 3, dtype=torch.float64)

    def forward(self, x, hidden):
        hidden = torch.tanh(self.affine(torch.cat([x, hidden], -1))) * self.act(self, hidden)
        return hidden, hidden


@pytest.fixture(autouse=True)
def compiled_only():
    skip_without_compiled()


@pytest.fixture(autouse=True)
def nothing_noted():
    for each in (LOG, COUNTS, SEEN):
        each.clear()
    globals()["COUNT"] = 0


def log_in_the_cell(cell, hidden):
    cell.log.append(hidden)
    return 1.0


def log_in_a_global(_, hidden):
    LOG.append(hidden.detach())
    return 1.0


def extend_a_global(_, hidden):
    LOG.extend([hidden, hidden])
    return 1.0


def add_to_a_list(cell, hidden):
    cell.log += [float(len(cell.log))]
    return 1.0


def write_to_a_dictionary(_, hidden):
    COUNTS["last"] = hidden
    COUNTS["calls"] = COUNTS.get("calls", 0) + 1
    return 1.0


def add_to_a_set(_, hidden):
    SEEN.add(len(SEEN))
    return 1.0


def count_in_a_global(_, hidden):
    global COUNT
    COUNT += 1
    return 1.0


def write_to_an_object(cell, hidden):
    cell.last.hidden = hidden
    cell.last.calls += 1
    return 1.0


def write_to_its_class(cell, hidden):
    type(cell).calls = getattr(type(cell), "calls", 0) + 1
    return 1.0


def write_to_a_function(_, hidden):
    write_to_a_function.calls = getattr(write_to_a_function, "calls", 0) + 1
    return 1.0


def write_to_a_tensor(cell, hidden):
    cell.trace.add_(1.0)
    return 1.0


def write_to_a_closure():
    calls = 0

    def act(_, hidden):
        nonlocal calls
        calls += 1
        LOG_OF_CLOSURE[:] = [calls]
        return 1.0

    return act


LOG_OF_CLOSURE = [0]


def noted():
    numbers = [len(each) for each in (LOG, COUNTS, SEEN)]
    return [*numbers, COUNT, COUNTS.get("calls"), getattr(write_to_a_function, "calls", 0)]


def of_cell(cell):
    calls = getattr(type(cell), "calls", 0)
    trace = float(cell.trace[0])
    return [len(cell.log), cell.last.calls, calls, trace, *LOG_OF_CLOSURE]


def made(act):
    kind = type("Acting", (Cell,), {})
    cell = kind(write_to_a_closure() if act is write_to_a_closure else act)
    cell.trace = torch.zeros(3, dtype=torch.float64)
    LOG_OF_CLOSURE[:] = [0]
    vars(write_to_a_function).pop("calls", None)
    return cell


ACTS = [
    log_in_the_cell, log_in_a_global, extend_a_global, add_to_a_list, write_to_a_dictionary,
    add_to_a_set, count_in_a_global, write_to_an_object, write_to_its_class, write_to_a_function,
    write_to_a_tensor, write_to_a_closure,
]  # fmt: skip


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_a_step_acts_once_a_step(act):
    x = torch.randn(T, 2, 3, dtype=torch.float64)
    found = []
    for backend in ("reference", "auto", "c"):
        nothing_noted.__wrapped__()
        cell = made(act)
        if backend == "c":
            before = noted(), of_cell(cell)
            with pytest.raises(CannotFuse, match=r"outside of itself|writes"):
                unroll(cell, x, backend="c")
            assert (noted(), of_cell(cell)) == before  # nothing is left behind
        else:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                y, _ = unroll(cell, x, backend=backend)
            assert len(said) == (backend == "auto")
            found.append((y.tolist(), noted(), of_cell(cell)))
    assert found[0] == found[1]
    logged = [each for each in [*LOG, *cell.log] if not isinstance(each, float)]
    assert all(type(each) is torch.Tensor for each in logged)


def prints(_, hidden):
    print("a step")
    return 1.0


def sleeps(_, hidden):
    time.sleep(1e-4)
    return 1.0


def asks_the_time(_, hidden):
    return 1.0 if time.time() > 0 else 2.0


def reads_a_file(_, hidden):
    with open(os.devnull) as file:
        return 1.0 + len(file.read())


def logs(_, hidden):
    logging.getLogger("steps").warning("a step")
    return 1.0


def asks_for_gradients(_, hidden):
    return 1.0 if torch.is_grad_enabled() else 2.0


def sets_threads(_, hidden):
    torch.set_num_threads(torch.get_num_threads())
    return 1.0


def swallows(_, hidden):
    try:
        print("a step")
    except Exception:
        return 2.0
    return 1.0


def asks_the_system(_, hidden):
    return 1.0 + 0 * os.getpid()


CALLS = {
    prints: "print", sleeps: "sleep", asks_the_time: "time", reads_a_file: "open", logs: "logging",
    asks_for_gradients: "gradients", sets_threads: "threads", swallows: "print",
    asks_the_system: "getpid",
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_what_only_python_can_do_is_refused_by_name(call, capsys):
    x = torch.randn(T, 2, 3, dtype=torch.float64)
    with pytest.raises(CannotFuse, match=CALLS[call]):
        unroll(made(call), x, backend="c")
    assert capsys.readouterr().out == ""
    with pytest.warns(UserWarning, match=CALLS[call]):
        y, _ = unroll(made(call), x)
    printed = capsys.readouterr().out
    torch.testing.assert_close(y, unroll(made(call), x, backend="reference")[0])
    assert capsys.readouterr().out == printed


def draws_from_python(_, hidden):
    return 1.0 if random.random() < 0.5 else 2.0


def draws_often(_, hidden):
    return random.choice([1.0, 2.0]) + random.gauss(0, 1)


def draws_rarely(_, hidden):
    return 1.0 if random.random() < 1e-9 else 2.0


def draws_from_numpy(_, hidden):
    return float(numpy.random.normal())


def draws_from_a_generator(cell, hidden):
    return cell.dice.random()


def draws_from_a_numpy_generator(cell, hidden):
    return float(cell.numpy_dice.normal())


DICE = [
    draws_from_python, draws_often, draws_rarely, draws_from_numpy, draws_from_a_generator,
    draws_from_a_numpy_generator,
]  # fmt: skip


@pytest.mark.parametrize("draw", DICE, ids=lambda draw: draw.__name__)
def test_dice_are_cast_once_a_step(draw):
    x = torch.randn(T, 2, 3, dtype=torch.float64)

    def cell():
        random.seed(3)
        numpy.random.seed(3)
        cell = made(draw)
        cell.dice, cell.numpy_dice = random.Random(4), numpy.random.default_rng(4)
        return cell

    with pytest.raises(CannotFuse, match="random") as caught:
        unroll(cell(), x, backend="c")
    assert "batch" not in str(caught.value)
    with pytest.warns(UserWarning, match="random"):
        y, _ = unroll(cell(), x)
    after = random.random(), numpy.random.rand()
    torch.testing.assert_close(y, unroll(cell(), x, backend="reference")[0])
    assert (random.random(), numpy.random.rand()) == after


def test_what_a_step_makes_for_itself_it_may_change():
    def act(_, hidden):
        parts, counts = [], collections.Counter()
        for part in hidden.chunk(3, -1):
            parts.append(part)
            counts["parts"] += 1
        table = dict(zip("abc", parts, strict=True))
        table["a"] = table["a"] * counts["parts"]
        return torch.cat(sorted(table.values(), key=lambda _: 0), -1)

    x = torch.randn(T, 2, 3, dtype=torch.float64)
    cell = made(act)
    torch.testing.assert_close(
        unroll(cell, x, backend="c")[0], unroll(cell, x, backend="reference")[0]
    )


@pytest.mark.parametrize("kind", ["full_backward_hook", "full_backward_pre_hook"])
def test_backward_hooks_run_once_a_step(kind):
    x = torch.randn(T, 2, 3, dtype=torch.float64, requires_grad=True)
    cell = made(lambda _, hidden: 1.0)
    unroll(cell, x, backend="c")
    calls = []
    for module in (cell, cell.affine):
        handle = getattr(module, f"register_{kind}")(lambda *_: calls.append(1))
        with pytest.raises(CannotFuse, match="backward hooks"):
            unroll(cell, x, backend="c")
        with pytest.warns(UserWarning, match="backward hooks"):
            unroll(cell, x)[0].sum().backward()
        assert len(calls) == T
        calls.clear()
        handle.remove()
        unroll(cell, x, backend="c")


def test_forward_hooks_that_record_fire_once_a_step():
    cell, x = made(lambda _, hidden: 1.0), torch.randn(T, 2, 3, dtype=torch.float64)
    unroll(cell, x, backend="c")
    record = []
    cell.affine.register_forward_hook(lambda module, given, output: record.append(output))
    with pytest.warns(UserWarning, match="outside of itself"):
        unroll(cell, x)
    assert [type(each) for each in record] == [torch.Tensor] * T
