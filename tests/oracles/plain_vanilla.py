"""The equations of the vanilla cells that are no affine cells, on plain lists of numbers."""

import math

from plain_equations import ACTIVATIONS, Weights


def affine(matrix, vector, bias=None):
    sums = [sum(w * v for w, v in zip(row, vector, strict=True)) for row in matrix.tolist()]
    return sums if bias is None else [s + b for s, b in zip(sums, bias.tolist(), strict=True)]


def indrnn_step(cell, x, h, activation="relu"):
    drive = affine(cell.weight_input, x, cell.bias)
    u, phi = cell.weight_recurrent.tolist(), ACTIVATIONS[activation]
    return [phi(drive[j] + u[j] * h[j]) for j in range(len(h))]


def jordan_step(cell, x, s):
    from_x = affine(cell.weight_input, x, cell.bias)
    from_s = affine(cell.weight_feedback, s)
    h = [math.tanh(a + b) for a, b in zip(from_x, from_s, strict=True)]
    y = affine(cell.weight_output, h, cell.bias_output)
    return y, [cell.decay * s[k] + y[k] for k in range(len(s))]


def clockwork_step(cell, x, h, t):
    weights, size = Weights(cell), cell.hidden_size // len(cell.periods)
    new_h = []
    for j in range(cell.hidden_size):
        module = j // size
        seen = [h[k] if k // size >= module else 0.0 for k in range(cell.hidden_size)]
        moves = t % cell.periods[module] == 0
        new_h.append(math.tanh(weights.drive(0, j, x, seen)) if moves else h[j])
    return new_h
