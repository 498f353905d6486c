# Messages of refused steps: the user's innermost line, words of the user's, and fixes that work.
# ruff: noqa: ARG001, ARG004, ARG005 - steps share one signature
import copy
import logging
import re
import traceback
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import user_steps
from backend_runs import compiled, reference, skip_without_compiled
from compare import random_input
from recurra import Stream, unroll
from recurra.base import CannotFuse, RecurraWarning, clip_gradient, uniform
from user_steps import ROWS, SIZE, StepCell, assert_honoured, refusal

PRIVATE = re.compile(
    r"functorch|fake|proxy|symint|aten|prims|make_fx|10000[03]3|Node|\.default|dispatch", re.I
)


def add_all(x):
    return x + x.sum(0)  # the cause


class Helper:
    """Methods that a step calls."""

    def run(self, x):
        return add_all(x)

    def __call__(self, x):
        return x.flip(0)  # the cause

    @property
    def level(self):
        return torch.rand(())  # the cause

    @staticmethod
    def ask(x):
        if x.sum() > 0:  # the cause
            return x
        return -x


class Inner(nn.Module):
    """A module that a step calls."""

    def forward(self, x):
        return self.also(x)

    def also(self, x):
        return x.cumsum(0)  # the cause


def closure(cell, x, h):
    def inner(value):
        return value.sort(1).values  # the cause

    return cell.mix(x, inner(h))


def comprehension(cell, x, h):
    return x + sum(
        part.mean(0)  # the cause
        for part in (x, h)
    )


def over_lines(cell, x, h):
    return cell.mix(
        x,
        h
        + h.sort(  # the cause
            1, descending=True
        ).values,
    )


def by_a_library(cell, x, h):
    return F.softmax(h, dim=0) + x  # the cause


def with_a_default(cell, x, h, ask=Helper.ask):
    return cell.mix(x, ask(h))


def generated(cell, x, h):
    return cell.mix(x, next(each_of(h)))


def each_of(h):
    yield h.roll(1, 0)  # the cause


def mismatched(cell, x, h):
    return x + h @ cell.weight[:2]  # the cause


def of_another_size(cell, x, h):
    return cell.mix(x, h.view(7, 3))  # the cause


def raising(cell, x, h):
    raise ValueError("no good")  # the cause


def of_the_size(cell, x, h):
    return cell.mix(x * (len(x) + 1), h)  # the cause


def indexed(cell, x, h):
    return cell.mix(x, h) * h[:, 9]  # the cause


LINES = {
    "a helper": lambda cell, x, h: cell.mix(add_all(x), h),
    "a method": lambda cell, x, h: cell.mix(Helper().run(x), h),
    "a callable": lambda cell, x, h: cell.mix(Helper()(x), h),
    "a property": lambda cell, x, h: cell.mix(x * Helper().level, h),
    "a static method": lambda cell, x, h: cell.mix(Helper.ask(x), h),
    "a module": lambda cell, x, h: cell.mix(Inner()(x), h),
    "a closure": closure, "a comprehension": comprehension, "several lines": over_lines,
    "a function of PyTorch": by_a_library, "a default": with_a_default, "a generator": generated,
    "shapes": mismatched, "another size": of_another_size, "an error": raising,
    "the size of the batch": of_the_size, "an index": indexed,
}  # fmt: skip


@pytest.mark.parametrize("step", LINES.values(), ids=LINES)
def test_the_innermost_line_is_named_in_words_of_the_user(step):
    error = refusal(step)
    where = error.details["where"]
    assert where.startswith(f"{__file__}:")
    assert where.endswith("# the cause")
    said = [error.problem, *(text for name, text in error.details.items() if name != "where")]
    assert not PRIVATE.search("\n".join(said)), error
    assert all(len(line) < 200 for line in said)


def test_the_line_of_another_file():
    error = refusal(lambda cell, x, h: cell.mix(x, h[:, :2]))
    assert error.details["where"].startswith(f"{user_steps.__file__}:")
    assert "torch.tanh(x + h @ self.weight + self.bias)" in error.details["where"]


def test_code_without_a_file():
    names = {"torch": torch}
    exec("def step(cell, x, h):\n    return cell.mix(x, h) + x.sum(0)", names)
    assert refusal(names["step"]).details["where"] == "<string>:2"


@pytest.mark.parametrize("step", [mismatched, of_another_size, raising, indexed])
def test_a_mistake_is_told_in_one_short_message(step, caplog):
    skip_without_compiled()
    cell, x = StepCell(step), random_input(4, ROWS, SIZE)
    with pytest.raises(Exception) as plain:  # noqa: PT011
        reference(cell, x)
    with pytest.raises(type(plain.value)) as caught:
        unroll(cell, x)
    assert str(caught.value) == str(plain.value)
    with pytest.raises(CannotFuse) as refused:
        compiled(cell, x)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
    assert len(str(refused.value).splitlines()) <= 5
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
    said = "".join(traceback.format_exception(caught.value))
    assert not re.search("functorch|fake_tensor|proxy_tensor", said)


def test_a_fixed_batch_that_fits_runs_in_the_plain_loop():
    cell, x = StepCell(of_another_size), random_input(4, 7, SIZE)
    with pytest.warns(RecurraWarning, match="plain loop"):
        y, _ = unroll(cell, x)
    assert torch.equal(y, reference(cell, x)[0])


def followed(words, before, after, **things):
    """Demand a refusal whose fix has these words, and that the step mended so compiles."""
    assert words in refusal(before, **things).details["fix"]
    assert_honoured(after, **things)


def test_fix_choose_by_where():
    followed(
        "torch.where(condition, a, b)",
        lambda cell, x, h: cell.mix(x, h) if h.sum() > 0 else x,
        lambda cell, x, h: torch.where(h.sum(1, keepdim=True) > 0, cell.mix(x, h), x),
    )


def test_fix_detach_in_place_of_no_grad():
    def without(cell, x, h):
        with torch.no_grad():
            h = h * 0.5
        return cell.mix(x, h)

    followed("`.detach()`", without, lambda cell, x, h: cell.mix(x, (h * 0.5).detach()))


def test_fix_a_copy_to_write_to():
    def write(cell, x, h):
        free = cell.mix(x, h).detach()
        free[:, 0] = 1.0
        return free + h

    def copied(cell, x, h):
        free = cell.mix(x, h).detach().clone()
        free[:, 0] = 1.0
        return free + h

    followed("`.detach().clone()`", write, copied)


def test_fix_detach_in_place_of_detach_():
    def step(cell, x, h):
        h = cell.mix(x, h)
        h.detach_()
        return h + x

    def fixed(cell, x, h):
        h = cell.mix(x, h)
        h = h.detach()
        return h + x

    followed("h = h.detach()", step, fixed)


def test_fix_clip_in_place_of_a_hook():
    def hooked(cell, x, h):
        h.register_hook(lambda gradient: gradient.clamp(-1, 1))
        return cell.mix(x, h)

    followed(
        "h = recurra.base.clip_gradient(h, 1.0)",
        hooked,
        lambda cell, x, h: cell.mix(x, clip_gradient(h, 1.0)),
    )


def test_fix_reshape_in_place_of_a_question():
    def asking(cell, x, h):
        return cell.mix(x, h.view(-1, 3) if h.is_contiguous() else h.contiguous().view(-1, 3))

    followed("`reshape`", asking, lambda cell, x, h: cell.mix(x, h.reshape(len(h), 3)))


def test_fix_clone_in_place_of_a_copy():
    followed(
        "`.clone()`",
        lambda cell, x, h: cell.mix(x, copy.copy(h)),
        lambda cell, x, h: cell.mix(x, h.clone()),
    )


def test_fix_ask_before():
    def catching(cell, x, h):
        try:
            return cell.mix(x, h @ cell.weight[:, :2])
        except RuntimeError:
            return cell.mix(x, h)

    def asking(cell, x, h):
        return cell.mix(x, h @ cell.weight) if cell.weight.shape[1] == 3 else cell.mix(x, h)

    followed("`if`", catching, asking)


def test_fix_the_function_in_place_of_its_script():
    def plain(x: torch.Tensor) -> torch.Tensor:
        return torch.sin(x)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script = torch.jit.script(plain)
    followed(
        "without `torch.jit`",
        lambda cell, x, h: cell.mix(x, script(h)),
        lambda cell, x, h: cell.mix(x, plain(h)),
    )


def test_fix_a_list_in_place_of_a_buffer():
    followed(
        "a list of integers",
        lambda cell, x, h: cell.mix(x, h[:, cell.inner.places]),
        lambda cell, x, h: cell.mix(x, h[:, cell.as_list]),
        inner=_with_places(),
        as_list=[2, 0, 1],
    )


def _with_places():
    module = nn.Module()
    module.register_buffer("places", torch.tensor([2, 0, 1]))
    return module


def test_fix_keep_the_first_axis():
    followed(
        "value.flatten(1)",
        lambda cell, x, h: cell.mix(x, h.reshape(3, -1).T),
        lambda cell, x, h: cell.mix(x, h.reshape(len(h), 3, 1).flatten(1)),
    )


def test_fix_new_values_in_place_of_writes():
    def writing(cell, x, h):
        x[:, 0] = 1.0
        return cell.mix(x, h)

    followed(
        "torch.cat",
        writing,
        lambda cell, x, h: cell.mix(torch.cat([torch.ones_like(x[:, :1]), x[:, 1:]], 1), h),
    )


def test_fix_a_parameter_of_the_cell():
    outside = torch.randn(3, dtype=torch.float64, requires_grad=True)
    fix = refusal(lambda cell, x, h: cell.mix(x * outside, h)).details["fix"]
    assert "a parameter of the cell" in fix
    own = nn.ParameterList([nn.Parameter(outside.detach().clone())])
    assert_honoured(lambda cell, x, h: cell.mix(x * cell.own[0], h), own=own)


def test_fix_uniform_in_place_of_chance():
    places = torch.arange(3, dtype=torch.float64)
    followed(
        "recurra.base.uniform",
        lambda cell, x, h: cell.mix(x, h + torch.rand_like(h)),
        lambda cell, x, h: cell.mix(x, h + uniform(x.new_tensor(7.0), x.new_tensor(1.0), places)),
    )


def test_fix_the_form_without_checks():
    def solved(cell, x, h):
        matrix = cell.weight + 3 * torch.eye(3, dtype=h.dtype)
        return cell.mix(x, h @ torch.linalg.inv(matrix))

    def unchecked(cell, x, h):
        matrix = cell.weight + 3 * torch.eye(3, dtype=h.dtype)
        return cell.mix(x, h @ torch.linalg.inv_ex(matrix)[0])

    followed("torch.linalg.inv_ex(a)[0]", solved, unchecked)


def test_fix_operations_in_place_of_a_function_of_its_own():
    class Rounded(torch.autograd.Function):
        """Rounds, and lets gradients pass."""

        @staticmethod
        def forward(ctx, value):
            return value.round()

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    followed(
        "tensor operations whose derivative",
        lambda cell, x, h: cell.mix(x, Rounded.apply(4 * h) / 4),
        lambda cell, x, h: cell.mix(x, h + ((4 * h).round() / 4 - h).detach()),
    )


def test_fix_all_rows_at_once():
    followed(
        "operations on `[B, ...]`",
        lambda cell, x, h: torch.stack([(row * row).sum() * row for row in x]) + h,
        lambda cell, x, h: (x * x).sum(1, keepdim=True) * x + h,
    )


def test_fix_no_hooks_for_saved_tensors():
    def offloaded(cell, x, h):
        with torch.autograd.graph.save_on_cpu():
            return cell.mix(x, h)

    followed("leave them out", offloaded, lambda cell, x, h: cell.mix(x, h))


def test_a_stream_names_the_line_too():
    skip_without_compiled()
    with pytest.warns(RecurraWarning, match="the cause"):
        Stream(StepCell(closure), ROWS)(torch.randn(ROWS, SIZE, dtype=torch.float64))
