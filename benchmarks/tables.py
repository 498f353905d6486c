"""Markdown tables from records."""

from collections.abc import Iterable, Sequence

from benchmarks import words
from benchmarks.intervals import geometric_mean
from benchmarks.records import Group, Record


def table(records: Sequence[Record]) -> str:
    """Lay a group out as a table: a row a record, a column a peer, the geometric mean below."""
    if any(record.figures for record in records):
        return _table_of_figures(records)
    peers = _in_order(peer.name for record in records for peer in record.peers)
    header = ["", "time", "GF/s", "with input", "of peak", *peers]
    rows = [_cells(record, peers) for record in records]
    return markdown([header, *rows, ["geometric mean", "", "", "", "", *_means(records, peers)]])


def section(group: Group, records: Sequence[Record], picture: str) -> str:
    """Write the part of a page about a group; `picture` is the path of its chart, or empty."""
    parts = [f"## {group.title}", group.about]
    if picture:
        parts.append(f"```{{image}} {picture}\n:alt: {group.title}, ratios to each peer\n```")
    return "\n\n".join([*parts, table(records)]) + "\n"


def _cells(record: Record, peers: Sequence[str]) -> list[str]:
    if record.status != "timed":
        return [record.name, f"{record.status}: {record.note}", *[""] * (3 + len(peers))]
    known = {peer.name: peer for peer in record.peers}
    return [
        record.name,
        words.duration(record.seconds),
        f"{record.gflops_recurrent or 0:.1f}",
        f"{record.gflops_total or 0:.1f}",
        f"{record.percent_of_peak or 0:.0f} %",
        *(words.peer(known[name]) if name in known else "" for name in peers),
    ]


def _means(records: Sequence[Record], peers: Sequence[str]) -> list[str]:
    means = []
    for name in peers:
        ratios = [
            peer.ratio.value
            for record in records
            for peer in record.peers
            if peer.name == name and peer.ratio is not None
        ]
        means.append(f"**{geometric_mean(ratios):.2f}x**" if ratios else "")
    return means


def _table_of_figures(records: Sequence[Record]) -> str:
    names = _in_order(name for record in records for name in record.figures)
    rows = [
        [record.name, *(words.duration(record.figures.get(name)) for name in names)]
        for record in records
    ]
    return markdown([["", *names], *rows])


def _in_order(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Write rows of cells, of which the first is the header."""
    lines = [f"| {' | '.join(cells)} |" for cells in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
