"""What a task takes while it is built is bounded by what its run keeps; sound ones are built."""

import pytest
import torch

from recurra.base import DamagedFile
from recurra.data import Vocabulary
from recurra.tasks import LanguageModel, LanguageModelConfig, load_task, save_task
from recurra.tasks.framework import CELLS
from recurra.tasks.framework.allocation_limit import COPIES, AllocationLimit, _elements

FEW = 10**9


def taken(make):
    """Count the tensors and elements that something takes, and give what it makes."""
    limit = AllocationLimit(FEW, FEW, "here")
    tensors, elements = limit._tensors, limit._elements
    with limit:
        made = make()
    return made, tensors - limit._tensors, elements - limit._elements


@pytest.mark.parametrize("name", CELLS)
def test_no_cell_of_the_collection_takes_more_than_the_bound(name):
    cell, tensors, elements = taken(lambda: CELLS[name](24, 48))
    kept = cell.state_dict().values()
    squares = 0 if name != "mlstm" else 6 * 48**2  # makes what other LSTMs have, and leaves it out
    assert elements <= COPIES / 2 * sum(each.numel() for each in kept) + squares + 1000
    assert tensors <= 16 * (len(kept) + 1)


@pytest.mark.parametrize(
    ("call", "count"),
    [
        (lambda: torch.empty(3, 4), 12),
        (lambda: torch.zeros((3, 4)), 12),
        (lambda: torch.ones(size=(2, 2)), 4),
        (lambda: torch.full((5,), 1.0), 5),
        (lambda: torch.eye(3), 9),
        (lambda: torch.eye(3, 2), 6),
        (lambda: torch.arange(7), 7),
        (lambda: torch.ones(1).new_empty(2, 3), 7),
        (lambda: torch.nn.Linear(3, 4), 16),
        (lambda: torch.nn.Embedding(5, 6), 30),
        (lambda: torch.empty(()), 1),
    ],
)
def test_what_is_made_is_counted(call, count):
    assert taken(call)[2] == count


def test_a_call_that_is_not_understood_counts_as_nothing():
    assert _elements("arange", (), {}) == 0
    assert _elements("empty", (), {"size": ()}) == 1


@pytest.mark.parametrize("sizes", [{"hidden_size": 1_000_000}, {"layers": 1000, "hidden_size": 1}])
def test_it_is_refused_before_the_memory_is_taken(sizes):
    config = LanguageModelConfig(**{"hidden_size": 4, "embedding_size": 4, "layers": 1, **sizes})
    with (
        pytest.raises(DamagedFile, match="more than the weights") as caught,
        AllocationLimit(6, 500, "config.json"),
    ):
        LanguageModel(Vocabulary.of("abc"), config)
    assert caught.value.details["where"] == "config.json"
    assert "6 tensors of 500" in caught.value.details["expected"]


def test_a_task_with_weights_of_other_types_is_refused_or_loses_nothing(tmp_path):
    model = LanguageModel(Vocabulary.of("abc"), LanguageModelConfig(hidden_size=4, layers=1))
    run = save_task(model, tmp_path / "run")
    weights = {name: each.bfloat16().float() for name, each in model.state_dict().items()}
    run.write_weights({name: each.bfloat16() for name, each in weights.items()}, 0)
    for name, each in load_task(run.folder).state_dict().items():
        assert torch.equal(each, weights[name])
        assert each.dtype == torch.float32
    run.write_weights({name: each.double() for name, each in weights.items()}, 0)
    with pytest.raises(DamagedFile, match="another type") as caught:
        load_task(run.folder)
    assert caught.value.details["fix"] == "torch.set_default_dtype(torch.float64)"
