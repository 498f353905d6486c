"""Which processor this is, as far as it decides what `-march=native` means."""

import platform
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")

# Names of the lines on x86, ARM, POWER and RISC-V. Others, such as the clock rate, change by the
# second, or with an update of the firmware.
_LINES = {
    "vendor_id", "cpu family", "model", "model name", "flags",
    "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "Features",
    "cpu", "revision", "isa", "uarch",
}  # fmt: skip


@lru_cache(maxsize=1)
def describe_cpu() -> str:
    """Describe model and features of the processor; asked of the system once per process.

    A library that was made for one processor stops the process on another that lacks one of its
    instructions. Homes are shared between machines, so the description is part of a library's key.
    """
    try:
        with _CPUINFO.open(encoding="utf-8", errors="replace") as lines:
            described = _first_processor(lines)
    except OSError:
        described = []
    return "\n".join([platform.machine(), *(described or [platform.processor()])])


def _first_processor(lines: Iterable[str]) -> list[str]:
    """Take what matters of the first block; the others repeat it, once for each core."""
    taken = []
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in _LINES:
            taken.append(f"{name.strip()}: {value.strip()}")
        elif not line.strip():
            break
    return taken
