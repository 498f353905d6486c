# Compiles the C support of the kernels for the tests, in every form that this machine can run.
import ctypes
import platform
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

import recurra
from recurra.runtime._kernels.compiler import _GCC_FLAGS

SUPPORT = Path(recurra.__file__).parent / "codegen" / "_support"
FLAGS = ["-O3", "-march=native", "-fno-math-errno", *_GCC_FLAGS, "-Wall", "-Wextra", "-Werror"]

FORMS = {"native": [], "scalar": ["-DSCALAR_ONLY"]}
if platform.machine() == "x86_64":
    FORMS["sse2"] = ["-march=x86-64"]
    if torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512"):
        FORMS["avx2"] = ["-march=haswell"]
        FORMS["zen"] = ["-march=haswell", "-mtune=znver3"]  # for which gcc would split chains
DTYPES = {torch.float32: [], torch.float64: ["-DREAL_IS_DOUBLE=1"]}


def library(folder: Path, source: Path, flags: list[str]) -> ctypes.CDLL:
    """Compile one file, and load it; skip the test where there is no compiler."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no gcc")
    target = folder / "compiled.so"
    command = [compiler, *FLAGS, *flags, "-shared", "-fPIC", f"-I{SUPPORT}", str(source)]
    subprocess.run([*command, "-o", str(target), "-lm"], check=True)
    return ctypes.CDLL(str(target))


def address(tensor: torch.Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())


def longs(*numbers: int) -> list[ctypes.c_long]:
    return [ctypes.c_long(number) for number in numbers]
