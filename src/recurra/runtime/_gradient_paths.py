"""Gradient paths: which results of a loop require gradients, as those of the plain loop do.

To autograd a kernel is one operation, and each result of an operation requires gradients where any
of its inputs does. Step by step this is not so: a state that is handed through, or that counts
steps, has nothing to do with the weights.
"""

from collections.abc import Sequence
from functools import lru_cache
from operator import or_

from recurra.graph import Node, Partition, ancestors

Flags = tuple[bool, ...]


class GradientPaths:
    """The paths through a step on which gradients flow.

    Args:
        part: the step, cut at the borders of its loop.
    """

    def __init__(self, part: Partition) -> None:
        sources = [*part.before, *part.weights, *part.step.state]
        paths = _paths([*part.loop_outputs, *part.step.next_state], sources)
        self._loop_outputs = [paths[node] for node in part.loop_outputs]
        self._next_state = [paths[node] for node in part.step.next_state]
        self._states = len(part.before) + len(part.weights)  # where they begin in the sources
        self.requires_grad = lru_cache(maxsize=128)(self._requires_grad)

    def _requires_grad(self, sources: Flags, T: int, *, ends_early: bool) -> Flags:
        """Tell which loop_outputs and final states require gradients, in this order.

        Args:
            sources: which inputs do: before, weights, states, and what resets return to, where
                there are resets.
            T: steps.
            ends_early: whether some rows have fewer, and keep their state after these.
        """
        end = self._states + len(self._next_state)
        fixed, start, returns = sources[: self._states], sources[self._states : end], sources[end:]
        loop_outputs = (False,) * len(self._loop_outputs)
        visited: list[Flags] = []
        state = start
        while len(visited) < T and state not in visited:
            visited.append(state)
            before = _either(state, returns) if returns else state
            flags = fixed + before
            loop_outputs = _either(loop_outputs, _reached(self._loop_outputs, flags))
            state = _reached(self._next_state, flags)
            state = _either(state, before) if ends_early else state
        if len(visited) < T:  # they come round again
            first = visited.index(state)
            state = visited[first + (T - first) % (len(visited) - first)]
        return loop_outputs + state


def _reached(paths: Sequence[frozenset[int]], flags: Flags) -> Flags:
    return tuple(any(flags[place] for place in each) for each in paths)


def _either(some: Flags, others: Flags) -> Flags:
    return tuple(map(or_, some, others))


def _paths(roots: Sequence[Node], sources: Sequence[Node]) -> dict[Node, frozenset[int]]:
    """Return for each node the places of the sources that gradients flow to."""
    places = {node: place for place, node in enumerate(sources)}
    found: dict[Node, frozenset[int]] = {}
    for node in ancestors(roots, places):
        if node.op == "stop" or not node.dtype.is_floating_point:
            found[node] = frozenset()
        elif node in places:
            found[node] = frozenset((places[node],))
        else:
            found[node] = frozenset().union(*(found[each] for each in node.inputs))
    return found
