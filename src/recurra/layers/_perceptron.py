"""The perceptron: one layer of threshold units, and the rule by which it learns."""

from dataclasses import dataclass

import torch
from torch import nn

from recurra.base import (
    DtypeError,
    ShapeError,
    check_finite,
    check_size,
    describe_tensor,
    same_values,
)


@dataclass(frozen=True, eq=False)
class PerceptronEpoch:
    """One pass of the perceptron's rule over the rows.

    Args:
        mistakes: rows that were decided wrongly when their turn came; each moved the weights.
        weight: the weights after the pass, `[O, F]`.
        bias: the biases after the pass, `[O]`.
    """

    mistakes: int
    weight: torch.Tensor
    bias: torch.Tensor

    def __eq__(self, other: object) -> bool:
        """Tell whether the other is a pass with the same values, to the last bit."""
        if not isinstance(other, PerceptronEpoch):
            return NotImplemented
        return same_values(vars(self), vars(other))


@dataclass(frozen=True)
class PerceptronLearning:
    """How the rule fared.

    Args:
        epochs: every pass, in order.
        separated: whether the last pass made no mistake: all rows are decided rightly.
        returned_to: the pass, counted from 1, after which the weights were those of the end (0:
            before the first). From there the rule goes round and round, so, but for rounding, no
            layer of threshold units separates these rows. None where the weights did not return.
    """

    epochs: tuple[PerceptronEpoch, ...]
    separated: bool
    returned_to: int | None

    def __str__(self) -> str:
        """Say in a sentence how it ended."""
        passes = f"{len(self.epochs)} passes" if len(self.epochs) != 1 else "1 pass"
        if self.separated:
            return f"All rows are decided rightly after {passes}."
        wrong = f"{self.epochs[-1].mistakes} mistakes in the last"
        if self.returned_to is None:
            return f"Stopped after {passes}, {wrong}: nothing is proven, the rows may be separable."
        return (
            f"Stopped after {passes}, {wrong}: the weights are again those after pass "
            f"{self.returned_to}, so the rule would go round for ever. But for rounding, no single "
            "layer separates these rows."
        )


class Perceptron(nn.Module):
    """Decide between classes by one layer of threshold units, and learn by the perceptron's rule.

    The first learning machine. Its rule needs no derivative, and finds weights that decide all rows
    rightly, if there are any (F. Rosenblatt's convergence theorem); where there are none, such as
    for XOR, it never comes to rest. Use `MultiLayerPerceptron` there, and wherever a probability is
    wanted.

        y = 1 if w x + b > 0 else 0             two classes
        w <- w + (t - y) x,  b <- b + (t - y)   t is the class of x; nothing moves if y = t

        y = argmax_k (w_k x + b_k)              more classes
        w_t <- w_t + x,  w_y <- w_y - x         and their biases by 1; nothing moves if y = t

    There is no learning rate: from weights of zero it would only scale them all. Source: F.
    Rosenblatt, "The perceptron", Psychological Review 65 (1958); more classes: J. Kesler in R. Duda
    and P. Hart, "Pattern classification and scene analysis" (1973).

    Args:
        input_size: F, numbers of a row.
        classes: C, classes to decide between, 2 or more. Default: 2.
        device: where the weights live. Default: PyTorch's.
        dtype: floating point type of the weights. Default: PyTorch's.

    Raises:
        ShapeError: a size is not possible.

    Example:
        >>> import torch, recurra
        >>> x = torch.tensor([[0., 0.], [0., 1.], [1., 0.], [1., 1.]])
        >>> gate = recurra.layers.Perceptron(2)
        >>> print(gate.learn(x, torch.tensor([0, 0, 0, 1])))
        All rows are decided rightly after 6 passes.
        >>> gate(x).tolist()
        [0, 0, 0, 1]
    """

    def __init__(
        self,
        input_size: int,
        classes: int = 2,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_size = check_size("input_size", input_size)
        self.classes = check_size("classes", classes, least=2)
        rows = 1 if classes == 2 else classes
        weight = torch.zeros(rows, input_size, device=device, dtype=dtype)
        bias = torch.zeros(rows, device=device, dtype=dtype)
        # the rule moves them; gradients of a step are zero and would not
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)

    def scores(self, x: torch.Tensor) -> torch.Tensor:
        """Give w x + b, `[..., O]`: O is 1 for two classes, else C."""
        return nn.functional.linear(x, self.weight, self.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Decide: x `[..., F]` to the numbers of the classes, `[...]` int64."""
        scores = self.scores(x)
        if self.classes == 2:
            return (scores.squeeze(-1) > 0).long()
        return scores.argmax(dim=-1)

    def learn(
        self, x: torch.Tensor, targets: torch.Tensor, *, epochs: int = 100
    ) -> PerceptronLearning:
        """Learn by the rule, row after row, until a pass makes no mistake.

        Stops, too, where the weights return to what they were after an earlier pass, and at the
        latest after `epochs` passes; the result says which.

        Args:
            x: rows, `[N, F]`, in the dtype of the weights.
            targets: their classes, `[N]`, integer, 0..C-1.
            epochs: most passes over the rows. Default: 100.

        Returns:
            learning: every pass, and how it ended.

        Raises:
            ShapeError: x is not `[N, F]` with N >= 1, or the targets do not fit it.
            DtypeError: x has not the dtype of the weights, or the targets are no integers.
            DataError: a number of x is missing or infinite.
        """
        self._check(x, targets)
        check_size("epochs", epochs)
        done: list[PerceptronEpoch] = []
        seen = {self._numbers(): 0}  # by weights, after which pass they were first there
        returned_to = None
        while len(done) < epochs and returned_to is None:
            mistakes = self._go_through(x, targets)
            done.append(PerceptronEpoch(mistakes, self.weight.clone(), self.bias.clone()))
            if mistakes == 0:
                return PerceptronLearning(tuple(done), separated=True, returned_to=None)
            returned_to = seen.get(self._numbers())
            seen[self._numbers()] = len(done)
        return PerceptronLearning(tuple(done), separated=False, returned_to=returned_to)

    def _numbers(self) -> tuple[float, ...]:
        return (*self.weight.flatten().tolist(), *self.bias.tolist())

    @torch.no_grad()
    def _go_through(self, x: torch.Tensor, targets: torch.Tensor) -> int:
        mistakes = 0
        for row, target in zip(x, targets.tolist(), strict=True):
            decided = int(self(row))
            if decided != target:
                mistakes += 1
                self._move(row, target, decided)
        return mistakes

    def _move(self, row: torch.Tensor, target: int, decided: int) -> None:
        if self.classes == 2:
            self.weight[0] += (target - decided) * row
            self.bias[0] += target - decided
        else:
            self.weight[target] += row
            self.weight[decided] -= row
            self.bias[target] += 1
            self.bias[decided] -= 1

    def _check(self, x: torch.Tensor, targets: torch.Tensor) -> None:
        if x.dim() != 2 or x.shape[1] != self.input_size or not len(x):
            raise ShapeError(
                "`x` is not rows for this `Perceptron`.",
                got=describe_tensor(x),
                expected=f"(N, {self.input_size}), N >= 1",
            )
        if x.dtype != self.weight.dtype:
            raise DtypeError(
                "`x` has not the dtype of the weights of this `Perceptron`.",
                got=describe_tensor(x),
                expected=str(self.weight.dtype).removeprefix("torch."),
            )
        check_finite("x", x)
        if targets.dtype.is_floating_point or targets.dtype.is_complex:
            raise DtypeError(
                "`targets` are not classes.", got=describe_tensor(targets), expected="integers"
            )
        if targets.shape != x.shape[:1]:
            raise ShapeError(
                "`targets` are not one class a row.",
                got=describe_tensor(targets),
                expected=f"({len(x)},)",
            )
        if not 0 <= int(targets.min()) <= int(targets.max()) < self.classes:
            raise ShapeError(
                "`targets` has a class that this `Perceptron` does not have.",
                got=f"{int(targets.min())} .. {int(targets.max())}",
                expected=f"0 .. {self.classes - 1}",
            )

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.input_size}, classes={self.classes}"
