"""Those who compute the same problem: we, and our peers."""

from benchmarks.contestants.contestant import Absent, Contestant, Prepared

__all__ = ["Absent", "Contestant", "Prepared"]
