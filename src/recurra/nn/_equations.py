"""One step of each recurrence in the layout of `torch.nn`: two biases, gates as blocks of rows."""

from typing import Protocol

import torch
import torch.nn.functional as F

FUNCTIONS = {"tanh": torch.tanh, "relu": torch.relu}


class Weights(Protocol):
    """Whatever has the weights of one layer and direction as attributes.

    Args:
        weight_ih: `[G H, I]`, G blocks of H rows, one a gate.
        weight_hh: `[G H, H]`, or `[G H, P]` with a projection.
        bias_ih: `[G H]`, or None.
        bias_hh: `[G H]`, or None.
        weight_hr: the projection, `[P, H]`, or None.
    """

    weight_ih: torch.Tensor
    weight_hh: torch.Tensor
    bias_ih: torch.Tensor | None
    bias_hh: torch.Tensor | None
    weight_hr: torch.Tensor | None


def project(weights: Weights, hidden: torch.Tensor) -> torch.Tensor:
    """Shrink h `[B, H]` to W_hr h `[B, P]`, where there is a projection."""
    return hidden if weights.weight_hr is None else F.linear(hidden, weights.weight_hr)


def elman_step(
    weights: Weights, nonlinearity: str, x: torch.Tensor, hidden: torch.Tensor
) -> torch.Tensor:
    """Give h_t = phi(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), projected."""
    drive = F.linear(x, weights.weight_ih, weights.bias_ih)
    drive = drive + F.linear(hidden, weights.weight_hh, weights.bias_hh)
    return project(weights, FUNCTIONS[nonlinearity](drive))


def lstm_step(
    weights: Weights, x: torch.Tensor, hidden: torch.Tensor, cell: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Give h_t, projected, and c_t."""
    drive = F.linear(x, weights.weight_ih, weights.bias_ih)
    drive = drive + F.linear(hidden, weights.weight_hh, weights.bias_hh)
    i, f, g, o = drive.chunk(4, dim=-1)  # each [B, H]
    cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
    return project(weights, o.sigmoid() * cell.tanh()), cell


def gru_step(weights: Weights, reset: str, x: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """Give h_t, not projected: the update gate mixes it with the h_{t-1} of full size."""
    if reset == "after":
        z, n = _gates_reset_after(weights, x, hidden)
    else:
        z, n = _gates_reset_before(weights, x, hidden)
    return (1 - z) * n + z * hidden


def _gates_reset_after(
    weights: Weights, x: torch.Tensor, hidden: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    drive_x = F.linear(x, weights.weight_ih, weights.bias_ih)
    drive_h = F.linear(project(weights, hidden), weights.weight_hh, weights.bias_hh)
    r_x, z_x, n_x = drive_x.chunk(3, dim=-1)  # each [B, H]
    r_h, z_h, n_h = drive_h.chunk(3, dim=-1)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    return z, (n_x + r * n_h).tanh()


def _gates_reset_before(
    weights: Weights, x: torch.Tensor, hidden: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    H = hidden.shape[-1]
    weight_gates, weight_candidate = weights.weight_hh.split((2 * H, H))
    bias_gates = bias_candidate = None
    if weights.bias_hh is not None:
        bias_gates, bias_candidate = weights.bias_hh.split((2 * H, H))
    gates_x, n_x = F.linear(x, weights.weight_ih, weights.bias_ih).split((2 * H, H), dim=-1)
    gates = gates_x + F.linear(project(weights, hidden), weight_gates, bias_gates)
    r, z = gates.sigmoid().chunk(2, dim=-1)  # each [B, H]
    n_h = F.linear(project(weights, r * hidden), weight_candidate, bias_candidate)
    return z, (n_x + n_h).tanh()
