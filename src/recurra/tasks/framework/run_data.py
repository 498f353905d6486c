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
