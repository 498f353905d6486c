"""What the configuration of a run says of its records, read back."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from recurra.base import check_names, settings_from
from recurra.data import ReadOptions, Source
from recurra.tasks.framework.task_data import DataSettings

DEMO = "demo"
"""What stands in a configuration for the embedded data of a task."""


def recorded_data(
    section: Mapping[str, Any], files: Callable[[Any], list[Path]]
) -> tuple[Source, DataSettings]:
    """Read where records come from and how they are taken; what is wrong is an error of some sort.

    Args:
        section: the `data` of a configuration.
        files: makes paths of what it says of files, and may refuse those that have changed.

    Returns:
        source: the training records.
        settings: how they are taken.
    """
    read = dict(section["read"])
    read["columns"] = tuple(check_names("columns", read["columns"]))
    part, test = section["validation"], section["test"]
    is_part = isinstance(part, int | float) and not isinstance(part, bool)
    settings = DataSettings(
        validation=part if is_part else files(part),
        test=None if test is None else files(test),
        roles=_roles(section["roles"]),
        read=settings_from(ReadOptions, {**asdict(ReadOptions()), **read}),
        skip_bad=section["skip_bad"],
        longest=section["longest"],
        seed=section["seed"],
    )
    training = section["training"]
    return (DEMO if training == DEMO else files(training)), settings


def _roles(section: Mapping[str, Any]) -> dict[str, str | list[str]]:
    return {
        role: names if isinstance(names, str) else check_names(role, names)
        for role, names in section.items()
    }


def is_demo(source: Source) -> bool:
    """Tell whether the data that a task carries are asked for."""
    return isinstance(source, str) and source == DEMO  # a table compares cell by cell


def describe_records(section: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Tell people what the `data` of a configuration says, each part by its name.

    Args:
        section: it, which `recorded_data` can read.
    """
    rows = [(name, _part(section[name])) for name in ("training", "validation", "test")]
    if section["training"] == DEMO:
        rows = [("training", _part(DEMO)), ("validation", "the demo's own")]
    return [
        *((name, words) for name, words in rows if words),
        ("batch", f"{section['rows']:,} records"),
        ("longest", f"{section['longest']:,} steps"),
    ]


def _part(part: Any) -> str:
    if part is None:
        return ""
    if isinstance(part, int | float):
        return f"{100 * part:g} % of the training records"
    if isinstance(part, str):
        return f"the {part} records of the task"
    listed = [f"{each['path']} ({each['bytes']:,} bytes) {each['sha256'][:16]}" for each in part]
    return "\n".join(listed) or "records in memory or at standard input"
