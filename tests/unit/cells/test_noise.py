# Noise inside of a step: normal, the same in every backend, and drawn again.
import pytest
import torch

from compare import assert_same, measure, random_input
from recurra import unroll
from recurra.base import map_state, state_tensors
from recurra.cells import CTRNN, DaleCTRNN, IrregularlySampled
from recurra.cells._continuous.ctrnn import standard_normal
from zoo import with_random_weights

T, B = 6, 4
LENGTHS = torch.tensor([6, 2, 5, 1])
RESETS = torch.zeros(T, B, dtype=torch.bool).index_fill(0, torch.tensor([3]), True)
MAKERS = {
    "CTRNN": lambda: CTRNN(3, 5, noise=0.3),
    "DaleCTRNN": lambda: DaleCTRNN(3, 5, noise=0.3),
    "irregular": lambda: IrregularlySampled(CTRNN(2, 5, noise=0.3)),
}
every_cell = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def made(make):
    return with_random_weights(make().double())


def inputs():
    return random_input(T, B, 3).detach().abs().requires_grad_()


def given_state(cell):
    return map_state(torch.clone, cell.initial_state(B))


@every_cell
@pytest.mark.parametrize("options", [{}, {"lengths": LENGTHS}, {"reverse": True}])
def test_kernel_and_loop_draw_the_same_noise(make, options):
    cell, x = made(make), inputs()
    state = given_state(cell)
    runs = [
        measure(cell, lambda x, _, b=backend: unroll(cell, x, state, backend=b, **options), x)
        for backend in ("c", "reference")
    ]
    assert_same(*runs, tolerance=1e-10)


@pytest.mark.parametrize("backend", ["c", "reference"])
def test_noise_begins_anew_at_resets(backend):
    cell, x = made(MAKERS["CTRNN"]), inputs()
    torch.manual_seed(3)
    _, end = unroll(cell, x, resets=RESETS, backend=backend)
    assert end.step.tolist() == [T - 3] * B


@every_cell
def test_the_split_law_holds(make):
    cell, x = made(make), inputs()
    state = given_state(cell)
    whole, end = unroll(cell, x, state)
    first, middle = unroll(cell, x[:2], state)
    second, again = unroll(cell, x[2:], middle)
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=0, atol=1e-12)
    for one, other in zip(state_tensors(end), state_tensors(again), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


@every_cell
def test_seeds_decide(make):
    cell, x = made(make), inputs()
    outputs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        outputs.append(unroll(cell, x)[0])
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


def test_there_is_no_noise_when_not_training():
    cell, quiet = CTRNN(3, 5, noise=0.3).eval(), CTRNN(3, 5)
    quiet.load_state_dict(cell.state_dict())
    x = torch.randn(T, B, 3)
    torch.testing.assert_close(unroll(cell, x)[0], unroll(quiet, x)[0])


def test_the_noise_has_its_deviation():
    cell = CTRNN(1, 4000, time_constant=8.0, noise=0.3, activation="identity")
    for parameter in cell.parameters():
        torch.nn.init.zeros_(parameter)
    y, _ = unroll(cell, torch.zeros(1, B, 1))
    assert y.std().item() == pytest.approx(0.3 * (2 / 8) ** 0.5, rel=0.03)
    # a decay that is driven by noise settles where both are even
    y, _ = unroll(cell, torch.zeros(100, B, 1))
    share = 1 / 8
    settled = 0.3 * (2 * share / (1 - (1 - share) ** 2)) ** 0.5
    assert y[-1].std().item() == pytest.approx(settled, rel=0.03)


def test_no_time_means_no_noise_and_finite_gradients():
    cell = IrregularlySampled(CTRNN(2, 5, noise=0.3))
    x = torch.randn(T, B, 3)
    x[..., -1] = 0
    x.requires_grad_()
    y, _ = unroll(cell, x)
    assert not y.any()
    y.sum().backward()
    assert x.grad.isfinite().all()


def test_normal_numbers_are_normal_and_apart():
    rows, steps = torch.arange(50.0).repeat(20), torch.arange(20.0).repeat_interleave(50)
    numbers = standard_normal(rows, steps, 200)
    assert numbers.shape == (1000, 200)
    assert numbers.isfinite().all()
    assert abs(float(numbers.mean())) < 0.01
    assert abs(float(numbers.var()) - 1) < 0.02
    assert abs(float((numbers**3).mean())) < 0.03
    assert abs(float((numbers**4).mean()) - 3) < 0.1
    assert abs(float((numbers[:, 1:] * numbers[:, :-1]).mean())) < 0.01
    assert abs(float((numbers[1:] * numbers[:-1]).mean())) < 0.01
    assert numbers.unique().numel() > 0.98 * numbers.numel()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_noise_in_half_precision(dtype):
    cell = CTRNN(3, 5, noise=0.3).to(dtype)
    state = cell.initial_state(B)
    assert state.key.isfinite().all()
    x, state = torch.randn(T, B, 3, dtype=dtype), state._replace(step=state.step + 2000)
    y, end = unroll(cell, x, state, backend="reference")
    assert y.dtype == end.inner.dtype == dtype
    assert y.isfinite().all()
    assert end.step.tolist() == [2000 + T] * B
