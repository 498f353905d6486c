import math

import pytest
import torch

from recurra.base import same_values

EQUAL = [
    (1, 1),
    (math.nan, math.nan),
    ("a", "a"),
    (None, None),
    (torch.ones(2), torch.ones(2)),
    (torch.tensor(math.nan), torch.tensor(math.nan)),
    (torch.ones(0, 3), torch.ones(0, 3)),
    (torch.ones(2, 3).t(), torch.ones(3, 2)),
    (torch.tensor([True]), torch.tensor([True])),
    (torch.tensor([1 + 2j]).conj(), torch.tensor([1 - 2j])),
    ({"a": [torch.ones(2)], "b": (1, None)}, {"b": (1, None), "a": [torch.ones(2)]}),
]
DIFFERENT = [
    (1, 2),
    (0.0, math.nan),
    (torch.ones(2), torch.tensor([1.0, 2.0])),
    (torch.ones(1), torch.zeros(1)),  # which `==` would answer without a complaint
    (torch.ones(2), torch.ones(3)),
    (torch.ones(2, 1), torch.ones(2)),
    (torch.ones(2), torch.ones(2, dtype=torch.float64)),
    (torch.zeros(1), -torch.zeros(1)),
    (torch.ones(2), [1.0, 1.0]),
    (torch.ones(()), 1.0),
    ([torch.ones(2)], (torch.ones(2),)),
    ([1], [1, 2]),
    ({"a": 1}, {"a": 1, "b": 2}),
    ({"a": torch.ones(2)}, {"b": torch.ones(2)}),
    ({"a": [torch.ones(2)]}, {"a": [torch.zeros(2)]}),
]


@pytest.mark.parametrize(("left", "right"), EQUAL, ids=str)
def test_equal_to_the_last_bit(left, right):
    assert same_values(left, right)
    assert same_values(right, left)


@pytest.mark.parametrize(("left", "right"), DIFFERENT, ids=str)
def test_any_difference_is_seen(left, right):
    assert not same_values(left, right)
    assert not same_values(right, left)
