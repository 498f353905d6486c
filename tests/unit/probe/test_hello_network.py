"""HelloNetwork: hell goes in, o comes out."""

import math

import pytest
import torch

from recurra.base import ArgumentError, ShapeError, UnknownSymbol
from recurra.probe import HelloNetwork

STEPS = 200  # what `recurra hello` trains


def trained(seed, steps=STEPS):
    network = HelloNetwork(seed=seed)
    return network, list(network.learn(steps=steps))


@pytest.mark.parametrize("seed", [*range(30), 107, 110, 213])
def test_it_spells_hello_whatever_the_seed(seed):
    network, losses = trained(seed)
    assert network.spell("h", 4) == "hello"
    assert network.spell("hell", 1) == "hello"
    assert losses[-1] < 0.1


def test_the_loss_goes_down_from_about_log_4():
    _, losses = trained(0)
    assert len(losses) == STEPS
    assert losses[0] == pytest.approx(math.log(4), rel=0.3)
    assert all(late < early for early, late in zip(losses[::10], losses[10::10], strict=False))


def test_the_losses_are_those_before_each_update():
    network = HelloNetwork(seed=1)
    mean = sum(moment.loss for moment in network.moments()) / 4
    assert next(network.learn(steps=1)) == pytest.approx(mean, rel=1e-5)


def test_moments_show_every_number_of_every_step():
    network, _ = trained(0, steps=5)
    moments = network.moments()
    assert [moment.symbol for moment in moments] == list("hell")
    assert [moment.target for moment in moments] == list("ello")
    cell, head = network.cell, network.head
    hidden = torch.zeros(3)
    for moment in moments:
        place = "helo".index(moment.symbol)
        assert moment.one_hot == [float(i == place) for i in range(4)]
        drive = cell.weight_input[:, place] + cell.weight_hidden @ hidden + cell.bias
        hidden = drive.tanh().detach()
        assert moment.hidden == pytest.approx(hidden.tolist(), abs=1e-6)
        scores = (head.weight @ hidden + head.bias).tolist()
        assert moment.scores == pytest.approx(scores, abs=1e-5)
        exponentials = [math.exp(score) for score in scores]
        probabilities = [each / sum(exponentials) for each in exponentials]
        assert moment.probabilities == pytest.approx(probabilities, abs=1e-5)
        expected = -math.log(probabilities["helo".index(moment.target)])
        assert moment.loss == pytest.approx(expected, abs=1e-4)


def test_the_two_l_differ_in_the_hidden_state_alone():
    network, _ = trained(0)
    third, fourth = network.moments()[2:]
    assert third.one_hot == fourth.one_hot
    assert third.hidden != fourth.hidden


def test_the_seed_decides_and_the_global_generator_is_left_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = HelloNetwork(seed=5)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    same, other = HelloNetwork(seed=5), HelloNetwork(seed=6)
    assert one.moments() == same.moments()
    assert one.moments() != other.moments()


def test_impossible_arguments():
    with pytest.raises(ShapeError, match="hidden_size"):
        HelloNetwork(0)
    with pytest.raises(ArgumentError, match="seed"):
        HelloNetwork(seed=-1)
    with pytest.raises(ShapeError, match="length"):
        HelloNetwork().spell("h", -1)
    with pytest.raises(UnknownSymbol, match="prompt"):
        HelloNetwork().spell("x", 1)


def test_an_empty_prompt_is_refused():
    with pytest.raises(ArgumentError, match="prompt"):
        HelloNetwork().spell("", 1)
