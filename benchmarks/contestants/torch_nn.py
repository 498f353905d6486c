"""The recurrent modules of `torch.nn`, and ours that take their place."""

from types import ModuleType
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import recurra.nn
from benchmarks.contestants.contestant import Absent, Contestant, Named, Prepared, prepare_torch
from benchmarks.problem import Problem
from recurra import GRU, LSTM, RNN
from recurra.cells import torch_weights


def whole(name: str = "torch.nn", namespace: ModuleType = nn) -> Contestant:
    """Run a module over whole sequences."""

    def prepare(problem: Problem) -> Prepared:
        module = with_weights_of(problem.cell, namespace)

        def forward(x: torch.Tensor) -> tuple[torch.Tensor, Any]:
            y, state = module(x)
            return y, rows_first(state)

        return _prepare(problem, module, forward)

    return Contestant(name, prepare)


def packed(name: str = "torch.nn, packed", namespace: ModuleType = nn) -> Contestant:
    """Pack a ragged batch, run the module, pad again."""

    def prepare(problem: Problem) -> Prepared:
        module = with_weights_of(problem.cell, namespace)
        lengths, T = problem.lengths, len(problem.x)
        if lengths is None:
            raise Absent("there are no lengths")

        def forward(x: torch.Tensor) -> tuple[torch.Tensor, Any]:
            y, state = module(pack_padded_sequence(x, lengths, enforce_sorted=False))
            return pad_packed_sequence(y, total_length=T)[0], rows_first(state)

        return _prepare(problem, module, forward)

    return Contestant(name, prepare)


def our_packed() -> Contestant:
    """Run our drop-in over the same packed batch."""
    return packed("recurra.nn, packed", recurra.nn)


def streamed() -> Contestant:
    """Run a module over a single step, the state handed in."""

    def prepare(problem: Problem) -> Prepared:
        module = with_weights_of(problem.cell, nn)
        _, state = module(problem.x)
        state = tuple(map(torch.zeros_like, state)) if isinstance(state, tuple) else state * 0

        def forward(x: torch.Tensor) -> tuple[torch.Tensor, Any]:
            y, after = module(x, state)
            return y, after

        prepared = _prepare(problem, module, forward)
        return Prepared(prepared.run, lambda: {"y": prepared.results()["y"]})

    return Contestant("torch.nn", prepare)


def cell_step() -> Contestant:
    """Run `torch.nn.LSTMCell` or `GRUCell` once, the state handed in."""

    def prepare(problem: Problem) -> Prepared:
        cell = with_weights_of(problem.cell, nn, suffix="Cell")
        state = problem.cell.initial_state(problem.x.shape[1])
        x = problem.x[0]

        def results() -> dict[str, torch.Tensor]:
            after = cell(x, state)
            return {"y": (after[0] if isinstance(after, tuple) else after).unsqueeze(0)}

        return Prepared(lambda: cell(x, state), results)

    return Contestant("torch.nn cell", prepare)


def with_weights_of(cell: nn.Module, namespace: ModuleType, suffix: str = "") -> nn.Module:
    """Make the module of `torch.nn`, or ours of that name, that computes what a cell computes."""
    if not isinstance(cell, RNN | LSTM | GRU):
        raise Absent(f"torch.nn has no {type(cell).__name__}")
    options = {}
    if isinstance(cell, RNN):
        options = {"nonlinearity": "relu" if cell.activation is torch.relu else "tanh"}
    make = getattr(namespace, type(cell).__name__ + suffix)
    module: nn.Module = make(cell.input_size, cell.hidden_size, **options)
    module.load_state_dict(torch_weights(cell, suffix="" if suffix else "_l0"))
    return module.eval()


def rows_first(state: Any) -> Any:
    """Take the single layer out of a state of `torch.nn`."""
    return tuple(part[0] for part in state) if isinstance(state, tuple) else state[0]


def as_our_gradients(cell: nn.Module, gradients: Named) -> Named:
    """Name gradients of `torch.nn` after the parameters of our cell."""
    short = {name.removesuffix("_l0"): each for name, each in gradients.items()}
    ours = {
        "x": short["x"],
        "weight_input": short["weight_ih"],
        "weight_hidden": short["weight_hh"],
        "bias": short["bias_ih"],
    }
    if isinstance(cell, GRU):
        ours["bias_hidden"] = short["bias_hh"][-cell.hidden_size :]
    return ours


def _prepare(problem: Problem, module: nn.Module, forward: Any) -> Prepared:
    return prepare_torch(
        problem,
        forward,
        module.named_parameters(),
        rename=lambda gradients: as_our_gradients(problem.cell, gradients),
    )
