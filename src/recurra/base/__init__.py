"""The words that every room of Recurra shares. Imports nothing of ours."""

from recurra.base._batch import Batch, Batches
from recurra.base._cell import Cell
from recurra.base._checks import check_range, check_seed, check_size
from recurra.base._errors import (
    ArgumentError,
    BackendUnavailable,
    ConfigMismatch,
    DamagedFile,
    DataError,
    DtypeError,
    MissingExtra,
    RecurraError,
    RunError,
    RunExists,
    RunIncomplete,
    RunNotFound,
    ShapeError,
    TextError,
    TrainingDiverged,
    UnknownName,
    UnknownSymbol,
    describe_tensor,
)
from recurra.base._padding import over_features, valid_steps, zero_padding
from recurra.base._state import (
    State,
    check_same_form,
    describe_state,
    detach_state,
    map_state,
    state_tensors,
)
from recurra.base._task import Outcome, Task

__all__ = [
    "ArgumentError",
    "BackendUnavailable",
    "Batch",
    "Batches",
    "Cell",
    "ConfigMismatch",
    "DamagedFile",
    "DataError",
    "DtypeError",
    "MissingExtra",
    "Outcome",
    "RecurraError",
    "RunError",
    "RunExists",
    "RunIncomplete",
    "RunNotFound",
    "ShapeError",
    "State",
    "Task",
    "TextError",
    "TrainingDiverged",
    "UnknownName",
    "UnknownSymbol",
    "check_range",
    "check_same_form",
    "check_seed",
    "check_size",
    "describe_state",
    "describe_tensor",
    "detach_state",
    "map_state",
    "over_features",
    "state_tensors",
    "valid_steps",
    "zero_padding",
]
