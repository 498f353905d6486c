"""`explain`: compile a cell on paper, and say what became of each of its lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from recurra.base import ArgumentError, CannotFuse, Cell, State, check_size, run_step, state_tensors
from recurra.codegen import emit_c
from recurra.graph import (
    InferencePlan,
    Listable,
    Partition,
    TrainingPlan,
    describe_shape,
    listing,
    partition,
    plan_inference,
    plan_training,
    trace_step,
)
from recurra.runtime._explain.backward import backward_sections
from recurra.runtime._explain.costs import Costs, count_costs
from recurra.runtime._explain.forward import forward_sections
from recurra.runtime._explain.names import Names
from recurra.runtime._explain.scan import scan_section
from recurra.runtime._explain.section import Section
from recurra.runtime._explain.text import cost_section, refusal_sections, summary

_ROWS = 32


@dataclass(frozen=True)
class Explanation:
    """What the compiler makes of a cell; `str()` is the text for people.

    Args:
        name: of the cell.
        summary: one sentence: compiled or not, and to what.
        sections: the stages in order, each a title and lines.
        refusal: why no kernel can hold the step, or None.
        costs: what a step costs, or None where there is no kernel.
        source: the generated C, if it was asked for.
        is_linear: whether the cell is linear in its state, so that `unroll` can take all steps at
            once by a scan.
        stages: the graph after each pass of the compiler, by the name of the pass, in order: one
            line a node, with the line of the cell that asked for it. Where the cell is refused,
            those up to the refusal.
    """

    name: str
    summary: str
    sections: tuple[Section, ...]
    refusal: CannotFuse | None = None
    costs: Costs | None = None
    source: str | None = None
    is_linear: bool = False
    stages: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_fused(self) -> bool:
        """Tell whether the cell runs in kernels."""
        return self.refusal is None

    def __str__(self) -> str:
        parts = [self.summary, *map(str, self.sections)]
        if self.source is not None:
            parts.append(self.source.rstrip())
        return "\n\n".join(parts)


def explain(
    cell: Cell,
    x: torch.Tensor | Sequence[int] | int | None = None,
    *,
    batch_size: int | None = None,
    source: bool = False,
    training: bool = True,
) -> Explanation:
    """Say what the compiler makes of a cell: what leaves the loop, what is fused, what it costs.

    No kernel is built, so no C compiler is needed. A cell that no kernel can hold is explained too:
    by the reason, the line of it, and what to write instead.

    Args:
        cell: the cell, an `nn.Module`.
        x: its input, for its form only: a tensor `[T, B, ...]` as `unroll` takes it, the shape of
            one row at one step, or its number of features. Default: the cell's `input_size`.
        batch_size: rows to count costs for, at least 1. Default: that of `x`, or 32.
        source: whether to add the generated C. Default: no.
        training: whether gradients will be asked for. Default: yes.

    Returns:
        The explanation: print it, or read its numbers.

    Raises:
        ArgumentError: the number of features is nowhere to be found.

    Example:
        >>> import recurra
        >>> explanation = recurra.explain(recurra.LSTM(input_size=64, hidden_size=128))
        >>> explanation.is_fused, explanation.costs.forward.products
        (True, 1)
        >>> print(explanation)  # doctest: +ELLIPSIS
        LSTM is compiled: 1 product and ... a step, in one kernel.
        ...
    """
    example, rows = _example(cell, x, batch_size)
    state = cell.initial_state(rows)
    name = type(cell).__name__
    stages: dict[str, str] = {}
    try:
        part, plan = _planned(cell, example, state, stages, training=training)
        text = _emitted(name, plan)
    except CannotFuse as reason:
        found = reason.with_traceback(None)
        _check_it_runs(cell, example, state)
        sections = refusal_sections(found)
        return Explanation(name, summary(name, None), sections, found, stages=stages)
    explained = _explained(cell, example, state, part, plan, text if source else None)
    return replace(explained, stages=stages)


def _planned(
    cell: Cell, example: torch.Tensor, state: State, stages: dict[str, str], *, training: bool
) -> tuple[Partition, TrainingPlan | InferencePlan]:
    """Compile a cell up to its plan, and write down the graph after each pass."""

    def observer(name: str, found: Listable) -> None:
        stages[name] = listing(found)

    part = partition(trace_step(cell, example, state), observer=observer)
    plan = plan_training if training else plan_inference
    return part, plan(part, observer=observer)


def _check_it_runs(cell: Cell, example: torch.Tensor, state: State) -> None:
    """Let a cell that fails anyway say so itself; only then is it the compiler that refuses."""
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        run_step(cell, example, state)


def _explained(
    cell: Cell,
    example: torch.Tensor,
    state: State,
    part: Partition,
    plan: TrainingPlan | InferencePlan,
    source: str | None,
) -> Explanation:
    name, names = type(cell).__name__, Names.of(cell, state, part)
    costs = count_costs(part, plan)
    sections = [_form_section(names, example, state), *forward_sections(part, plan.forward, names)]
    sections += backward_sections(plan, names) if isinstance(plan, TrainingPlan) else []
    scan = scan_section(part, names)
    sections.append(scan.section)
    sections.append(cost_section(costs, len(example)))
    return Explanation(
        name, summary(name, plan.forward), tuple(sections), None, costs, source, scan.is_possible
    )


def _form_section(names: Names, example: torch.Tensor, state: State) -> Section:
    forms = [(names.x, example), *zip(names.state, state_tensors(state), strict=True)]
    shapes = [f"{name} {describe_shape((-1, *tensor.shape[1:]))}" for name, tensor in forms]
    dtype = str(example.dtype).removeprefix("torch.")
    return Section("One step", [f"{', '.join(shapes)}; {dtype}"])


def _emitted(name: str, plan: TrainingPlan | InferencePlan) -> str:
    kernels = [("forward", plan.forward)]
    if isinstance(plan, TrainingPlan):
        kernels.append(("backward", plan.backward))
    return emit_c(kernels, name).text


def _example(
    cell: Cell, x: torch.Tensor | Sequence[int] | int | None, batch_size: int | None
) -> tuple[torch.Tensor, int]:
    """Return an input of one step, `[B, ...]`, and B."""
    if batch_size is not None:
        check_size("batch_size", batch_size)
    if isinstance(x, torch.Tensor):
        if x.dim() < 2:
            raise ArgumentError("`x` has no rows.", got=tuple(x.shape), expected="(T, B, ...)")
        rows = batch_size or max(x.shape[1], 1)
        return torch.zeros((rows, *x.shape[2:]), dtype=x.dtype), rows
    rows = batch_size or _ROWS
    shape = _features(cell) if x is None else (x,) if isinstance(x, int) else tuple(x)
    sizes = [check_size("x", size) for size in shape]
    return torch.zeros((rows, *sizes), dtype=_dtype(cell)), rows


def _features(cell: Cell) -> tuple[int, ...]:
    found = getattr(cell, "input_size", None)
    if not isinstance(found, int):
        name = type(cell).__name__
        raise ArgumentError(
            f"The number of features that `{name}` takes is not known: it has no `input_size`.",
            expected="a number of features, the shape of a row's input, or an input `[T, B, ...]`",
            fix="recurra.explain(cell, 64)",
        )
    return (found,)


def _dtype(cell: Cell) -> torch.dtype:
    """Return the dtype that the cell computes in."""
    held = cell.parameters() if isinstance(cell, nn.Module) else ()
    floats = (each.dtype for each in held if each.is_floating_point())
    return next(floats, torch.get_default_dtype())
