"""Logic gates: what one layer can learn, and what takes two."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from recurra.base import UnknownName, check_seed, check_size
from recurra.layers import MultiLayerPerceptron, Perceptron, PerceptronLearning

GATES: dict[str, tuple[int, int, int, int]] = {
    "AND": (0, 0, 0, 1),
    "OR": (0, 1, 1, 1),
    "NAND": (1, 1, 1, 0),
    "NOR": (1, 0, 0, 0),
    "XOR": (0, 1, 1, 0),
    "XNOR": (1, 0, 0, 1),
}
"""Gates of two inputs: their outputs for the rows 0 0, 0 1, 1 0, 1 1."""

SOLVED = 0.1
"""A network has learnt a gate when its mean loss, in nats, is below this: every output is right."""


def gate_table(gate: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Give the truth table of a gate: inputs `[4, 2]` float and outputs `[4]` int64.

    Raises:
        UnknownName: `gate` is not in `GATES`.

    Example:
        >>> import recurra
        >>> inputs, outputs = recurra.probe.gate_table("XOR")
        >>> inputs.tolist()[1], outputs.tolist()
        ([0.0, 1.0], [0, 1, 1, 0])
    """
    if gate not in GATES:
        raise UnknownName.among("gate", gate, GATES)
    inputs = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return inputs, torch.tensor(GATES[gate])


def learn_by_one_layer(gate: str, *, epochs: int = 100) -> PerceptronLearning:
    """Let a perceptron learn a gate by its rule, from weights of zero.

    Args:
        gate: a key of `GATES`.
        epochs: most passes over the four rows. Default: 100.

    Raises:
        UnknownName: `gate` is not in `GATES`.

    Example:
        >>> import recurra
        >>> recurra.probe.learn_by_one_layer("OR").separated
        True
        >>> recurra.probe.learn_by_one_layer("XOR").separated
        False
    """
    return Perceptron(2).learn(*gate_table(gate), epochs=epochs)


@dataclass(frozen=True)
class Attempt:
    """A network that tried to learn a gate from its own random weights.

    Args:
        network: the network after its last step.
        losses: mean loss before each step and after the last, in nats.
    """

    network: MultiLayerPerceptron
    losses: tuple[float, ...]

    @property
    def solved(self) -> bool:
        """Whether it has learnt the gate."""
        return self.losses[-1] < SOLVED


def learn_by_two_layers(
    gate: str, *, hidden_size: int = 2, steps: int = 200, attempts: int = 50, seed: int = 0
) -> list[Attempt]:
    """Let networks of one hidden layer learn a gate by gradients, until one of them has.

    A network this small often ends in a place from which every direction goes up; the remedy is to
    begin again from other weights.

    Args:
        gate: a key of `GATES`.
        hidden_size: features of the hidden layer. Default: 2.
        steps: updates of the weights of each network. Default: 200.
        attempts: most networks. Default: 50.
        seed: of all first weights. Default: 0.

    Returns:
        tried: every attempt; only the last may have succeeded.

    Raises:
        UnknownName: `gate` is not in `GATES`.
        ShapeError: a size is not a positive integer.
        ArgumentError: `seed` is outside its range.

    Example:
        >>> import recurra
        >>> tried = recurra.probe.learn_by_two_layers("XOR")
        >>> tried[-1].solved
        True
    """
    inputs, outputs = gate_table(gate)
    check_size("steps", steps)
    tried: list[Attempt] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(check_seed(seed))
        for _ in range(check_size("attempts", attempts)):
            network = MultiLayerPerceptron(2, [hidden_size], 1, activation="tanh")
            tried.append(Attempt(network, _descend(network, inputs, outputs.float(), steps)))
            if tried[-1].solved:
                break
    return tried


def _descend(
    network: MultiLayerPerceptron, inputs: torch.Tensor, outputs: torch.Tensor, steps: int
) -> tuple[float, ...]:
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1)
    losses = []
    for step in range(steps + 1):
        loss = F.binary_cross_entropy_with_logits(network(inputs).squeeze(-1), outputs)
        losses.append(float(loss.detach()))
        if step < steps:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return tuple(losses)


@dataclass(frozen=True)
class GateRow:
    """One row of a truth table, as a network of two layers sees it.

    Args:
        inputs: x_1 and x_2.
        hidden: features of the hidden layer, `[H]`.
        probability: of the output 1.
        target: the right output.
    """

    inputs: Sequence[float]
    hidden: Sequence[float]
    probability: float
    target: int


@torch.no_grad()
def gate_rows(network: MultiLayerPerceptron, gate: str) -> list[GateRow]:
    """Show what a network makes of each row of a gate."""
    inputs, outputs = gate_table(gate)
    hidden = network.hidden(inputs)[-1]  # [4, H]
    probabilities = network(inputs).squeeze(-1).sigmoid()
    parts = zip(inputs, hidden, probabilities, outputs, strict=True)
    return [
        GateRow(row.tolist(), features.tolist(), float(probability), int(target))
        for row, features, probability, target in parts
    ]
