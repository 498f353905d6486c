"""Files of results: JSON, and the page and pictures of the documentation."""

import json
import re
from collections.abc import Iterable, Sequence, Set
from pathlib import Path
from typing import Any

from benchmarks import chart, collection_page, machine, tables
from benchmarks.groups import GROUPS
from benchmarks.groups.collection import COLLECTED
from benchmarks.records import Record

_TABLES = "benchmark-tables.inc"


def write_json(path: Path, head: dict[str, Any], records: Sequence[Record]) -> None:
    """Write all that is known; called after every row, so that a run can be stopped."""
    content = {**head, "rows": [record.as_dict() for record in records]}
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def render(files: Iterable[Path], docs: Path) -> list[Path]:
    """Write the tables and pictures of the documentation from files of results.

    The collection has a page of its own, with what the memory tasks found.

    Args:
        files: JSON files of runs; a row that is in several is taken from the last.
        docs: the folder of the documentation.

    Returns:
        written: the files.
    """
    contents = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    records: dict[tuple[str, str], Record] = {}
    for content in contents:
        found = [Record.from_dict(each) for each in content["rows"]]
        records |= {(each.group, each.name): each for each in found}
    written: list[Path] = []
    sections = [_head([each for each in contents if _has(each, GROUPS.keys() - {COLLECTED.name})])]
    for group in GROUPS.values():
        rows = _in_order(
            group.rows, [each for each in records.values() if each.group == group.name]
        )
        if not rows:
            continue
        if group is COLLECTED:
            head = _head([each for each in contents if _has(each, {group.name})], "few samples")
            written.append(collection_page.write(docs, head, rows))
            continue
        picture = docs / "images" / f"bench-{group.name}.svg"
        drawn = chart.draw(group.title, rows, picture)
        written += [picture] if drawn else []
        sections.append(tables.section(group, rows, f"images/{picture.name}" if drawn else ""))
    if len(sections) == 1:
        return written
    page = docs / _TABLES
    page.write_text("\n".join(sections), encoding="utf-8")
    return [*written, page]


def _has(content: dict[str, Any], groups: Set[str]) -> bool:
    return any(row["group"] in groups for row in content["rows"])


def _in_order(rows: Iterable[Any], records: Sequence[Record]) -> list[Record]:
    """Bring records into the order of their group, whatever order they were measured in."""
    places = {_without_steps(row.name): place for place, row in enumerate(rows)}
    return sorted(records, key=lambda record: places.get(_without_steps(record.name), len(places)))


def _without_steps(name: str) -> str:
    """Take the number of steps out of a name, which a quick run changes."""
    return re.sub(r" T\d+", "", name)


def _head(contents: Sequence[dict[str, Any]], quickly: str = "sequences cut, few samples") -> str:
    """Say on which machine and how carefully it was measured; once for all runs that agree."""
    runs: dict[str, list[dict[str, Any]]] = {}
    for content in contents:
        care = f", **a quick run: {quickly}**" if content["quick"] else ""
        line = f"{machine.one_line(content['machine'])}; {content['blocks']} pairs{care}"
        runs.setdefault(line, []).append(content)
    return "\n".join(f"- {line}. {_circumstances(same)}" for line, same in runs.items()) + "\n"


def _circumstances(runs: Sequence[dict[str, Any]]) -> str:
    """Say what peaks runs found, and how busy the machine was when they began."""
    peaks = [
        f"{_span([run['peak'][count] for run in runs], '.0f')} GF/s on {machine.threads(count)}"
        for count in runs[0]["peak"]
    ]
    load = _span([run["machine"]["load"] for run in runs], ".1f")
    return f"Peak of the multiply-adds: {', '.join(peaks)}. Load of the machine before: {load}."


def _span(values: Sequence[float], form: str) -> str:
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"
