"""The machine: what it is, and the most that its arithmetic units can do."""

import ctypes
import os
import platform
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

import recurra
from recurra.codegen import support
from recurra.runtime._kernels.compiler import find_compiler
from recurra.runtime._kernels.libraries import build, load

_PACKAGES = ("onnxruntime", "jax", "numpy")


def describe(count: int) -> dict[str, Any]:
    """Describe the machine and the software, as every report shows it."""
    return {
        "cpu": _cpu_model(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": count,
        "load": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "compiler": find_compiler().version,
        "recurra": recurra.__version__,
        **_versions(),
    }


def one_line(machine: dict[str, Any]) -> str:
    """Say the same in a line."""
    peers = ", ".join(f"{name} {machine[name]}" for name in _PACKAGES if name in machine)
    return (
        f"{machine['cpu']} ({machine['instructions']}), {machine['cores']} cores, "
        f"{threads(machine['threads'])}; torch {machine['torch']}, {peers}; "
        f"{machine['compiler']}"
    )


def threads(count: int | str) -> str:
    """Say how many threads."""
    return f"{count} thread{'' if int(count) == 1 else 's'}"


@cache
def measure_peak(count: int, seconds: float = 0.4) -> float:
    """Measure the fused multiply-adds of registers alone, in float32.

    The loop reads the processor time of the whole process, which runs as many times as fast as
    there are threads. Each thread thus reports its rate divided by their number.

    Returns:
        10^9 operations per second of all threads together; a multiply-add is two.
    """
    function = load(build(support("peak.c"), name="peak")).multiply_add_peak
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double]
    with ThreadPoolExecutor(count) as pool:
        rates = list(pool.map(function, [seconds * count] * count))
    return float(sum(rates)) * count


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
