import torch

from recurra.base import over_features, valid_steps, zero_padding

LENGTHS = torch.tensor([3, 0, 1])


def test_steps_before_the_end_are_valid():
    assert valid_steps(LENGTHS, 3).int().tolist() == [[1, 0, 1], [1, 0, 0], [1, 0, 0]]


def test_a_mask_covers_all_features():
    mask = over_features(torch.tensor([True, False]), torch.zeros(2, 3, 4))
    assert mask.shape == (2, 1, 1)
    assert mask.flatten().tolist() == [True, False]
    steps = torch.ones(5, 2, dtype=torch.bool)
    assert over_features(steps, torch.zeros(5, 2)).shape == (5, 2)


def test_padding_becomes_zero():
    x = torch.full((3, 3, 2), float("nan"))
    x[:, 0] = 1.0
    x[0, 2] = 2.0
    zeroed = zero_padding(x, LENGTHS)
    assert zeroed[:, 0].eq(1).all()
    assert zeroed[:, 1].eq(0).all()
    assert zeroed[:, 2, 0].tolist() == [2, 0, 0]


def test_padding_has_no_gradient():
    x = torch.full((3, 3, 2), float("nan"), requires_grad=True)
    zero_padding(x, LENGTHS).sum().backward()
    assert x.grad[..., 0].tolist() == [[1, 0, 1], [1, 0, 0], [1, 0, 0]]


def test_integers_stay_integers():
    symbols = torch.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    assert zero_padding(symbols, LENGTHS).tolist() == [[1, 0, 3], [4, 0, 0], [7, 0, 0]]
    assert zero_padding(symbols, LENGTHS).dtype == torch.int64


def test_no_lengths_mean_no_padding():
    x = torch.randn(3, 3)
    assert zero_padding(x, None) is x
