"""JAX: `lax.scan` over the step, compiled by XLA, where jax is installed."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks.contestants.contestant import Absent, Contestant, Prepared
from benchmarks.problem import Problem
from benchmarks.user_cells import LayerNormLSTM
from recurra import GRU, LSTM, RNN

Weights = dict[str, Any]
Layer = Callable[[Weights, Any], tuple[Any, Any]]  # weights, x [T, B, I] to y and state


def scan() -> Contestant:
    """Run the scan; the product with the input is taken out of it, as one would by hand."""
    return Contestant("JAX scan", _prepare)


def _prepare(problem: Problem) -> Prepared:
    try:
        import jax  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise Absent("jax is not installed") from error
    layer = _layer_of(problem.cell)
    weights = {
        name: jax.numpy.asarray(each.detach().numpy())
        for name, each in problem.cell.named_parameters()
    }
    x = jax.numpy.asarray(problem.x.numpy())
    if problem.d_y is None:
        infer = jax.jit(layer)
        return Prepared(
            lambda: jax.block_until_ready(infer(weights, x)),
            lambda: _results(*infer(weights, x)),
        )
    d_y = jax.numpy.asarray(problem.d_y.numpy())

    @jax.jit  # type: ignore[untyped-decorator, unused-ignore]
    def train(weights: Weights, x: Any) -> tuple[Any, Any, Any, Any]:
        y, back, state = jax.vjp(layer, weights, x, has_aux=True)
        return y, state, *back(d_y)

    def results() -> dict[str, torch.Tensor]:
        y, state, d_weights, d_x = train(weights, x)
        gradients = {"d x": d_x} | {f"d {name}": each for name, each in d_weights.items()}
        return _results(y, state) | {name: _tensor(each) for name, each in gradients.items()}

    return Prepared(lambda: jax.block_until_ready(train(weights, x)), results)


def _results(y: Any, state: tuple[Any, ...]) -> dict[str, torch.Tensor]:
    return {"y": _tensor(y)} | {f"state {i}": _tensor(part) for i, part in enumerate(state)}


def _tensor(array: Any) -> torch.Tensor:
    import numpy

    return torch.from_numpy(numpy.array(array))


def _layer_of(cell: nn.Module) -> Layer:
    if isinstance(cell, LSTM):
        return _lstm
    if isinstance(cell, GRU) and cell.reset == "after":
        return _gru
    if isinstance(cell, RNN) and cell.activation is torch.relu:
        return _relu_rnn
    if isinstance(cell, LayerNormLSTM):
        return functools.partial(_layer_norm_lstm, cell.hidden_size)
    raise Absent(f"no {type(cell).__name__} is written in JAX here")


def _scan(step: Callable[..., Any], drive: Any, H: int, parts: int) -> tuple[Any, Any]:
    import jax  # type: ignore[import-not-found, unused-ignore]

    zeros = jax.numpy.zeros((drive.shape[1], H), drive.dtype)
    state, y = jax.lax.scan(step, (zeros,) * parts, drive)
    return y, state


def _lstm(weights: Weights, x: Any) -> tuple[Any, Any]:
    from jax.nn import sigmoid  # type: ignore[import-not-found, unused-ignore]
    from jax.numpy import split, tanh  # type: ignore[import-not-found, unused-ignore]

    def step(state: Any, drive: Any) -> Any:
        h, c = state
        i, f, g, o = split(drive + h @ weights["weight_hidden"].T, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)
        return (h, c), h

    drive = x @ weights["weight_input"].T + weights["bias"]
    return _scan(step, drive, weights["weight_hidden"].shape[1], 2)


def _gru(weights: Weights, x: Any) -> tuple[Any, Any]:
    from jax.nn import sigmoid  # type: ignore[import-not-found, unused-ignore]
    from jax.numpy import split, tanh  # type: ignore[import-not-found, unused-ignore]

    def step(state: Any, drive: Any) -> Any:
        (h,) = state
        r_x, z_x, n_x = split(drive, 3, axis=-1)
        r_h, z_h, n_h = split(h @ weights["weight_hidden"].T, 3, axis=-1)
        r, z = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
        n = tanh(n_x + r * (n_h + weights["bias_hidden"]))
        h = (1 - z) * n + z * h
        return (h,), h

    drive = x @ weights["weight_input"].T + weights["bias"]
    return _scan(step, drive, weights["weight_hidden"].shape[1], 1)


def _relu_rnn(weights: Weights, x: Any) -> tuple[Any, Any]:
    from jax.nn import relu  # type: ignore[import-not-found, unused-ignore]

    def step(state: Any, drive: Any) -> Any:
        h = relu(drive + state[0] @ weights["weight_hidden"].T)
        return (h,), h

    drive = x @ weights["weight_input"].T + weights["bias"]
    return _scan(step, drive, weights["weight_hidden"].shape[1], 1)


def _layer_norm_lstm(H: int, weights: Weights, x: Any) -> tuple[Any, Any]:
    from jax.nn import sigmoid  # type: ignore[import-not-found, unused-ignore]
    from jax.numpy import split, tanh  # type: ignore[import-not-found, unused-ignore]

    def norm(value: Any, place: int) -> Any:
        centred = value - value.mean(axis=-1, keepdims=True)
        deviation = ((centred**2).mean(axis=-1, keepdims=True) + 1e-5) ** 0.5
        return (
            centred / deviation * weights[f"norms.{place}.weight"] + weights[f"norms.{place}.bias"]
        )

    def step(state: Any, drive: Any) -> Any:
        h, c = state
        gates = split(drive + h @ weights["weight_hidden.weight"].T, 4, axis=-1)
        i, f, g, o = (norm(gate, place) for place, gate in enumerate(gates))
        c = sigmoid(f + 1) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(norm(c, 4))
        return (h, c), h

    drive = x @ weights["weight_input.weight"].T + weights["weight_hidden.bias"]
    return _scan(step, drive, H, 2)
