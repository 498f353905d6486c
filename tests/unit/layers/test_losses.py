"""Losses by name, and the contrastive loss against its equations."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F

from recurra.base import ArgumentError, DtypeError, ShapeError, UnknownName
from recurra.layers import LOSSES, contrastive_loss, loss_function
from refusals import refused

SAME = torch.tensor([True, False, True, False, False])


def pairs():
    first, second = torch.randn(2, 5, 3, dtype=torch.float64)
    first[3] = second[3] + 10  # farther apart than any margin
    return first, second


def plain_losses(first, second, margin):
    """The equations, number by number."""
    losses = []
    for one, other, same in zip(first.tolist(), second.tolist(), SAME.tolist(), strict=True):
        distance = math.dist(one, other)
        losses.append((distance if same else max(0.0, margin - distance)) ** 2 / 2)
    return losses


@pytest.mark.parametrize("margin", [0.5, 1.0, 4.0])
def test_the_contrastive_loss(margin):
    first, second = pairs()
    expected = plain_losses(first, second, margin)
    losses = contrastive_loss(first, second, SAME, margin=margin, reduction="none")
    assert losses.tolist() == pytest.approx(expected)
    assert losses[3] == 0
    for reduction, value in (("sum", sum(expected)), ("mean", sum(expected) / 5)):
        loss = contrastive_loss(first, second, SAME, margin=margin, reduction=reduction)
        assert loss.item() == pytest.approx(value)


def test_pairs_may_have_any_number_of_axes():
    first, second = torch.randn(2, 4, 6, 3)
    same = torch.rand(4, 6) < 0.5
    losses = contrastive_loss(first, second, same, reduction="none")
    assert losses.shape == (4, 6)
    for i, j in itertools.product(range(4), range(6)):
        alone = contrastive_loss(first[i, j], second[i, j], same[i, j])
        torch.testing.assert_close(losses[i, j], alone)


def test_gradients_also_where_a_pair_is_one_point():
    first, second = (each.requires_grad_() for each in pairs())
    assert torch.autograd.gradcheck(
        lambda *_: contrastive_loss(first, second, SAME, margin=3.0), (first, second)
    )
    point = torch.ones(5, 3, requires_grad=True)
    contrastive_loss(point, torch.ones(5, 3), SAME).backward()
    assert not point.grad.any()  # and none of it is NaN


def test_learning_draws_together_and_pushes_apart():
    points = torch.nn.Parameter(torch.tensor([[0.0, 0.0], [0.5, 0.0], [0.0, 0.1]]))
    optimizer = torch.optim.SGD([points], lr=0.5)
    same = torch.tensor([True, False])
    for _ in range(200):
        optimizer.zero_grad()
        contrastive_loss(points[[0, 0]], points[[1, 2]], same, margin=2.0).backward()
        optimizer.step()
    assert (points[0] - points[1]).norm() < 0.01
    assert (points[0] - points[2]).norm() > 1.99


def test_the_names_mean_what_pytorch_calls_so():
    scores = torch.randn(4, 3, dtype=torch.float64)
    targets = torch.tensor([2, 0, 1, 1])
    plain = -scores.log_softmax(dim=1)[torch.arange(4), targets].mean()
    torch.testing.assert_close(LOSSES["cross_entropy"](scores, targets), plain)
    yes = torch.rand(4, 3, dtype=torch.float64)
    p = scores.sigmoid()
    plain = -(yes * p.log() + (1 - yes) * (1 - p).log()).mean()
    torch.testing.assert_close(LOSSES["binary_cross_entropy"](scores, yes), plain)
    torch.testing.assert_close(LOSSES["mse"](scores, yes), ((scores - yes) ** 2).mean())
    assert LOSSES["hinge_embedding"] is F.hinge_embedding_loss
    assert LOSSES["cosine_embedding"] is F.cosine_embedding_loss


def test_ctc_is_the_sum_over_all_alignments():
    T, K, target = 4, 3, (1, 2)
    log_p = torch.randn(T, 1, K, dtype=torch.float64).log_softmax(dim=2)
    total = 0.0
    for path in itertools.product(range(K), repeat=T):
        merged = [symbol for symbol, _ in itertools.groupby(path)]
        if tuple(symbol for symbol in merged if symbol != 0) == target:
            total += math.exp(sum(log_p[t, 0, symbol].item() for t, symbol in enumerate(path)))
    loss = LOSSES["ctc"](
        log_p, torch.tensor([target]), torch.tensor([T]), torch.tensor([2]), reduction="sum"
    )
    assert loss.item() == pytest.approx(-math.log(total))


def test_losses_are_found_by_name_or_taken_as_they_are():
    for name, function in LOSSES.items():
        assert loss_function(name) is function
    assert loss_function(F.smooth_l1_loss) is F.smooth_l1_loss


@pytest.mark.parametrize("name", ["cross-entropy", None, 3, ["mse"]])
def test_other_names_are_refused(name):
    with pytest.raises(UnknownName, match="loss") as caught:
        loss_function(name)
    assert "'contrastive'" in caught.value.details["expected"]


def test_pairs_that_do_not_fit_are_refused():
    first, second = torch.ones(5, 3), torch.ones(5, 3)
    with refused(
        ShapeError,
        "do not fit each other",
        got="(5, 3) float32 on cpu, (5, 2) float32 on cpu, (5,) bool on cpu",
        expected="[..., E], [..., E] and [...]",
    ):
        contrastive_loss(first, second[:, :2], SAME)
    for same in (SAME[:4], SAME.unsqueeze(1)):
        with pytest.raises(ShapeError):
            contrastive_loss(first, second, same)
    for margin in (0, -1.0, math.inf):
        with pytest.raises(ArgumentError, match="margin"):
            contrastive_loss(first, second, SAME, margin=margin)
    with pytest.raises(UnknownName, match="reduction"):
        contrastive_loss(first, second, SAME, reduction="max")


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.uint8])
def test_only_a_bool_says_which_pairs_are_the_same(dtype):
    """Targets of 1 and -1, as other losses take them, would all be true."""
    first, second = torch.ones(5, 3), torch.ones(5, 3)
    with refused(
        DtypeError,
        "`same` is not bool",
        got=f"(5,) {str(dtype).removeprefix('torch.')} on cpu",
        expected="bool",
        fix="targets == 1, for targets 1 and -1 or 1 and 0",
    ):
        contrastive_loss(first, second, SAME.to(dtype))
