# The vector functions of the kernels: torch's values at the edges, and errors in units of the
# last place of results computed more precisely.
import ctypes
import itertools

import mpmath
import numpy
import pytest
import torch
from compiled_support import DTYPES, FORMS, address, library, longs

from recurra.codegen._expressions import EXPRESSIONS
from recurra.graph import OPERATIONS


def functions(operands, *, gives="number"):
    """Name the operations that are a function of the support."""
    return [
        name
        for name, each in OPERATIONS.items()
        if (each.operands, each.takes, each.gives) == (operands, "number", gives)
        and f"{name}(" in EXPRESSIONS[name]
    ]


OF_ONE, OF_TWO, COMPARISONS = functions(1), functions(2), functions(2, gives="truth")
EXACT = [
    "abs",
    "neg",
    "floor",
    "ceil",
    "round",
    "trunc",
    "sign",
    "relu",
    "reciprocal",
    "maximum",
    "minimum",
]

# Each loop takes whole vectors, then the part of one.
LOOPS = """
#include "vectors.h"
#define OF_ONE(name, function) \\
  void loop_##name(const real *x, real *y, long n) { \\
    long i = 0; \\
    for (; i + LANES <= n; i += LANES) store(y + i, function(load(x + i))); \\
    if (i < n) store_part(y + i, function(load_part(x + i, n - i)), n - i); }
#define OF_TWO(name, function) \\
  void loop_##name(const real *x, const real *z, real *y, long n) { \\
    long i = 0; \\
    for (; i + LANES <= n; i += LANES) store(y + i, function(load(x + i), load(z + i))); \\
    if (i < n) \\
      store_part(y + i, function(load_part(x + i, n - i), load_part(z + i, n - i)), n - i); }
#define COMPARISON(name) \\
  INLINE vec as_number_##name(vec a, vec b) { return select(name(a, b), splat(1), splat(0)); } \\
  OF_TWO(name, as_number_##name)
INLINE vec combined(vec a, vec b) {
  mask chosen = mask_or(mask_and(lt(a, b), lt(b, splat(1))), mask_not(le(a, b)));
  return select(chosen, a, b); }
OF_TWO(combined, combined)
void strided(const real *x, real *y, long n, long stride) {
  long i = 0;
  for (; i + LANES <= n; i += LANES)
    store_scatter(y + i * stride, load_gather(x + i * stride, stride), stride);
  if (i < n)
    store_scatter_part(y + i * stride, load_gather_part(x + i * stride, stride, n - i), stride,
                       n - i); }
void across(const real *x, real *y) {
  vec v = load(x);
  y[0] = sum_lanes(v), y[1] = max_lanes(v), y[2] = min_lanes(v), y[3] = any(lt(v, splat(0))); }
long lanes(void) { return LANES; }
"""


def source_text():
    lines = [f"OF_ONE({name}, v_{name})" for name in OF_ONE]
    lines += [f"OF_TWO({name}, v_{name})" for name in OF_TWO]
    lines += [f"COMPARISON({name})" for name in COMPARISONS]
    return LOOPS + "\n".join(lines)


class Functions:
    """The compiled loops for one dtype, called on tensors."""

    def __init__(self, compiled: ctypes.CDLL, dtype: torch.dtype) -> None:
        self.compiled, self.dtype, self.lanes = compiled, dtype, compiled.lanes()

    def __call__(self, name, *inputs):
        result = torch.full_like(inputs[0], 77.0)
        places = [address(tensor) for tensor in (*inputs, result)]
        getattr(self.compiled, "loop_" + name)(*places, *longs(inputs[0].numel()))
        return result

    def across(self, vector):
        result = torch.empty(4, dtype=self.dtype)
        self.compiled.across(address(vector), address(result))
        return dict(zip(("sum", "max", "min", "any"), result.tolist(), strict=True))


@pytest.fixture(
    scope="module",
    params=itertools.product(FORMS, DTYPES),
    ids=lambda pair: f"{pair[0]}-{str(pair[1]).removeprefix('torch.')}",
)
def functions(request, tmp_path_factory):
    form, dtype = request.param
    folder = tmp_path_factory.mktemp("vectors")
    source = folder / "loops.c"
    source.write_text(source_text())
    return Functions(library(folder, source, FORMS[form] + DTYPES[dtype]), dtype)


def edges(dtype):
    """Numbers at which functions have special values or change their way."""
    info = torch.finfo(dtype)
    sizes = [0.0, 5e-324, info.smallest_normal / 8, info.smallest_normal, 1e-30, 1e-6, 0.25, 0.3]
    sizes += [0.5, 0.7, 1 - info.eps, 1.0, 1 + info.eps, 1.5, 2.0, 2.5, 3.0, 10.0, 40.0, 87.0]
    sizes += [88.5, 88.8, 95.0, 103.0, 104.5, 127.5, 149.5, 151.0, 709.5, 709.9, 745.0, 746.5]
    sizes += [1023.5, 1074.5, 1080.0, 8388607.5, 8388609.0, 1e5, 1e7, 1e30, info.max, float("inf")]
    numbers = [sign * size for size in sizes for sign in (1.0, -1.0)]
    return torch.tensor([*numbers, float("nan")], dtype=dtype)


def same_kind(got, expected, floor):
    """Equal where not finite and in sign; results smaller than the floor may be zero."""
    finite = expected.isfinite()
    assert torch.equal(got.isfinite(), finite)
    assert torch.equal(got.isnan(), expected.isnan())
    assert torch.equal(got[expected.isinf()], expected[expected.isinf()])
    visible = finite & ((expected.abs() > floor) | (expected == 0))
    assert torch.equal(got[visible].signbit(), expected[visible].signbit())
    torch.testing.assert_close(got[finite], expected[finite], rtol=1e-5, atol=floor)


def by_numpy(name, *inputs):
    """Compute what torch rounds, overflows or loses too early, as sinh and fmod."""
    with numpy.errstate(all="ignore"):
        return torch.from_numpy(getattr(numpy, name)(*(tensor.numpy() for tensor in inputs)))


@pytest.mark.parametrize("name", OF_ONE)
def test_special_values(functions, name):
    x = edges(functions.dtype)
    # A sigmoid may go to zero where e^-x overflows; nothing else is given up.
    floors = {"sigmoid": 4 * torch.finfo(x.dtype).smallest_normal, "erfc": 1e-44}
    expected = by_numpy(name, x) if name in ("sinh", "cosh", "log1p") else getattr(torch, name)(x)
    same_kind(functions(name, x), expected, floors.get(name, 0.0))


def test_square_roots_are_rounded_correctly(functions):
    x = torch.rand(4001, dtype=functions.dtype) * 5
    assert torch.equal(functions("sqrt", x), by_numpy("sqrt", x))


@pytest.mark.parametrize("name", OF_TWO)
def test_special_values_of_two(functions, name):
    x = edges(functions.dtype)
    a, b = torch.cartesian_prod(x, x).T.contiguous()
    got = functions(name, a, b)
    numpys = name in ("fmod", "remainder")
    expected = by_numpy(name, a, b) if numpys else getattr(torch, name)(a, b)
    if name in ("maximum", "minimum", "remainder"):  # of 0 and -0 either is right
        torch.testing.assert_close(got, expected, rtol=0, atol=0, equal_nan=True)
    else:
        same_kind(got, expected, 0.0)


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons(functions, name):
    x = edges(functions.dtype)
    a, b = torch.cartesian_prod(x, x).T.contiguous()
    assert torch.equal(functions(name, a, b), getattr(torch, name)(a, b).to(a.dtype))


def test_masks_combine(functions):
    a, b = torch.randn(2, 1003, dtype=functions.dtype)
    chosen = ((a < b) & (b < 1)) | ~(a <= b)
    assert torch.equal(functions("combined", a, b), torch.where(chosen, a, b))


@pytest.mark.parametrize("name", EXACT)
def test_exact_functions(functions, name):
    count = 2 if name in OF_TWO else 1
    inputs = [torch.randn(4001, dtype=functions.dtype) * 5 for _ in range(count)]
    expected = getattr(torch, name)(*inputs)
    assert torch.equal(functions(name, *inputs), expected)


RANGES = {
    "exp": [(-103, 88.7), (-1, 1)],
    "exp2": [(-148, 127.9), (-1, 1)],
    "expm1": [(-25, 88.7), (-1, 1), (-1e-3, 1e-3)],
    "log": [(1e-6, 1e6), (0.5, 2), (0.99, 1.01)],
    "log2": [(1e-6, 1e6), (0.5, 2), (0.99, 1.01)],
    "log1p": [(-0.999, 10), (-0.5, 0.5), (-1e-3, 1e-3), (0, 1e6)],
    "tanh": [(-10, 10), (-1, 1), (-1e-3, 1e-3)],
    "sigmoid": [(-88, 20), (-2, 2)],
    "sin": [(-3.2, 3.2), (-1e-3, 1e-3), (-1e4, 1e4), (-9.9e4, 9.9e4)],
    "cos": [(-3.2, 3.2), (-1e4, 1e4), (-9.9e4, 9.9e4)],
    "rsqrt": [(1e-6, 1e6)],
}
ULPS = {"log2": 2.5, "sigmoid": 2.5}


def precise(name, x):
    """Values in float64 for float32; for float64 in many digits, rounded to pairs."""
    if x.dtype == torch.float32:
        return getattr(torch, name)(x.double()), torch.zeros(())
    with mpmath.workdps(40):
        functions = {
            "exp2": lambda v: mpmath.power(2, v),
            "log2": lambda v: mpmath.log(v, 2),
            "sigmoid": lambda v: 1 / (1 + mpmath.exp(-v)),
            "rsqrt": lambda v: 1 / mpmath.sqrt(v),
        }
        function = functions.get(name) or getattr(mpmath, name)
        values = [function(mpmath.mpf(number)) for number in x.tolist()]
        high = [float(value) for value in values]
        low = [float(value - rounded) for value, rounded in zip(values, high, strict=True)]
    return torch.tensor(high, dtype=x.dtype), torch.tensor(low, dtype=x.dtype)


def ulps(got, high, low):
    """Take the largest error in units of the last place of the true values."""
    size = high.to(got.dtype).abs()
    unit = torch.nextafter(size, torch.tensor(float("inf"), dtype=got.dtype)) - size
    error = (got.to(high.dtype) - high) - low
    return float((error.abs() / unit.to(high.dtype)).max())


@pytest.mark.parametrize("name", RANGES)
def test_errors_are_below_a_few_units_of_the_last_place(functions, name):
    count = 20001 if functions.dtype == torch.float32 else 501
    for low, high in RANGES[name]:
        x = torch.empty(count, dtype=functions.dtype).uniform_(low, high)
        assert ulps(functions(name, x), *precise(name, x)) <= ULPS.get(name, 2.0), (low, high)


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_activations_are_as_good_as_those_of_torch(functions, name):
    x = torch.cat([torch.randn(20001) * scale for scale in (1e-6, 0.1, 1, 4)])
    if functions.dtype == torch.float64:
        x = x[::40].double()
    true = precise(name, x)
    assert ulps(functions(name, x), *true) <= 2 * max(0.6, ulps(getattr(torch, name)(x), *true))


def test_tiny_arguments_keep_all_their_digits(functions):
    x = torch.tensor([1e-6, -1e-9, 1e-20, 1e-30], dtype=functions.dtype)
    for name in ("tanh", "expm1", "log1p", "sin"):
        assert ulps(functions(name, x), *precise(name, x)) <= 2, name


def test_results_do_not_depend_on_the_lane(functions):
    x = torch.randn(7, dtype=functions.dtype)
    for name in OF_ONE:
        alone = torch.cat([functions(name, number.reshape(1)) for number in x])
        together = functions(name, x.repeat(9))
        torch.testing.assert_close(together, alone.repeat(9), rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 40])
def test_nothing_beyond_the_end_is_written(functions, n):
    x, y = torch.randn(2, 3 * n + 64, dtype=functions.dtype)
    before = y.clone()
    functions.compiled.loop_tanh(address(x), address(y), *longs(n))
    assert torch.equal(y[n:], before[n:])
    y = before.clone()
    functions.compiled.strided(address(x), address(y), *longs(n, 3))
    expected = before.clone()
    expected[: 3 * n : 3] = x[: 3 * n : 3]
    assert torch.equal(y, expected)


def test_reductions_across_lanes(functions):
    vector = torch.randn(functions.lanes, dtype=functions.dtype)
    got = functions.across(vector)
    assert got["sum"] == pytest.approx(float(vector.sum()), rel=1e-5, abs=1e-5)
    assert got["max"] == float(vector.max())
    assert got["min"] == float(vector.min())
    assert got["any"] == bool((vector < 0).any())


def test_reductions_across_lanes_keep_nan(functions):
    for lane in range(functions.lanes):
        vector = torch.randn(functions.lanes, dtype=functions.dtype)
        vector[lane] = float("nan")
        got = functions.across(vector)
        assert got["max"] != got["max"]
        assert got["min"] != got["min"]


def test_any_finds_every_lane(functions):
    for lane in range(functions.lanes):
        vector = torch.ones(functions.lanes, dtype=functions.dtype)
        assert not functions.across(vector)["any"]
        vector[lane] = -1
        assert functions.across(vector)["any"]
