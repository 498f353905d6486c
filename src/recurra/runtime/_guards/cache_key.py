"""Cache keys: all that the program of a cell depends on, in a form that other processes share."""

import os
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.modules import module as modules

from recurra.base import State
from recurra.runtime._guards.fingerprint import Fingerprinter, NotCacheable, digest

_FORMAT = 1  # raise it when entries change their form
_PACKAGES = ("base", "cells", "graph", "codegen", "runtime")
_TABLES = ("_parameters", "_buffers", "_modules")
_LOADED = time.time_ns()


def environment_form() -> Any:
    """Return the form of what all programs depend on.

    Raises:
        NotCacheable: the present circumstances have none.
    """
    if _acts_on_all_calls() or torch.is_autocast_enabled("cpu"):
        raise NotCacheable("a mode of PyTorch is in force that may change what a cell does")
    return [
        _FORMAT,
        package_digest(),
        [torch.__version__, sys.version, sys.platform],
        str(torch.get_default_dtype()),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_float32_matmul_precision(),
    ]


def _acts_on_all_calls() -> bool:
    hooks = [table for name, table in vars(modules).items() if name.startswith("_global_")]
    return (
        any(isinstance(table, dict) and table for table in hooks)
        or torch._C._len_torch_dispatch_stack() > 0
        or torch._C._len_torch_function_stack() > 0
    )


@cache
def package_digest() -> str:
    """Return what changes when a file of this package does.

    Raises:
        NotCacheable: one was changed after this process had read it.
    """
    home = Path(__file__).parents[2]
    try:
        files = sorted(each for package in _PACKAGES for each in _files(str(home / package)))
    except OSError as error:  # in an archive
        raise NotCacheable("Recurra does not lie in files") from error
    if any(changed >= _LOADED for _, _, changed in files):
        raise NotCacheable("Recurra is not what this process has loaded")
    return digest([str(home), files])


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from () if entry.name == "__pycache__" else _files(entry.path)
            else:
                status = entry.stat()
                yield entry.path, status.st_size, status.st_mtime_ns


def cell_form(fingerprinter: Fingerprinter, cell: nn.Module) -> Any:
    """Return the form of a cell: its classes, and all that its modules hold but values of weights.

    Raises:
        NotCacheable: it has none.
    """
    tensors: dict[int, int] = {}
    found: list[Any] = []
    for name, module in cell.named_modules():
        found.append([name, fingerprinter.class_(type(module))])
        for key, value in vars(module).items():
            if key in _TABLES:
                form = [[each, _part(tensors, part)] for each, part in value.items()]
            elif key.endswith("_hooks") and value:
                raise NotCacheable(f"a module has {key}")
            else:
                form = fingerprinter.value(value)
            found.append([key, form])
    return found


def _part(tensors: dict[int, int], part: Any) -> Any:
    """Return the form of a parameter or a buffer; of one that was met before, also that it was."""
    if not isinstance(part, torch.Tensor):
        return part is None
    if type(part) not in (torch.Tensor, nn.Parameter) or part.device.type != "cpu":
        raise NotCacheable("a cell holds a tensor of another kind")
    number = tensors.setdefault(id(part), len(tensors))
    return [number, list(part.shape), str(part.dtype)]


def state_form(fingerprinter: Fingerprinter, state: State) -> Any:
    """Return the form of a state or an input, rows left out."""
    if isinstance(state, torch.Tensor):
        return [list(state.shape[1:]), str(state.dtype)]
    return [fingerprinter.class_(type(state)), *(state_form(fingerprinter, part) for part in state)]
