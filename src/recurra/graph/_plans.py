"""Plans: what a loop is to whoever runs it, without gradients and with them."""

from dataclasses import dataclass

from recurra.graph._iterations import Iterations
from recurra.graph._loop import Gradients, Loop
from recurra.graph._node import Node
from recurra.graph._plan import LoopPlan


@dataclass(frozen=True)
class InferencePlan:
    """What is needed to run a loop.

    Args:
        loop: the loop in operations of kernels.
        forward: its plan; the outputs are the loop_outputs.
        reads: values of the step that have to be computed before the loop.
        given: the same as inputs of the loop.
    """

    loop: Loop
    forward: LoopPlan
    reads: tuple[Node, ...]
    given: tuple[Node, ...]

    @staticmethod
    def of(iterations: Iterations) -> "InferencePlan":
        """Return the plan of an iteration whose products were looked ahead for."""
        found = iterations.ahead
        assert found is not None
        return InferencePlan(iterations.joint.loop, found.plan, found.reads, found.given)


@dataclass(frozen=True)
class TrainingPlan:
    """What is needed to run a loop and to go back through it.

    Args:
        loop: the loop in operations of kernels.
        gradients: and its gradients.
        forward: makes the loop outputs and the saved values.
        output_index: for each loop output, then each saved value, which output of `forward` it is.
        backward: inputs among before, saved and gradients of loop outputs; makes the gradients of
            before, and the factors of weight gradients that are not there yet.
        backward_index: for each gradient of before, then each such factor, which output of
            `backward`.
        saved: nodes of the loop that the forward kernel writes.
        saved_inputs: the same, as inputs of the backward kernel.
        factors: values over all rows and steps that the gradients of weights are made from.
        made: those of them that the backward kernel makes, in the order of `backward_index`.
        d_weights: gradients of weights, as nodes over `factors`.
    """

    loop: Loop
    gradients: Gradients
    forward: LoopPlan
    output_index: tuple[int, ...]
    backward: LoopPlan
    backward_index: tuple[int, ...]
    saved: tuple[Node, ...]
    saved_inputs: tuple[Node, ...]
    factors: tuple[Node, ...]
    made: tuple[Node, ...]
    d_weights: tuple[Node, ...]

    @staticmethod
    def of(iterations: Iterations) -> "TrainingPlan":
        """Return the plan of two iterations in order."""
        gradients, forward, back = (
            iterations.joint.gradients,
            iterations.forward,
            iterations.backward,
        )
        assert gradients is not None
        assert forward.plan is not None
        assert back is not None
        assert back.plan is not None
        return TrainingPlan(
            loop=iterations.joint.loop,
            gradients=gradients,
            forward=forward.plan,
            output_index=forward.output_index,
            backward=back.plan,
            backward_index=back.output_index,
            saved=iterations.saved.nodes,
            saved_inputs=iterations.saved.inputs,
            factors=iterations.saved.factors,
            made=iterations.saved.made,
            d_weights=gradients.d_weights,
        )
