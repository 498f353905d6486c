import pytest
import torch

from recurra.base import Batch, Task


def test_a_batch_has_full_rows_and_no_resets_by_default():
    batch = Batch(torch.zeros(3, 2), torch.zeros(3, 2))
    assert batch.lengths is None
    assert batch.resets is None


@pytest.mark.parametrize("missing", ["outcome", "metrics", "config"])
def test_a_task_must_be_complete(missing):
    methods = {name: lambda _: None for name in ("outcome", "metrics", "config")}
    complete = type("Complete", (Task,), methods)
    assert isinstance(complete(), torch.nn.Module)
    del methods[missing]
    with pytest.raises(TypeError, match=missing):
        type("Incomplete", (Task,), methods)()
