"""Hooks on what autograd saves, such as gradient checkpointing, work around every kernel."""

import warnings

import pytest
import torch
from torch import nn
from torch.autograd.graph import save_on_cpu, saved_tensors_hooks
from torch.utils.checkpoint import (
    CheckpointPolicy,
    checkpoint,
    checkpoint_sequential,
    create_selective_checkpoint_contexts,
)

import recurra
from recurra import GRU, LSTM, Recurrent, unroll
from recurra.base import ShapeError
from recurra.layers import CRF, softmax_loss

T, B, D, H = 70, 3, 4, 4
LENGTHS = torch.tensor([70, 2, 40])
RESETS = (torch.arange(T * B).reshape(T, B) % 9) == 8


def weigh(y, state):
    return (y.square().sum() + sum(part.sum() for part in recurra.base.state_tensors(state))) / T


def unrolled(make, **options):
    """A run of a new cell: nothing of it is known yet."""

    def made():
        cell = make(D, H).double()

        def run(x, backend="auto"):
            return weigh(*unroll(cell, x, backend=backend, **options))

        return cell, run

    return made


def scanned():
    cell = recurra.cells.MinGRU(D, H).double()

    def run(x, backend="scan"):
        return weigh(*unroll(cell, x, backend=backend, lengths=LENGTHS, resets=RESETS))

    return cell, run


def drop_in():
    module = recurra.nn.LSTM(D, H, num_layers=2, bidirectional=True).double()

    def run(x, backend="auto"):
        module.backend = backend
        y, state = module(x, lengths=LENGTHS)
        return weigh(y, tuple(state))

    return module, run


def layered():
    layer = recurra.Stack(
        [Recurrent(GRU(D, H)), recurra.Bidirectional(LSTM(H, H), GRU(H, H))]
    ).double()

    def run(x, backend="auto"):
        for each in layer.modules():
            if isinstance(each, Recurrent):
                each.backend = backend
        return weigh(*layer(x, resets=RESETS))

    return layer, run


def tagged():
    crf = CRF(D).double()
    tags = torch.randint(D, (T, B))

    def run(x, backend="auto"):
        crf.backend = backend
        return crf(x, tags, lengths=LENGTHS).sum() / T

    return crf, run


def softmax():
    head = nn.Linear(D, 50).double()
    targets = torch.randint(50, (T * B,))

    def run(x, backend="auto"):
        if backend == "reference":
            scores = head(x.flatten(0, 1))
            return nn.functional.cross_entropy(scores, targets, reduction="sum") / T
        return softmax_loss(x.flatten(0, 1), head.weight, head.bias, targets) / T

    return head, run


RUNS = {
    "lstm": unrolled(LSTM),
    "ragged": unrolled(GRU, lengths=LENGTHS, resets=RESETS, reverse=True),
    "scan": scanned,
    "nn": drop_in,
    "stack": layered,
    "crf": tagged,
    "softmax": softmax,
}
every_run = pytest.mark.parametrize("make", RUNS.values(), ids=RUNS)


def half_of_the_products(_, op, *__, **___):
    if op in (torch.ops.aten.mm.default, torch.ops.aten.addmm.default):
        return CheckpointPolicy.MUST_SAVE
    return CheckpointPolicy.PREFER_RECOMPUTE


def by_checkpoint(run, x):
    return checkpoint(run, x, use_reentrant=False)


def by_reentrant_checkpoint(run, x):
    return checkpoint(run, x, use_reentrant=True)


def by_nested_checkpoints(run, x):
    def inner(x):
        return checkpoint(run, x, use_reentrant=False)

    return checkpoint(inner, x, use_reentrant=False)


def by_selective_checkpoint(run, x):
    def contexts():
        return create_selective_checkpoint_contexts(half_of_the_products)

    return checkpoint(run, x, use_reentrant=False, context_fn=contexts)


def on_cpu(run, x):
    with save_on_cpu():
        return run(x)


def as_numpy(run, x):
    """Packs to something that is no tensor; the tensor that comes back is another one."""
    with saved_tensors_hooks(lambda t: t.detach().numpy().copy(), torch.from_numpy):
        return run(x)


def signed(run, x):
    """What comes back has its signs turned by a bit."""
    with saved_tensors_hooks(lambda t: (-t if t.is_floating_point() else t).detach(), turned_back):
        return run(x)


def turned_back(tensor):
    return torch._neg_view(tensor) if tensor.is_floating_point() else tensor


WAYS = [
    by_checkpoint,
    by_reentrant_checkpoint,
    by_nested_checkpoints,
    by_selective_checkpoint,
    on_cpu,
    as_numpy,
    signed,
]


@every_run
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_gradients_are_those_of_the_plain_loop(make, way, known, monkeypatch, tmp_path):
    if way is by_selective_checkpoint and make in (scanned, softmax):
        pytest.skip("a mode has to see all operators, and nothing may be written in place")
    if way is by_checkpoint and not known:
        monkeypatch.setenv("RECURRA_CACHE", str(tmp_path))
    module, run = make()
    x = torch.randn(T, B, D, dtype=torch.float64, requires_grad=True)
    sources = [x, *module.parameters()]
    if known:
        run(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error" if way is not by_selective_checkpoint else "ignore")
        way(run, x).backward()
    got = [each.grad for each in sources]
    expected = torch.autograd.grad(run(x, "reference"), sources)
    torch.testing.assert_close(got, list(expected), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("way", [by_checkpoint, on_cpu, as_numpy])
def test_gradients_of_gradients(way):
    cell = GRU(D, H).double()
    x = torch.randn(5, 2, D, dtype=torch.float64, requires_grad=True)

    def curvature(around, backend):
        loss = around(lambda x: unroll(cell, x, backend=backend)[0].square().sum(), x)
        (slope,) = torch.autograd.grad(loss, x, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), [x, *cell.parameters()])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = curvature(way, "auto")
    expected = curvature(lambda run, x: run(x), "reference")
    torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9)


def test_hooks_do_not_act_while_a_cell_is_traced():
    seen = []

    def pack(tensor):
        seen.append(type(tensor))
        return tensor

    cell, x = LSTM(D, H).double(), torch.randn(5, 2, D, dtype=torch.float64, requires_grad=True)
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        unroll(cell, x, backend="c")
        first = list(seen)
        seen.clear()
        unroll(cell, x, backend="c")
    assert first == seen
    assert set(seen) <= {torch.Tensor, nn.Parameter}


def test_hooks_are_put_back_after_a_trace_that_fails():
    class Refused(nn.Module):
        def initial_state(self, batch_size):
            return torch.zeros(batch_size, D)

        def forward(self, x, hidden):
            if float(x.sum()) > 0:
                hidden = hidden + x
            return hidden, hidden

    names = []
    with (
        saved_tensors_hooks(lambda t: names.append("outer") or t, lambda t: t),
        saved_tensors_hooks(lambda t: names.append("inner") or t, lambda t: t),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            unroll(Refused(), torch.randn(3, 2, D))
        names.clear()
        torch.ones(1, requires_grad=True).exp()
    assert names == ["inner"]


def test_a_tensor_of_another_form_is_refused():
    cell, x = LSTM(D, H), torch.randn(5, 2, D, requires_grad=True)
    for change in (lambda t: t[:1], lambda t: t.double()):
        with saved_tensors_hooks(lambda t: t, change):
            y, _ = unroll(cell, x, backend="c")
        with pytest.raises((ShapeError, RuntimeError)):
            y.sum().backward()


def test_layers_in_a_row():
    layers = nn.Sequential(*(Only(Recurrent(GRU(D, H).double())) for _ in range(4)))
    x = torch.randn(5, 2, D, dtype=torch.float64, requires_grad=True)
    got, expected = (
        torch.autograd.grad(y.square().sum(), list(layers.parameters()))
        for y in (checkpoint_sequential(layers, 2, x, use_reentrant=False), layers(x))
    )
    torch.testing.assert_close(got, expected)


class Only(nn.Module):
    """The outputs alone."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)[0]
