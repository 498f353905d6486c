"""softmax_loss: the cross-entropy of scores that are never held together."""

import pytest
import torch
import torch.nn.functional as F

from recurra.base import ShapeError
from recurra.layers import _softmax_loss as module
from recurra.layers import softmax_loss


def parts(N=11, E=4, V=7):
    hidden = torch.randn(N, E, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(V, E, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(V, dtype=torch.float64, requires_grad=True)
    return hidden, weight, bias, torch.randint(V, (N,))


@pytest.mark.parametrize("scores", [1, 21, 2**22], ids=["row", "three rows", "all rows"])
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("gone", [[], [0], [3, 4, 5, 10]])
def test_value_and_gradients_are_those_of_cross_entropy(monkeypatch, scores, biased, gone):
    monkeypatch.setattr(module, "SCORES", scores)
    hidden, weight, bias, targets = parts()
    targets[gone] = -100
    inputs = [hidden, weight, bias] if biased else [hidden, weight]
    bias = bias if biased else None
    loss = softmax_loss(hidden, weight, bias, targets)
    expected = F.cross_entropy(F.linear(hidden, weight, bias), targets, reduction="sum")
    torch.testing.assert_close(loss, expected)
    found = torch.autograd.grad(3 * loss, inputs)
    torch.testing.assert_close(found, torch.autograd.grad(3 * expected, inputs))


def test_without_gradients_the_value_is_the_same():
    hidden, weight, bias, targets = parts()
    loss = softmax_loss(hidden, weight, bias, targets)
    with torch.no_grad():
        torch.testing.assert_close(softmax_loss(hidden, weight, bias, targets), loss.detach())


def test_a_share_too_small_for_the_type_still_has_its_nats():
    weight = torch.tensor([[1.0], [-1.0]])
    hidden = torch.tensor([[300.0]], requires_grad=True)
    loss = softmax_loss(hidden, weight, None, torch.tensor([1]))
    assert float(loss.detach()) == pytest.approx(600)


def test_another_mark_for_rows_that_do_not_count():
    hidden, weight, bias, targets = parts()
    loss = softmax_loss(hidden, weight, bias, targets, ignore_index=int(targets[2]))
    kept = targets != targets[2]
    torch.testing.assert_close(loss, softmax_loss(hidden[kept], weight, bias, targets[kept]))


@pytest.mark.parametrize(
    ("hidden", "bias", "targets", "word"),
    [((11, 5), (7,), (11,), "hidden"), ((11, 4), (6,), (11,), "bias"),
     ((11, 4), (7,), (10,), "targets")],
)  # fmt: skip
def test_shapes_that_do_not_go_together(hidden, bias, targets, word):
    with pytest.raises(ShapeError, match=word):
        softmax_loss(
            torch.zeros(hidden), torch.zeros(7, 4), torch.zeros(bias),
            torch.zeros(targets, dtype=torch.long),
        )  # fmt: skip
