"""Schedule: the batches from one step of a training to its end."""

import pytest
import torch

from recurra.train._lightning import Schedule

BATCHES = ["a", "b", "c"]


def test_a_whole_training_runs_through_the_epochs():
    schedule = Schedule(BATCHES, 0, 7)
    assert [schedule[i] for i in range(len(schedule))] == list("abcabca")


@pytest.mark.parametrize("first", range(8))
def test_a_training_taken_up_again_goes_on_where_it_was(first):
    schedule = Schedule(BATCHES, first, 7)
    assert "".join(schedule[i] for i in range(len(schedule))) == "abcabca"[first:]


def test_a_loader_reads_it_in_order():
    loader = torch.utils.data.DataLoader(Schedule(BATCHES, 2, 6), batch_size=None)
    assert "".join(loader) == "cabc"
