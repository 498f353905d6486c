"""The page of what is taken from PyTorch's insides is complete, and a name may vanish."""

import re
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

import recurra
from torch_internals import internals_of

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "pytorch-internals.md"
SOURCE = Path(recurra.__file__).parent


def rows_of_the_page():
    """Return by name: where it is used, what is relied on, which tests notice."""
    rows = {}
    for line in PAGE.read_text().splitlines():
        if line.startswith("| `"):
            names, places, reliance, tests = line.strip("| ").split(" | ")
            for name in re.findall(r"`([^`]+)`", names):
                assert name not in rows, f"{name} has two rows"
                rows[name] = set(re.findall(r"`([^`]+)`", places)), reliance, tests
    return rows


@cache
def names_of_the_source():
    used = defaultdict(set)
    for file in SOURCE.rglob("*.py"):
        for name in internals_of(file.read_text()):
            used[name].add(file.relative_to(SOURCE).as_posix())
    return used


ROWS = rows_of_the_page()


def test_the_page_lists_what_the_source_takes_and_nothing_else():
    used = names_of_the_source()
    assert sorted(ROWS) == sorted(used)


@pytest.mark.parametrize("name", ROWS)
def test_it_says_where(name):
    assert ROWS[name][0] == names_of_the_source()[name]


@pytest.mark.parametrize("name", ROWS)
def test_it_names_tests_that_exist(name):
    _, reliance, tests = ROWS[name]
    found = re.findall(r"`([\w/]+\.py)::(\w+)`", tests)
    assert found
    assert reliance
    for file, test in found:
        assert f"\ndef {test}(" in (ROOT / "tests" / file).read_text(), f"{file}::{test}"


SAMPLES = {
    "import torch\ntorch._C._x(1)": {"torch._C._x"},
    "import torch\ntorch._C": {"torch._C"},
    "from torch._decomp import a": {"torch._decomp.a"},
    "from torch._dynamo import config as c\nc.b": {
        "torch._dynamo.config",
        "torch._dynamo.config.b",
    },
    "from torch.fx.experimental.proxy_tensor import make_fx": {
        "torch.fx.experimental.proxy_tensor.make_fx"
    },
    "from torch.nn.modules import module as m\nm._global_x": {"torch.nn.modules.module._global_x"},
    "import torch.nn.modules.module as m\nm._global_x": {"torch.nn.modules.module._global_x"},
    "from torch.autograd import forward_ad\nforward_ad._level.x": {
        "torch.autograd.forward_ad._level.x"
    },
    "a = module._parameters['b']": {"_parameters"},
    "a = vars(module)['_buffers']": {"_buffers"},
    "a = tensor.grad_fn._saved_self, tensor._base": {"_base"},
    "aten = 1\naten._softmax.default": {"torch.ops.aten._softmax"},
    "RULES = {'_softmax': 1}": {"torch.ops.aten._softmax"},
    "name = 'torch._C._x'": {"torch._C._x"},
    "import torch\ntorch.nn.Linear, torch.fx.Node, torch.__version__": set(),
    "class A:\n  def _schema(self): self._schema()": set(),
    "self._mine = other._thing": set(),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_names_are_found_in_any_form(sample):
    assert internals_of(sample) == SAMPLES[sample]


SERVER = """
import os, sys, traceback
import sympy, torch

def run(program, cache):
    os.environ["RECURRA_CACHE"] = cache
    try:
        exec(program, {})
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)

for line in sys.stdin:
    process = os.fork() or run(*eval(line))
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def processes():
    """Start a process that has imported PyTorch, and forks for each program that it is given."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", SERVER], **pipes) as server:
        yield server


@pytest.fixture
def run_apart(processes, tmp_path):
    """Run a program in a process that has not imported Recurra, with a cache of its own."""

    def run(program):
        print(repr((program, str(tmp_path))), file=processes.stdin, flush=True)
        assert processes.stdout.readline() == "0\n"

    return run


WITHOUT = """
import importlib, sys, warnings
import torch

path = {path!r}
module, _, name = path.rpartition(".")
owner = importlib.import_module(module) if module not in ("torch._C",) else torch._C
delattr(owner, name)
import recurra

cell, x = recurra.cells.GRU(3, 4), torch.randn(5, 2, 3, requires_grad=True)
expected, _ = recurra.unroll(cell, x, backend="reference")
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    y, _ = recurra.unroll(cell, x)
assert torch.equal(y, expected)
if path != "torch._C._are_functorch_transforms_active":  # which PyTorch asks there itself
    y.sum().backward()
assert len(said) == 1, said
assert "PyTorch " + torch.__version__ in str(said[0].message), said[0].message
assert "plain loop" in str(said[0].message), said[0].message
"""

NEEDED_TO_TRACE = sorted(
    name
    for name in ROWS
    if name.startswith(("torch._decomp", "torch.fx.", "torch.utils.", "torch._subclasses"))
    or name
    in ("torch._C._are_functorch_transforms_active", "torch.autograd.forward_ad._current_level")
)


ONLY_TELL_APART = (
    "torch._subclasses.fake_tensor.DataDependentOutputException",
    "torch._subclasses.fake_tensor.DynamicOutputShapeException",
    "torch.utils._device.DeviceContext",
    "torch.utils._python_dispatch.TorchDispatchMode",
    "torch.utils._python_dispatch._get_current_dispatch_mode_stack",
)


RIGHT_EITHER_WAY = """
assert torch.allclose(y, expected)
y.sum().backward()
assert len(said) <= 1, said
assert all("PyTorch " + torch.__version__ in str(each.message) for each in said), said
"""


@pytest.mark.parametrize("path", ONLY_TELL_APART)
def test_without_a_name_that_only_tells_things_apart_results_are_right(path, run_apart):
    # PyTorch itself may need the name to trace: then the plain loop runs, and a warning says so.
    run_apart(WITHOUT.format(path=path).partition("assert torch.equal")[0] + RIGHT_EITHER_WAY)


@pytest.mark.parametrize("path", [name for name in NEEDED_TO_TRACE if name not in ONLY_TELL_APART])
def test_without_a_name_there_is_the_plain_loop_and_a_warning(path, run_apart):
    run_apart(WITHOUT.format(path=path))
