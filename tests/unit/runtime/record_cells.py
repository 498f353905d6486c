"""Modules of cells that tests write to disk, edit and import again, and processes that run them."""

import importlib
import os
import subprocess
import sys
import textwrap
from collections import OrderedDict
from weakref import WeakKeyDictionary

import torch

import recurra
from recurra.runtime import _choice
from recurra.runtime._guards import cache_entry

CELL = """
import os

import torch
from torch import nn

import record_helper
from record_helper import bent

SCALE = 0.5


class Leaky(nn.Module):
    share = 0.25

    def __init__(self, size=4, power=2.0):
        super().__init__()
        self.into = nn.Linear(3, size)
        self.power = power

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, self.into.out_features)

    def forward(self, x, hidden):
        drive = bent(self.into(x)) * SCALE * self.power
        hidden = self.share * hidden + record_helper.OUTER * torch.tanh(drive + hidden)
        return hidden, hidden
"""
HELPER = """
OUTER = 1.5


def bent(value):
    return value * value.sigmoid()
"""


class Workshop:
    """A folder of modules; each run is as in a new process."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.monkeypatch = folder, monkeypatch
        self.traced = 0
        self.files = {"record_cell": CELL, "record_helper": HELPER}
        monkeypatch.syspath_prepend(str(folder))
        # Python takes an edit within a second that leaves the size for none, if it finds bytecode
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        trace_step = cache_entry.trace_step
        monkeypatch.setattr(cache_entry, "trace_step", lambda *a: self._trace(trace_step, *a))

    def _trace(self, trace_step, *arguments):
        self.traced += 1
        return trace_step(*arguments)

    def edit(self, module, old, new):
        assert self.files[module].count(old) == 1
        self.files[module] = self.files[module].replace(old, new)

    def load(self):
        for name, text in self.files.items():
            (self.folder / f"{name}.py").write_text(text)
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return importlib.import_module("record_cell")

    def cell(self, **options):
        torch.manual_seed(5)
        return self.load().Leaky(**options)

    def forget(self):
        """Let nothing be known but what is on disk."""
        self.monkeypatch.setattr(_choice, "_programs", OrderedDict())
        self.monkeypatch.setattr(_choice, "_known", WeakKeyDictionary())
        self.traced = 0

    def traces(self, cell):
        """Run a cell as in a new process, hold it to the plain loop; return the traces."""
        self.forget()
        x = torch.linspace(-2, 2, 7 * 2 * 3).reshape(7, 2, 3)
        expected, _ = recurra.unroll(cell, x, backend="reference")
        for training in (False, True):
            with torch.set_grad_enabled(training):
                y, _ = recurra.unroll(cell, x.clone().requires_grad_(training), backend="c")
            torch.testing.assert_close(y, expected)
        return self.traced


RUN = """
import os, sys
import torch, recurra
from recurra.runtime._guards import cache_entry
import record_cell

if os.environ.get("NO_TRACE"):
    def trace_step(*arguments):
        raise AssertionError("traced")
    cache_entry.trace_step = trace_step

torch.manual_seed(3)
cell, x = record_cell.Leaky(), torch.randn(7, 2, 3)
with torch.no_grad():
    y, _ = recurra.unroll(cell, x, backend="c")
z, _ = recurra.unroll(cell, x, backend="c")
z.sum().backward()
numbers = torch.cat([y.flatten(), z.detach().flatten(), cell.into.weight.grad.flatten()])
print("sympy" in sys.modules, numbers.view(torch.int32).tolist())
"""


def start_process(folder, cache, **environment):
    """Start a process that runs the cell of a folder."""
    (folder / "record_run.py").write_text(textwrap.dedent(RUN))
    return subprocess.Popen(
        [sys.executable, str(folder / "record_run.py")],
        env={**os.environ, "RECURRA_CACHE": str(cache), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer_of(process):
    """Wait for a process; return what it says."""
    output, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    return output.split(" ", 1)
