"""Gates: what one layer can learn, and what takes two."""

import pytest
import torch

from recurra.base import ArgumentError, ShapeError, UnknownName
from recurra.layers import Perceptron
from recurra.probe import (
    GATES,
    gate_rows,
    gate_table,
    learn_by_one_layer,
    learn_by_two_layers,
)

ONE_LAYER = ("AND", "OR", "NAND", "NOR")
RULES = {
    "AND": lambda a, b: a and b,
    "OR": lambda a, b: a or b,
    "NAND": lambda a, b: not (a and b),
    "NOR": lambda a, b: not (a or b),
    "XOR": lambda a, b: a != b,
    "XNOR": lambda a, b: a == b,
}


@pytest.mark.parametrize("gate", GATES)
def test_truth_tables(gate):
    inputs, outputs = gate_table(gate)
    assert inputs.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert outputs.tolist() == [int(RULES[gate](bool(a), bool(b))) for a, b in inputs.tolist()]


@pytest.mark.parametrize("gate", GATES)
def test_one_layer(gate):
    assert learn_by_one_layer(gate).separated == (gate in ONE_LAYER)


@pytest.mark.parametrize("seed", range(20))
def test_two_layers_learn_xor_whatever_the_seed(seed):
    tried = learn_by_two_layers("XOR", seed=seed)
    assert [each.solved for each in tried] == [False] * (len(tried) - 1) + [True]
    rows = gate_rows(tried[-1].network, "XOR")
    assert [round(row.probability) for row in rows] == [0, 1, 1, 0]
    # what the second layer reads can be told apart by a line
    features = torch.tensor([row.hidden for row in rows])
    assert Perceptron(2).learn(features, gate_table("XOR")[1], epochs=1000).separated


def test_rows_show_what_the_network_holds():
    attempt = learn_by_two_layers("AND", hidden_size=3)[-1]
    inputs, outputs = gate_table("AND")
    for x, target, row in zip(inputs, outputs, gate_rows(attempt.network, "AND"), strict=True):
        hidden = attempt.network.affines[0](x).tanh()
        assert row.inputs == x.tolist()
        assert row.hidden == pytest.approx(hidden.tolist(), abs=1e-6)
        score = attempt.network.affines[1](hidden)
        assert row.probability == pytest.approx(score.sigmoid().item(), abs=1e-6)
        assert row.target == target


def test_losses_are_those_before_each_step_and_after_the_last():
    (attempt,) = learn_by_two_layers("XOR", steps=3, attempts=1)
    assert len(attempt.losses) == 4
    rows = gate_rows(attempt.network, "XOR")
    right = [row.probability if row.target else 1 - row.probability for row in rows]
    assert attempt.losses[-1] == pytest.approx(-torch.tensor(right).log().mean().item(), rel=1e-5)
    assert not attempt.solved


def test_the_seed_decides_and_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    one, same, other = (learn_by_two_layers("XOR", seed=seed) for seed in (5, 5, 6))
    assert torch.equal(torch.get_rng_state(), before)
    assert [each.losses for each in one] == [each.losses for each in same]
    assert one[0].losses != other[0].losses


def test_impossible_arguments():
    with pytest.raises(UnknownName, match="gate"):
        learn_by_one_layer("NXOR")
    with pytest.raises(UnknownName, match="gate"):
        learn_by_two_layers("NXOR")
    with pytest.raises(ShapeError, match="epochs"):
        learn_by_one_layer("AND", epochs=0)
    for name in ("hidden_size", "steps", "attempts"):
        with pytest.raises(ShapeError):
            learn_by_two_layers("AND", **{name: 0})
    with pytest.raises(ArgumentError, match="seed"):
        learn_by_two_layers("AND", seed=-1)
