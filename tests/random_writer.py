"""The writer of random steps: values, lines and weights, kept within bounds and off the kinks."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

WIDEST = 8  # features of a row; the kernels must cope with odd and even, one and many
LIMIT = 12.0  # above it a value is squashed before it is used


@dataclass(frozen=True)
class Value:
    """A floating tensor `[B, *shape]` that a line has made.

    Args:
        name: its name.
        shape: without the batch.
        bound: what its entries hardly exceed.
        generic: its entries are no rounding away from each other or from a round number, so that
            it may meet a kink (relu, max, a comparison) without rounding deciding the side.
        live: it depends on the input.
    """

    name: str
    shape: tuple[int, ...]
    bound: float
    generic: bool
    live: bool = False

    @property
    def width(self) -> int:
        return self.shape[-1]


class Choices:
    """Choices made from bytes: a smaller byte is a simpler choice, and no byte the simplest.

    One string of bytes rather than many draws: Hypothesis changes examples in parts to make the
    next ones, and most examples would be nearly the same program.
    """

    def __init__(self, data: Iterable[int]):
        self._data = iter(data)

    def number(self, least: int, most: int) -> int:
        """Choose a number in least..most."""
        wide = most - least >= 256
        drawn = self._next() + (256 * self._next() if wide else 0)
        return least + drawn % (most - least + 1)

    def choose(self, options: Any) -> Any:
        """Choose one of a sequence."""
        return options[self.number(0, len(options) - 1)]

    def often(self, numerator: int, denominator: int) -> bool:
        """Answer yes in so many cases of so many; the simplest answer is no."""
        return self.number(0, denominator - 1) >= denominator - numerator

    def _next(self) -> int:
        return next(self._data, 0)


class Writer(Choices):
    """A step in the making.

    Args:
        data: what the choices are made from.
        given: the values that the step starts from.
    """

    def __init__(self, data: Iterable[int], given: Iterable[Value] = ()):
        super().__init__(data)
        self.values = list(given)
        self.lines: list[str] = []
        self.weights: dict[str, tuple[int, ...]] = {}

    def constant(self) -> str:
        return repr(self.choose((0.3, 0.7, 1.3, -0.45, 1.9)))

    def fresh(self) -> str:
        return f"v{len(self.lines)}"

    def write(
        self, expression: str, shape: tuple[int, ...], bound: float, generic: bool = True
    ) -> Value:
        """Add the line `vN = expression`."""
        return self.write_lines(f"{self.fresh()} = {expression}", shape, bound, generic)

    def write_lines(
        self, text: str, shape: tuple[int, ...], bound: float, generic: bool = True
    ) -> Value:
        """Add statements that make the value that `fresh` names."""
        named = set(re.findall(r"\w+", text))
        live = any(value.live for value in self.values if value.name in named)
        value = Value(self.fresh(), shape, bound, generic, live)
        self.lines.append(text)
        self.values.append(value)
        return value

    def pick(
        self,
        dims: int | None = 1,
        limit: float = LIMIT,
        *,
        generic: bool = False,
        least: int = 1,
        live: bool = False,
    ) -> Value:
        """Choose a value, late ones first, and make it fit what the operation can stand.

        Args:
            dims: 0 for `[B]`, 1 for `[B, n]`, 2 for `[B, n, m]`; None for any.
            limit: the largest bound.
            generic: whether it will meet a kink.
            least: the smallest width.
            live: whether it must depend on the input.
        """
        found = [
            value
            for value in reversed(self.values)
            if (dims is None or len(value.shape) == dims)
            and (not value.shape or value.width >= least)
            and (value.live or not live)
        ]
        value = self.choose(found[:3] * 3 + found[3:]) if found else self.make(dims or 0, least)
        value = self.spread(value) if generic and not value.generic else value
        return value if value.bound <= limit else self.squash(value, limit)

    def make(self, dims: int, least: int = 1) -> Value:
        """Make a value of so many dims from a row."""
        if dims == 0:
            row = self.pick(1)
            return self.write(f"{row.name}.sum(dim=-1)", (), row.bound * row.width, False)
        if dims == 1:
            return self.project(self.pick(1), least + self.number(0, 2))
        shape = (self.number(1, 3), max(least, self.number(1, 3)))
        row = self.project(self.pick(1), shape[0] * shape[1])
        form = self.choose(("{v}.view(-1, {n}, {m})", "{v}.reshape(x.shape[0], {n}, {m})"))
        text = form.format(v=row.name, n=shape[0], m=shape[1])
        return self.write(text, shape, row.bound, row.generic)

    def project(self, row: Value, width: int) -> Value:
        """Bring a row to a width by a matrix and a vector."""
        matrix, vector = self.weight(width, row.width), self.weight(width)
        return self.write(
            f"F.linear({row.name}, {matrix}, {vector})", (width,), 2.5 * row.bound + 1
        )

    def fitted(self, width: int, limit: float = LIMIT, *, generic: bool = False) -> Value:
        """Choose a row of exactly this width."""
        found = [value for value in reversed(self.values) if value.shape == (width,)]
        row = self.choose(found) if found else self.project(self.pick(1), width)
        row = self.spread(row) if generic and not row.generic else row
        return row if row.bound <= limit else self.squash(row, limit)

    def squash(self, value: Value, limit: float) -> Value:
        form, bound = self.choose(
            (("torch.tanh({v})", 1.0), ("{v} / (1 + {v} * {v})", 0.5), ("torch.sin({v})", 1.0))
        )
        scale = 1.0 if limit >= bound else limit
        text = form.format(v=value.name)
        text = text if scale == 1.0 else f"{scale} * {text}"
        # A wide value saturates, or swings too fast to tell rounding from chance.
        return self.write(text, value.shape, scale * bound, value.generic and value.bound <= LIMIT)

    def spread(self, value: Value) -> Value:
        """Move a value off whatever its entries may coincide with."""
        factor, shift = self.plain_weight(*value.shape), self.plain_weight(*value.shape)
        return self.write(f"{value.name} * {factor} + {shift}", value.shape, 2 * value.bound + 2)

    def weight(self, *shape: int) -> str:
        """Write a parameter of this shape, or an expression of parameters alone."""
        if not self.often(1, 4):
            return self.plain_weight(*shape)
        return self.choose(_EXPRESSIONS[min(len(shape), 2)])(self, *shape)

    def plain_weight(self, *shape: int) -> str:
        """Write a parameter, at times a buffer, at times one that was used before."""
        same = [name for name, other in self.weights.items() if other == shape]
        if same and self.often(1, 6):
            return f"self.{self.choose(same)}"
        letter = "k" if self.often(1, 10) else "w"
        name = f"{letter}{len(self.weights)}"
        self.weights[name] = shape
        return f"self.{name}"


def _form(text: str) -> Callable[..., str]:
    return lambda writer, *shape: text.format(w=writer.plain_weight(*shape))


def _transposed(writer: Writer, *shape: int) -> str:
    return f"{writer.plain_weight(*shape[:-2], shape[-1], shape[-2])}.transpose(-1, -2)"


def _product(writer: Writer, *shape: int) -> str:
    rank = writer.number(1, 3)
    left, right = writer.plain_weight(shape[0], rank), writer.plain_weight(rank, shape[1])
    return f"({left} @ {right})" if len(shape) == 2 else writer.plain_weight(*shape)


def _part(writer: Writer, *shape: int) -> str:
    return f"{writer.plain_weight(shape[0] + 2, *shape[1:])}[1:-1]"


def _viewed(writer: Writer, *shape: int) -> str:
    size = 1
    for length in shape:
        size *= length
    return f"{writer.plain_weight(size)}.view({', '.join(map(str, shape))})"


_ELEMENTWISE = tuple(
    map(
        _form,
        (
            "torch.tanh({w})",
            "(0.8 * {w})",
            "{w}.sigmoid()",
            "torch.exp(0.5 * {w})",
            "F.softplus({w})",
            "{w}.abs()",
            "{w}.clamp(-0.9, 1.1)",
        ),
    )
)
_EXPRESSIONS: dict[int, tuple[Callable[..., str], ...]] = {
    0: (
        *_ELEMENTWISE,
        lambda writer: f"{writer.plain_weight(3)}[1]",
        lambda writer: f"{writer.plain_weight(2, 3)}.mean()",
    ),
    1: (
        *_ELEMENTWISE,
        _part,
        lambda writer, n: f"{writer.plain_weight(3, n)}[-1]",
        lambda writer, n: f"{writer.plain_weight(n, 2)}.sum(dim=1)",
        lambda writer, n: f"torch.cat([{writer.plain_weight(n)}, {writer.plain_weight(2)}])[:{n}]",
    ),
    2: (
        *_ELEMENTWISE,
        _transposed,
        _product,
        _part,
        _viewed,
        _form("({w} / (0.5 + {w}.norm()))"),
    ),
}
