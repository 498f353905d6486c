# RECURRA_VERIFY: the plain loop runs beside kernels, and what differs is an error.
import copy
import threading
import time
from collections import Counter

import pytest
import torch
from torch import nn

from backend_runs import measured, reached_state, reference, skip_without_compiled
from compare import assert_same, random_input
from recurra import GRU, LSTM, Recurrent, Stream, unroll
from recurra.base import VerificationError
from recurra.cells import MinGRU
from recurra.runtime import _choice, _fused, _stream
from recurra.runtime._scan.scan_loop import ScanLoop
from recurra.runtime._verify import verify
from zoo import CELLS, name_of


@pytest.fixture(autouse=True)
def verifying(monkeypatch):
    skip_without_compiled()
    monkeypatch.setenv("RECURRA_VERIFY", "1")
    monkeypatch.setattr(verify, "_calls", Counter())


@pytest.fixture
def plain_runs(monkeypatch):
    """The runs of the plain loop beside kernels."""
    runs = []
    loop = verify.Check._plain_side

    def counted(self, *args, **options):
        runs.append(self)
        return loop(self, *args, **options)

    monkeypatch.setattr(verify.Check, "_plain_side", counted)
    return runs


class Stale(nn.Module):
    """A cell whose tracing does not see a number: what the compiler must never believe."""

    def __init__(self):
        super().__init__()
        self.affine = nn.Linear(5, 3)

    def initial_state(self, batch_size):
        return self.affine.weight.new_zeros(batch_size, 3)

    def forward(self, x, h):
        h = torch.tanh(self.affine(torch.cat([x, h], -1)))
        return h, h


def spoil(monkeypatch, *, forward=None, backward=None):
    """Let kernels compute something wrong, there or back."""
    run, run_back = _fused._FusedLoop.forward, _fused._FusedLoop.backward

    def wrong_forward(ctx, *given):
        return forward(run(ctx, *given))

    def wrong_backward(ctx, *given):
        return backward(run_back(ctx, *given))

    if forward is not None:
        monkeypatch.setattr(_fused._FusedLoop, "forward", staticmethod(wrong_forward))
    if backward is not None:
        monkeypatch.setattr(_fused._FusedLoop, "backward", staticmethod(wrong_backward))


def off(values, share=1e-3):
    """Make the last of some tensors wrong in one number."""
    values = list(values)
    place = max(i for i, each in enumerate(values) if isinstance(each, torch.Tensor))
    values[place] = values[place].clone()
    values[place].view(-1)[0] += share
    return tuple(values)


def test_a_wrong_state_is_an_error(monkeypatch):
    spoil(monkeypatch, forward=off)
    x = torch.randn(4, 2, 2)
    with pytest.raises(VerificationError) as caught:
        unroll(Stale(), x)
    error = caught.value
    assert error.problem.startswith(
        "The kernel of `Stale` computes another final state 0 than the plain loop, off by 0.001"
    )
    assert "T=4, B=2, float32" in error.problem
    assert error.details["got"].endswith("at [0, 0]")
    assert float(error.details["got"].split()[0]) == pytest.approx(
        float(error.details["expected"].split(",")[0]) + 1e-3, abs=1e-6
    )
    assert error.details["where"].startswith(__file__)


def test_a_wrong_output_is_an_error(monkeypatch):
    run = _choice.fused_loop

    def wrong(*args, **options):
        y, final = run(*args, **options)
        return y * 1.001, final

    monkeypatch.setattr(_choice, "fused_loop", wrong)
    for mode in (torch.no_grad, torch.inference_mode, torch.enable_grad):
        with mode(), pytest.raises(VerificationError, match="another output"):
            unroll(Stale(), torch.randn(4, 2, 2))


@pytest.mark.parametrize("options", [{}, {"lengths": torch.tensor([3, 5])}, {"reverse": True}])
def test_a_wrong_gradient_is_an_error(monkeypatch, options):
    spoil(monkeypatch, backward=off)
    cell = Stale()
    state = torch.randn(2, 3, requires_grad=True)
    y, _ = unroll(cell, torch.randn(5, 2, 2), state, **options)
    with pytest.raises(VerificationError, match="another gradient of the first state 0 than"):
        y.square().sum().backward()


def test_a_wrong_gradient_of_a_parameter_is_named(monkeypatch):
    def wrong(values):
        return tuple(
            each * 2 if isinstance(each, torch.Tensor) and each.shape == (3, 3) else each
            for each in values
        )

    spoil(monkeypatch, backward=wrong)
    y, _ = unroll(Stale(), torch.randn(5, 2, 2))
    with pytest.raises(VerificationError, match=r"another gradient of `affine\.weight` than"):
        y.square().sum().backward()


def test_a_gradient_that_is_wrong_under_the_users_cotangents_only(monkeypatch):
    # A random cotangent of our own would not notice what only small cotangents bring to light.
    def wrong(values):
        return tuple(
            each.clamp(-0.1, 0.1) if isinstance(each, torch.Tensor) else each for each in values
        )

    spoil(monkeypatch, backward=wrong)
    x = torch.randn(5, 2, 2)
    (unroll(Stale(), x)[0].sum() * 1e-5).backward()
    with pytest.raises(VerificationError, match="gradient"):
        unroll(Stale(), x)[0].sum().backward()


def test_a_wrong_scan_is_an_error(monkeypatch):
    run = ScanLoop.run

    def wrong(self, *args):
        loop_outputs, final = run(self, *args)
        return tuple(each * 1.01 for each in loop_outputs), final

    cell = MinGRU(2, 3)
    unroll(cell, torch.randn(4, 2, 2), backend="scan")[0].sum().backward()
    monkeypatch.setattr(ScanLoop, "run", wrong)
    with pytest.raises(VerificationError, match="The scan of `MinGRU`"):
        unroll(cell, torch.randn(4, 2, 2), backend="scan")


def test_a_plain_loop_that_raises_is_an_error():
    class Raising(Stale):
        limit = 5

        def forward(self, x, h):
            if len(seen) >= self.limit:
                raise ValueError("too many")
            return super().forward(x, h)

    seen = []
    cell = Raising()
    unroll(cell, torch.randn(4, 2, 2), backend="c")
    program, held, _ = _choice._found(
        cell,
        _choice.UnrollArgs(torch.randn(4, 2, 2), *[cell.initial_state(2)] * 2, None, None, False),
    )
    seen += [0] * 5
    passage = _choice.UnrollArgs(
        torch.randn(4, 2, 2), *[cell.initial_state(2)] * 2, None, None, False
    )
    with pytest.raises(VerificationError) as caught:
        verify.verified(
            lambda held, passage: _fused.fused_loop(program, held, passage),
            "kernel",
            program,
            cell,
            held,
            passage,
        )
    assert caught.value.details["expected"] == "ValueError: too many"


@pytest.mark.parametrize(
    "specimen", [each for each in CELLS if "LSTM" in each.name or "U" in each.name], ids=name_of
)
def test_cells_pass(specimen):
    cell = specimen.cell()
    x = random_input(4, 3, specimen.input_size)
    options = {"lengths": torch.tensor([4, 0, 2]), "resets": torch.rand(4, 3) < 0.3}
    state = reached_state(cell, x)
    assert_same(
        measured(unroll, cell, x, state, **options),
        measured(reference, cell, x, state, **options),
        1e-10,
    )


@pytest.mark.parametrize("kind", [LSTM, GRU, MinGRU])
def test_the_loop_did_run(kind, plain_runs):
    cell = kind(2, 3)
    unroll(cell, torch.randn(4, 3, 2))[0].sum().backward()
    with torch.no_grad():
        unroll(cell, torch.randn(4, 3, 2))
    assert len(plain_runs) == 2


def test_the_first_calls_are_compared(plain_runs, monkeypatch):
    cell = LSTM(2, 3)
    for _ in range(10):
        unroll(cell, torch.randn(4, 2, 2))
    assert len(plain_runs) == 4
    with torch.no_grad():
        for _ in range(10):
            unroll(cell, torch.randn(4, 2, 2))
    assert len(plain_runs) == 8
    monkeypatch.setenv("RECURRA_VERIFY", "always")
    unroll(cell, torch.randn(4, 2, 2))
    assert len(plain_runs) == 9


@pytest.mark.parametrize("value", [None, "", "0"])
def test_nothing_is_compared_unasked(value, plain_runs, monkeypatch):
    if value is None:
        monkeypatch.delenv("RECURRA_VERIFY")
    else:
        monkeypatch.setenv("RECURRA_VERIFY", value)
    unroll(GRU(2, 3), torch.randn(4, 2, 2))[0].sum().backward()
    assert not plain_runs


def test_asking_costs_nothing(monkeypatch):
    monkeypatch.delenv("RECURRA_VERIFY")
    began = time.perf_counter()
    for _ in range(10_000):
        verify.is_verifying()
    assert (time.perf_counter() - began) / 10_000 < 2e-6  # a tenth of that where nothing else runs


def test_graphs_and_gradients_are_the_users(monkeypatch):
    hooked = []
    cell = LSTM(2, 3).double()
    cell.weight_hidden.register_hook(lambda gradient: hooked.append(gradient) or gradient * 0.5)
    x = random_input(4, 2, 2)
    x.register_hook(hooked.append)
    other = copy.deepcopy(cell)
    other.weight_hidden.register_hook(lambda gradient: gradient * 0.5)
    y, state = unroll(cell, x)
    dice = torch.get_rng_state()
    (y.sum() + state.cell.sum()).backward(retain_graph=True)
    assert len(hooked) == 2
    assert torch.equal(torch.get_rng_state(), dice)
    (y.sum() + state.cell.sum()).backward()
    mine = cell.weight_hidden.grad / 2
    monkeypatch.delenv("RECURRA_VERIFY")
    y, state = unroll(other, x.detach())
    (y.sum() + state.cell.sum()).backward()
    torch.testing.assert_close(mine, other.weight_hidden.grad)


def test_the_plain_loop_writes_to_nothing(plain_runs):
    class Writing(Stale):
        def forward(self, x, h):
            h = h.mul_(0.5) if written else h * 0.5
            _, h = super().forward(x, h)
            return h * 0.8, h

    written = []
    cell = Writing()
    state = torch.randn(2, 3)
    then = state.clone()
    program, held, _ = _choice._found(
        cell, _choice.UnrollArgs(torch.randn(4, 2, 2), state, state, None, None, False)
    )
    written.append(1)
    verify.verified(
        lambda held, passage: _fused.fused_loop(program, held, passage),
        "kernel",
        program,
        cell,
        held,
        _choice.UnrollArgs(torch.randn(4, 2, 2), state, state, None, None, False),
    )
    assert plain_runs
    assert torch.equal(state, then)


def test_gradients_of_gradients(plain_runs):
    cell = MinGRU(2, 3).double()
    x = random_input(4, 2, 2)
    assert torch.autograd.gradgradcheck(lambda x: unroll(cell, x)[0], (x,))
    assert plain_runs


def test_chaos_is_no_fault(plain_runs):
    class Chaotic(Stale):
        def forward(self, x, h):
            h = 3.99 * h * (1 - h) + 1e-3 * torch.tanh(x[:, :1])
            h = torch.sigmoid(20 * (h - 0.5)) * 0.9 + 0.05
            h = 3.9 * h * (1 - h)
            return h, h

        def initial_state(self, batch_size):
            return torch.full((batch_size, 3), 0.3)

    x = torch.randn(60, 2, 2, requires_grad=True)
    y, _ = unroll(Chaotic(), x, backend="c")
    y.sum().backward()
    assert len(plain_runs) > 1  # it was suspected
    assert not torch.equal(y, reference(Chaotic(), x)[0])


def test_large_numbers_that_cancel_are_no_fault():
    class Cancelling(Stale):
        def forward(self, x, h):
            large = x[:, :1] * 1e5
            h = torch.tanh(
                (h.sin() + large) * 1.1 - large * 1.1 + 0.1 * self.affine(torch.cat([x, h], -1))
            )
            return h, h

    y, _ = unroll(Cancelling(), torch.randn(20, 2, 2), backend="c")
    y.sum().backward()


def test_a_wrong_step_of_a_stream_is_an_error(monkeypatch):
    cell = GRU(2, 3)
    stream, x = Stream(cell), torch.randn(1, 2)
    expected = reference(cell, torch.stack([x, x]))[0]
    torch.testing.assert_close(torch.stack([stream(x), stream(x)]), expected)
    step = _stream._StepKernel.step
    monkeypatch.setattr(_stream._StepKernel, "step", lambda self, x: step(self, x) * 1.001)
    with pytest.raises(VerificationError, match="The stream of `GRU` computes another output"):
        stream(x)


def test_the_first_steps_of_a_stream_are_compared(plain_runs):
    stream = Stream(GRU(2, 3), weights=None)
    for _ in range(10):
        stream(torch.randn(1, 2))
    assert len(plain_runs) == 4
    halves = Stream(GRU(2, 3), weights=torch.bfloat16)  # rounded on request: nothing to compare
    halves(torch.randn(1, 2))
    assert len(plain_runs) == 4


@pytest.mark.filterwarnings("ignore")
def test_the_operation_is_compared(plain_runs, monkeypatch):
    cell = GRU(2, 3)

    @torch.compile(fullgraph=True, backend="aot_eager")
    def run(x):
        return unroll(cell, x)[0]

    x = torch.randn(4, 2, 2, requires_grad=True)
    run(x).sum().backward()
    assert len(plain_runs) >= 2
    spoil(monkeypatch, backward=off)
    with pytest.raises(VerificationError, match="gradient"):
        run(x).sum().backward()


def test_layers_and_checkpoints():
    layer = Recurrent(GRU(2, 3))
    x = torch.randn(4, 2, 2, requires_grad=True)
    y = torch.utils.checkpoint.checkpoint(lambda x: layer(x)[0], x, use_reentrant=True)
    y.sum().backward()
    assert x.grad is not None


def test_threads_are_compared_side_by_side():
    cell = LSTM(2, 3)
    found = []

    def call():
        try:
            y, _ = unroll(cell, torch.randn(6, 2, 2))
            found.append(torch.autograd.grad(y.sum(), cell.weight_hidden)[0])
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(each, torch.Tensor) for each in found), found
