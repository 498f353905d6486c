"""TiedEmbedding: one matrix to read symbols and to score them."""

import pytest
import torch

from recurra.base import ShapeError
from recurra.layers import TiedEmbedding
from refusals import refused


@pytest.mark.parametrize("bias", [True, False])
def test_rows_are_read_and_scored(bias):
    embed = TiedEmbedding(7, 4, bias=bias)
    numbers = torch.tensor([[3, 0], [6, 3]])
    assert torch.equal(embed(numbers), embed.weight[numbers])
    hidden = torch.randn(2, 3, 4)
    expected = torch.einsum("...e,ve->...v", hidden, embed.weight)
    torch.testing.assert_close(embed.scores(hidden), expected)  # the bias starts at 0
    if bias:
        with torch.no_grad():
            embed.bias += torch.arange(7.0)
        torch.testing.assert_close(embed.scores(hidden), expected + torch.arange(7.0))


def test_there_is_one_matrix():
    names = {name: tuple(each.shape) for name, each in TiedEmbedding(7, 4).named_parameters()}
    assert names == {"weight": (7, 4), "bias": (7,)}


def test_gradients_of_reading_and_scoring_add_up():
    embed, numbers = TiedEmbedding(7, 4), torch.tensor([1, 5, 1])
    parts = []
    for first, second in ((True, False), (False, True), (True, True)):
        read = embed(numbers) if first else embed(numbers).detach()
        weight = embed.weight if second else embed.weight.detach()
        loss = (read @ weight.T).square().sum()
        parts.append(torch.autograd.grad(loss, embed.weight)[0])
    torch.testing.assert_close(parts[0] + parts[1], parts[2])
    loss = embed.scores(embed(numbers)).square().sum()
    torch.testing.assert_close(torch.autograd.grad(loss, embed.weight)[0], parts[2])


def test_scores_of_features_of_size_one_have_size_one():
    embed = TiedEmbedding(500, 64)
    assert embed.scores(torch.randn(200, 64)).std().item() == pytest.approx(1.0, rel=0.05)
    assert not embed.bias.any()


def test_other_features_are_refused():
    with refused(
        ShapeError,
        "has not the features of the embedded symbols",
        got="(2, 5) float32 on cpu",
        expected="(..., 4)",
        fix="torch.nn.Linear(..., 4) before it",
    ):
        TiedEmbedding(7, 4).scores(torch.ones(2, 5))


def test_repr_and_impossible_sizes():
    assert repr(TiedEmbedding(7, 4)) == "TiedEmbedding(7, 4)"
    for sizes in ((0, 4), (7, 0)):
        with pytest.raises(ShapeError, match="not a possible number"):
            TiedEmbedding(*sizes)
