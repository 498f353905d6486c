"""The example that introductions to recurrent networks share: `hell` goes in, `o` comes out."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import ArgumentError, check_seed, check_size
from recurra.cells import RNN
from recurra.data import Vocabulary
from recurra.decode import choose, generate
from recurra.runtime import unroll

WORD = "hello"


@dataclass(frozen=True)
class Moment:
    """One time step of the network, with everything there is to see.

    Args:
        symbol: the character that goes in.
        one_hot: the same as a vector, `[V]`.
        hidden: hidden state after it, `[H]`.
        scores: score of each next character, `[V]`.
        probabilities: softmax of the scores, `[V]`.
        target: the character that should come next.
        loss: -log of its probability, in nats.
    """

    symbol: str
    one_hot: list[float]
    hidden: list[float]
    scores: list[float]
    probabilities: list[float]
    target: str
    loss: float


class HelloNetwork(nn.Module):
    """A vanilla RNN small enough to look at whole.

        h_t = tanh(W_x x_t + W_h h_{t-1} + b)
        scores_t = W_y h_t + b_y

    Args:
        hidden_size: H. Default: 3.
        seed: of the first weights. Default: 0.

    Example:
        >>> import recurra
        >>> network = recurra.probe.HelloNetwork(seed=1)
        >>> losses = list(network.learn(steps=100))
        >>> network.spell("h", 4)
        'hello'
    """

    def __init__(self, hidden_size: int = 3, *, seed: int = 0) -> None:
        super().__init__()
        self.vocabulary = Vocabulary("helo")
        check_size("hidden_size", hidden_size)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_seed(seed))
            self.cell = RNN(len(self.vocabulary), hidden_size)
            self.head = nn.Linear(hidden_size, len(self.vocabulary))

    def forward(self, numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run over symbols `[T]`: give the hidden states `[T, H]` and the scores `[T, V]`."""
        x = F.one_hot(numbers, len(self.vocabulary)).float()  # [T, V]
        hidden, _ = unroll(self.cell, x.unsqueeze(1))  # [T, 1, H]
        return hidden.squeeze(1), self.head(hidden.squeeze(1))

    def learn(self, *, steps: int, learning_rate: float = 0.1) -> Iterator[float]:
        """Learn to go from each letter of "hell" to the next of "ello".

        Args:
            steps: updates of the weights.
            learning_rate: of Adam. Default: 0.1.

        Yields:
            losses: the mean loss before each update, in nats.
        """
        optimizer = torch.optim.Adam(self.parameters(), lr=learning_rate)
        numbers = self.vocabulary.encode(WORD).long()
        for _ in range(steps):
            _, scores = self(numbers[:-1])
            loss = F.cross_entropy(scores, numbers[1:])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield float(loss.detach())

    @torch.no_grad()
    def moments(self) -> list[Moment]:
        """Show every time step of reading "hell"."""
        numbers = self.vocabulary.encode(WORD).long()
        hidden, scores = self(numbers[:-1])
        losses = F.cross_entropy(scores, numbers[1:], reduction="none")
        return [
            Moment(
                symbol=WORD[t],
                one_hot=F.one_hot(numbers[t], len(self.vocabulary)).tolist(),
                hidden=hidden[t].tolist(),
                scores=scores[t].tolist(),
                probabilities=scores[t].softmax(dim=-1).tolist(),
                target=WORD[t + 1],
                loss=float(losses[t]),
            )
            for t in range(len(WORD) - 1)
        ]

    @torch.no_grad()
    def spell(self, prompt: str, length: int) -> str:
        """Continue a prompt by feeding each likeliest letter back in.

        Raises:
            ArgumentError: the prompt is empty.
            UnknownSymbol: the prompt has another letter than h, e, l, o.
        """

        def step(symbols: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            x = F.one_hot(symbols, len(self.vocabulary)).float()  # [1, V]
            hidden, state = self.cell(x, state)
            return self.head(hidden), state

        numbers = self.vocabulary.encode(prompt, name="prompt").long()
        if not len(numbers):
            raise ArgumentError("`prompt` is empty.", got="''", expected="at least one letter")
        state = self.cell.initial_state(1)
        for number in numbers:
            scores, state = step(number.reshape(1), state)
        letters = generate(
            step, scores, state, length=length, choose=lambda each: choose(each, temperature=0)
        )
        return prompt + "".join(self.vocabulary.decode(letter) for letter in letters)
