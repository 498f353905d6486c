"""Scan: a loop that is linear in its state, as maps that can be composed in any order.

Where s_t = A_t s_{t-1} + b_t and neither A_t nor b_t needs the state, two steps make one of the
same form: (A_2, b_2) after (A_1, b_1) is (A_2 A_1, A_2 b_1 + b_2). So all steps can be taken at
once, in log T rounds (G. Blelloch, "Prefix sums and their applications", 1990). A_t works feature
by feature: it may couple tensors of the state with each other, but no features.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from recurra.base import CannotFuse
from recurra.graph._differentiate import lower
from recurra.graph._graph import Graph
from recurra.graph._loop import Loop
from recurra.graph._node import Node, ancestors
from recurra.graph._partition import Partition
from recurra.graph._self_check import check_tracing
from recurra.graph._untraceable import refuses


@dataclass(frozen=True)
class ScanStage:
    """Tensors of the state that are found together: s_t = A_t s_{t-1} + b_t.

    Args:
        places: which tensors of the state they are.
        matrix: A_t, a value of the state's form for each pair of them; None where it is zero.
        offset: b_t; None where it is zero.
    """

    places: tuple[int, ...]
    matrix: tuple[tuple[Node | None, ...], ...]
    offset: tuple[Node | None, ...]


@dataclass(frozen=True)
class ScanPlan:
    """A loop that is linear in its state.

    Args:
        loop: the loop in operations of kernels.
        stages: how to find the state of all steps; each may need those before it.
    """

    loop: Loop
    stages: tuple[ScanStage, ...]


@refuses
def plan_scan(part: Partition) -> ScanPlan:
    """Plan the scan of a loop.

    Raises:
        CannotFuse: a new state is not linear in the old one, feature by feature.
    """
    check_tracing()
    loop = lower(part).loop
    unknown = list(range(len(loop.state)))
    stages: list[ScanStage] = []
    while unknown:
        stage = _next_stage(loop, unknown)
        stages.append(stage)
        unknown = [place for place in unknown if place not in stage.places]
    return ScanPlan(loop, tuple(stages))


@dataclass(frozen=True)
class _Linear:
    """A value that is linear in tensors of the state: the sum of slope * state, and an offset."""

    slopes: Mapping[Node, Node]
    offset: Node | None


def _next_stage(loop: Loop, unknown: Sequence[int]) -> ScanStage:
    """Find the fewest tensors of the state that can be found from what is known."""
    reader = _Reader(loop.graph, [loop.state[place] for place in unknown])
    forms = {place: reader.read(loop.next_state[place]) for place in unknown}
    groups = [_needed_with(place, forms, loop) for place in unknown]
    fitting = [group for group in groups if all(forms[place] is not None for place in group)]
    if not fitting:
        raise _refusal(reader.culprit)
    places = min(fitting, key=len)
    found = [form for place in places if (form := forms[place]) is not None]
    return ScanStage(
        tuple(places),
        tuple(tuple(form.slopes.get(loop.state[other]) for other in places) for form in found),
        tuple(form.offset for form in found),
    )


def _needed_with(place: int, forms: Mapping[int, _Linear | None], loop: Loop) -> list[int]:
    """List the tensors of the state that have to be found together with one of them."""
    found, stack = {place}, [place]
    while stack:
        form = forms[stack.pop()]
        needed = [] if form is None else [loop.state.index(each) for each in form.slopes]
        stack += [each for each in needed if each not in found]
        found.update(needed)
    return sorted(found)


def _refusal(culprit: Node | None) -> CannotFuse:
    return CannotFuse(
        "The state of this cell cannot be found by a scan.",
        got=None if culprit is None else f"`{culprit.op}` of the state",
        expected="s_t = a_t * s_{t-1} + b_t, feature by feature, with a_t and b_t of x alone",
        where=None if culprit is None else culprit.where,
        fix='backend="auto" takes one step after the other',
    )


class _Reader:
    """Reads values as linear in tensors of the state that are not known yet."""

    def __init__(self, graph: Graph, unknown: Sequence[Node]) -> None:
        self.graph = graph
        self.unknown = set(unknown)
        self.culprit: Node | None = None

    def read(self, root: Node) -> _Linear | None:
        """Return a value as linear in the unknown, or None."""
        forms: dict[Node, _Linear | None] = {}
        for node in ancestors([root]):
            forms[node] = self._form(node, [forms[each] for each in node.inputs])
        return forms[root]

    def _form(self, node: Node, inputs: Sequence[_Linear | None]) -> _Linear | None:
        if node in self.unknown:
            one = self.graph.constant(1.0, node.shape, node.dtype)
            return _Linear({node: one}, None)
        known = [each for each in inputs if each is not None]
        if len(known) < len(inputs):
            return None
        if all(not each.slopes for each in known):
            return _Linear({}, node)
        rule = _RULES.get(node.op)
        form = None if rule is None else rule(self.graph, known)
        if form is None and self.culprit is None:
            self.culprit = node
        return form


Rule = Callable[[Graph, Sequence[_Linear]], _Linear | None]


def _combined(op: str) -> Rule:
    """Return the rule of a sum: part by part, where a missing part is zero."""

    def rule(graph: Graph, inputs: Sequence[_Linear]) -> _Linear:
        left, right = inputs

        def of(first: Node | None, second: Node | None) -> Node | None:
            if second is None:
                return first
            if first is None:
                return second if op == "add" else graph.pointwise("neg", second)
            return graph.pointwise(op, first, second)

        return _by_parts(of, left, right)

    return rule


def _chosen(graph: Graph, inputs: Sequence[_Linear]) -> _Linear | None:
    condition, left, right = inputs
    if condition.slopes or condition.offset is None:
        return None
    chooser = condition.offset

    def of(first: Node | None, second: Node | None) -> Node | None:
        like = first or second
        if like is None:
            return None
        zero = graph.constant(0.0, like.shape, like.dtype)
        return graph.pointwise("where", chooser, first or zero, second or zero)

    return _by_parts(of, left, right)


def _by_parts(
    of: Callable[[Node | None, Node | None], Node | None], left: _Linear, right: _Linear
) -> _Linear:
    states = dict.fromkeys([*left.slopes, *right.slopes])
    slopes = {state: of(left.slopes.get(state), right.slopes.get(state)) for state in states}
    kept = {state: slope for state, slope in slopes.items() if slope is not None}
    return _Linear(kept, of(left.offset, right.offset))


def _product(graph: Graph, inputs: Sequence[_Linear]) -> _Linear | None:
    left, right = inputs
    if left.slopes and right.slopes:
        return None
    factor, value = (right, left) if left.slopes else (left, right)
    return _each(value, lambda part: graph.pointwise("mul", part, factor.offset or part))


def _quotient(graph: Graph, inputs: Sequence[_Linear]) -> _Linear | None:
    value, divisor = inputs
    if divisor.slopes:
        return None
    return _each(value, lambda part: graph.pointwise("div", part, divisor.offset or part))


def _same(graph: Graph, inputs: Sequence[_Linear]) -> _Linear:
    del graph
    return inputs[0]


def _negative(graph: Graph, inputs: Sequence[_Linear]) -> _Linear:
    return _each(inputs[0], lambda part: graph.pointwise("neg", part))


def _each(value: _Linear, of: Callable[[Node], Node]) -> _Linear:
    slopes = {state: of(slope) for state, slope in value.slopes.items()}
    return _Linear(slopes, None if value.offset is None else of(value.offset))


_RULES: dict[str, Rule] = {
    "add": _combined("add"),
    "copy": _same,
    "div": _quotient,
    "mul": _product,
    "neg": _negative,
    "sub": _combined("sub"),
    "where": _chosen,
}
"""Operations that keep a value linear in the state."""
