"""The scan: a loop that is linear in its state, at all steps at once."""

from recurra.runtime._scan.scan_loop import ScanLoop

__all__ = [
    "ScanLoop",
]
