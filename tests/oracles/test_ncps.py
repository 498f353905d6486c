# LTC and CfC against the package of their authors, with copied weights: results and gradients.
import pytest
import torch

from compare import assert_close
from recurra import unroll
from recurra.cells import LTC, CfC, IrregularlySampled

ncps = pytest.importorskip("ncps.torch", reason="the package `ncps` is not installed")
wirings = pytest.importorskip("ncps.wirings")

T, B, X, H = 6, 3, 4, 5
TOLERANCE = 1e-10
IRREGULAR = pytest.mark.parametrize("irregular", [False, True], ids=["regular", "irregular"])
BACKEND = pytest.mark.parametrize("backend", ["c", "reference"])

LTC_NAMES = {
    "weight_input": "sensory_w",
    "slope_input": "sensory_sigma",
    "threshold_input": "sensory_mu",
    "reversal_input": "sensory_erev",
    "weight_hidden": "w",
    "slope_hidden": "sigma",
    "threshold_hidden": "mu",
    "reversal_hidden": "erev",
    "capacitance": "cm",
    "leak": "gleak",
    "rest": "vleak",
}


def ltc_twins():
    """Make both, with weights that are anything; their matrices are transposed, `[from, to]`."""
    torch.manual_seed(1)
    ours = LTC(X, H).double()
    theirs = ncps.LTCCell(
        wirings.FullyConnected(H),
        X,
        input_mapping=None,
        output_mapping=None,
        epsilon=0.0,  # they add it to a sum that is positive anyway
        implicit_param_constraints=True,
    ).double()
    with torch.no_grad():
        for mine, name in LTC_NAMES.items():
            parameter = getattr(ours, mine)
            parameter += 0.1 * torch.randn_like(parameter)
            getattr(theirs, name).copy_(parameter.T if parameter.dim() == 2 else parameter)
    return ours, theirs


def cfc_twins(mode, layers):
    torch.manual_seed(1)
    ours = CfC(X, H, mode=mode, backbone_size=7, backbone_layers=layers).double()
    theirs = ncps.CfCCell(X, H, mode, backbone_units=7, backbone_layers=layers).double()
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
        for parameter, value in cfc_pairs(ours, theirs, lambda parameter: parameter):
            parameter.copy_(value)
    return ours, theirs


def cfc_pairs(ours, theirs, of):
    """Pair each parameter of theirs with what is equal to it; `of` gives it of one of ours."""
    first = theirs.backbone[0]
    yield first.weight, torch.cat([of(ours.weight_input), of(ours.weight_hidden)], dim=1)
    yield first.bias, of(ours.bias)
    for mine, layer in zip(ours.deeper, theirs.backbone[2::2], strict=True):
        yield layer.weight, of(mine.weight)
        yield layer.bias, of(mine.bias)
    heads = ["ff1"] if ours.mode == "pure" else ["ff1", "ff2", "time_a", "time_b"]
    for name, weight, bias in zip(
        heads, of(ours.head.weight).split(H), of(ours.head.bias).split(H), strict=True
    ):
        yield getattr(theirs, name).weight, weight
        yield getattr(theirs, name).bias, bias
    if ours.mode == "pure":
        yield theirs.w_tau, of(ours.rate).unsqueeze(0)
        yield theirs.A, of(ours.amplitude).unsqueeze(0)


def inputs(irregular):
    x = torch.randn(T, B, X, dtype=torch.float64, requires_grad=True)
    elapsed = torch.rand(T, B, 1, dtype=torch.float64) + 0.1
    return x, elapsed if irregular else torch.ones_like(elapsed)


def run_ours(cell, x, elapsed, start, irregular, backend):
    if irregular:
        x = torch.cat([x, elapsed], dim=-1)
        cell = IrregularlySampled(cell)
    return unroll(cell, x, start, backend=backend)


def run_theirs(cell, x, elapsed, state):
    outputs = []
    for x_t, elapsed_t in zip(x, elapsed, strict=True):
        y, state = cell(x_t, state, elapsed_t)
        outputs.append(y)
    return torch.stack(outputs), state


def assert_twins(ours, theirs, irregular, backend):
    """Run both and go back; leave the gradients in the parameters."""
    x, elapsed = inputs(irregular)
    start = torch.randn(B, H, dtype=torch.float64, requires_grad=True)
    cotangents = torch.randn(T, B, H, dtype=torch.float64), torch.randn(B, H, dtype=torch.float64)
    of_sources = []
    results = (
        run_ours(ours, x, elapsed, start, irregular, backend),
        run_theirs(theirs, x, elapsed, start),
    )
    for result in results:
        x.grad = start.grad = None
        torch.autograd.backward(result, cotangents)
        of_sources.append((x.grad, start.grad))
    assert_close(results[0][0], results[1][0], "y", TOLERANCE)
    assert_close(results[0][1], results[1][1], "state", TOLERANCE)
    for mine, their, name in zip(*of_sources, ("x", "start"), strict=True):
        assert_close(mine, their, f"gradient of {name}", TOLERANCE)


@BACKEND
@IRREGULAR
def test_ltc(irregular, backend):
    ours, theirs = ltc_twins()
    assert_twins(ours, theirs, irregular, backend)
    for mine, name in LTC_NAMES.items():
        gradient, expected = getattr(ours, mine).grad, getattr(theirs, name).grad
        assert_close(gradient, expected.T if gradient.dim() == 2 else expected, mine, TOLERANCE)


@BACKEND
@IRREGULAR
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("mode", ["default", "no_gate", "pure"])
def test_cfc(irregular, backend, layers, mode):
    ours, theirs = cfc_twins(mode, layers)
    assert_twins(ours, theirs, irregular, backend)
    for parameter, gradient in cfc_pairs(ours, theirs, lambda parameter: parameter.grad):
        assert_close(gradient, parameter.grad, "gradient of a parameter", TOLERANCE)
