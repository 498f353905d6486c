"""Perceptron: Rosenblatt's rule, what it learns, and where it must fail."""

import itertools
import random

import pytest
import torch

from recurra.base import DataError, DtypeError, ShapeError
from recurra.layers import Perceptron
from refusals import refused

ROWS = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
NOT_SEPARABLE = {(0, 1, 1, 0), (1, 0, 0, 1)}  # XOR and XNOR, of all gates of two inputs


def table(targets):
    return torch.tensor(ROWS), torch.tensor(targets)


def plain_rule(rows, targets, passes):
    """The rule number by number: weights, bias and mistakes after each pass."""
    w, b, history = [0.0] * len(rows[0]), 0.0, []
    for _ in range(passes):
        mistakes = 0
        for x, t in zip(rows, targets, strict=True):
            y = 1 if sum(wi * xi for wi, xi in zip(w, x, strict=True)) + b > 0 else 0
            mistakes += y != t
            w = [wi + (t - y) * xi for wi, xi in zip(w, x, strict=True)]
            b += t - y
        history.append((mistakes, w, b))
    return history


def plain_rule_of_classes(rows, targets, classes, passes):
    w = [[0.0] * len(rows[0]) for _ in range(classes)]
    b, history = [0.0] * classes, []
    for _ in range(passes):
        mistakes = 0
        for x, t in zip(rows, targets, strict=True):
            scores = [
                sum(wi * xi for wi, xi in zip(w[k], x, strict=True)) + b[k] for k in range(classes)
            ]
            y = scores.index(max(scores))
            if y != t:
                mistakes += 1
                w[t] = [wi + xi for wi, xi in zip(w[t], x, strict=True)]
                w[y] = [wi - xi for wi, xi in zip(w[y], x, strict=True)]
                b[t], b[y] = b[t] + 1, b[y] - 1
        history.append((mistakes, [list(each) for each in w], list(b)))
    return history


@pytest.mark.parametrize("targets", list(itertools.product((0, 1), repeat=4)), ids=str)
def test_of_all_gates_of_two_inputs_only_xor_and_its_opposite_are_not_learnt(targets):
    perceptron = Perceptron(2)
    learning = perceptron.learn(*table(targets))
    assert learning.separated == (targets not in NOT_SEPARABLE)
    if learning.separated:
        assert tuple(perceptron(torch.tensor(ROWS)).tolist()) == targets
        assert learning.epochs[-1].mistakes == 0
        assert learning.returned_to is None
        assert str(learning).startswith("All rows are decided rightly after")
    else:
        # weights that return are a proof: the rule would go round for ever
        last, before = learning.epochs[-1], learning.epochs[learning.returned_to - 1]
        assert torch.equal(last.weight, before.weight)
        assert torch.equal(last.bias, before.bias)
        assert "no single layer separates" in str(learning)


@pytest.mark.parametrize("targets", [(0, 0, 0, 1), (0, 1, 1, 1), (0, 1, 1, 0)], ids=str)
def test_each_pass_is_that_of_the_plain_rule(targets):
    learning = Perceptron(2).learn(*table(targets))
    expected = plain_rule(ROWS, targets, len(learning.epochs))
    for epoch, (mistakes, w, b) in zip(learning.epochs, expected, strict=True):
        assert epoch.mistakes == mistakes
        assert epoch.weight.tolist() == [w]
        assert epoch.bias.tolist() == [b]


def test_each_pass_over_more_classes_is_that_of_the_plain_rule():
    generator = random.Random(3)
    rows = [[float(generator.randint(-4, 4)) for _ in range(3)] for _ in range(12)]
    targets = [generator.randrange(4) for _ in rows]
    learning = Perceptron(3, classes=4).learn(torch.tensor(rows), torch.tensor(targets), epochs=7)
    expected = plain_rule_of_classes(rows, targets, 4, len(learning.epochs))
    for epoch, (mistakes, w, b) in zip(learning.epochs, expected, strict=True):
        assert epoch.mistakes == mistakes
        assert epoch.weight.tolist() == w
        assert epoch.bias.tolist() == b


def test_classes_around_their_centres_are_separated():
    centres = torch.tensor([[4.0, 0.0], [-4.0, 3.0], [0.0, -5.0]])
    targets = torch.arange(60) % 3
    x = centres[targets] + torch.rand(60, 2)
    perceptron = Perceptron(2, classes=3)
    learning = perceptron.learn(x, targets)
    assert learning.separated
    assert torch.equal(perceptron(x), targets)
    assert perceptron(x.reshape(5, 12, 2)).shape == (5, 12)


def test_a_limit_of_passes_is_kept_and_said():
    x, targets = torch.tensor([[1.0], [1.001]]), torch.tensor([0, 1])  # takes very many passes
    learning = Perceptron(1).learn(x, targets, epochs=7)
    assert len(learning.epochs) == 7
    assert not learning.separated
    assert learning.returned_to is None
    assert str(learning).startswith("Stopped after 7 passes")
    assert "nothing is proven" in str(learning)


def test_learning_goes_on_from_what_is_learnt():
    whole = Perceptron(2)
    whole.learn(*table((0, 0, 0, 1)), epochs=4)
    parts = Perceptron(2)
    parts.learn(*table((0, 0, 0, 1)), epochs=1)
    parts.learn(*table((0, 0, 0, 1)), epochs=3)
    assert torch.equal(whole.weight, parts.weight)
    assert str(parts.learn(*table((0, 0, 0, 1)))) == "All rows are decided rightly after 2 passes."
    assert str(parts.learn(*table((0, 0, 0, 1)))) == "All rows are decided rightly after 1 pass."


def test_the_weights_ask_for_no_gradient():
    assert not any(parameter.requires_grad for parameter in Perceptron(2).parameters())
    assert set(Perceptron(2).state_dict()) == {"weight", "bias"}


def test_the_score_at_the_border_is_no():
    assert Perceptron(2)(torch.zeros(2)).item() == 0


def test_repr_shows_the_sizes():
    assert repr(Perceptron(3, classes=4)) == "Perceptron(3, classes=4)"


def test_impossible_sizes():
    for sizes in [(0, 2), (2, 1), (2, 2.0)]:
        with pytest.raises(ShapeError, match="not a possible number"):
            Perceptron(*sizes)
    with pytest.raises(ShapeError, match="epochs"):
        Perceptron(2).learn(*table((0, 0, 0, 1)), epochs=0)


@pytest.mark.parametrize("x", [torch.ones(2), torch.ones(3, 3), torch.ones(0, 2)])
def test_other_rows_are_refused(x):
    with refused(
        ShapeError,
        "`x` is not rows",
        got=f"{tuple(x.shape)} float32 on cpu",
        expected="(N, 2), N >= 1",
    ):
        Perceptron(2).learn(x, torch.zeros(len(x), dtype=torch.long))


def test_rows_of_another_dtype_are_refused():
    x, targets = table((0, 0, 0, 1))
    with refused(DtypeError, "has not the dtype", got="(4, 2) float64 on cpu", expected="float32"):
        Perceptron(2).learn(x.double(), targets)


def test_missing_numbers_are_refused():
    x, targets = table((0, 0, 0, 1))
    x[2, 1] = float("nan")
    with refused(
        DataError,
        "`x` has a number that is missing",
        got="nan at [2, 1], 1 in all",
        expected="finite numbers",
        fix="leave the row out, or fill the number in",
    ):
        Perceptron(2).learn(x, targets)


def test_targets_that_are_no_classes_are_refused():
    x, targets = table((0, 0, 0, 1))
    with refused(
        DtypeError, "`targets` are not classes", got="(4,) float32 on cpu", expected="integers"
    ):
        Perceptron(2).learn(x, targets.float())
    with refused(ShapeError, "not one class a row", got="(4, 1) int64 on cpu", expected="(4,)"):
        Perceptron(2).learn(x, targets.unsqueeze(1))
    with refused(ShapeError, "has a class", got="0 .. 2", expected="0 .. 1"):
        Perceptron(2).learn(x, 2 * targets)
    with refused(ShapeError, "has a class", got="-1 .. 0", expected="0 .. 2"):
        Perceptron(2, classes=3).learn(x, -targets)


def test_many_passes_are_a_matter_of_seconds():
    x, targets = torch.tensor([[1.0], [1.0001]]), torch.tensor([0, 1])
    learning = Perceptron(1).learn(x, targets, epochs=5_000)
    assert len(learning.epochs) == 5_000
