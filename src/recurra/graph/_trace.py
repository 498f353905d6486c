"""Trace: one step of a cell, as nodes, for every batch size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import fx, nn

from recurra.base import (
    CannotFuse,
    Cell,
    RecurraError,
    State,
    functional_clone,
    run_step,
    state_tensors,
)
from recurra.graph._graph import Graph
from recurra.graph._node import ROWS, Node, ancestors, describe_shape
from recurra.graph._ops import OVER_ROWS
from recurra.graph._step_mode import StepMode
from recurra.graph._torch_internals import (
    _disable_current_modes,
    fake_mode_of_cpus,
    make_fx,
    preserve_node_meta,
)
from recurra.graph._untraceable import quiet_tracer, refuses, untraceable
from recurra.graph._watched import Watched

BATCH_SIZES = (1_000_003, 1_000_033)
"""Primes that stand for B while tracing; no feature size is a multiple. Nothing is computed."""


@dataclass(frozen=True)
class Step:
    """One step of a cell: what goes in and comes out, as nodes.

    Args:
        graph: knows the nodes.
        parameters: names of parameters and buffers.
        parameters_and_buffers: their inputs.
        x: the input of the step.
        state: tensors of the state before.
        output: what the step returns.
        next_state: tensors of the state after.
    """

    graph: Graph
    parameters: tuple[str, ...]
    parameters_and_buffers: tuple[Node, ...]
    x: Node
    state: tuple[Node, ...]
    output: Node
    next_state: tuple[Node, ...]

    def verify(self) -> None:
        """Raise CannotFuse unless rows keep to themselves and the state keeps its form."""
        for node in ancestors([self.output, *self.next_state]):
            if node.op in OVER_ROWS:
                raise CannotFuse(
                    "A step sums over the batch: rows would see each other.",
                    got=describe_shape(node.inputs[0].shape),
                    expected="sums over features",
                    where=node.where,
                )
        for before, after in zip(self.state, self.next_state, strict=True):
            if (before.shape, before.dtype) != (after.shape, after.dtype):
                raise CannotFuse(
                    "A step changes the form of its state.",
                    got=f"{describe_shape(after.shape)} {after.dtype}",
                    expected=f"{describe_shape(before.shape)} {before.dtype}",
                    where=after.where,
                )


@refuses
def trace_step(
    cell: Cell, x: torch.Tensor, state: State, live: Sequence[torch.Tensor] = ()
) -> Step:
    """Trace one step of a cell.

    The cell runs on tensors without contents, of two batch sizes that are primes; what follows from
    the one has to follow from the other.

    Args:
        cell: an `nn.Module`; its parameters and buffers become inputs.
        x: input of one step, `[B, ...]`, for its form only.
        state: state before the step, for its form only.
        live: tensors that are neither parameters nor buffers, whose values are read at each call.
            Default: such tensors are taken to stay as they are.

    Returns:
        The step as nodes.

    Raises:
        CannotFuse: the step cannot be followed: control flow that depends on values, operators
            without a rule, rows of the batch that see each other.
    """
    if not isinstance(cell, nn.Module):
        raise CannotFuse("The cell is no `nn.Module`.", got=type(cell).__name__)
    graph = Graph()
    first, second = (_trace_at(graph, cell, x, state, size, live) for size in BATCH_SIZES)
    if (first.output, first.next_state) != (second.output, second.next_state):
        raise CannotFuse(
            f"The step of `{type(cell).__name__}` depends on the size of the batch.",
            where=_first_difference(first, second),
            fix="leave the size of the batch out of what the step computes",
        )
    first.verify()
    return first


def _first_difference(first: Step, second: Step) -> str | None:
    """Return the user's line of the first value that another batch size makes another one."""
    known = set(ancestors([first.output, *first.next_state]))
    others = ancestors([second.output, *second.next_state])
    return next((node.where for node in others if node not in known and node.where), None)


def _trace_at(
    graph: Graph,
    cell: nn.Module,
    x: torch.Tensor,
    state: State,
    size: int,
    live: Sequence[torch.Tensor],
) -> Step:
    from recurra.graph._import_fx import (
        FxImporter,  # rules are many, and who traces nothing needs none
    )

    held = {**dict(cell.named_parameters()), **dict(cell.named_buffers())}
    names, tensors = tuple(held), list(held.values())
    parts = list(state_tensors(state))

    def run(*values: torch.Tensor) -> list[torch.Tensor]:
        x, *rest = values[len(names) :]
        other = functional_clone(cell, tensors, values[: len(names)])
        before = _like(state, iter(rest))
        mode = StepMode(type(cell).__name__, size)
        results = mode.follow(lambda: Watched(other).forward(x, before))
        y, next_state = run_step(cast(Cell, cell), x, before, results)
        return [y, *state_tensors(next_state)]

    rows = [_resized(each, size) for each in (x, *parts)]
    module = capture(run, [*tensors, *rows], None, type(cell).__name__)
    reader = FxImporter(graph, size, lower=False, live=live)
    inputs = [
        *(graph.input("parameter", i, tuple(t.shape), t.dtype) for i, t in enumerate(tensors)),
        graph.input("x", 0, (ROWS, *x.shape[1:]), x.dtype),
        *(graph.input("state", i, (ROWS, *t.shape[1:]), t.dtype) for i, t in enumerate(parts)),
    ]
    output, *next_state = cast(list[Node], reader.read(module, inputs))  # every output has one
    return Step(
        graph,
        names,
        tuple(inputs[: len(names)]),
        inputs[len(names)],
        tuple(inputs[len(names) + 1 :]),
        output,
        tuple(next_state),
    )


def capture(
    run: Callable[..., Any],
    examples: Sequence[torch.Tensor],
    decompositions: dict[Any, Any] | None,
    name: str,
    *,
    functional: bool = True,
) -> fx.GraphModule:
    """Follow a function over tensors of these forms, without computing anything.

    Args:
        run: what to follow.
        examples: for the forms of its arguments.
        decompositions: operators to take apart, and how; None for none.
        name: what messages call it.
        functional: whether writing in place is to be replaced by new values.

    Raises:
        CannotFuse: it cannot be followed.
    """
    # neither the modes of `torch.compile` around us nor a `no_grad` are part of the step
    with _disable_current_modes(), preserve_node_meta(), torch.enable_grad(), quiet_tracer():
        return _captured(run, examples, decompositions, name, functional=functional)


def _captured(
    run: Callable[..., Any],
    examples: Sequence[torch.Tensor],
    decompositions: dict[Any, Any] | None,
    name: str,
    *,
    functional: bool = True,
) -> fx.GraphModule:
    mode = fake_mode_of_cpus()(allow_non_fake_inputs=True)
    fakes = [_fake(mode, each) for each in examples]
    try:
        return make_fx(
            torch.func.functionalize(run, remove="mutations") if functional else run,
            decomposition_table=decompositions,
            tracing_mode="fake",
            _allow_non_fake_inputs=True,
        )(*fakes)
    except RecurraError:
        raise
    except Exception as cause:  # whatever PyTorch or the user's code raises on values it cannot see
        if not functional:  # it is a step that was followed once: the fault is ours
            raise
        refusal = untraceable(name, cause, BATCH_SIZES)
    raise refusal  # here, so that it holds on to nothing of the trace


def _fake(mode: Any, example: torch.Tensor) -> torch.Tensor:
    with mode:
        return torch.empty(example.shape, dtype=example.dtype, device="cpu")


def _resized(example: torch.Tensor, size: int) -> torch.Tensor:
    return torch.empty((size, *example.shape[1:]), dtype=example.dtype, device="meta")


def _like(state: State, tensors: Any) -> State:
    if isinstance(state, torch.Tensor):
        tensor: torch.Tensor = next(tensors)
        return tensor
    parts = [_like(part, tensors) for part in state]
    return tuple(parts) if type(state) is tuple else type(state)(*parts)
