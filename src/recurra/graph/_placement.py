"""Places: which values of a step wait for the state, and which do not.

    parameter   depends on parameters only: once a call
    free        the same, repeated for every row of the batch
    before      depends on x, not on the state: once, over all T steps
    loop        what the next state needs: step after step, in the kernel
    after       depends on the state, but no next state needs it: once, over all T steps

Nobody annotates this: it is read off the graph. Two sets decide it, what can be reached from the
state, and what the next state is reached from; the loop is what is in both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from recurra.graph._listing import Listable
from recurra.graph._node import Node, ancestors
from recurra.graph._trace import Step

Places = dict[Node, str]


@dataclass(frozen=True)
class PlacedStep(Listable):
    """A step, and where each of its nodes belongs.

    Args:
        step: the step.
        place: for each node one of the words above.
    """

    step: Step
    place: Places

    @staticmethod
    def of(step: Step) -> "PlacedStep":
        """Find the places of a step."""
        return PlacedStep(step, places(step))

    @property
    def groups(self) -> dict[str, tuple[Node, ...]]:
        """What a step returns, by name."""
        return {"output": (self.step.output,), "next_state": self.step.next_state}

    @property
    def roots(self) -> list[Node]:
        """What a step returns, one after the other."""
        return list(chain.from_iterable(self.groups.values()))

    def with_roots(self, roots: Sequence[Node]) -> "PlacedStep":
        """Return the step that returns other nodes of equal values."""
        if list(roots) == self.roots:
            return self
        output, *next_state = roots
        return PlacedStep.of(replace(self.step, output=output, next_state=tuple(next_state)))

    def note(self, node: Node) -> str:
        """Say where a node belongs."""
        return self.place.get(node, "")


def places(step: Step) -> Places:
    """Find where each node of a step belongs."""
    nodes = ancestors([step.output, *step.next_state])
    with_state = _descendants(nodes, set(step.state))
    with_x = _descendants(nodes, {step.x})
    carried = set(ancestors(step.next_state))
    place = dict.fromkeys(step.state, "loop") | {step.x: "before"}
    for node in nodes:
        if node in with_state:
            inside = node in carried or node in step.state or _reduces_state(step, node, place)
            place[node] = "loop" if inside else "after"
        elif node in with_x:
            place[node] = "before"
        else:
            place[node] = "free" if node.has_batch_axis else "parameter"
    return place


def all_in_loop(placed: PlacedStep) -> PlacedStep:
    """Put everything that differs from row to row into the loop, as steps of a stream need it."""
    place, step = placed.place, placed.step
    inside = {node: "loop" for node in place if place[node] in ("before", "after")}
    return replace(placed, place=place | inside | {step.x: "before"})


def _descendants(nodes: Sequence[Node], sources: set[Node]) -> set[Node]:
    """Find the nodes that are made from any of `sources`, those included; `nodes` in order."""
    found = set(sources)
    for node in nodes:
        if any(each in found for each in node.inputs):
            found.add(node)
    return found


def _reduces_state(step: Step, node: Node, place: Places) -> bool:
    """Tell whether a value read off the loop is so much larger than y that it had better stay.

    A matrix of a memory a step would be written for all steps, and read once after the loop.
    """
    if any(place[each] == "parameter" for each in node.inputs):
        return False  # one large product is better than many small ones
    read = [each.width for each in node.inputs if place[each] == "loop"]
    return max(read, default=0) > 2 * step.output.width
