"""The words that every package of Recurra shares. Imports nothing of ours."""

from recurra.base._batch import Batch, Batches, EpochBatches
from recurra.base._cell import Cell, run_step
from recurra.base._checks import (
    check_finite,
    check_lengths,
    check_names,
    check_range,
    check_seed,
    check_size,
    check_sizes,
    settings_from,
)
from recurra.base._docstring import complete_docstring
from recurra.base._errors import (
    ArgumentError,
    BackendUnavailable,
    BuildError,
    CannotFuse,
    ConfigMismatch,
    DamagedFile,
    DataError,
    DtypeError,
    MissingExtra,
    RecurraError,
    RunBusy,
    RunError,
    RunExists,
    RunIncomplete,
    RunNotFound,
    ShapeError,
    TextError,
    TrainingDiverged,
    UnknownName,
    UnknownSymbol,
    VerificationError,
    describe_tensor,
)
from recurra.base._facade import renamed, set_module
from recurra.base._functional_clone import functional_clone
from recurra.base._internal_types import internal_type
from recurra.base._operations import clip_gradient, uniform
from recurra.base._padding import over_features, repeat_last_step, valid_steps, zero_padding
from recurra.base._precision import (
    HALF_DTYPES,
    from_half,
    is_autocast,
    no_autocast,
    state_from_half,
)
from recurra.base._same_values import same_values
from recurra.base._shorten import shorten, shorten_repr
from recurra.base._state import (
    State,
    check_same_form,
    describe_state,
    detach_state,
    is_state,
    map_state,
    state_tensors,
    unflatten_state,
)
from recurra.base._task import Outcome, Task
from recurra.base._temporary import new_folder, remove_abandoned, temporary_file, temporary_folder
from recurra.base._values import (
    assume_constant_result,
    check_not_proxy,
    has_values,
    is_example,
    is_recording,
)
from recurra.base._warnings import RecurraWarning, warn_once

__all__ = [
    "HALF_DTYPES",
    "ArgumentError",
    "BackendUnavailable",
    "Batch",
    "Batches",
    "BuildError",
    "CannotFuse",
    "Cell",
    "ConfigMismatch",
    "DamagedFile",
    "DataError",
    "DtypeError",
    "EpochBatches",
    "MissingExtra",
    "Outcome",
    "RecurraError",
    "RecurraWarning",
    "RunBusy",
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
    "VerificationError",
    "assume_constant_result",
    "check_finite",
    "check_lengths",
    "check_names",
    "check_not_proxy",
    "check_range",
    "check_same_form",
    "check_seed",
    "check_size",
    "check_sizes",
    "clip_gradient",
    "complete_docstring",
    "describe_state",
    "describe_tensor",
    "detach_state",
    "from_half",
    "functional_clone",
    "has_values",
    "internal_type",
    "is_autocast",
    "is_example",
    "is_recording",
    "is_state",
    "map_state",
    "new_folder",
    "no_autocast",
    "over_features",
    "remove_abandoned",
    "renamed",
    "repeat_last_step",
    "run_step",
    "same_values",
    "set_module",
    "settings_from",
    "shorten",
    "shorten_repr",
    "state_from_half",
    "state_tensors",
    "temporary_file",
    "temporary_folder",
    "unflatten_state",
    "uniform",
    "valid_steps",
    "warn_once",
    "zero_padding",
]

set_module(__name__, globals())
