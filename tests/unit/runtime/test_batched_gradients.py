"""Many gradients at once: batched backward passes, Jacobians, Hessians, `torch.func`."""

import pytest
import torch
from torch.autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp

import recurra
from recurra import GRU, LSTM, unroll
from recurra.base import state_tensors
from recurra.layers import CRF
from zoo import with_random_weights

T, B, D, H = 5, 2, 3, 3
LENGTHS = torch.tensor([5, 2])
RESETS = torch.tensor([[0, 0], [0, 1], [1, 0], [0, 0], [0, 0]]) > 0

# the plain loop runs; PyTorch warns of its own use of TorchScript
pytestmark = pytest.mark.filterwarnings("ignore")


def of_cell(make, backend="auto", **options):
    def made():
        cell = with_random_weights(make(D, H).double())

        def run(x, plainly=False):
            y, end = unroll(cell, x, backend="reference" if plainly else backend, **options)
            return torch.cat([y.flatten(), *(part.flatten() for part in state_tensors(end))])

        return cell, run

    return made


def of_drop_in():
    module = recurra.nn.LSTM(D, H, bidirectional=True).double()

    def run(x, plainly=False):
        module.backend = "reference" if plainly else "auto"
        y, (h, c) = module(x, lengths=LENGTHS)
        return torch.cat([y.flatten(), h.flatten(), c.flatten()])

    return module, run


def of_crf():
    crf = CRF(D).double()
    tags = torch.randint(D, (T, B))

    def run(x, plainly=False):
        crf.backend = "reference" if plainly else "auto"
        return crf(x, tags, lengths=LENGTHS)

    return crf, run


RUNS = {
    "lstm": of_cell(LSTM),
    "gru": of_cell(GRU, lengths=LENGTHS, resets=RESETS),
    "reverse": of_cell(GRU, lengths=LENGTHS, resets=RESETS, reverse=True),
    "scan": of_cell(recurra.cells.MinGRU, "scan"),
    "ragged_scan": of_cell(recurra.cells.MinGRU, "scan", lengths=LENGTHS, resets=RESETS),
    "nn": of_drop_in,
    "crf": of_crf,
}
every_run = pytest.mark.parametrize("make", RUNS.values(), ids=RUNS)


def random_x():
    return torch.randn(T, B, D, dtype=torch.float64)


def assert_close(got, expected):
    torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9)


def plain(run):
    return lambda x: run(x, plainly=True)


@every_run
def test_batched_gradients(make):
    module, run = make()
    x = random_x().requires_grad_()
    sources = [x, *module.parameters()]

    def gradients(run):
        y = run(x)
        torch.manual_seed(3)
        given = torch.randn(6, *y.shape, dtype=y.dtype)
        batched = torch.autograd.grad(y, sources, given, is_grads_batched=True, retain_graph=True)
        one = [torch.autograd.grad(y, sources, each, retain_graph=True) for each in given]
        mapped = torch.vmap(lambda g: torch.autograd.grad(y, sources, g, retain_graph=True))(given)
        assert_close(batched, mapped)
        assert_close(list(batched), [torch.stack(each) for each in zip(*one, strict=True)])
        return batched

    assert_close(gradients(run), gradients(plain(run)))


@every_run
def test_jacobians_and_hessians(make):
    _, run = make()
    x = random_x()
    expected = jacobian(plain(run), x)
    for options in (
        {},
        {"vectorize": True},
        {"vectorize": True, "create_graph": True},
        {"vectorize": True, "strategy": "forward-mode"},
    ):
        try:
            assert_close(jacobian(run, x, **options), expected)
        except recurra.base.CannotFuse:
            assert options.get("strategy")  # a scan that is asked for, by name

    def loss(run):
        return lambda x: run(x).square().sum()

    curvature = hessian(loss(plain(run)), x)
    assert_close(hessian(loss(run), x), curvature)
    assert_close(hessian(loss(run), x, vectorize=True), curvature)
    assert_close(hvp(loss(run), x, x)[1], hvp(loss(plain(run)), x, x)[1])
    assert_close(vhp(loss(run), x, x)[1], vhp(loss(plain(run)), x, x)[1])
    assert_close(jvp(run, x, x)[1], jvp(plain(run), x, x)[1])
    assert_close(vjp(loss(run), x)[1], vjp(loss(plain(run)), x)[1])


@pytest.mark.parametrize("make", [RUNS["lstm"], RUNS["gru"], RUNS["nn"], RUNS["crf"]])
def test_transforms(make):
    _, run = make()
    x = random_x()

    def loss(x):
        return run(x).square().sum()

    expected = jacobian(plain(run), x)
    assert_close(torch.func.jacrev(run)(x), expected)
    assert_close(torch.func.jacfwd(run)(x), expected)
    assert_close(torch.func.hessian(loss)(x), hessian(lambda x: plain(run)(x).square().sum(), x))
    xs = torch.stack([x, -x])
    assert_close(torch.vmap(run)(xs), torch.stack([plain(run)(x), plain(run)(-x)]))
    slopes = torch.vmap(torch.func.grad(loss))(xs)
    assert_close(slopes[0], torch.func.grad(loss)(x))
    y, back = torch.func.vjp(run, x)
    assert_close(back(torch.ones_like(y))[0], expected.sum(0))


def test_a_vmap_over_lengths():
    cell = with_random_weights(LSTM(D, H).double())
    x, many = random_x(), torch.tensor([[5, 2], [1, 5], [0, 3]])
    got = torch.vmap(lambda lengths: unroll(cell, x, lengths=lengths)[0])(many)
    expected = torch.stack([unroll(cell, x, lengths=each, backend="reference")[0] for each in many])
    assert_close(got, expected)


def test_tangents_of_gradients():
    cell = with_random_weights(LSTM(D, H).double())
    x, direction = random_x().requires_grad_(), None
    results = []
    for backend in ("c", "reference"):
        y, _ = unroll(cell, x, backend=backend)
        torch.manual_seed(4)
        gradient, direction = torch.randn(2, *y.shape, dtype=y.dtype)
        with torch.autograd.forward_ad.dual_level():
            dual = torch.autograd.forward_ad.make_dual(gradient, direction)
            (d_x,) = torch.autograd.grad(y, x, dual)
            results.append(torch.autograd.forward_ad.unpack_dual(d_x))
    assert_close(*results)


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_the_products_around_the_loop(known):
    cell = with_random_weights(LSTM(40, 40).double())  # large enough for products of our own
    x = torch.randn(70, 2, 40, dtype=torch.float64, requires_grad=True)
    if known:
        unroll(cell, x)[0].sum().backward()
    y, _ = unroll(cell, x, backend="c")
    given = torch.randn(2, *y.shape, dtype=y.dtype)
    sources = [x, *cell.parameters()]
    got = torch.autograd.grad(y, sources, given, is_grads_batched=True)
    y, _ = unroll(cell, x, backend="reference")
    assert_close(got, torch.autograd.grad(y, sources, given, is_grads_batched=True))


def test_a_batched_loss_of_a_softmax():
    weight = torch.randn(7, D, dtype=torch.float64, requires_grad=True)
    hidden, targets = torch.randn(5, D, dtype=torch.float64), torch.randint(7, (5,))
    loss = recurra.layers.softmax_loss(hidden, weight, None, targets)
    given = torch.tensor([1.0, -2.0], dtype=torch.float64)
    (got,) = torch.autograd.grad(loss, weight, given, is_grads_batched=True, retain_graph=True)
    (one,) = torch.autograd.grad(loss, weight)
    assert_close(got, torch.stack([one, -2 * one]))
