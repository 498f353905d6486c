# What stops gradients in a step: the plain loop's values and gradients, or a refusal by name.
# ruff: noqa: ARG001, ARG004, ARG005 - steps share one signature
import warnings
from contextlib import suppress

import numpy
import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import user_steps
from recurra.base import CannotFuse
from user_steps import SIZE, assert_honoured, refusal


def written_after_detach(cell, x, h):
    h = torch.sin(x) + h
    seen = h.detach()
    h.mul_(2.0)
    return cell.mix(seen, h)


def own_copy(cell, x, h):
    free = cell.mix(x, h).detach().clone()
    free[:, 0] = x[:, 1]
    free.clamp_(-0.1, 0.1)
    return cell.mix(free, h)


def in_a_list(cell, x, h):
    parts = [each.detach() for each in (x, h)]
    return cell.mix(x, h) * parts[0] + parts[1]


def straight_through(cell, x, h):
    h = cell.mix(x, h)
    return h + (torch.sign(h) - h).detach()


def by_its_operator(cell, x, h):
    return cell.mix(x, torch.ops.aten.detach(h)) + h * torch.ops.aten.detach.default(x)


def squeezed(cell, x, h):
    return cell.mix(x.squeeze(()), torch.squeeze(h, dim=())) + torch.ops.aten.squeeze.dims(h, [])


def gradient_inside(cell, x, h):
    def energy(value):
        return (value.square() * value.detach() + value.data * x).sum()

    return cell.mix(x, h) - torch.func.grad(energy)(h)


def gradient_of_rows(cell, x, h):
    return cell.mix(x, torch.vmap(torch.func.grad(lambda v: (v * v * v.detach()).sum()))(h))


def gradient_of_a_weight(cell, x, h):
    slope = torch.func.grad(lambda weight: (weight.square() * weight.detach()).sum())(cell.weight)
    return cell.mix(x, h @ slope)


def data_in_a_gradient(cell, x, h):
    slopes = torch.func.grad(lambda v, u: (v.square() * u.data * v.data).sum())
    return cell.mix(x, torch.vmap(slopes)(h, x))


def own_constants(cell, x, h):
    matrix = torch.from_numpy(numpy.eye(3)) + torch.DoubleTensor([0.5, 0.2, 0.1])
    return cell.mix(x.detach(), h @ matrix)


def new_parameter(cell, x, h):
    return cell.mix(x, h * nn.Parameter(x + 1.0))


def each_row(cell, x, h):
    return torch.vmap(lambda row, other: torch.tanh(row + other.detach()))(x, h) + h


HONOURED = {
    "detach of the state": lambda cell, x, h: cell.mix(x, h.detach()),
    "detach of x": lambda cell, x, h: cell.mix(x.detach(), h) + x,
    "detach of a weight": lambda cell, x, h: torch.tanh(x + h @ cell.weight.detach()) + cell.bias,
    "detach of what is made": lambda cell, x, h: cell.mix(x, h) * cell.mix(x, h).detach(),
    "torch.detach": lambda cell, x, h: cell.mix(x, torch.detach(h)),
    "two times": lambda cell, x, h: cell.mix(x, h.detach().detach()) + h,
    "data of the state": lambda cell, x, h: cell.mix(x, h.data),
    "data of x": lambda cell, x, h: cell.mix(x.data, h) + x,
    "data of a weight": lambda cell, x, h: torch.tanh(x + h @ cell.weight.data) + cell.bias,
    "data of what is made": lambda cell, x, h: cell.mix(x, h) * torch.sigmoid(h + x).data,
    "data of data": lambda cell, x, h: cell.mix(x, h.data.data) + h,
    "a part of data": lambda cell, x, h: cell.mix(x, h) * h.data[:, :1] * h[:, 1:2].data,
    "data of a bias that stays outside": lambda cell, x, h: h + x + cell.bias.data * cell.bias,
    "getattr": lambda cell, x, h: cell.mix(x, getattr(h, "data")),  # noqa: B009
    "a copy of its own": own_copy,
    "in a list": in_a_list,
    "straight through": straight_through,
    "by its operator": by_its_operator,
    "no axis squeezed": squeezed,
    "a gradient of rows": gradient_of_rows,
    "a gradient of a weight": gradient_of_a_weight,
    "beside constants": own_constants,
    "a row of its own": each_row,
    "max and its place": lambda cell, x, h: cell.mix(x, h - h.detach().amax(1, keepdim=True)),
}
HONOURED_OR_REFUSED = {
    "data in torch.func": (data_in_a_gradient, r"\.data"),
    "a new parameter": (new_parameter, "Parameter"),
    "a parameter of ones": (
        lambda cell, x, h: cell.mix(x, h * nn.Parameter(torch.ones(3, dtype=h.dtype))),
        "Parameter",
    ),
    "a gradient inside": gradient_inside,
    "real and imaginary": lambda cell, x, h: (
        cell.mix(x, torch.complex(h, x).imag) * torch.complex(x, h).detach().real
    ),
    "real of a real": lambda cell, x, h: cell.mix(x, h.real.detach()),
    "conj": lambda cell, x, h: cell.mix(x, h.conj().detach()),
}


def write_to_detached(cell, x, h):
    h = cell.mix(x, h)
    h.detach().mul_(0.5)
    return h + x


def write_to_a_part_of_detached(cell, x, h):
    h = cell.mix(x, h)
    h.detach()[:, 0].copy_(x[:, 1])
    return h + x


def write_to_data(cell, x, h):
    h = torch.sigmoid(cell.mix(x, h))
    h.data.clamp_(-0.1, 0.1)
    return h + x


def write_to_data_of_the_state(cell, x, h):
    h.data.clamp_(-0.1, 0.1)
    return cell.mix(x, h)


def item_of_data(cell, x, h):
    h = cell.mix(x, h)
    h.data[:, 0] = 0.0
    return h


def out_into_data(cell, x, h):
    h = cell.mix(x, h)
    torch.add(x, x, out=h.data)
    return h


def inplace_relu(cell, x, h):
    h = cell.mix(x, h)
    nn.functional.relu(h.data, True)
    return h


def into_relu_module(cell, x, h):
    h = cell.mix(x, h)
    nn.ReLU(inplace=True)(h.detach())
    return h


def each_of_many(cell, x, h):
    h = cell.mix(x, h)
    torch._foreach_mul_([h.data], 0.5)
    return h


def data_set(cell, x, h):
    h = cell.mix(x, h)
    h.data = x * 0.5
    return h


def detach_in_place(cell, x, h):
    h = cell.mix(x, h)
    h.detach_()
    return h


def no_grad(cell, x, h):
    with torch.no_grad():
        h = h * 0.5
    return cell.mix(x, h)


def inference(cell, x, h):
    with torch.inference_mode():
        h = h * 0.5
    return x + h


def switched(cell, x, h):
    with torch.set_grad_enabled(False):
        h = h * 0.5
    return cell.mix(x, h)


def switched_for_good(cell, x, h):
    torch.set_grad_enabled(False)
    try:
        h = h * 0.5
    finally:
        torch.set_grad_enabled(True)
    return cell.mix(x, h)


def enabled(cell, x, h):
    with torch.no_grad(), torch.enable_grad():
        h = h * 0.5
    return cell.mix(x, h)


@torch.no_grad()
def halved(h):
    return h * 0.5


@torch.inference_mode()
def halved_in_inference(h):
    return h * 0.5


def a_gradient(cell, x, h):
    h = h.detach().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(torch.sin(h).sum(), h)
    return cell.mix(x, h) + slope


def plain_gradient(cell, x, h):
    (slope,) = torch.autograd.grad(torch.sin(h).sum(), h, create_graph=True)
    return cell.mix(x, h) + slope


def backwards(cell, x, h):
    h = cell.mix(x, h)
    h.sum().backward(retain_graph=True)
    return h


class Reversed(torch.autograd.Function):
    """A gradient that is not that of its forward."""

    @staticmethod
    def forward(ctx, value):
        return value * 2.0

    @staticmethod
    def backward(ctx, gradient):
        return -gradient


class ReversedInParts(torch.autograd.Function):
    """The same in the newer form."""

    @staticmethod
    def forward(value):
        return value * 2.0

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, gradient):
        return -gradient


class Negated(torch.autograd.Function):
    """One that vmap may generate."""

    generate_vmap_rule = True
    forward = ReversedInParts.forward
    setup_context = ReversedInParts.setup_context
    backward = ReversedInParts.backward


def saved_hooks(cell, x, h):
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t * 0.5, lambda t: t):
        return cell.mix(x, h)


def saved_on_cpu(cell, x, h):
    with torch.autograd.graph.save_on_cpu():
        return cell.mix(x, h)


def checkpointed(reentrant):
    def step(cell, x, h):
        return checkpoint(cell.mix, x, h, use_reentrant=reentrant)

    return step


def swallowed(cell, x, h):
    try:
        with torch.no_grad():
            h = h * 0.5
    except Exception:
        h = h * 0.25
    return cell.mix(x, h)


REFUSED = {
    "write to a detached value": (write_to_detached, "detach"),
    "write to what was detached": (written_after_detach, "detach"),
    "write to a part of one": (write_to_a_part_of_detached, "detach"),
    "write to data": (write_to_data, r"\.data"),
    "write to data of the state": (write_to_data_of_the_state, r"\.data"),
    "item of data": (item_of_data, r"\.data"),
    "out": (out_into_data, r"\.data"),
    "relu in place": (inplace_relu, r"\.data"),
    "module in place": (into_relu_module, "detach"),
    "foreach": (each_of_many, r"\.data"),
    "data set": (data_set, r"\.data"),
    "detach_": (detach_in_place, "detach_"),
    "requires_grad_": (lambda cell, x, h: cell.mix(x, h.requires_grad_()), "requires_grad_"),
    "requires_grad set": (a_gradient, "requires_grad_"),
    "no_grad": (no_grad, "gradients on or off"),
    "inference_mode": (inference, "inference mode|gradients on or off"),
    "set_grad_enabled": (switched, "gradients on or off"),
    "set_grad_enabled as a call": (switched_for_good, "gradients on or off"),
    "enable_grad": (enabled, "gradients on or off"),
    "no_grad as a decorator": (lambda c, x, h: c.mix(x, halved(h)), "gradients on or off"),
    "inference as a decorator": (
        lambda c, x, h: x + halved_in_inference(h),
        "inference mode|gradients on or off",
    ),
    "autograd.grad": (plain_gradient, "torch.autograd.grad"),
    "backward": (backwards, "backward"),
    "Function": (lambda c, x, h: c.mix(x, Reversed.apply(h)), "autograd.Function"),
    "Function in parts": (lambda c, x, h: c.mix(x, ReversedInParts.apply(h)), "autograd.Function"),
    "Function for vmap": (lambda c, x, h: c.mix(x, Negated.apply(h)), "autograd.Function"),
    "saved_tensors_hooks": (saved_hooks, "hooks for saved tensors"),
    "save_on_cpu": (saved_on_cpu, "hooks for saved tensors"),
    "checkpoint": (checkpointed(reentrant=False), "hooks for saved tensors"),
    "checkpoint that re-enters": (checkpointed(reentrant=True), "autograd.Function"),
    "a refusal that the step catches": (swallowed, "gradients on or off"),
}

with warnings.catch_warnings():
    warnings.simplefilter("ignore")

    @torch.jit.script
    def scripted_detach(x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x + h.detach())

    @torch.jit.script
    def scripted_data(x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x + h.data)

    @torch.jit.script
    def nothing_but_data(x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        return h.data

    @torch.jit.script
    def scripted_no_grad(x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            h = h * 0.5
        return torch.tanh(x + h)

    class Inner(nn.Module):
        def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
            return torch.tanh(x + h.detach())

    scripted_module = torch.jit.script(Inner())
    traced = torch.jit.trace(Inner(), (torch.ones(2, SIZE), torch.ones(2, SIZE)))

SCRIPTS = {
    "detach": scripted_detach, "data": scripted_data, "data alone": nothing_but_data,
    "no_grad": scripted_no_grad, "a module": scripted_module, "a trace": traced,
}  # fmt: skip


@pytest.mark.parametrize("step", HONOURED.values(), ids=HONOURED)
def test_gradients_stop_where_those_of_the_plain_loop_do(step):
    assert_honoured(step)


@pytest.mark.parametrize("step", HONOURED_OR_REFUSED.values(), ids=HONOURED_OR_REFUSED)
def test_gradients_of_rare_forms_are_right_or_refused(step):
    with suppress(CannotFuse):
        assert_honoured(step)


@pytest.mark.parametrize(("step", "words"), REFUSED.values(), ids=REFUSED)
def test_what_a_graph_does_not_know_of_is_refused_by_name(step, words):
    error = refusal(step, words)
    assert error.details["where"].startswith((f"{__file__}:", f"{user_steps.__file__}:"))
    assert "functorch" not in str(error)


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_scripts_that_stop_gradients_are_refused(script):
    error = refusal(lambda cell, x, h: script(x, h) + h @ cell.weight, "TorchScript")
    assert f"{__file__}:" in error.details["where"]
