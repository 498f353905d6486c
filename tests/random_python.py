"""Programs in the ways of Python: a cell, and what a user does to it between calls."""

import random
import textwrap
from typing import NamedTuple

from python_autograd import AUTOGRAD, HOOKS
from python_effects import DICE, EFFECTS, WRITES
from python_feature import Feature
from python_flow import FLOW, OF_ANY_CELL
from python_globals import GLOBALS
from python_helpers import HELPERS
from python_members import ATTRIBUTES, CLASSES

FUSIBLE = (GLOBALS, HELPERS, CLASSES, ATTRIBUTES, FLOW, AUTOGRAD, HOOKS, WRITES)
"""Tables of features that most of a program's are of, each as likely as the others."""
ALL_FEATURES = [feature for table in (*FUSIBLE, EFFECTS, DICE) for feature in table]

MODES = ("backward",) * 8 + ("no_grad", "no_grad", "inference", "layer", "stream", "threads")
FORMS = ("one", "one", "one", "pair", "named")
KINDS = ("file", "file", "notebook", "exec")

HEADER = """\
import collections, contextlib, contextvars, copy, dataclasses, enum, fractions, functools
import itertools, os, pathlib, pickle, random, re, sys, tempfile, threading, types, warnings
from typing import NamedTuple
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
"""

STATE = """\
class State(NamedTuple):
    h: torch.Tensor
    c: torch.Tensor

class Start:
    def start(self, h):
        return h
"""

CLASS = """\
class Cell({bases}Start, nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(5, 3)
{init}
        self.to(torch.{dtype})

    def initial_state(self, batch_size):
        h = self.start(self.lin.weight.new_zeros(batch_size, 3))
        return {first}

{body}
    def forward(self, x, state):
        {unpack}
        a = self.lin(torch.cat([x, h], -1))
{step}
        {end}
"""

PARTS = {
    "one": ("h", "h = state", "h = torch.tanh(a) * 0.7 + 0.2 * h\n        return h, h", "a"),
    "pair": (
        "(h, h + 0.1)",
        "h, c = state",
        "c = 0.5 * c + 0.3 * a\n        h = torch.tanh(c) * 0.7\n        return h + c, (h, c)",
        "(a, c)",
    ),
    "named": (
        "State(h, h + 0.1)",
        "h, c = state.h, state.c",
        "c = 0.5 * c + 0.3 * a\n        h = torch.tanh(c) * 0.7\n        return h, State(h, c)",
        "State(a, c)",
    ),
}
"""Of a form of the state: the first, how a step reads it, how it ends, and an early return's."""


class Run(NamedTuple):
    """How a cell is run.

    Args:
        mode: "backward", "no_grad", "inference", "layer", "stream" or "threads".
        T: steps.
        B: rows.
        reverse: whether time runs backwards.
        given: whether it starts from a given state.
        follows_x: whether gradients of x are asked for.
        seed: of the input, the cotangents, and all dice.
    """

    mode: str
    T: int
    B: int
    reverse: bool
    given: bool
    follows_x: bool
    seed: int


class Step(NamedTuple):
    """A change, and the call after it.

    Args:
        change: statements, or nothing.
        feature: place of the feature that the change belongs to, or None.
        run: the call.
    """

    change: str
    feature: int | None
    run: Run


class Program(NamedTuple):
    """A cell, and how a user works with it.

    Args:
        seed: makes it again.
        form: of its state: "one", "pair" or "named".
        kind: where its source is: "file", "notebook" (known by its lines) or "exec" (nowhere).
        dtype: of its weights.
        features: what its step uses, by number.
        steps: changes and calls.
    """

    seed: int
    form: str
    kind: str
    dtype: str
    features: dict[int, Feature]
    steps: tuple[Step, ...]

    def class_source(self) -> str:
        """Write the class of the cell."""
        first, unpack, end, early = PARTS[self.form]
        features = self.features.values()
        step = _joined([feature.step for feature in features], 8)
        return CLASS.format(
            bases="".join(f"{feature.base}, " for feature in features if feature.base),
            init=_joined([feature.init for feature in features], 8),
            body=_joined([feature.body for feature in features], 4),
            step=step.replace("RETURN(a)", f"a, {early}"),
            dtype=self.dtype,
            first=first,
            unpack=unpack,
            end=end,
        )

    def source(self) -> str:
        """Write the module."""
        tops = [feature.top for feature in self.features.values() if feature.top]
        text = "\n\n".join([HEADER, STATE, *tops, self.class_source()])
        return text + "\ntorch.manual_seed(0)\ncell = Cell()\n"

    def without_feature(self, place: int) -> "Program":
        """Leave a feature out, and all changes to it."""
        features = {key: value for key, value in self.features.items() if key != place}
        steps = [step for step in self.steps if step.feature != place]
        return self._replace(features=features, steps=tuple(steps))

    def without_step(self, place: int) -> "Program":
        """Leave a step out."""
        return self._replace(steps=self.steps[:place] + self.steps[place + 1 :])


def _joined(pieces: list[str], indent: int) -> str:
    return textwrap.indent("\n".join(piece for piece in pieces if piece), " " * indent)


def random_program(seed: int) -> Program:
    """Draw a program: the same for the same seed."""
    dice = random.Random(seed)
    features = _draw_features(dice)
    numbered = {place: feature.numbered(place) for place, feature in enumerate(features)}
    return Program(
        seed,
        dice.choice(FORMS),
        dice.choice(KINDS),
        dice.choice(("float32", "float64", "float64")),
        numbered,
        tuple(_draw_steps(dice, numbered)),
    )


def program_of(feature: Feature, seed: int = 0) -> Program:
    """Write a program with one feature, which makes all of its changes in their order."""
    numbered = feature.numbered(0)
    run = Run("backward", 3, 2, False, False, True, seed)
    changes = ["", *numbered.changes, ""]
    steps = [Step(change, 0 if change else None, run) for change in changes]
    return Program(seed, "one", "file", "float64", {0: numbered}, tuple(steps))


def _draw_features(dice: random.Random) -> list[Feature]:
    count = dice.choice((1, 1, 2, 2, 3))
    features = [dice.choice(dice.choice(FUSIBLE)) for _ in range(count)]
    if dice.random() < 0.25:
        features.insert(dice.randrange(count + 1), dice.choice(dice.choice((EFFECTS, DICE))))
    return features


def _draw_steps(dice: random.Random, features: dict[int, Feature]) -> list[Step]:
    threads = all(feature.threads for feature in features.values())
    run = _draw_run(dice, threads=threads)
    steps = [Step("", None, run)]
    changes = [(place, change) for place, each in features.items() for change in each.changes]
    for _ in range(dice.randint(3, 7)):
        if dice.random() < 0.3:
            run = _draw_run(dice, threads=threads)
        kind = dice.random()
        if changes and kind < 0.65:
            place, change = dice.choice(changes)
            steps.append(Step(change, place, run))
        else:
            steps.append(Step(dice.choice(OF_ANY_CELL) if kind < 0.9 else "", None, run))
    return steps


def _draw_run(dice: random.Random, *, threads: bool) -> Run:
    mode = dice.choice(MODES)
    return Run(
        "backward" if mode == "threads" and not threads else mode,
        dice.randint(1, 4),
        dice.randint(1, 3),
        dice.random() < 0.2,
        dice.random() < 0.3,
        dice.random() < 0.7,
        dice.randrange(1000),
    )
