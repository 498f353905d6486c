# What no kernel can hold: refused by "c" with the user's line, run in the plain loop by "auto".
import copy
import os
import types
import warnings
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from backend_runs import skip_without_compiled
from recurra import unroll
from recurra.base import CannotFuse, RecurraWarning, ShapeError


class Step(nn.Module):
    """A cell around a step that is given: `step(cell, x, hidden) -> hidden`."""

    def __init__(self, step, **things):
        super().__init__()
        self.weight_hidden = nn.Parameter(torch.randn(3, 3, dtype=torch.float64) / 2)
        self.step = step
        for name, thing in things.items():
            setattr(self, name, thing)

    def initial_state(self, batch_size):
        return self.weight_hidden.new_zeros(batch_size, 3)

    def forward(self, x, hidden):
        hidden = self.step(self, x, hidden)
        return hidden, hidden


def mixed(cell, x, hidden):
    return torch.tanh(x + hidden @ cell.weight_hidden)


def branching(cell, x, hidden):
    if hidden.sum() > 1:  # the cause
        return mixed(cell, x, hidden)
    return mixed(cell, -x, hidden)


def item(cell, x, hidden):
    return mixed(cell, x, hidden) * (1 + x.abs().max().item())  # the cause


def sorted_features(cell, x, hidden):
    return mixed(cell, x, hidden.sort(dim=-1).values)  # the cause


def mean_of_the_batch(cell, x, hidden):
    return mixed(cell, x, hidden + x.mean(dim=0, keepdim=True))  # the cause


def centred(cell, x, hidden):
    return mixed(cell, x - x.mean(0), hidden)  # the cause


def softmax_over_the_batch(cell, x, hidden):
    return mixed(cell, x, hidden.softmax(dim=0))  # the cause


def first_row_for_all(cell, x, hidden):
    return mixed(cell, x, hidden - hidden[:1])  # the cause


def flipped_batch(cell, x, hidden):
    return mixed(cell, x, hidden.flip(0))  # the cause


def joined_batch(cell, x, hidden):
    both = torch.cat([x, hidden], dim=0)  # the cause
    return mixed(cell, both[: len(x)], both[len(x) :])


def similarities(cell, x, hidden):
    return mixed(cell, x, (hidden @ hidden.T) @ x)  # the cause


def sum_of_all(cell, x, hidden):
    return mixed(cell, x, hidden / (1 + hidden.abs().sum()))  # the cause


def sum_over_the_batch(cell, x, hidden):
    return mixed(cell, x, hidden - 0.1 * x.sum(dim=0))  # the cause


def largest_of_the_batch(cell, x, hidden):
    return mixed(cell, x, hidden - x.amax(dim=0))  # the cause


def correlations(cell, x, hidden):
    return mixed(cell, x, hidden @ (x.T @ hidden))  # the cause


def running_sum_of_rows(cell, x, hidden):
    return mixed(cell, x, hidden.cumsum(dim=0))  # the cause


def divided_by_the_batch(cell, x, hidden):
    return mixed(cell, x, hidden / len(x))  # the cause


def twice_the_batch(cell, x, hidden):
    return mixed(cell, x * (2 * x.shape[0]), hidden)  # the cause


def one_more_than_the_batch(cell, x, hidden):
    return mixed(cell, x * (len(x) + 1), hidden)


def dropped(cell, x, hidden):
    return mixed(cell, x, F.dropout(hidden, 0.5))  # the cause


def noisy(cell, x, hidden):
    return mixed(cell, x, hidden + 0.1 * torch.randn_like(hidden))  # the cause


WITH_A_LINE = (
    branching, item, sorted_features, mean_of_the_batch, centred, softmax_over_the_batch,
    sum_over_the_batch, largest_of_the_batch, correlations, first_row_for_all, flipped_batch,
    joined_batch, similarities, sum_of_all, running_sum_of_rows, divided_by_the_batch,
    twice_the_batch, dropped, noisy,
)  # fmt: skip
NAMED = {
    sorted_features: "sort", mean_of_the_batch: "mean", centred: "mean",
    softmax_over_the_batch: "softmax", flipped_batch: "flip", joined_batch: "cat",
    running_sum_of_rows: "cumsum", sum_of_all: "sum", dropped: "random", noisy: "random",
}  # fmt: skip

for each in WITH_A_LINE:  # PyTorch notes lines of functions of this name only
    each.code = each.__code__
    each.__code__ = each.__code__.replace(co_name="forward")


@pytest.fixture(autouse=True)
def compiled_only():
    skip_without_compiled()


def sequence(T=4, B=3):
    return torch.randn(T, B, 3, dtype=torch.float64, requires_grad=True)


def line_of(step):
    """Return the number of the line of a step that is marked as the cause."""
    lines = Path(__file__).read_text().splitlines()
    first = step.__code__.co_firstlineno
    return next(n for n in range(first, first + 9) if "# the cause" in lines[n - 1])


def results(cell, x, backend):
    """Return the output, the final state and the gradients of a run that starts from one seed."""
    torch.manual_seed(5)
    y, end = unroll(cell, x, lengths=torch.tensor([4, 3, 1]), backend=backend)
    loss = y.square().sum() + end.sum()
    parameters = list(cell.parameters()) if isinstance(cell, nn.Module) else []
    found = torch.autograd.grad(loss, [x, *parameters], allow_unused=True, materialize_grads=True)
    return [y, end, *found]


def assert_equal(got, expected):
    for mine, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-12)


def assert_plain_with_one_warning(cell, x, words=""):
    """Demand that "auto" is the reference, and says once that it is the plain loop."""
    expected = results(cell, x, "reference")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        got = [results(cell, x, "auto") for _ in range(2)]
    for each in got:
        assert_equal(each, expected)
    ours = [each for each in said if issubclass(each.category, RecurraWarning)]
    assert len(ours) == 1, [str(each.message) for each in said]
    assert "runs in the plain loop, which is slower" in str(ours[0].message)
    assert words in str(ours[0].message)


def assert_compiled(cell, x):
    assert_equal(results(cell, x, "c"), results(cell, x, "reference"))


@pytest.mark.parametrize("step", WITH_A_LINE, ids=lambda step: step.__name__)
def test_refused_with_the_users_line(step):
    with pytest.raises(CannotFuse) as caught:
        unroll(Step(step), sequence(), backend="c")
    where = caught.value.details["where"]
    assert where.startswith(f"{__file__}:{line_of(step)}  ")
    assert where.endswith("# the cause")
    assert NAMED.get(step, "") in str(caught.value)


@pytest.mark.parametrize("step", [*WITH_A_LINE, one_more_than_the_batch], ids=lambda s: s.__name__)
def test_auto_runs_it_in_the_plain_loop_and_says_so_once(step):
    assert_plain_with_one_warning(Step(step), sequence())


def test_a_step_that_depends_on_the_size_of_the_batch():
    with pytest.raises(CannotFuse, match="depends on the size of the batch"):
        unroll(Step(one_more_than_the_batch), sequence(), backend="c")


def test_a_cell_that_is_no_module():
    module = Step(mixed)

    class Plain:
        initial_state = staticmethod(module.initial_state)

        def __call__(self, x, hidden):
            return module(x, hidden)

    with pytest.raises(CannotFuse, match=r"no `nn\.Module`") as caught:
        unroll(Plain(), sequence(), backend="c")
    assert caught.value.details["got"] == "Plain"
    assert_plain_with_one_warning(Plain(), sequence(), "Plain")


class Counting(Step):
    """A state of integers, which the output looks at."""

    def initial_state(self, batch_size):
        return super().initial_state(batch_size), torch.zeros(batch_size, 1, dtype=torch.int64)

    def forward(self, x, state):
        hidden, count = state
        hidden = mixed(self, torch.where(count % 2 == 0, x, -x), hidden)
        return hidden, (hidden, count + 1)


def test_a_state_of_integers():
    cell, x = Counting(mixed), sequence()
    with pytest.raises(CannotFuse, match="would need integers") as caught:
        unroll(cell, x, backend="c")
    assert "int64" in caught.value.details["got"]
    expected = unroll(cell, x, backend="reference")
    with pytest.warns(RecurraWarning, match="integers"):
        y, (hidden, count) = unroll(cell, x)
    assert_equal([y, hidden, count], [expected[0], *expected[1]])


def without_gradients(cell, x, hidden):
    with torch.no_grad():  # the cause
        hidden = 0.5 * hidden
    return mixed(cell, x, hidden)


def test_gradients_switched_off_in_a_step():
    with pytest.raises(CannotFuse, match="switches gradients on or off") as caught:
        unroll(Step(without_gradients), sequence(), backend="c")
    assert "detach" in caught.value.details["fix"]
    assert_plain_with_one_warning(Step(without_gradients), sequence())


def test_a_write_to_a_parameter_is_no_silent_one():
    def writing(cell, x, hidden):
        with torch.no_grad():
            cell.weight_hidden.mul_(0.5)
        return mixed(cell, x, hidden)

    with pytest.raises(CannotFuse):
        unroll(Step(writing), sequence(), backend="c")


def test_a_write_to_a_buffer_is_no_silent_one():
    def counting(cell, x, hidden):
        cell.level.mul_(0.9)
        return mixed(cell, x * cell.level, hidden)

    def cell():
        torch.manual_seed(3)
        made = Step(counting)
        made.register_buffer("level", torch.ones(3, dtype=torch.float64))
        return made

    x = sequence().detach()
    expected = unroll(cell(), x, backend="reference")
    with pytest.raises(CannotFuse):
        unroll(cell(), x, backend="c")
    one = cell()
    with pytest.warns(RecurraWarning):
        y, _ = unroll(one, x)
    assert_equal([y], expected[:1])
    assert_equal([one.level], [torch.full((3,), 0.9**4, dtype=torch.float64)])


def test_an_attribute_that_the_step_writes_is_no_silent_one():
    def counting(cell, x, hidden):
        cell.count += 1
        return mixed(cell, x, hidden) * cell.count

    x = sequence().detach()
    one = Step(counting, count=0)
    expected = unroll(copy.deepcopy(one), x, backend="reference")
    with pytest.raises(CannotFuse):
        unroll(one, x, backend="c")
    assert one.count == 0
    with pytest.warns(RecurraWarning):
        y, _ = unroll(one, x)
    assert_equal([y], expected[:1])
    assert one.count == 4


@pytest.mark.parametrize(
    "change", [lambda hidden: hidden[:, :2], lambda hidden: hidden.float()], ids=["shape", "dtype"]
)
@pytest.mark.parametrize("backend", ["auto", "c", "reference"])
def test_a_state_that_changes_its_form_is_a_mistake(change, backend):
    cell = Step(lambda cell, x, hidden: change(mixed(cell, x, hidden)))
    with pytest.raises(ShapeError, match="changes the form of its state") as caught:
        unroll(cell, sequence(), backend=backend)
    assert caught.value.details["expected"] == "(3, 3) float64 on cpu"
    assert caught.value.details["got"].startswith(("(3, 2) float64", "(3, 3) float32"))


# --- what a kernel does hold, and must not get wrong ---


def test_detach_is_honoured():
    assert_compiled(Step(lambda cell, x, hidden: mixed(cell, x, hidden.detach())), sequence())
    assert_compiled(Step(lambda cell, x, h: mixed(cell, x.detach(), h) + x), sequence())
    assert_compiled(
        Step(lambda cell, x, h: torch.tanh(x + h @ cell.weight_hidden.detach())), sequence()
    )


def into_a_view_of_the_state(cell, x, hidden):
    next_state = hidden * 1.0
    next_state[:, 0] += 1.0
    return mixed(cell, x, next_state)


def test_writes_to_what_the_step_has_made():
    assert_compiled(Step(into_a_view_of_the_state), sequence())


CONSTANTS = {
    "a number": torch.tensor(0.5, dtype=torch.float64),
    "one": torch.tensor([0.5], dtype=torch.float64),
    "some": torch.tensor([0.5, 0.2, 0.1], dtype=torch.float64),
}


@pytest.mark.parametrize("tensor", CONSTANTS.values(), ids=CONSTANTS)
def test_tensors_that_are_no_buffers(tensor):
    cell = Step(lambda cell, x, h: mixed(cell, x * cell.level, h), level=tensor.clone())
    x = sequence()
    assert_compiled(cell, x)
    cell.level.mul_(-3)
    assert_compiled(cell, x)
    cell.level = tensor + 1
    assert_compiled(cell, x)
    cell.level = tensor + 2
    assert_compiled(cell, x)


@pytest.mark.parametrize("tensor", CONSTANTS.values(), ids=CONSTANTS)
@pytest.mark.parametrize("kind", [list, tuple, "dict"])
def test_tensors_in_plain_containers(tensor, kind):
    def held(value):
        return {0: value} if kind == "dict" else kind([value])

    cell = Step(lambda cell, x, h: mixed(cell, x * cell.held[0], h), held=held(tensor.clone()))
    x = sequence()
    assert_compiled(cell, x)
    cell.held[0].mul_(-3)
    assert_compiled(cell, x)
    cell.held = held(tensor + 1)
    assert_compiled(cell, x)


def test_a_tensor_that_has_gradients_of_its_own():
    outside = torch.randn(3, dtype=torch.float64, requires_grad=True)
    cell = Step(lambda cell, x, h: mixed(cell, x * cell.outside[0], h), outside=[outside])
    x = sequence()
    with pytest.raises(CannotFuse, match="takes gradients and is no parameter"):
        unroll(cell, x, backend="c")
    with pytest.warns(RecurraWarning, match="takes gradients and is no parameter"):
        got = torch.autograd.grad(unroll(cell, x)[0].sum(), outside)
    expected = torch.autograd.grad(unroll(cell, x, backend="reference")[0].sum(), outside)
    assert_equal(got, expected)


def test_numbers_that_change():
    cell = Step(lambda cell, x, h: mixed(cell, x * cell.alpha, h), alpha=0.9)
    x = sequence()
    for alpha in (0.9, 0.5, 2, True, -1.0):
        cell.alpha = alpha
        assert_compiled(cell, x)


def test_settings_that_change():
    for settings in (
        types.SimpleNamespace(alpha=0.9),
        type("Settings", (), {})(),
    ):
        settings.alpha = 0.9
        cell = Step(lambda cell, x, h: mixed(cell, x * cell.settings.alpha, h), settings=settings)
        x = sequence()
        assert_compiled(cell, x)
        settings.alpha = 0.1
        assert_compiled(cell, x)
    cell = Step(lambda cell, x, h: mixed(cell, x * cell.table["a"][0], h), table={"a": [0.9]})
    assert_compiled(cell, x)
    cell.table["a"][0] = 0.1
    assert_compiled(cell, x)


def test_train_and_eval():
    cell = Step(lambda cell, x, h: mixed(cell, x if cell.training else -x, h))
    x = sequence()
    for _ in range(2):
        assert_compiled(cell.eval(), x)
        assert_compiled(cell.train(), x)
    cell = Step(lambda cell, x, h: mixed(cell, x, cell.dropout(h)), dropout=nn.Dropout(0.5))
    assert_compiled(cell.eval(), x)
    with pytest.raises(CannotFuse, match="random"):
        unroll(cell.train(), x, backend="c")


def test_forward_hooks():
    cell, x = Step(mixed), sequence()
    assert_compiled(cell, x)
    bare = results(cell, x, "c")
    handle = cell.register_forward_hook(lambda _cell, _args, out: (out[0] * 2, out[1]))
    assert_compiled(cell, x)
    assert not torch.equal(results(cell, x, "c")[0], bare[0])
    handle.remove()
    assert_equal(results(cell, x, "c"), bare)
    cell.register_forward_pre_hook(lambda _cell, args: (args[0] + 1, args[1]))
    assert_compiled(cell, x)


def test_another_forward():
    cell, x = Step(mixed), sequence()
    assert_compiled(cell, x)
    cell.step = lambda cell, x, h: 0.5 * mixed(cell, x, h)
    assert_compiled(cell, x)
    cell.forward = lambda x, h: (x, h + x)
    expected = unroll(cell, x, backend="reference")
    got = unroll(cell, x, backend="c")
    assert_equal([got[0], got[1]], [expected[0], expected[1]])


# --- no compiler ---

NO_COMPILER = """
import os, sys, warnings, torch, recurra
from recurra.base import BackendUnavailable, RecurraWarning
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if name == "ziglang" else found(name, *a)
cell, x = recurra.LSTM(3, 4), torch.randn(5, 2, 3)
try:
    recurra.unroll(cell, x, backend="c")
except BackendUnavailable as error:
    assert "fix" in error.details, error
else:
    raise SystemExit("it ran")
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    y, state = [recurra.unroll(cell, x) for _ in range(3)][-1]
    stream = recurra.Stream(cell, 2)
    steps = torch.stack([stream(each) for each in x])
expected, end = recurra.unroll(cell, x, backend="reference")
assert torch.equal(y, expected)
assert torch.equal(state.cell, end.cell)
assert torch.allclose(steps, expected, atol=1e-6)
told = [str(each.message) for each in said if issubclass(each.category, RecurraWarning)]
assert len(told) == 2, told  # of `unroll`, and of the stream
assert all("fix" in each and sys.argv[1] in each for each in told), told
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [({"CC": "/nowhere/cc"}, "CC"), ({"PATH": "", "CC": ""}, "recurra[cc]")],
    ids=["CC points nowhere", "no compiler on the path"],
)
def test_without_a_compiler(change, words, tmp_path, warm_programs):
    environment = {**os.environ, "RECURRA_CACHE": str(tmp_path / "cache"), **change}
    done = warm_programs.run("-c", NO_COMPILER, words, folder=tmp_path, environment=environment)
    assert done.returncode == 0, done.stderr[-3000:]
