"""The compiler in one look: its passes in order, by name, and the driver that runs them.

    partition        Step -> Partition             what is in the loop, what crosses its borders
    plan_inference   Partition -> InferencePlan    one kernel
    plan_training    Partition -> TrainingPlan     a kernel forward, and one that goes back

A pass gets what the one before it returned. After each the nodes that it made are held to the
language of nodes (`_well_formed.py`), and whoever asks sees them all (`_listing.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from recurra.graph._differentiate import differentiate, lower
from recurra.graph._iterations import lay_out_iterations, prefetch, save, schedule_iterations
from recurra.graph._listing import Listable, print_if_asked
from recurra.graph._node import Node, ancestors
from recurra.graph._partition import Partition, cut
from recurra.graph._placement import PlacedStep, all_in_loop
from recurra.graph._plans import InferencePlan, TrainingPlan
from recurra.graph._self_check import check_tracing
from recurra.graph._stages import distribute_all, draw, join, merge, push, regroup, split
from recurra.graph._trace import Step
from recurra.graph._untraceable import refuses
from recurra.graph._well_formed import check_node


@dataclass(frozen=True)
class Pass:
    """A pass: its name, and what it makes of what the one before it returned."""

    name: str
    run: Callable[[Any], Listable]


PARTITION = (
    Pass("place", PlacedStep.of),  # Step -> PlacedStep: before, in or after the loop
    Pass("split-products", split),  # [x, h] @ W  ->  x @ W_x + h @ W_h
    Pass("reassociate-sums", regroup),  # (h @ W + b) + x @ U  ->  h @ W + (x @ U + b)
    Pass("fuse-bias", join),  # x @ U + b  ->  affine(x, U, b), outside of the loop
    Pass("merge-products", merge),  # h @ W_i, h @ W_f  ->  parts of h @ [W_i, W_f]
    Pass("sink-into-loop", draw),  # elementwise work beside the loop goes into it
    Pass("partition", cut),  # PlacedStep -> Partition
)
WHOLE = (
    Pass("place", PlacedStep.of),
    Pass("all-in-loop", all_in_loop),  # single steps of a stream: nothing can be done beforehand
    Pass("partition", cut),
)
_PLANNING = (
    Pass("distribute", distribute_all),  # f([a, b])  ->  [f(a), f(b)]
    Pass("push-slices", push),  # (a + b)[:, :H]  ->  a[:, :H] + b[:, :H]
    Pass("save", save),  # Joint -> Iterations: forward and back, and what goes between them
    Pass("lay-out", lay_out_iterations),  # copies where strides could not walk
    Pass("schedule", schedule_iterations),  # loops and products in order, a place for each value
)
INFERENCE = (
    Pass("lower", lower),  # Partition -> Joint, in operations of kernels
    *_PLANNING,
    Pass("prefetch-inputs", prefetch),  # the kernel makes products of x itself
)
TRAINING = (
    Pass("differentiate", differentiate),  # Partition -> Joint, with gradients
    *_PLANNING,
)

PASSES = tuple(dict.fromkeys(each.name for each in (*PARTITION, *WHOLE, *INFERENCE, *TRAINING)))
"""The names of all passes."""

Observer = Callable[[str, Listable], None]


def pass_names(*, training: bool) -> tuple[str, ...]:
    """Name the passes from a step to a plan, in order."""
    return tuple(each.name for each in (*PARTITION, *(TRAINING if training else INFERENCE)))


@refuses
def partition(step: Step, *, whole: bool = False, observer: Observer | None = None) -> Partition:
    """Find the parts of a step.

    Args:
        step: the step.
        whole: whether everything that differs from row to row goes into the loop, as single steps
            of a stream need it. Default: only what waits for the state.
        observer: called after each pass with its name and what it returned. Default: nobody.
    """
    found: Partition = _run(WHOLE if whole else PARTITION, step, observer)
    return found


@refuses
def plan_inference(part: Partition, *, observer: Observer | None = None) -> InferencePlan:
    """Plan the forward kernel of a loop that nobody differentiates.

    Args:
        part: the loop.
        observer: called after each pass with its name and what it returned. Default: nobody.
    """
    check_tracing()
    return InferencePlan.of(_run(INFERENCE, part, observer))


@refuses
def plan_training(part: Partition, *, observer: Observer | None = None) -> TrainingPlan:
    """Plan the kernels of a loop, forward and backward.

    Args:
        part: the loop.
        observer: called after each pass with its name and what it returned. Default: nobody.
    """
    check_tracing()
    return TrainingPlan.of(_run(TRAINING, part, observer))


def _run(passes: Sequence[Pass], given: Any, observer: Observer | None) -> Any:
    checked: set[Node] = set()
    for each in passes:
        given = each.run(given)
        _check(given, checked)
        print_if_asked(each.name, given, PASSES)
        if observer is not None:
            observer(each.name, given)
    return given


def _check(stage: Listable, checked: set[Node]) -> None:
    """Hold the nodes of a stage to the language; those of earlier stages have been."""
    for node in ancestors(chain.from_iterable(stage.groups.values()), checked):
        if node not in checked:
            check_node(node)
            checked.add(node)
