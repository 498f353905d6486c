import pytest
import torch

import recurra
from fresh_memory import filled_for_recurra

CALLS = [
    "torch.empty(3)",
    "torch.empty(2, 3, dtype=torch.float64)",
    "torch.empty_like(torch.zeros(3))",
    "torch.zeros(3).new_empty(2, 2)",
]


@pytest.mark.parametrize("call", CALLS)
def test_fresh_memory_inside_the_package_is_nan(call):
    made = eval(call, {"__name__": "recurra.somewhere", "torch": torch})
    assert made.isnan().all()


def test_fresh_integers_are_left_alone():
    made = eval("torch.empty(3, dtype=torch.long)", {"__name__": "recurra", "torch": torch})
    assert made.dtype == torch.long


def test_fresh_memory_outside_the_package_is_left_alone(monkeypatch):
    # A constructor that hands out known memory, so that a write to it can be seen.
    monkeypatch.setattr(torch, "empty", filled_for_recurra(torch.ones))
    assert torch.equal(torch.empty(3), torch.ones(3))
    assert eval("torch.empty(3)", {"__name__": "recurra", "torch": torch}).isnan().all()


def test_a_cell_that_forgets_to_fill_its_parameters_is_seen(monkeypatch):
    monkeypatch.setattr(recurra.RNN, "reset_parameters", lambda _: None)
    assert all(parameter.isnan().all() for parameter in recurra.RNN(3, 5).parameters())


def test_the_seed_is_fixed():
    drawn = torch.rand(1)
    torch.manual_seed(20240607)
    assert torch.equal(torch.rand(1), drawn)


def test_data_dir_is_the_folder_beside_the_checkout(data_dir):
    assert (data_dir / "README.md").is_file()
