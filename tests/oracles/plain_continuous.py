"""The equations of the cells in continuous time on plain lists of numbers."""

from plain_equations import ACTIVATIONS, Weights


def ctrnn_step(cell, x, h, elapsed=1.0, activation="tanh", W_h=None):
    weights, phi = Weights(cell), ACTIVATIONS[activation]
    W_h = weights.W_h if W_h is None else W_h
    share = min(1.0, elapsed / cell.time_constant)
    rates, new_h = [phi(value) for value in h], []
    for j in range(weights.H):
        sent = sum(W_h[j][k] * rates[k] for k in range(weights.H))
        drive = sent + weights.from_x(0, j, x) + weights.b[j]
        new_h.append((1 - share) * h[j] + share * drive)
    return [phi(value) for value in new_h], new_h


def dale_step(cell, x, h, elapsed=1.0):
    H, excite = cell.hidden_size, cell.excitatory
    W = [[abs(value) for value in row] for row in cell.weight_hidden.tolist()]
    for j in range(H):
        W[j][j] = 0.0
        for k in range(excite, H):
            W[j][k] = -W[j][k]
    return ctrnn_step(cell, x, h, elapsed, "relu", W)
