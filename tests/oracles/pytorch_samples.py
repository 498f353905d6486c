"""The samples that PyTorch tests its own recurrent modules with, for ours in their place.

They ship inside of PyTorch, in `torch.testing._internal`, and need the package `expecttest`.
"""

import os
import warnings
from typing import Any
from unittest import mock

import pytest
import torch

from recurra import nn as ours

LAYERS = ("RNN", "LSTM", "GRU")
CELLS = ("RNNCell", "LSTMCell", "GRUCell")


def samples(name: str, *, training: bool = True, gradients: bool = False) -> list[Any]:
    """Draw the samples of one module: arguments to make it, arguments to run it, a reference."""
    options = {"device": "cpu", "dtype": torch.float64, "training": training}
    info = _information(name)
    drawn = list(info.module_inputs_func(info, requires_grad=gradients, **options))
    if name in ("RNN", "GRU"):  # PyTorch leaves packed sequences to the CPU; so do we
        packed = info.module_inputs_func(
            info, requires_grad=gradients, with_packed_sequence=True, **options
        )
        drawn += [each for each in packed if not torch.is_tensor(each.forward_input.args[0])]
    assert len(drawn) >= 2
    return drawn


def mistakes(name: str) -> list[Any]:
    """Draw the samples that are wrong, and the class of the error that PyTorch wants."""
    info = _information(name)
    drawn = info.module_error_inputs_func(
        info, device="cpu", dtype=torch.float32, requires_grad=False, training=True
    )
    assert len(drawn) >= 4
    return list(drawn)


def make(name: str, sample: Any, **options: Any) -> torch.nn.Module:
    """Make our module as a sample says."""
    arguments = sample.constructor_input
    return getattr(ours, name)(*arguments.args, **{**arguments.kwargs, **options})


def _information(name: str) -> Any:
    pytest.importorskip("expecttest")
    # The import turns switches that other tests in this process need as they are.
    with (
        warnings.catch_warnings(),
        mock.patch.dict(os.environ),
        mock.patch("torch.backends.disable_global_flags"),
    ):
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_modules import module_db
    return next(each for each in module_db if each.module_cls is getattr(torch.nn, name))
