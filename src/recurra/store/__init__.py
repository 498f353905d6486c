"""Files on disk: run directories, weights, checkpoints, measurements. Never pickle."""

from recurra.base import set_module as _set_module
from recurra.store._atomic import take_place, write_bytes, write_text
from recurra.store._json import parse_json
from recurra.store._metrics import MetricsLog
from recurra.store._plain_files import open_plain, read_plain
from recurra.store._run import Run, check_not_taken
from recurra.store._tensor_file import read_tensors, write_tensors
from recurra.store._tree import flatten_tree, restore_tree

__all__ = [
    "MetricsLog",
    "Run",
    "check_not_taken",
    "flatten_tree",
    "open_plain",
    "parse_json",
    "read_plain",
    "read_tensors",
    "restore_tree",
    "take_place",
    "write_bytes",
    "write_tensors",
    "write_text",
]

_set_module(__name__, globals())
