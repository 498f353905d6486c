import os
from pathlib import Path

# The tensors here are small; a second thread only waits, ten times as long where others compute.
# This is for the programs that tests start, too, and stands before the import that reads it.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import pytest
import torch
import torch.utils._device
from hypothesis import settings

from fresh_memory import filled_for_recurra
from warm_programs import WarmPrograms

settings.register_profile("local", deadline=None, max_examples=20)
settings.register_profile("ci", deadline=None, max_examples=20, derandomize=True)
settings.load_profile("ci" if "CI" in os.environ else "local")

# PyTorch caches the set of its constructors on first use; it must hold the true ones, not those
# that the fixture below puts in their place.
torch.utils._device._device_constructors()

HOOKS_OF_ALL_MODULES = (
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
)


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(20240607)


@pytest.fixture(autouse=True)
def what_is_said_once_is_said_in_each_test(monkeypatch):
    monkeypatch.setattr("recurra.base._warnings._said", set())


@pytest.fixture(autouse=True)
def uninitialised_memory_is_nan(monkeypatch):
    # Fresh memory often holds zeros, which hides a read of what was never written. NaN shows it.
    for owner, name in ((torch, "empty"), (torch, "empty_like"), (torch.Tensor, "new_empty")):
        monkeypatch.setattr(owner, name, filled_for_recurra(getattr(owner, name)))


@pytest.fixture(autouse=True)
def no_hook_of_all_modules_is_left():
    # It would fire in the tests that follow, which fail or do not as the workers share them out.
    yield
    tables = [getattr(torch.nn.modules.module, name) for name in HOOKS_OF_ALL_MODULES]
    left = [hook for table in tables for hook in table.values()]
    for table in tables:
        table.clear()
    assert not left


@pytest.fixture(scope="session")
def warm_programs():
    """Run programs apart from this process that need not wait for their imports."""
    programs = WarmPrograms()
    yield programs
    programs.close()


@pytest.fixture(scope="session")
def data_dir():
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data sets are not beside the checkout")
    return folder
