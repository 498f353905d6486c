"""Whether all steps could be taken at once, in words."""

from typing import NamedTuple

from recurra.base import CannotFuse
from recurra.graph import Partition, ScanPlan, ScanStage, plan_scan
from recurra.runtime._explain.names import Names
from recurra.runtime._explain.section import Section

_TITLE = "All steps at once: a scan"


class Scan(NamedTuple):
    """What is to be said of scans, and whether they are possible."""

    section: Section
    is_possible: bool


def scan_section(part: Partition, names: Names) -> Scan:
    """Say whether the state is linear in itself, and what is made of it."""
    try:
        return Scan(Section(_TITLE, _lines(plan_scan(part), names)), True)
    except CannotFuse as reason:
        return Scan(Section(_TITLE, _refusal(reason)), False)


def _lines(plan: ScanPlan, names: Names) -> list[str]:
    choice = [
        "the kernel, step by step, is faster (3 to 7 times on CPUs) and taken if there is one;",
        "elsewhere, for 32 steps and more of small states, and for gradients of gradients, or with",
        'backend="scan", the scan is: by PyTorch, on any device, in about log2 T rounds',
    ]
    return [*(_equations(stage, names) for stage in plan.stages), *choice]


def _equations(stage: ScanStage, names: Names) -> str:
    """Write how tensors of the state follow from themselves: `h' = a * h + b`."""
    states = [names.state[place] for place in stage.places]
    return ", ".join(
        _equation(state, states, row, has_offset=offset is not None)
        for state, row, offset in zip(states, stage.matrix, stage.offset, strict=True)
    )


def _equation(state: str, states: list[str], row: tuple[object, ...], *, has_offset: bool) -> str:
    letters = iter("acdefg")
    terms = [
        f"{next(letters, 'a')} * {each}"
        for each, slope in zip(states, row, strict=True)
        if slope is not None
    ]
    return f"{state}' = {' + '.join([*terms, *(['b'] if has_offset else [])]) or '0'}"


def _refusal(reason: CannotFuse) -> list[str]:
    found = reason.details.get("got", reason.problem)
    place = reason.details.get("where")
    where = f", {place}" if place else ""
    return [f"no: the state is not linear in itself, feature by feature: {found}{where}"]
