"""Two worlds with the same program: one runs its cell by Recurra, one by a loop written by hand."""

import contextlib
import importlib.util
import io
import linecache
import random
import re
import sys
import tempfile
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

import recurra
from random_python import Program, Run, Step
from recurra.base import (
    DtypeError,
    ShapeError,
    detach_state,
    map_state,
    run_step,
    state_tensors,
)

TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-4}  # relative to the largest entry

Unroll = Callable[..., tuple[torch.Tensor, Any]]


class Difference(NamedTuple):
    """Where the two worlds are no longer the same.

    Args:
        step: place of the step.
        what: the value or effect.
        got: of Recurra.
        expected: of the loop.
    """

    step: int
    what: str
    got: str
    expected: str


class World:
    """A module with a cell, in which statements can be run.

    Args:
        program: what to make it of.
        side: "a" or "b"; part of the module's name.
        folder: where its file is written.
    """

    def __init__(self, program: Program, side: str, folder: Path) -> None:
        self.program = program
        self.name = f"python_cell_{side}_{program.seed}"
        self.module = self._load(program.source(), folder / f"{self.name}.py")
        vars(self.module)["CLASS"] = program.class_source()
        self.kept: dict[Any, Any] = {}

    def _load(self, source: str, path: Path) -> types.ModuleType:
        if self.program.kind == "file":
            path.write_text(source)
            spec = importlib.util.spec_from_file_location(self.name, path)
            assert spec is not None
            assert spec.loader is not None
            module = sys.modules[self.name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
        module = sys.modules[self.name] = types.ModuleType(self.name)
        filename = f"<{self.name}>"
        if self.program.kind == "notebook":
            lines = source.splitlines(keepends=True)
            linecache.cache[filename] = (len(source), None, lines, filename)
        exec(compile(source, filename, "exec"), vars(module))
        return module

    @property
    def cell(self) -> Any:
        return vars(self.module)["cell"]

    def change(self, statements: str) -> str:
        """Run statements in the module; return the kind of the exception, if there is one."""
        try:
            exec(compile(statements, "<change>", "exec"), vars(self.module))
        except Exception as error:
            return type(error).__name__
        return ""

    def evaluate(self, expression: str) -> Any:
        """Return a value of the module, or the kind of the exception."""
        try:
            return eval(expression, vars(self.module))
        except Exception as error:
            return type(error).__name__

    def close(self) -> None:
        """Put back what lies outside of the module."""
        for feature in self.program.features.values():
            self.change(feature.end)
        sys.modules.pop(self.name, None)
        linecache.cache.pop(f"<{self.name}>", None)


def by_hand(
    cell: Any, x: torch.Tensor, state: Any = None, *, reverse: bool = False
) -> tuple[torch.Tensor, Any]:
    """Do what `unroll` promises."""
    initial = cell.initial_state(x.shape[1])
    state = initial if state is None else state
    outputs = []
    for x_t in reversed(x.unbind(0)) if reverse else x.unbind(0):
        y, state = run_step(cell, x_t, state)  # which checks that the state keeps its form
        outputs.append(y)
    return torch.stack(outputs[::-1] if reverse else outputs), state


def first_difference(program: Program, unroll: Unroll = recurra.unroll) -> Difference | None:
    """Run a program in both worlds; return where they are not the same first."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        worlds = [World(program, side, Path(folder)) for side in "ab"]
        for world in worlds:
            stack.callback(world.close)
        coarsest = 0.0  # weights that were float32 once differ by as much for ever
        for place, step in enumerate(program.steps):
            observed = [
                observe(world, step, unroll if world is worlds[0] else by_hand) for world in worlds
            ]
            coarsest = max(coarsest, *map(_tolerance, worlds[1].cell.parameters()))
            if "refused" in observed[0]:
                continue
            for what in dict.fromkeys([*observed[1], *observed[0]]):
                got, expected = (values.get(what, "nothing") for values in observed)
                if not same(got, expected, coarsest):
                    return Difference(place, what, *_shown(got, expected))
    return None


def observe(world: World, step: Step, unroll: Unroll) -> dict[str, Any]:
    """Make a change and a call; return all that can be seen of it."""
    torch.manual_seed(step.run.seed)  # a change may make a cell with weights of its own
    told = world.change(step.change)
    features = world.program.features.values()
    for feature in features:
        if "grad" in feature.end:
            world.change(feature.end)
    random.seed(step.run.seed)
    np.random.seed(step.run.seed)
    printed = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        values = _results(world, step.run, unroll)
    values["exception of the change"] = told
    values["printed"] = printed.getvalue()
    values["warned"] = [
        str(each.message) for each in caught if str(each.message) == "a warning of the cell"
    ]
    values["dice of Python"] = hash(random.getstate())
    values["dice of NumPy"] = repr(np.random.get_state(legacy=False)["state"]["key"].tolist())
    values["dice of PyTorch"] = torch.get_rng_state()
    for feature in features:
        for expression in feature.watched:
            values[expression] = snapshot(world.evaluate(expression))
    return values


def _results(world: World, run: Run, unroll: Unroll) -> dict[str, Any]:
    values: dict[str, Any] = {}
    try:
        for name, value in _called(world, run, unroll):
            values[name] = snapshot(value)
    except Exception as error:
        if run.mode == "stream" and isinstance(error, DtypeError | ShapeError):
            return {"refused": True}  # a stream keeps to the forms of its first step
        text = re.sub(r"0x[0-9a-f]+", "0x", str(error))
        values["exception"] = f"{type(error).__name__}: {re.sub('cell_[ab]_', 'cell_', text)}"
    return values


def _called(world: World, run: Run, unroll: Unroll) -> Iterator[tuple[str, Any]]:
    """Run the cell, and go back; give what comes out, by name."""
    cell = world.cell
    torch.manual_seed(run.seed)
    dtype = next(state_tensors(cell.initial_state(1))).dtype
    x = torch.randn(run.T, run.B, 2).to(dtype)  # [T, B, 2]
    x.requires_grad_(run.follows_x)
    state = _given(cell, run) if run.given else None
    for tensor in cell.parameters():
        tensor.grad = None
    if run.mode == "no_grad":
        with torch.no_grad():
            y, end = unroll(cell, x, state, reverse=run.reverse)
        # a state that is handed through is the given one for the loop, and a copy for a kernel
        yield from _named((y, detach_state(end)))
    elif run.mode == "inference":
        with torch.inference_mode():
            yield from _named(unroll(cell, x, state, reverse=run.reverse))
    elif run.mode == "stream":
        yield from _streamed(world, x, unroll)
    elif run.mode == "threads":
        for place, results in enumerate(_threaded(cell, x, state, run, unroll)):
            yield from _named(results, f" of thread {place}")
            yield from _gradients(cell, x, state, results)
    else:
        if run.mode == "layer" and unroll is not by_hand:
            unroll = _layer
        results = unroll(cell, x, state, reverse=run.reverse)
        yield from _named(results)
        yield from _gradients(cell, x, state, results)


def _given(cell: Any, run: Run) -> Any:
    def moved(part: torch.Tensor) -> torch.Tensor:
        noise = torch.randn_like(part)
        return (part + noise).detach().requires_grad_(run.seed % 2 == 0)

    return map_state(moved, cell.initial_state(run.B))


def _named(results: tuple[torch.Tensor, Any], of: str = "") -> Iterator[tuple[str, Any]]:
    y, state = results
    yield f"y{of}", y
    yield f"type of the final state{of}", type(state).__name__
    for place, part in enumerate(state_tensors(state)):
        yield f"final state {place}{of}", part


def _gradients(
    cell: Any, x: torch.Tensor, state: Any, results: tuple[torch.Tensor, Any]
) -> Iterator[tuple[str, Any]]:
    ends = [results[0], *state_tensors(results[1])]
    dice = torch.Generator().manual_seed(1)
    losses = [(end * torch.randn(end.shape, generator=dice).to(end.dtype)).sum() for end in ends]
    followed = [loss for loss in losses if loss.requires_grad]
    if followed:
        torch.stack(followed).sum().backward()
    yield "gradient of x", x.grad
    for name, parameter in cell.named_parameters():
        yield f"gradient of {name}", parameter.grad
    for place, part in enumerate([] if state is None else state_tensors(state)):
        yield f"gradient of state {place}", part.grad


def _layer(cell: Any, x: torch.Tensor, state: Any, *, reverse: bool) -> tuple[torch.Tensor, Any]:
    return recurra.Recurrent(cell, reverse=reverse)(x, state)


def _threaded(
    cell: Any, x: torch.Tensor, state: Any, run: Run, unroll: Unroll
) -> list[tuple[torch.Tensor, Any]]:
    """Run two threads at once, or one after the other where the loop is by hand."""
    results: dict[int, Any] = {}

    def call(place: int) -> None:
        try:
            results[place] = unroll(cell, x * (1 + place), state, reverse=run.reverse)
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=call, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
        if unroll is by_hand:
            thread.join()
    for thread in threads:
        thread.join()
    for result in results.values():
        if isinstance(result, Exception):
            raise result
    return [results[place] for place in range(2)]


def _streamed(world: World, x: torch.Tensor, unroll: Unroll) -> Iterator[tuple[str, Any]]:
    cell = world.cell
    if unroll is by_hand:
        state, outputs = cell.initial_state(x.shape[1]), []
        with torch.no_grad():
            for x_t in x.detach():
                y, state = run_step(cell, x_t, state)
                outputs.append(
                    y.clone()
                )  # a stream's output is new: the step may write to its state
        yield "y of a stream", torch.stack(outputs)
        return
    key = id(cell), x.dtype, x.shape[1]
    if key not in world.kept:
        world.kept = {key: (recurra.Stream(cell, x.shape[1]), cell)}
    stream = world.kept[key][0]
    stream.reset()
    yield "y of a stream", torch.stack([stream(each) for each in x.detach()])


def snapshot(value: Any) -> Any:
    """Copy a value, so that it stays what it is now."""
    if isinstance(value, torch.Tensor):
        copied = value.detach().clone() if type(value) is not torch.Tensor else value.clone()
        return (type(value).__name__, value.requires_grad, copied.detach())
    if isinstance(value, dict):
        return {key: snapshot(each) for key, each in value.items()}
    if isinstance(value, list | tuple) or type(value).__name__ == "deque":
        return [type(value).__name__, *map(snapshot, value)]
    return value


def same(got: Any, expected: Any, coarsest: float = 0.0) -> bool:
    """Tell whether two snapshots are equal up to rounding.

    Args:
        got: of Recurra.
        expected: of the loop.
        coarsest: what tensors may differ by at least, relative to the largest entry.
    """
    if type(got) is not type(expected):
        return False
    if isinstance(got, torch.Tensor):
        return _same_tensors(got, expected, coarsest)
    if isinstance(got, dict):
        return list(got) == list(expected) and all(
            same(got[key], expected[key], coarsest) for key in got
        )
    if isinstance(got, list | tuple):
        return len(got) == len(expected) and all(
            same(*pair, coarsest) for pair in zip(got, expected, strict=True)
        )
    if isinstance(got, float):
        return bool(abs(got - expected) <= 1e-4 * max(1, abs(expected))) or got is expected
    return bool(got == expected)


def _tolerance(tensor: torch.Tensor) -> float:
    return TOLERANCES.get(tensor.dtype, 1e-2)


def _same_tensors(got: torch.Tensor, expected: torch.Tensor, coarsest: float) -> bool:
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return False
    if not expected.is_floating_point() or not expected.numel():
        return torch.equal(got, expected)
    largest = max(1.0, float(expected.nan_to_num().abs().max()))
    bound = max(_tolerance(expected), coarsest) * largest
    return torch.allclose(got, expected, rtol=0, atol=bound, equal_nan=True)


def _shown(got: Any, expected: Any) -> tuple[str, str]:
    """Write two values for a message; of two tensors the numbers that differ most."""
    if _is_tensor(got) and _is_tensor(expected) and got[2].shape == expected[2].shape:
        off = (got[2].double() - expected[2].double()).abs().flatten()
        if off.numel() and off.max() > 0:
            place = int(off.argmax())
            return tuple(f"{each[2].flatten()[place]:.6g} at {place}" for each in (got, expected))
    return tuple(
        text if len(text) < 300 else text[:300] + "..." for text in map(repr, (got, expected))
    )


def _is_tensor(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 3 and isinstance(value[2], torch.Tensor)
