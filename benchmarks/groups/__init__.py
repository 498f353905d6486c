"""The groups of rows, each in a file; `GROUPS` names them all."""

from benchmarks.groups.collection import COLLECTED
from benchmarks.groups.compile_time import COMPILE_TIME
from benchmarks.groups.custom import CUSTOM
from benchmarks.groups.ragged import RAGGED
from benchmarks.groups.resets import RESETS
from benchmarks.groups.scan import SCAN
from benchmarks.groups.server import SERVER
from benchmarks.groups.small import SMALL
from benchmarks.groups.streaming import STREAMING
from benchmarks.groups.training import TRAINING

GROUPS = {
    group.name: group
    for group in (
        SERVER,
        TRAINING,
        CUSTOM,
        RAGGED,
        RESETS,
        SCAN,
        SMALL,
        STREAMING,
        COMPILE_TIME,
        COLLECTED,
    )
}
