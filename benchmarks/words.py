"""Figures and records in words, the same on the terminal and in tables."""

from benchmarks.intervals import Ratio
from benchmarks.records import PeerRecord, Record


def duration(seconds: float | None) -> str:
    """Write seconds in the unit that suits them."""
    if seconds is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {unit}" if seconds / size < 1000 else f"{seconds:.0f} s"
    return f"{seconds / 1e-6:.2f} µs"


def ratio(value: Ratio | None) -> str:
    """Write a ratio and its interval."""
    if value is None:
        return ""
    return f"{value.value:.2f}x [{value.low:.2f}, {value.high:.2f}]"


def peer(record: PeerRecord) -> str:
    """Write what is known of a peer, its name left out."""
    if record.status == "timed":
        note = f", {record.note}" if record.note else ""
        return ratio(record.ratio) + note
    return f"{record.status}: {record.note}"


def line(record: Record) -> str:
    """Write a record in a line of the terminal."""
    if record.status != "timed":
        return f"{record.name:<36} {record.status.upper()}: {record.note}"
    if record.figures:
        figures = "  ".join(f"{name} {duration(each)}" for name, each in record.figures.items())
        return f"{record.name:<36} {figures}"
    speed = (
        f"{record.gflops_recurrent or 0:.1f} GF/s recurrent, {record.gflops_total or 0:.1f} with "
        f"input = {record.percent_of_peak or 0:.0f} % of peak"
    )
    peers = "".join(f"\n    {each.name:<28} {peer(each)}" for each in record.peers)
    return f"{record.name:<36} {duration(record.seconds):>8}  {speed}{peers}"
