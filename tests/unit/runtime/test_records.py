import cProfile
import os
import pickle
import shutil
import types

import pytest
import torch
from record_cells import Workshop, answer_of, start_process
from torch import nn

import recurra
from recurra.runtime._guards import cache_entry, cache_key


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    """A cache of these tests; what it keeps of compiled C is found by its content."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def workshop(libraries, tmp_path, monkeypatch):
    for entry in libraries.glob("*_step-*"):
        shutil.rmtree(entry)
    monkeypatch.setenv("RECURRA_CACHE", str(libraries))
    # other people may edit this package while its tests run
    monkeypatch.setattr(cache_key, "package_digest", lambda: "this package")
    for name in ("NO_TRACE", "RECURRA_VERIFY"):  # the plain loop beside kernels loads more, too
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "modules"
    folder.mkdir()
    shop = Workshop(folder, monkeypatch)
    shop.cache = libraries
    return shop


@pytest.fixture
def blind(monkeypatch):
    """Numbers are not looked at: the key alone has to tell programs apart."""
    monkeypatch.setattr(cache_entry.SpotCheck, "agrees", lambda *_: True)


def records(workshop, name="step.json"):
    return sorted(workshop.cache.glob(f"*/{name}"))


def test_what_was_traced_once_is_not_traced_again(workshop):
    assert workshop.traces(workshop.cell()) == 1
    assert workshop.traces(workshop.cell()) == 0
    assert workshop.traces(workshop.cell()) == 0
    assert len(records(workshop)) == 1


def test_another_process_does_not_trace_and_finds_the_same_bits(workshop):
    workshop.load()
    first = answer_of(start_process(workshop.folder, workshop.cache))
    second = answer_of(start_process(workshop.folder, workshop.cache, NO_TRACE="1"))
    assert first[0] == "True"  # tracing starts much of PyTorch
    assert second == ["False", first[1]]


def test_two_processes_at_once(workshop):
    workshop.load()
    both = [start_process(workshop.folder, workshop.cache) for _ in range(2)]
    first, second = map(answer_of, both)
    third = answer_of(start_process(workshop.folder, workshop.cache, NO_TRACE="1"))
    assert first[1] == second[1] == third[1]


EDITS = {
    "a line of the cell": (
        "record_cell",
        "torch.tanh(drive + hidden)",
        "torch.sin(drive + hidden)",
    ),
    "a constant beside the cell": ("record_cell", "SCALE = 0.5", "SCALE = 0.625"),
    "an attribute of its class": ("record_cell", "share = 0.25", "share = 0.375"),
    "a default": ("record_cell", "power=2.0", "power=1.0"),
    "a function of another module": ("record_helper", "value.sigmoid()", "value.cos()"),
    "a constant of another module": ("record_helper", "OUTER = 1.5", "OUTER = 1.25"),
}


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_is_traced_again(workshop, edit):
    assert workshop.traces(workshop.cell()) == 1
    workshop.edit(*edit)
    assert workshop.traces(workshop.cell()) == 1
    assert workshop.traces(workshop.cell()) == 0


@pytest.mark.usefixtures("blind")
def test_a_function_that_no_name_leads_to_is_seen_when_it_runs(workshop):
    workshop.edit("record_cell", "bent(self", "vars(record_helper)['bent'](self")
    workshop.edit("record_cell", "from record_helper import bent\n", "")
    assert workshop.traces(workshop.cell()) == 1
    workshop.edit(*EDITS["a function of another module"])
    assert workshop.traces(workshop.cell()) == 1


@pytest.mark.usefixtures("blind")
def test_an_edit_of_a_file_that_a_process_has_loaded_already_is_not_mixed_up(workshop):
    old = workshop.cell()
    workshop.edit(*EDITS["a line of the cell"])
    new = workshop.cell()
    assert workshop.traces(old) == 1  # of the old code, while the file holds the new
    assert workshop.traces(new) == 1


CHANGES = {
    "an attribute": lambda cell, _: setattr(cell, "power", 3.0),
    "the training flag": lambda cell, _: cell.eval(),
    "a class attribute": lambda _, module: setattr(module.Leaky, "share", 0.5),
    "a global": lambda _, module: setattr(module, "SCALE", 0.75),
    "a global of another module": lambda _, module: setattr(module.record_helper, "OUTER", 2.0),
    "a function": lambda _, module: setattr(module, "bent", another_function),
    "a method": lambda _, module: setattr(module.Leaky, "forward", another_forward),
    "the form of a parameter": lambda cell, _: setattr(cell, "into", nn.Linear(3, 5)),
    "a bias that is not there": lambda cell, _: setattr(cell.into, "bias", None),
}


def another_function(value):
    return value.cos()


def another_forward(self, x, hidden):
    hidden = torch.sin(self.into(x) + hidden)
    return hidden, hidden


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_traced_again(workshop, change):
    assert workshop.traces(workshop.cell()) == 1
    cell = workshop.cell()
    change(cell, __import__("record_cell"))
    assert workshop.traces(cell) == 1


def test_weights_may_change(workshop):
    assert workshop.traces(workshop.cell()) == 1
    cell = workshop.cell()
    with torch.no_grad():
        cell.into.weight += 1
    assert workshop.traces(cell) == 0


FROM_OUTSIDE = ("record_cell", "* SCALE", "* float(os.environ['RECORD_SCALE'])")


def test_what_the_key_does_not_see_is_seen_in_the_numbers(workshop, monkeypatch):
    workshop.edit(*FROM_OUTSIDE)
    monkeypatch.setenv("RECORD_SCALE", "0.5")
    assert workshop.traces(workshop.cell()) == 1
    assert workshop.traces(workshop.cell()) == 0
    monkeypatch.setenv("RECORD_SCALE", "0.501")
    assert workshop.traces(workshop.cell()) == 1
    assert len(records(workshop)) == 1  # of the same key
    assert workshop.traces(workshop.cell()) == 0


def test_zeros_hide_nothing(workshop, monkeypatch):
    workshop.edit(*FROM_OUTSIDE)
    monkeypatch.setenv("RECORD_SCALE", "0.5")
    for scale in ("0.5", "0.501"):
        monkeypatch.setenv("RECORD_SCALE", scale)
        cell = workshop.cell()
        nn.init.zeros_(cell.into.weight)
        nn.init.zeros_(cell.into.bias)
        assert workshop.traces(cell) == 1


def cut(content):
    return content[: len(content) // 2]


def altered(content):
    return content.replace(b"tanh", b"sigm", 1) if b"tanh" in content else content[:-2] + b" }"


DAMAGES = {"cut": cut, "altered": altered, "empty": lambda _: b"", "a pickle": pickle.dumps}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", ["step.json", "inference.json", "training.json"])
def test_a_damaged_record_is_none(workshop, name, damage):
    assert workshop.traces(workshop.cell()) == 1
    (record,) = records(workshop, name)
    whole = record.read_bytes()
    record.write_bytes(damage(whole))
    assert workshop.traces(workshop.cell()) == (name == "step.json")
    assert record.read_bytes() == whole  # written anew


def test_a_plan_of_another_step_is_none(workshop, monkeypatch):
    workshop.edit(*FROM_OUTSIDE)
    monkeypatch.setenv("RECORD_SCALE", "0.5")
    assert workshop.traces(workshop.cell()) == 1
    (plan,) = records(workshop, "inference.json")
    old = plan.read_bytes()
    monkeypatch.setenv("RECORD_SCALE", "0.75")
    assert workshop.traces(workshop.cell()) == 1
    plan.write_bytes(old)  # as a slower process might
    assert workshop.traces(workshop.cell()) == 0
    assert plan.read_bytes() != old


@pytest.mark.usefixtures("blind")
def test_a_record_under_another_name_is_none(workshop):
    assert workshop.traces(workshop.cell()) == 1
    assert workshop.traces(workshop.cell(power=3.0)) == 1
    first, second = records(workshop)
    first.write_bytes(second.read_bytes())
    assert workshop.traces(workshop.cell()) + workshop.traces(workshop.cell(power=3.0)) == 1


def test_records_that_others_can_write_are_not_read(workshop):
    assert workshop.traces(workshop.cell()) == 1
    records(workshop)[0].chmod(0o666)
    assert workshop.traces(workshop.cell()) == 1


def test_without_a_place_nothing_is_kept_and_nothing_fails(workshop, monkeypatch):
    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(cache_entry, "write_file", full)
    assert workshop.traces(workshop.cell()) == 1
    assert workshop.traces(workshop.cell()) == 1


class Plain(nn.Module):
    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 3)

    def forward(self, x, hidden):
        hidden = torch.tanh(x + hidden)
        return hidden, hidden


def with_lambda():
    cell = Plain()
    cell.bend = lambda value: value
    return cell


def with_hook():
    cell = Plain()
    cell.register_forward_hook(a_hook)
    return cell


def a_hook(*_):
    return None


def with_tensor():
    cell = Plain()
    cell.table = torch.ones(3)
    return cell


def with_object():
    cell = Plain()
    cell.options = types.SimpleNamespace(rate=3)
    return cell


def local():
    class Local(Plain):
        pass

    return Local()


def without_a_file():
    space = {"nn": nn, "torch": torch, "Plain": Plain, "__name__": __name__}
    exec("class Plain(Plain):\n    def extra(self):\n        return 1", space)
    return space["Plain"]()


def executed_in_place():
    exec("class Placed(Plain):\n    def extra(self):\n        return 1", globals())
    return globals()["Placed"]()


NOT_KEPT = (
    with_lambda, with_hook, with_tensor, with_object, local, without_a_file, executed_in_place,
)  # fmt: skip


@pytest.mark.parametrize("make", NOT_KEPT, ids=lambda make: make.__name__)
def test_what_another_process_cannot_recognise_is_not_kept(workshop, make):
    assert workshop.traces(make()) == 1
    assert records(workshop) == []


def test_the_plain_cell_of_these_is_kept(workshop):
    assert workshop.traces(Plain()) == 1
    assert len(records(workshop)) == 1


@pytest.mark.usefixtures("blind")
def test_closures_are_seen_through(workshop):
    text = """
def times(factor):
    def wrapped(value):
        return value * factor
    return wrapped

bent = times(2.0)

class Leaky("""
    workshop.edit("record_cell", "class Leaky(", text.strip("\n"))
    assert workshop.traces(workshop.cell()) == 1
    assert workshop.traces(workshop.cell()) == 0
    module = workshop.load()
    module.bent = module.times(3.0)
    assert workshop.traces(module.Leaky()) == 1


def test_the_users_random_numbers_are_left_alone(workshop):
    workshop.edit("record_cell", "drive = ", "torch.rand(3)\n        drive = ")
    cell = workshop.cell()
    x = torch.randn(2, 3)
    before = torch.get_rng_state()
    cache_entry.SpotCheck(cell, x, torch.zeros(2, 4), whole=False)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_trial_leaves_the_cell_alone(workshop):
    workshop.edit("record_cell", "drive = ", "self.into.bias.data.add_(1)\n        drive = ")
    cell = workshop.cell()
    bias = cell.into.bias.clone()
    cache_entry.SpotCheck(cell, torch.randn(2, 3), torch.zeros(2, 4), whole=False)
    assert torch.equal(cell.into.bias, bias)


def test_a_profiler_goes_on(workshop):
    with cProfile.Profile() as profile:
        assert workshop.traces(workshop.cell()) == 1
        another_function(torch.ones(3))
    assert any(entry.code is another_function.__code__ for entry in profile.getstats())


def test_streams_find_their_step(workshop):
    x = torch.randn(2, 3)
    answers = []
    for traced in (1, 0):
        workshop.forget()
        answers.append(recurra.Stream(workshop.cell(), 2)(x))
        assert workshop.traced == traced
    assert torch.equal(*answers)


def test_gradients_of_gradients_of_a_step_that_was_read(workshop):
    workshop.traces(workshop.cell())
    workshop.forget()
    cell, x = workshop.cell(), torch.randn(4, 2, 3)
    found = []
    for backend in ("c", "reference"):
        if backend == "c":
            with pytest.warns(UserWarning, match="Gradients of gradients"):
                found.append(second_gradient(cell, x, backend))
        else:
            found.append(second_gradient(cell, x, backend))
    assert workshop.traced == 0
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-4)


def second_gradient(cell, x, backend):
    x = x.clone().requires_grad_()
    y, _ = recurra.unroll(cell, x, backend=backend)
    (first,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), x)
    return second


@pytest.mark.parametrize("make", [recurra.cells.Zoneout, recurra.cells.RecurrentDropout])
def test_cells_that_draw_are_kept(workshop, make):
    def run():
        workshop.forget()
        torch.manual_seed(7)
        cell = make(recurra.GRU(3, 5), probability=0.5)
        return recurra.unroll(cell, torch.randn(4, 2, 3), backend="c")[0], workshop.traced

    (first, traced), (second, not_traced) = run(), run()
    assert (traced, not_traced) == (1, 0)
    assert torch.equal(first, second)


COLLECTED = {
    "noise": lambda: recurra.cells.CTRNN(3, 5, noise=0.3),
    "irregular": lambda: recurra.cells.IrregularlySampled(recurra.cells.LTC(2, 5, unfolds=2)),
    "clockwork": lambda: recurra.cells.ClockworkRNN(3, 4),
    "gaps": lambda: recurra.cells.GRUD(3, 5, mean=[1.0, 2.0, 3.0]),
}


@pytest.mark.parametrize("make", COLLECTED.values(), ids=COLLECTED)
def test_cells_of_the_collection_with_parts_of_many_kinds_are_kept(workshop, make):
    def run():
        workshop.forget()
        torch.manual_seed(7)
        return recurra.unroll(make(), torch.rand(4, 2, 3), backend="c")[0], workshop.traced

    (first, traced), (second, not_traced) = run(), run()
    assert (traced, not_traced) == (1, 0)
    assert torch.equal(first, second)


@pytest.mark.usefixtures("blind")
def test_tied_weights_are_not_two(workshop):
    def cell(tied):
        made = TwoWeights()
        if tied:
            made.second = made.first
        return made

    assert workshop.traces(cell(False)) == 1
    assert workshop.traces(cell(True)) == 1


class TwoWeights(Plain):
    def __init__(self):
        super().__init__()
        self.first = nn.Parameter(torch.randn(3, 3))
        self.second = nn.Parameter(torch.randn(3, 3))

    def forward(self, x, hidden):
        hidden = torch.tanh(x @ self.first + hidden @ self.second)
        return hidden, hidden


def test_under_a_hook_of_all_modules_nothing_is_kept(workshop):
    with nn.modules.module.register_module_forward_hook(lambda *_: None):
        assert workshop.traces(Plain()) == 1
    assert records(workshop) == []


def test_under_a_mode_of_pytorch_nothing_is_kept(workshop):
    with torch.device("cpu"):
        assert workshop.traces(Plain()) == 1
    assert records(workshop) == []


def test_an_edit_of_this_package_is_another_key(tmp_path, monkeypatch):
    home = tmp_path / "recurra"
    for room in ("base", "cells", "graph", "codegen", "runtime"):
        (home / room).mkdir(parents=True)
        (home / room / "file.c").write_text("one")
        os.utime(home / room / "file.c", (1, 1))
    monkeypatch.setattr(cache_key, "__file__", str(home / "runtime" / "_guards" / "cache_key.py"))
    digest = cache_key.package_digest.__wrapped__
    first = digest()
    assert digest() == first
    os.utime(home / "graph" / "file.c", (1, 2))
    assert digest() != first
    (home / "graph" / "file.c").write_text("two")
    with pytest.raises(cache_key.NotCacheable):  # this process holds what was there before
        digest()
