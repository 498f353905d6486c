"""Cells made from a written program: what `random_cells` draws and a failing test prints."""

import linecache
import textwrap
import zlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Program:
    """One step of a cell, as text.

    Args:
        input_size: features of `x`.
        states: shape of each part of the state, `s0`, `s1`, ..., without the batch.
        starts: where each part begins: "zeros", "learnt" (a parameter) or "fixed" (a buffer).
        weights: shape of each; `w0`, `w1`, ... are parameters, `k0`, `k1`, ... are buffers.
        lines: the statements, over `x`, the parts of the state and `self.<weight>`.
        y: the output, an expression.
        following: the next state, an expression for each part.
        seed: of the values of the weights.
    """

    input_size: int
    states: tuple[tuple[int, ...], ...]
    starts: tuple[str, ...]
    weights: dict[str, tuple[int, ...]]
    lines: tuple[str, ...]
    y: str
    following: tuple[str, ...]
    seed: int = 0

    def source(self) -> str:
        """Write the step as a function."""
        names = [f"s{place}" for place in range(len(self.states))]
        body = [f"{_nested(names)} = state", *self.lines]
        body.append(f"return {self.y}, {_nested(list(self.following))}")
        return "def forward(self, x, state):\n" + textwrap.indent("\n".join(body), "    ") + "\n"

    def __repr__(self) -> str:
        lines = [f"{field.name}={_shown(getattr(self, field.name))}," for field in fields(self)]
        return "Program(\n" + textwrap.indent("\n".join(lines), "    ") + "\n)"


class RandomCell(nn.Module):
    """The cell of a program; its `repr` is a Python expression that makes it again."""

    def __init__(self, program: Program):
        super().__init__()
        self.program = program
        generator = torch.Generator().manual_seed(program.seed)
        for name, shape in program.weights.items():
            scale = (sum(shape) / len(shape)) ** -0.5 if len(shape) > 1 else 0.7
            self._keep(name, scale * _normal(shape, generator), learnt=name.startswith("w"))
        for place, (shape, start) in enumerate(zip(program.states, program.starts, strict=True)):
            value = _normal(shape, generator) * (0.0 if start == "zeros" else 0.5)
            self._keep(f"start{place}", value, learnt=start == "learnt")
        self.step = _compile_step(program.source())

    def _keep(self, name: str, value: torch.Tensor, *, learnt: bool) -> None:
        if learnt:
            self.register_parameter(name, nn.Parameter(value))
        else:
            self.register_buffer(name, value)

    def initial_state(self, batch_size):
        starts = [getattr(self, f"start{place}") for place in range(len(self.program.states))]
        parts = [start.expand(batch_size, *start.shape) for start in starts]
        return parts[0] if len(parts) == 1 else (parts[0], *_pair(parts[1:]))

    def forward(self, x, state):
        return self.step(self, x, state)

    def __repr__(self) -> str:
        return f"RandomCell(\n{textwrap.indent(repr(self.program), '    ')}\n)"


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def _pair(parts: list[Any]) -> list[Any]:
    """Put the second and the third part of a state into a tuple of their own."""
    return [tuple(parts)] if len(parts) > 1 else parts


def _nested(names: list[str]) -> str:
    """Write a state: a bare tensor, a pair, or a pair whose second is a pair."""
    if len(names) == 1:
        return names[0]
    first, *rest = names
    return f"({first}, {rest[0] if len(rest) == 1 else '(' + ', '.join(rest) + ')'})"


def _compile_step(source: str) -> Callable[..., Any]:
    filename = f"<random cell {zlib.crc32(source.encode()):08x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    names: dict[str, Any] = {"torch": torch, "F": F}
    exec(compile(source, filename, "exec"), names)
    return names["forward"]


def _shown(value: Any) -> str:
    """Write lists of lines one below the other."""
    if isinstance(value, tuple) and len(value) > 1 and len(repr(value)) > 60:
        return "(\n" + textwrap.indent("".join(f"{line!r},\n" for line in value), "    ") + ")"
    return repr(value)
