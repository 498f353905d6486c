"""Differentiate: the loop of a step and its gradients, in operations that kernels can hold."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

import torch

from recurra.graph._evaluate import evaluate
from recurra.graph._graph import Graph
from recurra.graph._lines import LINE
from recurra.graph._loop import Gradients, Joint, Loop
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


def lower(part: Partition) -> Joint:
    """Return the loop in operations of kernels, without its gradients."""
    return _read(part, _Inputs.of(part), gradients=False)


def differentiate(part: Partition) -> Joint:
    """Return the loop and its gradients, found by PyTorch's own automatic differentiation.

    Forward values that the gradients use are the very nodes of the loop.
    """
    return _read(part, _Inputs.of(part), gradients=True)


@dataclass(frozen=True)
class _Inputs:
    before: tuple[Node, ...]
    weights: tuple[Node, ...]
    state: tuple[Node, ...]

    @staticmethod
    def of(part: Partition) -> "_Inputs":
        return _Inputs(part.before, part.weights, part.step.state)

    def renamed(self, graph: Graph) -> "_Inputs":
        """Return inputs of a loop that stand for these values of a step."""
        return _Inputs(
            _as_inputs(graph, "before", self.before),
            _as_inputs(graph, "weight", self.weights),
            _as_inputs(graph, "state", self.state),
        )

    @property
    def all(self) -> tuple[Node, ...]:
        return (*self.before, *self.weights, *self.state)


def _as_inputs(graph: Graph, kind: str, nodes: Sequence[Node]) -> tuple[Node, ...]:
    return tuple(graph.input(kind, i, n.shape, n.dtype) for i, n in enumerate(nodes))


def _read(part: Partition, inputs: _Inputs, *, gradients: bool) -> Joint:
    """Run the loop on nodes' forms, let PyTorch take derivatives, and read the trace back.

    The loop is evaluated node by node under a tracer, so the trace of the backward pass refers to
    the same forward values. Since `Graph` makes equal nodes once, a forward value that the backward
    pass computes again is found to be the one of the forward pass.
    """
    graph = Graph()
    loop_outputs, next_state = part.loop_outputs, part.step.next_state
    mine = inputs.renamed(graph)
    d_loop_outputs = _as_inputs(graph, "d_loop_output", loop_outputs)
    d_next_state = _as_inputs(graph, "d_next_state", next_state)
    given = [*mine.all, *((*d_loop_outputs, *d_next_state) if gradients else ())]
    makes = [*loop_outputs, *next_state]
    results = iter(_traced(graph, inputs, makes, given, gradients=gradients))
    made = tuple(islice(results, len(loop_outputs))), tuple(islice(results, len(next_state)))
    loop = Loop(graph, mine.before, mine.weights, mine.state, *made)
    if not gradients:
        return Joint(part, loop, None)
    reached = (mine.before, mine.weights, mine.state)
    found = [tuple(_gradient(graph, node, results) for node in group) for group in reached]
    return Joint(part, loop, Gradients(d_loop_outputs, d_next_state, *found))


def _traced(
    graph: Graph, inputs: _Inputs, makes: list[Node], given: list[Node], *, gradients: bool
) -> list[Node]:
    """Trace what a loop makes, and its gradients; an input that is no real number has none."""
    from recurra.graph._import_fx import FxImporter  # as in `trace_step`

    function = _joint(inputs.all, makes) if gradients else _forward(inputs.all, makes)
    examples = [_example(node) for node in (*inputs.all, *(makes if gradients else ()))]
    module = capture(function, examples, _decompositions(), "the loop", functional=False)
    real = next((n.dtype for n in inputs.all if n.dtype.is_floating_point), torch.float32)
    reader = FxImporter(graph, _SIZE, lower=True, real=real)
    return [node for node in reader.read(module, given) if node is not None]


def _gradient(graph: Graph, node: Node, results: Iterator[Node]) -> Node:
    """Return the next gradient; what is not a real number has none."""
    if node.dtype.is_floating_point:
        return next(results)
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
    differentiable = [place for place, node in enumerate(inputs) if node.dtype.is_floating_point]

    def run(*values: torch.Tensor) -> list[torch.Tensor]:
        given, cotangents = list(values[: len(inputs)]), values[len(inputs) :]

        moving = [given[place].detach().requires_grad_() for place in differentiable]
        for place, value in zip(differentiable, moving, strict=True):
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
