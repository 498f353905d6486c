# What a step asks of tensors that tracing cannot answer: refused by name, with the user's line.
# ruff: noqa: ARG005 - steps share one signature, and some only look
import copy
import pickle
from contextlib import suppress

import pytest
import torch
from torch import nn

import user_steps
from recurra.base import clip_gradient
from user_steps import assert_honoured, refusal


def clamped(gradient):
    return gradient.clamp(-0.01, 0.01)


def hook(cell, x, h):
    h = cell.mix(x, h)
    h.register_hook(clamped)
    return h


def hook_if_recorded(cell, x, h):
    if h.requires_grad:
        h.register_hook(clamped)
    return cell.mix(x, h)


def hook_of_a_helper(cell, x, h):
    return watch(cell.mix(x, h))


def watch(value):
    value.register_hook(clamped)  # the line
    return value


def hook_of_a_weight(cell, x, h):
    cell.weight.register_hook(clamped)
    return cell.mix(x, h)


def kept_gradient(cell, x, h):
    h = cell.mix(x, h)
    h.retain_grad()
    return h


def hook_after(cell, x, h):
    cell.weight.register_post_accumulate_grad_hook(lambda weight: None)
    return cell.mix(x, h)


def hook_of_many(cell, x, h):
    h = cell.mix(x, h)
    torch.autograd.graph.register_multi_grad_hook([h, x], lambda gradients: None)
    return h


def hook_if_any(cell, x, h):
    h = cell.mix(x, h)
    torch.autograd.graph.register_multi_grad_hook([h, x], lambda gradient: None, mode="any")
    return h


def hook_that_the_step_guards(cell, x, h):
    h = cell.mix(x, h)
    with suppress(RuntimeError):  # raised where no gradient is recorded
        h.register_hook(clamped)
    return h


def scaled_if(ask):
    def step(cell, x, h):
        h = cell.mix(x, h)
        return h * 0.5 if ask(cell, x, h) else h

    return step


def set_gradient(cell, x, h):
    h.grad = None
    return cell.mix(x, h)


ASKS = {
    "h.requires_grad": lambda cell, x, h: h.requires_grad,
    "weight.requires_grad": lambda cell, x, h: cell.weight.requires_grad,
    "x.requires_grad by getattr": lambda cell, x, h: getattr(x, "requires_grad"),  # noqa: B009
    "grad_fn": lambda cell, x, h: h.grad_fn is not None,
    "is_leaf": lambda cell, x, h: h.is_leaf,
    "grad": lambda cell, x, h: cell.weight.grad is None,
    "_version": lambda cell, x, h: h._version > 0,
    "_base": lambda cell, x, h: h[:, :2]._base is None,
    "output_nr": lambda cell, x, h: h.output_nr,
    "retains_grad": lambda cell, x, h: h.retains_grad,
    "_backward_hooks": lambda cell, x, h: h._backward_hooks is None,
    "data_ptr": lambda cell, x, h: h.data_ptr() % 64 == 0,
    "untyped_storage": lambda cell, x, h: len(h.untyped_storage()) > 100,
    "storage": lambda cell, x, h: len(h.storage()) > 100,
    "storage_offset": lambda cell, x, h: x.storage_offset() > 0,
    "stride": lambda cell, x, h: x.stride(0) > 3,
    "stride of all": lambda cell, x, h: x.stride() == (3, 1),
    "is_contiguous": lambda cell, x, h: x.is_contiguous(),
    "is_inference": lambda cell, x, h: x.is_inference(),
    "torch.is_inference": lambda cell, x, h: torch.is_inference(x),
    "is_set_to": lambda cell, x, h: h.is_set_to(x),
    "is_shared": lambda cell, x, h: h.is_shared(),
    "is_pinned": lambda cell, x, h: h.is_pinned(),
    "is_conj": lambda cell, x, h: h.is_conj(),
    "is_neg": lambda cell, x, h: h.is_neg(),
    "an edge": lambda cell, x, h: torch.autograd.graph.get_gradient_edge(h) is None,
    "text": lambda cell, x, h: "grad_fn" in repr(h),
    "string": lambda cell, x, h: "grad_fn" in str(h),
    "formatted": lambda cell, x, h: len(f"{h}") > 3,
    "pickled": lambda cell, x, h: len(pickle.dumps(h)) > 3,
    "copied": lambda cell, x, h: copy.copy(h) is h,
    "copied deeply": lambda cell, x, h: copy.deepcopy(h) is h,
    "item": lambda cell, x, h: h.sum().item() > 0,
    "bool": lambda cell, x, h: bool(h.sum() > 0),
    "float": lambda cell, x, h: float(h.sum()) > 0,
    "int": lambda cell, x, h: int(h.sum()) > 0,
    "within": lambda cell, x, h: 1.0 in h,
    "a list": lambda cell, x, h: x.tolist(),
    "numpy": lambda cell, x, h: x.numpy(),
    "equal": lambda cell, x, h: torch.equal(h, x),
    "allclose": lambda cell, x, h: torch.allclose(h, x),
}
HOOKS = {
    "bare": hook, "under a condition": hook_if_recorded, "in a helper": hook_of_a_helper,
    "of a weight": hook_of_a_weight, "retain_grad": kept_gradient, "post accumulate": hook_after,
    "of many": hook_of_many, "of any": hook_if_any, "guarded": hook_that_the_step_guards,
    "grad written": set_gradient,
}  # fmt: skip


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_a_question_for_hidden_state_is_refused(ask):
    error = refusal(scaled_if(ask))
    assert error.details["where"].startswith(f"{__file__}:{ask.__code__.co_firstlineno}  ")


@pytest.mark.parametrize("step", HOOKS.values(), ids=HOOKS)
def test_hooks_are_refused(step):
    error = refusal(step)
    assert error.details["where"].startswith((f"{__file__}:", f"{user_steps.__file__}:"))


def test_the_line_is_that_of_the_helper():
    assert "# the line" in refusal(hook_of_a_helper).details["where"]


def test_what_to_write_in_place_of_a_hook():
    assert "recurra.base.clip_gradient(h, 1.0)" in refusal(hook).details["fix"]
    assert_honoured(lambda cell, x, h: clip_gradient(cell.mix(x, h), 1.0))


def shapes(cell, x, h):
    same = x.shape == h.shape, x.device == h.device, x.dtype == h.dtype, len(x) == x.size(0)
    real = x.is_floating_point(), not x.is_complex(), x.is_cpu, not x.is_cuda, not x.is_sparse
    form = x.dim() == 2, x.ndim == 2, x.layout == torch.strided, x.element_size() == 8
    kind = isinstance(x, torch.Tensor), torch.is_tensor(h), not x.is_quantized, not x.is_nested
    assert all((*same, *real, *form, *kind))
    return cell.mix(x.contiguous(), h) * x.size(-1) + x.shape[1]


MODULES = {
    "norm": nn.LayerNorm(3).double(), "activation": nn.GELU(), "softmax": nn.Softmax(dim=-1),
    "group norm": nn.GroupNorm(1, 3).double(), "gated": nn.GRUCell(3, 3).double(),
    "lstm": nn.LSTMCell(3, 3).double(), "none": nn.Identity(), "dropout": nn.Dropout(0.0),
    "multilayer": nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 3)).double(),
    "prelu": nn.PReLU().double(),
    "weight norm": nn.utils.parametrizations.weight_norm(nn.Linear(3, 3).double()),
    "orthogonal": nn.utils.parametrizations.orthogonal(nn.Linear(3, 3).double()),
}  # fmt: skip


def test_questions_for_the_form_are_answered():
    assert_honoured(shapes)


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_modules_of_pytorch_may_ask(module):
    def step(cell, x, h):
        result = cell.inner(h)
        return cell.mix(x, result[0] if isinstance(result, tuple) else result)

    assert_honoured(step, inner=copy.deepcopy(module))
