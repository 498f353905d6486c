"""Iterations: what the kernels of a loop read and make in one, forward and backward.

A joint graph becomes two here. The kernel that goes back cannot read nodes of the one that went
forward: it runs when that one has long ended. Every forward value that it uses is therefore either
saved, written by the one and read by the other as a stream, or computed again from what was saved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from recurra.graph._graph import Graph
from recurra.graph._listing import Listable
from recurra.graph._loop import Gradients, Joint
from recurra.graph._node import Node, ancestors
from recurra.graph._ops import OVER_ROWS
from recurra.graph._passes.lay_out import lay_out
from recurra.graph._passes.prefetch_inputs import Found, prefetch_inputs
from recurra.graph._passes.rewrite import rebuilt
from recurra.graph._passes.save import backward_nodes, base_of, choose_saved
from recurra.graph._plan import LoopPlan
from recurra.graph._schedule import schedule


@dataclass(frozen=True)
class Iteration:
    """What one kernel reads and makes in one iteration.

    Args:
        backward: whether time runs from the last step to the first.
        inputs: streams that it may read.
        state: the state before the iteration.
        outputs: values that it writes at every step.
        next_state: the state after the iteration.
        output_index: for each value that is asked for, which of `outputs` it is.
        plan: the same in order, once it is scheduled.
    """

    backward: bool
    inputs: tuple[Node, ...]
    state: tuple[Node, ...]
    outputs: tuple[Node, ...]
    next_state: tuple[Node, ...]
    output_index: tuple[int, ...] = ()
    plan: LoopPlan | None = None


@dataclass(frozen=True)
class Saved:
    """What goes from the forward iteration to the backward one, and on to gradients of weights.

    Args:
        nodes: values of the loop that the forward kernel writes.
        inputs: the same, as inputs of the backward kernel.
        factors: values over all rows and steps that the gradients of weights are made from.
        made: those of them that the backward kernel makes.
    """

    nodes: tuple[Node, ...] = ()
    inputs: tuple[Node, ...] = ()
    factors: tuple[Node, ...] = ()
    made: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Iterations(Listable):
    """The iterations of a loop on their way to plans.

    Args:
        joint: the loop, and its gradients.
        saved: what goes from the one turn to the other.
        forward: the iteration forward.
        backward: the iteration back; None where nobody differentiates.
        ahead: the forward plan with its products made ahead, once they are.
    """

    joint: Joint
    saved: Saved
    forward: Iteration
    backward: Iteration | None = None
    ahead: Found | None = None

    @property
    def groups(self) -> dict[str, tuple[Node, ...]]:
        """What the iterations make, by name."""
        forward = {"outputs": self.forward.outputs, "next_state": self.forward.next_state}
        if self.backward is None:
            return forward
        back = self.backward
        return {**forward, "backward outputs": back.outputs, "backward next_state": back.next_state}

    @property
    def plans(self) -> dict[str, LoopPlan]:
        """The iterations in order, once they are."""
        iterations = {"forward": self.forward, "backward": self.backward}
        return {name: each.plan for name, each in iterations.items() if each and each.plan}

    def note(self, node: Node) -> str:
        """Say whether a value is kept for the backward pass."""
        return "saved" if node in self.saved.nodes else ""

    def of_each(self, change: Callable[[Iteration], Iteration]) -> "Iterations":
        """Change both iterations in the same way."""
        back = None if self.backward is None else change(self.backward)
        return replace(self, forward=change(self.forward), backward=back)


def save(joint: Joint) -> Iterations:
    """Choose what is saved, and part the iteration forward from the iteration back."""
    loop, gradients = joint.loop, joint.gradients
    saved = Saved() if gradients is None else _saved(loop.graph, gradients)
    outputs = (*loop.loop_outputs, *saved.nodes)
    forward = Iteration(False, loop.before, loop.state, outputs, loop.next_state)
    back = None if gradients is None else _backward(joint, gradients, saved)
    return Iterations(joint, saved, forward, back)


def _saved(graph: Graph, gradients: Gradients) -> Saved:
    """Choose what the backward pass finds in memory.

    A gradient of a weight is a sum over rows and steps of products of two factors: left to the end,
    it is one large product over all steps. Its factors have to be in memory then. The
    backward kernel makes those that depend on gradients (`made`), unless they come in from outside
    as they are. The others are forward values, which the forward kernel keeps anyway, so that the
    backward pass may as well read them.
    """
    factors = factors_of(gradients.d_weights)
    backward = backward_nodes([*gradients.d_before, *gradients.d_state, *factors])
    kept = [node for node in factors if node not in backward and _is_made(node)]
    made = [node for node in factors if node in backward and not _comes_in(node)]
    nodes = choose_saved([*gradients.d_before, *gradients.d_state, *made], kept)
    inputs = [graph.input("saved", i, node.shape, node.dtype) for i, node in enumerate(nodes)]
    return Saved(tuple(nodes), tuple(inputs), tuple(factors), tuple(made))


def _backward(joint: Joint, gradients: Gradients, saved: Saved) -> Iteration:
    """Return the iteration back, in which saved values are inputs."""
    found = dict(zip(saved.nodes, saved.inputs, strict=True))
    outputs = [*gradients.d_before, *saved.made]
    roots = _replaced(joint.loop.graph, [*outputs, *gradients.d_state], found)
    inputs = (*joint.loop.before, *saved.inputs, *gradients.d_loop_outputs)
    cut = len(outputs)
    return Iteration(True, inputs, gradients.d_next_state, tuple(roots[:cut]), tuple(roots[cut:]))


def factors_of(roots: Sequence[Node]) -> list[Node]:
    """Find the values that sums over the batch are made from."""
    sums = [node for node in ancestors(roots) if node.op in OVER_ROWS]
    return list(dict.fromkeys(base_of(each) for node in sums for each in node.inputs))


def _is_made(node: Node) -> bool:
    """Tell whether a forward value has to be saved to be there after the loop."""
    return not (node.op == "constant" or (node.op == "input" and node.arguments[0] == "before"))


def _comes_in(node: Node) -> bool:
    """Tell whether a factor is a gradient that comes in at every step, there without being made."""
    return node.op == "input" and node.arguments[0] == "d_loop_output"


def _replaced(graph: Graph, roots: Sequence[Node], by: dict[Node, Node]) -> list[Node]:
    """Replace nodes by others, wherever they are used."""
    done: dict[Node, Node] = {}
    for node in ancestors(roots, by):
        done[node] = by.get(node) or rebuilt(graph, node, [done[each] for each in node.inputs])
    return [done[root] for root in roots]


def lay_out_iterations(iterations: Iterations) -> Iterations:
    """Give what the kernels make a place of its own in memory.

    With gradients, a value that is asked for twice is written once; without, whoever runs the
    kernel takes its outputs in order.
    """
    graph, once = iterations.joint.loop.graph, iterations.backward is not None

    def laid_out(iteration: Iteration) -> Iteration:
        outputs = lay_out(graph, iteration.outputs)
        next_state = lay_out(graph, iteration.next_state, as_state=True)
        distinct = list(dict.fromkeys(outputs)) if once else outputs
        makes = tuple(distinct.index(each) for each in outputs)
        return replace(
            iteration, outputs=tuple(distinct), next_state=tuple(next_state), output_index=makes
        )

    return iterations.of_each(laid_out)


def schedule_iterations(iterations: Iterations) -> Iterations:
    """Put the work of each iteration in order."""

    def scheduled(iteration: Iteration) -> Iteration:
        plan = schedule(
            backward=iteration.backward,
            inputs=iteration.inputs,
            state=iteration.state,
            outputs=iteration.outputs,
            next_state=iteration.next_state,
            dtype=iterations.joint.part.dtype,
        )
        return replace(iteration, plan=plan)

    return iterations.of_each(scheduled)


def prefetch(iterations: Iterations) -> Iterations:
    """Let the forward kernel make products of the input itself."""
    plan = iterations.forward.plan
    assert plan is not None
    found = prefetch_inputs(iterations.joint.part, iterations.joint.loop, plan)
    return replace(iterations, forward=replace(iterations.forward, plan=found.plan), ahead=found)
