"""What RNN, LSTM and GRU share: parameters as in `torch.nn`, layers, directions, states."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from recurra.base import (
    State,
    assume_constant_result,
    complete_docstring,
    describe_tensor,
    state_tensors,
)
from recurra.layers import Layer
from recurra.nn._arguments import (
    check_count,
    check_dropout,
    check_dtype,
    check_flag,
    check_projection,
    check_tensor,
    warn_of_idle_dropout,
)
from recurra.nn._errors import TensorShapeError
from recurra.nn._layers import make_layer, run_layer
from recurra.nn._layout import Layout, draw_weights
from recurra.nn._sequences import Sequences, read_sequences
from recurra.nn._views import View
from recurra.runtime import Backend, check_backend

DEFAULTS = {
    "proj_size": 0,
    "num_layers": 1,
    "bias": True,
    "batch_first": False,
    "dropout": 0.0,
    "bidirectional": False,
    "backend": "auto",
}

_ERRORS = {
    "ArgumentTypeError": "an argument is of another type.",
    "ShapeError": "a size is not possible.",
    "ArgumentError": "`dropout` is outside 0..1.",
    "UnknownName": "`backend` is not a known name.",
}


class Network(nn.Module, ABC):
    """Layers of one recurrence on top of each other, in one direction or in both.

    The base of `RNN`, `LSTM` and `GRU`, as `torch.nn.RNNBase` is of theirs. Their docstrings say
    what is their own, and are completed by what is said here.

    Args:
        input_size: I, features of x_t.
        hidden_size: H, features of h_t.
        num_layers: layers on top of each other. Default: 1.
        bias: whether the gates have biases, two each. Default: True.
        batch_first: take and give `[B, T, ...]`; states stay as they are. Default: False.
        dropout: probability of dropping an output between two layers, 0..1. Default: 0.
        bidirectional: whether each layer goes in both directions. Default: False.
        proj_size: P, features of h_t after the projection; 0 for none. Default: 0.
        device: where the parameters live. Default: PyTorch's.
        dtype: floating point type of the parameters. Default: PyTorch's.
        backend: as in `unroll`. Default: "auto".
    """

    gates: ClassVar[int]
    mode: str  # the name that `torch.nn` has for the equations

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.__module__.startswith("recurra."):
            complete_docstring(cls, args={}, errors=_ERRORS)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        backend: Backend = "auto",
    ) -> None:
        super().__init__()
        self.input_size = check_count("input_size", input_size)
        self.hidden_size = check_count("hidden_size", hidden_size)
        self.num_layers = check_count("num_layers", num_layers)
        self.bias = check_flag("bias", bias)
        self.batch_first = check_flag("batch_first", batch_first)
        self.dropout = check_dropout(dropout)
        self.bidirectional = bool(bidirectional)
        self.proj_size = check_projection(proj_size, hidden_size)
        self.backend = backend
        warn_of_idle_dropout(self.dropout, num_layers)
        self._layout = Layout(
            input_size, hidden_size, self.gates, num_layers, bias, self.bidirectional, proj_size
        )
        for name, shape in self._layout.shapes():
            weight = torch.empty(shape, device=device, dtype=dtype)
            self.register_parameter(name, nn.Parameter(weight))
        self.reset_parameters()

    @abstractmethod
    def make_view(self, names: list[str], suffix: str) -> View:
        """Make the cell of one layer and direction."""

    @abstractmethod
    def state_sizes(self) -> tuple[int, ...]:
        """Give the features of each part of a state."""

    def split_state(self, hx: Any) -> tuple[Any, ...]:
        """Give the parts of a state of the user's; here there is one."""
        return (hx,)

    def join_state(self, parts: tuple[torch.Tensor, ...]) -> Any:
        """Undo `split_state`."""
        return parts[0]

    def cell_state(self, parts: tuple[torch.Tensor, ...]) -> State:
        """Make the state of one cell from its parts, each `[B, ...]`."""
        return parts[0]

    @property
    def backend(self) -> Backend:
        """What runs the steps, as in `unroll`."""
        return self._backend

    @backend.setter
    def backend(self, backend: Backend) -> None:
        self._backend: Backend = check_backend(backend)
        self._made_layers: list[tuple[Layer, list[View]]] | None = None

    @property
    def all_weights(self) -> list[list[torch.Tensor]]:
        """The parameters, one list a layer and direction."""
        layout = self._layout
        return [
            [getattr(self, name + suffix) for name in layout.names] for suffix in layout.suffixes
        ]

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-1/sqrt(H), 1/sqrt(H)), as `torch.nn` does."""
        draw_weights(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Do nothing; there for code that calls it on a module of `torch.nn`."""

    def forward(
        self,
        input: torch.Tensor | PackedSequence,
        hx: Any = None,
        *,
        lengths: torch.Tensor | None = None,
        resets: torch.Tensor | None = None,
    ) -> tuple[Any, Any]:
        """Run over whole sequences.

        Args:
            input: `[T, B, I]`, or `[B, T, I]` if `batch_first`; `[T, I]` without a batch; or a
                `PackedSequence`. T >= 1, B >= 0.
            hx: state before the first step, `[num_layers * directions, B, ...]` each part, without
                B if the input has no batch. Default: zeros.
            lengths: valid steps per row, `[B]`, integer, 0..T; `[]` without a batch. A row of
                length 0 keeps its state. Not for a `PackedSequence`. Default: all T.
            resets: `[T, B]` bool, or `[B, T]` if `batch_first`; `[T]` without a batch. Where true,
                the row's state returns to zero before that step: a new sequence begins, in both
                directions. Default: nowhere.

        Returns:
            output: in the form of the input, zero where a row has ended.
            h_n: the state after each row's last step, in the form of `hx`.

        Raises:
            TensorShapeError: a tensor has the wrong shape.
            TensorDtypeError: `input` or `hx` has not the dtype of the weights.
            ArgumentTypeError: `input` or `hx` is of another type.
            ArgumentError: `lengths` are outside 0..T, or given with a `PackedSequence`.
            DtypeError: `lengths` is not integer or `resets` not bool.
        """
        sequences = read_sequences(
            input, lengths, resets, input_size=self.input_size, batch_first=self.batch_first
        )
        with self._layers() as layers:
            weight = layers[0][1][0].weight_ih  # borrowed: to look again may compute it again
            check_dtype("input", sequences.x, weight)
            starts = self._starts(hx, sequences, weight)
            y, ends = self._run(layers, sequences, starts)
        parts = [torch.stack(part) for part in zip(*map(state_tensors, ends), strict=True)]
        state = tuple(sequences.rows_outside(part) for part in parts)
        return sequences.outputs(y), self.join_state(state)

    def _run(
        self,
        layers: list[tuple[Layer, list[View]]],
        sequences: Sequences,
        starts: list[State | None],
    ) -> tuple[torch.Tensor, list[State]]:
        """Run layer after layer; states are one per layer and direction."""
        x = sequences.x
        ends: list[State] = []
        for depth, (layer, views) in enumerate(layers):
            if depth > 0 and self.dropout > 0:
                x = F.dropout(x, self.dropout, self.training)
            start = starts[len(ends) : len(ends) + len(views)]
            x, end = run_layer(layer, views, start, x, sequences)
            ends += end
        return x, ends

    @contextmanager
    def _layers(self) -> Iterator[list[tuple[Layer, list[View]]]]:
        """Lend the weights of this moment to the layers, for one run."""
        if torch.compiler.is_compiling():
            _lend_in_earnest(self)
        if self._made_layers is None:
            self._made_layers = self._make_layers()
        try:
            for view in self._views():
                view.borrow(self)
            yield self._made_layers
        finally:
            for view in self._views():
                view.give_back()

    def lend(self) -> None:
        """Make the layers and lend them the weights, until the next run is over."""
        if self._made_layers is None:
            self._made_layers = self._make_layers()
        for view in self._views():
            view.borrow(self)

    def _views(self) -> list[View]:
        return [view for _, views in self._made_layers or () for view in views]

    def _make_layers(self) -> list[tuple[Layer, list[View]]]:
        """Make the layers; kept in a list, so that they are no submodules of this one."""
        layout = self._layout
        views = [self.make_view(layout.names, suffix) for suffix in layout.suffixes]
        width = layout.directions
        groups = [views[start : start + width] for start in range(0, len(views), width)]
        return [(make_layer(group, self.backend), group) for group in groups]

    def _starts(self, hx: Any, sequences: Sequences, weight: torch.Tensor) -> list[State | None]:
        """Cut the user's state into the states of the cells, one per layer and direction."""
        places = len(self._layout.suffixes)
        if hx is None:
            return [None] * places
        rows = (sequences.x.shape[1],) if sequences.batched else ()
        parts = self.split_state(hx)
        for place, (part, size) in enumerate(zip(parts, self.state_sizes(), strict=True)):
            name = "hx" if len(parts) == 1 else f"hx[{place}]"
            _check_state(name, part, (places, *rows, size), weight)
        inside = [sequences.rows_inside(part).unbind(0) for part in parts]
        return [self.cell_state(each) for each in zip(*inside, strict=True)]

    def __getstate__(self) -> dict[str, Any]:
        """Leave the layers out of copies and pickles: they own nothing, and are made anew."""
        return {**self.__dict__, "_made_layers": None}

    def _replicate_for_data_parallel(self) -> Any:
        replica = super()._replicate_for_data_parallel()  # type: ignore[no-untyped-call]
        replica._made_layers = None  # each replica lends its own weights, in its own thread
        return replica

    def extra_repr(self) -> str:
        """Show the arguments that are not the default, as `torch.nn` does."""
        given = {name: getattr(self, name) for name in DEFAULTS}
        changed = [f"{name}={value}" for name, value in given.items() if value != DEFAULTS[name]]
        return ", ".join([str(self.input_size), str(self.hidden_size), *changed])


@assume_constant_result
def _lend_in_earnest(network: Network) -> int:
    """Lend weights while `torch.compile` follows a run, instead of noting that they are to be lent.

    Cells are compiled meanwhile, and have to know their weights.
    """
    with torch.no_grad():
        network.lend()
    return 0


def _check_state(name: str, part: Any, shape: tuple[int, ...], weight: torch.Tensor) -> None:
    if check_tensor(name, part).shape != shape:
        raise TensorShapeError(
            f"`{name}` does not fit the module and `input`.",
            got=describe_tensor(part),
            expected=str(shape),
        )
    check_dtype(name, part, weight)
