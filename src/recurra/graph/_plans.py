"""Plans: what a loop is to whoever runs it, without gradients and with them."""

from dataclasses import dataclass

from recurra.graph._loop import Gradients, Loop
from recurra.graph._node import Node
from recurra.graph._plan import LoopPlan
from recurra.graph._turns import Turns


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

    @staticmethod
    def of(turns: Turns) -> "InferencePlan":
        """Return the plan of a turn whose products were looked ahead for."""
        found = turns.ahead
        assert found is not None
        return InferencePlan(turns.joint.loop, found.plan, found.reads, found.given)


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

    @staticmethod
    def of(turns: Turns) -> "TrainingPlan":
        """Return the plan of two turns in order."""
        gradients, forward, back = turns.joint.gradients, turns.forward, turns.backward
        assert gradients is not None
        assert forward.plan is not None
        assert back is not None
        assert back.plan is not None
        return TrainingPlan(
            loop=turns.joint.loop,
            gradients=gradients,
            forward=forward.plan,
            makes=forward.makes,
            backward=back.plan,
            goes_back=back.makes,
            saved=turns.saved.nodes,
            saved_inputs=turns.saved.inputs,
            factors=turns.saved.factors,
            made=turns.saved.made,
            d_weights=gradients.d_weights,
        )
