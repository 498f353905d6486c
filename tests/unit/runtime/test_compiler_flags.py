# The flags make results neither less exact nor dependent on what `$CC` asks for.
import ctypes
from pathlib import Path

import pytest
import torch
from compiler_scripts import needs_gcc

from recurra.runtime._kernels.libraries import build, load

pytestmark = [needs_gcc, pytest.mark.usefixtures("cache")]

SOURCE = """
float to_integer(float x) { return (x + 12582912.0f) - 12582912.0f; }
float is_nan(float x) { return x != x; }
float root(float x) { return __builtin_sqrtf(x); }
float fused(float x) { return x * x - 1.00048828125f; }
"""


def has_fma():
    cpu = Path("/proc/cpuinfo")
    return cpu.exists() and " fma " in cpu.read_text()


@pytest.fixture(params=["gcc", "gcc -ffast-math", "gcc -Ofast", "gcc -funsafe-math-optimizations"])
def functions(request, monkeypatch):
    monkeypatch.setenv("CC", request.param)
    library = load(build(SOURCE, name="flags"))
    for name in ("to_integer", "is_nan", "root", "fused"):
        function = getattr(library, name)
        function.argtypes, function.restype = (ctypes.c_float,), ctypes.c_float
    return library


def test_rounding_by_a_large_number_works(functions):
    assert [functions.to_integer(x) for x in (2.3, 2.7, -0.4)] == [2.0, 3.0, 0.0]


def test_nan_is_not_itself(functions):
    assert functions.is_nan(float("nan")) == 1.0
    assert functions.root(-1.0) != functions.root(-1.0)


def test_loading_does_not_flush_denormal_numbers(functions):
    assert functions.root(4.0) == 2.0
    assert (torch.tensor(1e-40) * 1.0).item() > 0


@pytest.mark.skipif(not has_fma(), reason="the processor has no FMA instruction")
def test_products_and_sums_are_fused(functions):
    # (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, whose last term is lost where the product is rounded
    assert functions.fused(1 + 2.0**-12) == 2.0**-24
