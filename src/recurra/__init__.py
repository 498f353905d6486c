"""Recurra: recurrent neural networks from the equations of one step.

Names are looked up on first use, so that `import recurra` costs nothing and `recurra --help` does
not wait for PyTorch.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recurra import (
        base,
        cells,
        codegen,
        data,
        decode,
        graph,
        layers,
        nn,
        probe,
        report,
        runtime,
        store,
        tasks,
        train,
    )
    from recurra.base import Cell, RecurraError
    from recurra.cells import GRU, LSTM, RNN, LSTMState
    from recurra.layers import Bidirectional, Concatenate, Recurrent, Residual, Stack
    from recurra.runtime import Stream, explain, unroll

__version__ = "0.1.0"

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Bidirectional",
    "Cell",
    "Concatenate",
    "LSTMState",
    "RecurraError",
    "Recurrent",
    "Residual",
    "Stack",
    "Stream",
    "__version__",
    "base",
    "cells",
    "codegen",
    "data",
    "decode",
    "explain",
    "graph",
    "layers",
    "nn",
    "probe",
    "report",
    "runtime",
    "store",
    "tasks",
    "train",
    "unroll",
]

_ROOMS = (
    "base", "cells", "codegen", "data", "decode", "graph", "layers", "nn", "probe", "report",
    "runtime", "store", "tasks", "train",
)  # fmt: skip

_HOMES = {
    "Cell": "base",
    "RecurraError": "base",
    "GRU": "cells",
    "LSTM": "cells",
    "LSTMState": "cells",
    "RNN": "cells",
    "Bidirectional": "layers",
    "Concatenate": "layers",
    "Recurrent": "layers",
    "Residual": "layers",
    "Stack": "layers",
    "Stream": "runtime",
    "explain": "runtime",
    "unroll": "runtime",
}


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return importlib.import_module(f"recurra.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(f"recurra.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'recurra' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
