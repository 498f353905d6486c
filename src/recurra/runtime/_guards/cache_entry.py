"""Cache entries: steps and plans kept on disk, so that another process need not trace a cell again.

    <folder>/
      LSTM_step-60b725f10c9c85c70d97880dfe8191b3/     an entry: name, key of all that decides a step
        step.json                                     the step, cut at the borders of its loop
        inference.json, training.json                 plans of its loop, each once it was needed

A file starts with the SHA-256 of its place and its content, to which for a plan belongs the step
that it is of. So one that is cut off, altered or moved is none. Reading it runs nothing: it is a
table of nodes. Before a step is used, it is held to one step of the cell itself.
"""

import hashlib
import json
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import torch
from torch import nn

from recurra.base import CannotFuse, Cell, State
from recurra.graph import (
    CannotSerialize,
    Graph,
    InferencePlan,
    Partition,
    TrainingPlan,
    deserialize,
    partition,
    serialize,
    trace_step,
)
from recurra.runtime._guards.reads import Reachable, reachable
from recurra.runtime._guards.side_effects import SideEffects, check_side_effects
from recurra.runtime._guards.spot_check import SpotCheck
from recurra.runtime._kernels import read_file, write_file
from recurra.runtime._tracing import beyond_dynamo

_Plan = TypeVar("_Plan", InferencePlan, TrainingPlan)


class CacheEntry:
    """What is kept of one step, if anything is.

    Args:
        name: its name in the cache. Default: it is not kept on disk.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self._step: str | None = None  # the digest of the step on disk, if it is the one in use

    def read_step(self) -> Partition | None:
        """Read the step, if there is a sound one."""
        found = self._read("step.json", "", [Graph()])
        return found if isinstance(found, Partition) else None

    def write_step(self, part: Partition) -> None:
        """Keep the step, if it has a plain form and there is a place for it."""
        self._write("step.json", "", part, [part.step.graph])

    def plan(self, kind: type[_Plan], part: Partition, make: Callable[[Partition], _Plan]) -> _Plan:
        """Return a plan of the step, read or made and kept."""
        if self._step is None:
            return make(part)
        name = _FILES[kind]
        found = self._read(name, self._step, [part.step.graph, Graph()])
        if isinstance(found, kind):
            return found
        plan = make(part)
        self._write(name, self._step, plan, [part.step.graph, plan.loop.graph])
        return plan

    def _read(self, name: str, of: str, graphs: Sequence[Graph]) -> Any:
        content = read_file(self.name, name)
        if content is None:
            return None
        checksum, _, body = content.partition(b"\n")
        if checksum != self._checksum(name, of, body):
            return None
        try:
            found = deserialize(json.loads(body), graphs)
        except (CannotSerialize, ValueError):
            return None
        self._step = self._step or checksum.decode()
        return found

    def _write(self, name: str, of: str, thing: Any, graphs: Sequence[Graph]) -> None:
        try:
            body = json.dumps(serialize(thing, graphs)).encode()
            again = [Graph() for _ in graphs]
            if json.dumps(serialize(deserialize(json.loads(body), again), again)).encode() != body:
                return
            checksum = self._checksum(name, of, body)
            write_file(self.name, name, checksum + b"\n" + body)
        except (CannotSerialize, OSError):
            return
        self._step = self._step or checksum.decode()

    def _checksum(self, name: str, of: str, body: bytes) -> bytes:
        place = f"{self.name}/{name}/{of}/".encode()
        return hashlib.sha256(place + body).hexdigest().encode()


_FILES: dict[type[Any], str] = {InferencePlan: "inference.json", TrainingPlan: "training.json"}


@beyond_dynamo
def load_or_trace(
    cell: Cell, x: torch.Tensor, state: State, *, whole: bool = False
) -> tuple[Partition, CacheEntry]:
    """Return the step of a cell, cut: from disk, or traced and kept there.

    Args:
        cell: the cell.
        x: input of one step, `[B, ...]`, for its form only.
        state: state before the step, for its form only.
        whole: whether everything goes into the loop. Default: no.

    Returns:
        The step, and what keeps it.

    Raises:
        CannotFuse: it cannot be a kernel.
    """
    if not isinstance(cell, nn.Module):
        raise CannotFuse("The cell is no `nn.Module`.", got=type(cell).__name__)
    found = reachable(cell)
    spot_check = _spot_check(cell, x, state, whole, found)
    effects = SideEffects(found)
    try:
        return _read_or_trace(cell, x, state, whole, found, spot_check)
    finally:
        check_side_effects(type(cell).__name__, effects.undo())


def _read_or_trace(
    cell: nn.Module,
    x: torch.Tensor,
    state: State,
    whole: bool,
    found: Reachable,
    spot_check: SpotCheck,
) -> tuple[Partition, CacheEntry]:
    entry = CacheEntry()
    if spot_check.key is not None:
        entry = CacheEntry(f"{_plain_name(type(cell).__name__)}_step-{spot_check.key[:32]}")
        part = entry.read_step()
        if part is not None and spot_check.agrees(part):
            return part, entry
        entry = CacheEntry(entry.name)
    step = spot_check.follow(lambda: trace_step(cast(Cell, cell), x, state, found.constants))
    part = partition(step, whole=whole)
    if spot_check.ran() and not spot_check.agrees(part):
        raise _misread(type(cell).__name__)
    if spot_check.key is not None:
        entry.write_step(part)
    return part, entry


def check_batch_size(cell: nn.Module, x: torch.Tensor, state: State, part: Partition) -> None:
    """Hold a program to one step of its cell on as many rows as `x` `[B, ...]` has.

    A trace cannot see `if len(x) > 64`: it was made for one side of it.

    Raises:
        CannotFuse: the step computes something else on so many rows.
    """
    found = reachable(cell)
    effects = SideEffects(found)
    try:
        agrees = SpotCheck(cell, x, state, whole=False, found=found).agrees(part)
    finally:
        check_side_effects(type(cell).__name__, effects.undo())
    if not agrees:
        raise _misread(type(cell).__name__)


def _misread(name: str) -> CannotFuse:
    return CannotFuse(
        f"The step of `{name}` depends on the size of the batch, on whether two parts of its "
        "state are one tensor (`is`), or on something else that cannot be traced: tried on "
        "numbers, it computes something else.",
        fix="choose with `torch.where(condition, a, b)`, for any number of rows",
    )


def _spot_check(
    cell: nn.Module, x: torch.Tensor, state: State, whole: bool, found: Reachable
) -> SpotCheck:
    """Try the step; once more where modules were loaded, as what these do is no part of it."""
    loaded = len(sys.modules)
    effects = SideEffects(found, settings=True)
    try:
        spot_check = SpotCheck(cell, x, state, whole=whole, found=found)
    finally:
        changed = effects.undo()
        if len(sys.modules) == loaded:
            check_side_effects(type(cell).__name__, changed)
    return spot_check if len(sys.modules) == loaded else _spot_check(cell, x, state, whole, found)


def _plain_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", name)[:40]
