"""Plans: the passes in order, from a partition to the plans of its kernels."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from recurra.graph._differentiate import Gradients, Loop, differentiate, lower
from recurra.graph._graph import Graph
from recurra.graph._node import Node, ancestors
from recurra.graph._partition import Partition
from recurra.graph._passes._distribute import distribute
from recurra.graph._passes._lay_out import lay_out
from recurra.graph._passes._look_ahead import look_ahead
from recurra.graph._passes._push_slices import push_slices
from recurra.graph._passes._rewrite import rebuilt, rewrite
from recurra.graph._passes._save import backward_nodes, base_of, choose_saved
from recurra.graph._plan import LoopPlan
from recurra.graph._schedule import schedule
from recurra.graph._self_check import check_tracing
from recurra.graph._untraceable import refuses

OVER_ROWS = ("product_over_rows", "sum_of_rows")


@dataclass(frozen=True)
class InferencePlan:
    """What is needed to run a loop.

    Args:
        loop: the loop in operations of kernels.
        forward: its plan; the outputs are the exports.
        reads: values of the step that have to be computed before the loop.
        given: the same as inputs of the loop.
    """

    loop: Loop
    forward: LoopPlan
    reads: tuple[Node, ...]
    given: tuple[Node, ...]


@dataclass(frozen=True)
class TrainingPlan:
    """What is needed to run a loop and to go back through it.

    Args:
        loop: the loop in operations of kernels.
        gradients: and its gradients.
        forward: makes the exports and the saved values.
        makes: for each export, then each saved value, which output of `forward` it is.
        backward: inputs among before, saved and gradients of exports; makes the gradients of
            before, and the factors of weight gradients that are not there yet.
        goes_back: for each gradient of before, then each such factor, which output of `backward`.
        saved: nodes of the loop that the forward kernel writes.
        saved_inputs: the same, as inputs of the backward kernel.
        factors: values over all rows and steps that the gradients of weights are made from.
        made: those of them that the backward kernel makes, in the order of `goes_back`.
        d_weights: gradients of weights, as nodes over `factors`.
    """

    loop: Loop
    gradients: Gradients
    forward: LoopPlan
    makes: tuple[int, ...]
    backward: LoopPlan
    goes_back: tuple[int, ...]
    saved: tuple[Node, ...]
    saved_inputs: tuple[Node, ...]
    factors: tuple[Node, ...]
    made: tuple[Node, ...]
    d_weights: tuple[Node, ...]


@refuses
def plan_inference(part: Partition) -> InferencePlan:
    """Plan the forward kernel of a loop that nobody differentiates."""
    check_tracing()
    loop = lower(part)
    makes = _passes(loop.graph, [*loop.exports, *loop.following], [])
    cut = len(loop.exports)
    forward = schedule(
        backward=False,
        inputs=loop.before,
        state=loop.state,
        outputs=lay_out(loop.graph, makes[:cut]),
        following=lay_out(loop.graph, makes[cut:], as_state=True),
        dtype=dtype_of(part),
    )
    found = look_ahead(part, loop, forward)
    return InferencePlan(loop, found.plan, found.reads, found.given)


@refuses
def plan_training(part: Partition) -> TrainingPlan:
    """Plan the kernels of a loop, forward and backward."""
    check_tracing()
    loop, gradients = differentiate(part)
    loop, gradients = _joint_passes(loop, gradients)
    graph = loop.graph
    factors = _factors(gradients.d_weights)
    backward = backward_nodes([*gradients.d_before, *gradients.d_state, *factors])
    kept = [node for node in factors if node not in backward and _is_made(node)]
    made = [node for node in factors if node in backward and not _comes_in(node)]
    roots = [*gradients.d_before, *gradients.d_state, *made]
    saved = choose_saved(roots, kept)
    outputs, makes = _once(lay_out(graph, [*loop.exports, *saved]))
    forward = schedule(
        backward=False,
        inputs=loop.before,
        state=loop.state,
        outputs=outputs,
        following=lay_out(graph, loop.following, as_state=True),
        dtype=dtype_of(part),
    )
    inputs = [graph.input("saved", i, node.shape, node.dtype) for i, node in enumerate(saved)]
    return TrainingPlan(
        loop,
        gradients,
        forward,
        makes,
        *_backward(part, loop, gradients, made, saved, inputs),
        tuple(saved),
        tuple(inputs),
        tuple(factors),
        tuple(made),
        gradients.d_weights,
    )


def _backward(
    part: Partition,
    loop: Loop,
    gradients: Gradients,
    factors: Sequence[Node],
    saved: Sequence[Node],
    inputs: Sequence[Node],
) -> tuple[LoopPlan, tuple[int, ...]]:
    graph = loop.graph
    found = dict(zip(saved, inputs, strict=True))
    cuts = [len(gradients.d_before), len(gradients.d_before) + len(factors)]
    roots = [*gradients.d_before, *factors, *gradients.d_state]
    roots = _replaced(graph, roots, found)
    outputs, goes_back = _once(lay_out(graph, roots[: cuts[1]]))
    plan = schedule(
        backward=True,
        inputs=[*loop.before, *inputs, *gradients.d_exports],
        state=gradients.d_following,
        outputs=outputs,
        following=lay_out(graph, roots[cuts[1] :], as_state=True),
        dtype=dtype_of(part),
    )
    return plan, goes_back


def _once(roots: Sequence[Node]) -> tuple[list[Node], tuple[int, ...]]:
    """List each value once, and say for each root which of them it is."""
    outputs = list(dict.fromkeys(roots))
    return outputs, tuple(outputs.index(root) for root in roots)


def dtype_of(part: Partition) -> torch.dtype:
    """Return the floating point type of a loop."""
    nodes = [*part.step.state, *part.before, *part.weights]
    return next((n.dtype for n in nodes if n.dtype.is_floating_point), torch.float32)


def _joint_passes(loop: Loop, gradients: Gradients) -> tuple[Loop, Gradients]:
    groups = [
        loop.exports,
        loop.following,
        gradients.d_before,
        gradients.d_weights,
        gradients.d_state,
    ]
    results = _passes(loop.graph, [node for group in groups for node in group], gradients.d_weights)
    parts, start = [], 0
    for group in groups:
        parts.append(tuple(results[start : start + len(group)]))
        start += len(group)
    loop = Loop(loop.graph, loop.before, loop.weights, loop.state, parts[0], parts[1])
    return loop, Gradients(gradients.d_exports, gradients.d_following, parts[2], parts[3], parts[4])


def _passes(graph: Graph, roots: Sequence[Node], d_weights: Sequence[Node]) -> list[Node]:
    found = rewrite(graph, roots, distribute)
    extra = _factors(found) if d_weights else []
    return push_slices(graph, [*found, *extra])[: len(roots)]


def _factors(roots: Sequence[Node]) -> list[Node]:
    """Find the values that sums over the batch are made from."""
    sums = [node for node in ancestors(roots) if node.op in OVER_ROWS]
    return list(dict.fromkeys(base_of(each) for node in sums for each in node.inputs))


def _is_made(node: Node) -> bool:
    """Tell whether a forward value has to be saved to be there after the loop."""
    return not (node.op == "constant" or (node.op == "input" and node.arguments[0] == "before"))


def _comes_in(node: Node) -> bool:
    """Tell whether a factor is a gradient that comes in at every step, there without being made."""
    return node.op == "input" and node.arguments[0] == "d_export"


def _replaced(graph: Graph, roots: Sequence[Node], by: dict[Node, Node]) -> list[Node]:
    """Replace nodes by others, wherever they are used."""
    done: dict[Node, Node] = {}
    for node in ancestors(roots, by):
        done[node] = by.get(node) or rebuilt(graph, node, [done[each] for each in node.inputs])
    return [done[root] for root in roots]
