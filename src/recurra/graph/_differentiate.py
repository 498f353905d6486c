"""Differentiate: the loop of a step and its gradients, in operations that kernels can hold."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch

from recurra.graph._evaluate import evaluate
from recurra.graph._graph import Graph
from recurra.graph._lines import LINE
from recurra.graph._node import Node, ancestors
from recurra.graph._partition import Partition
from recurra.graph._torch_internals import (
    annotate,
    core_aten_decompositions,
    get_decompositions,
    preserve_node_meta,
)
from recurra.graph._trace import BATCH_SIZES, capture
from recurra.graph._untraceable import unforeseen

_SIZE = BATCH_SIZES[0]
_ALSO_TAKEN_APART = (
    "elu", "leaky_relu", "hardtanh", "copysign", "repeat", "roll", "isinf", "isnan", "fmax", "fmin",
    "hardswish", "hardswish_backward", "hardshrink", "softshrink", "softshrink_backward",
    "heaviside", "hardsigmoid", "hardsigmoid_backward", "log_sigmoid_forward",
    "log_sigmoid_backward", "_prelu_kernel", "_prelu_kernel_backward",
)  # fmt: skip


@dataclass(frozen=True)
class Loop:
    """One turn of the loop, forward: what it reads and makes.

    Args:
        graph: knows the nodes.
        before: inputs that differ from step to step.
        weights: inputs that are the same for all rows and steps.
        state: tensors of the state before.
        exports: what comes out at every step.
        following: tensors of the state after.
    """

    graph: Graph
    before: tuple[Node, ...]
    weights: tuple[Node, ...]
    state: tuple[Node, ...]
    exports: tuple[Node, ...]
    following: tuple[Node, ...]


@dataclass(frozen=True)
class Gradients:
    """The same turn backwards: from gradients of what it makes to gradients of what it reads.

    Args:
        d_exports: gradients that come in at every step.
        d_following: gradients of the state after.
        d_before: gradients that go out at every step; None where nothing depends on the input.
        d_weights: gradients of weights, as sums over rows of two factors.
        d_state: gradients of the state before.
    """

    d_exports: tuple[Node, ...]
    d_following: tuple[Node, ...]
    d_before: tuple[Node, ...]
    d_weights: tuple[Node, ...]
    d_state: tuple[Node, ...]


def lower(part: Partition) -> Loop:
    """Return the loop in operations of kernels, without its gradients."""
    loop, _ = _read(part, _Inputs.of(part), gradients=False)
    return loop


def differentiate(part: Partition) -> tuple[Loop, Gradients]:
    """Return the loop and its gradients, found by PyTorch's own automatic differentiation.

    Forward values that the gradients use are the very nodes of the loop.
    """
    loop, gradients = _read(part, _Inputs.of(part), gradients=True)
    assert gradients is not None
    return loop, gradients


@dataclass(frozen=True)
class _Inputs:
    before: tuple[Node, ...]
    weights: tuple[Node, ...]
    state: tuple[Node, ...]

    @staticmethod
    def of(part: Partition) -> "_Inputs":
        return _Inputs(part.before, part.weights, part.step.state)

    @property
    def all(self) -> tuple[Node, ...]:
        return (*self.before, *self.weights, *self.state)


def _read(part: Partition, inputs: _Inputs, *, gradients: bool) -> tuple[Loop, Gradients | None]:
    from recurra.graph._read import Reader  # as in `trace_step`

    graph = Graph()
    exports, following = part.exports, part.step.following
    makes = [*exports, *following]
    function = _joint(inputs.all, makes) if gradients else _forward(inputs.all, makes)
    examples = [_example(node) for node in (*inputs.all, *(makes if gradients else ()))]
    module = capture(function, examples, _decompositions(), "the loop", functional=False)
    mine = _Inputs(
        tuple(graph.input("before", i, n.shape, n.dtype) for i, n in enumerate(inputs.before)),
        tuple(graph.input("weight", i, n.shape, n.dtype) for i, n in enumerate(inputs.weights)),
        tuple(graph.input("state", i, n.shape, n.dtype) for i, n in enumerate(inputs.state)),
    )
    d_exports = tuple(graph.input("d_export", i, n.shape, n.dtype) for i, n in enumerate(exports))
    d_following = tuple(
        graph.input("d_following", i, n.shape, n.dtype) for i, n in enumerate(following)
    )
    real = next((n.dtype for n in inputs.all if n.dtype.is_floating_point), torch.float32)
    given = [*mine.all, *((*d_exports, *d_following) if gradients else ())]
    results = [
        n for n in Reader(graph, _SIZE, lower=True, real=real).read(module, given) if n is not None
    ]
    loop = Loop(
        graph,
        mine.before,
        mine.weights,
        mine.state,
        tuple(results[: len(exports)]),
        tuple(results[len(exports) : len(makes)]),
    )
    if not gradients:
        return loop, None
    rest = iter(results[len(makes) :])
    d_before = tuple(_gradient(graph, node, rest) for node in mine.before)
    d_weights = tuple(_gradient(graph, node, rest) for node in mine.weights)
    d_state = tuple(_gradient(graph, node, rest) for node in mine.state)
    return loop, Gradients(d_exports, d_following, d_before, d_weights, d_state)


def _gradient(graph: Graph, node: Node, results: "object") -> Node:
    """Return the next gradient; what is not a real number has none."""
    if node.dtype.is_floating_point:
        return next(results)  # type: ignore[call-overload, no-any-return]
    return graph.constant(0.0, node.shape, torch.float32)


def _forward(inputs: tuple[Node, ...], makes: list[Node]) -> Callable[..., list[torch.Tensor]]:
    def run(*values: torch.Tensor) -> list[torch.Tensor]:
        return _results(makes, dict(zip(inputs, values, strict=True)))

    return run


def _results(makes: list[Node], known: dict[Node, torch.Tensor]) -> list[torch.Tensor]:
    """Evaluate nodes one by one, so that what is traced of each keeps the user's line."""
    values = dict(known)
    with preserve_node_meta():
        for node in ancestors(makes, known):
            if node not in values:
                inputs = {each: values[each] for each in node.inputs}
                with annotate({LINE: node.where}):
                    values[node] = _value(node, inputs)
    return [values[node] for node in makes]


def _value(node: Node, inputs: dict[Node, torch.Tensor]) -> torch.Tensor:
    """Evaluate a node; where PyTorch cannot, the user's line is told."""
    try:
        (value,) = evaluate([node], inputs, _SIZE)
    except Exception as cause:
        problem = f"A step uses `{node.op}` in a way that cannot be differentiated."
        refusal = unforeseen(problem, cause, node.where)
    else:
        return value
    raise refusal


def _joint(inputs: tuple[Node, ...], makes: list[Node]) -> Callable[..., list[torch.Tensor]]:
    smooth = [place for place, node in enumerate(inputs) if node.dtype.is_floating_point]

    def run(*values: torch.Tensor) -> list[torch.Tensor]:
        given, cotangents = list(values[: len(inputs)]), values[len(inputs) :]

        moving = [given[place].detach().requires_grad_() for place in smooth]
        for place, value in zip(smooth, moving, strict=True):
            given[place] = value
        with torch.enable_grad():
            results = _results(makes, dict(zip(inputs, given, strict=True)))
        pairs = [pair for pair in zip(results, cotangents, strict=True) if pair[0].requires_grad]
        gradients = torch.autograd.grad(
            [result for result, _ in pairs],
            moving,
            [cotangent for _, cotangent in pairs],
            allow_unused=True,
            materialize_grads=True,
        )
        return [*results, *gradients]

    return run


def _example(node: Node) -> torch.Tensor:
    shape = [-size * _SIZE if size < 0 else size for size in node.shape]
    return torch.empty(shape, dtype=node.dtype, device="meta")


@cache
def _decompositions() -> dict[object, object]:
    """Return how PyTorch takes operators apart: what rules do not cover."""
    packets = [getattr(torch.ops.aten, name) for name in _ALSO_TAKEN_APART]
    return {**core_aten_decompositions(), **get_decompositions(packets)}
