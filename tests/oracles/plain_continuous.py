"""The equations of the cells in continuous time on plain lists of numbers."""

import math

from plain_equations import ACTIVATIONS, Weights, sigmoid
from plain_vanilla import affine


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


def softplus(value):
    return math.log1p(math.exp(-abs(value))) + max(value, 0.0)


def ltc_step(cell, x, v, elapsed=1.0):
    H, d = cell.hidden_size, elapsed / cell.unfolds
    c, g = ([softplus(a) for a in part.tolist()] for part in (cell.capacitance, cell.leak))
    e = cell.rest.tolist()

    def synapses(kind, j, senders):
        names = ("weight", "slope", "threshold", "reversal")
        rows = [getattr(cell, f"{name}_{kind}").tolist()[j] for name in names]
        driving = damping = 0.0
        for W, gamma, mu, E, u in zip(*rows, senders, strict=True):
            S = softplus(W) * sigmoid(gamma * (u - mu))
            driving, damping = driving + S * E, damping + S
        return driving, damping

    for _ in range(cell.unfolds):
        new_v = []
        for j in range(H):
            n_x, m_x = synapses("input", j, x)
            n_v, m_v = synapses("hidden", j, v)
            n, m = n_x + n_v + g[j] * e[j], m_x + m_v + g[j]
            new_v.append((c[j] * v[j] + d * n) / (c[j] + d * m))
        v = new_v
    return v


def cfc_step(cell, x, h, elapsed=1.0):
    from_x = affine(cell.weight_input, x, cell.bias)
    from_h = affine(cell.weight_hidden, h)
    z = [lecun(a + b) for a, b in zip(from_x, from_h, strict=True)]
    for layer in cell.deeper:
        z = [lecun(a) for a in affine(layer.weight, z, layer.bias)]
    heads, H = affine(cell.head.weight, z, cell.head.bias), cell.hidden_size
    if cell.mode == "pure":
        w, A = cell.rate.tolist(), cell.amplitude.tolist()
        return [
            A[j] - A[j] * math.exp(-elapsed * (abs(w[j]) + abs(heads[j]))) * heads[j]
            for j in range(H)
        ]
    new_h = []
    for j in range(H):
        f, g, a, b = (heads[block * H + j] for block in range(4))
        late = sigmoid(a * elapsed + b)
        soon = math.tanh(f) if cell.mode == "no_gate" else (1 - late) * math.tanh(f)
        new_h.append(soon + late * math.tanh(g))
    return new_h


def lecun(value):
    return 1.7159 * math.tanh(0.666 * value)


def grud_step(cell, x, h, last, since, elapsed=1.0):
    """Run a step; a feature of x that is None is missing."""
    weights, H, mean = Weights(cell), cell.hidden_size, cell.mean.tolist()
    since = [value + elapsed for value in since]
    mask = [0.0 if value is None else 1.0 for value in x]
    of_x = zip(cell.decay_input.tolist(), cell.bias_decay_input.tolist(), since, strict=True)
    left = [math.exp(-max(0.0, w * d + b)) for w, b, d in of_x]
    filled = [
        left[k] * last[k] + (1 - left[k]) * mean[k] if x[k] is None else x[k] for k in range(len(x))
    ]
    of_h = affine(cell.decay_hidden, since, cell.bias_decay_hidden)
    h = [math.exp(-max(0.0, value)) * old for value, old in zip(of_h, h, strict=True)]
    seen = affine(cell.weight_mask, mask)

    def drive(gate, j, h):
        return weights.drive(gate, j, filled, h) + seen[gate * H + j]

    r, z = ([sigmoid(drive(gate, j, h)) for j in range(H)] for gate in (0, 1))
    reset = [a * b for a, b in zip(r, h, strict=True)]
    n = [math.tanh(drive(2, j, reset)) for j in range(H)]
    new_h = [(1 - z[j]) * h[j] + z[j] * n[j] for j in range(H)]
    last = [old if new is None else new for new, old in zip(x, last, strict=True)]
    since = [d if value is None else 0.0 for value, d in zip(x, since, strict=True)]
    return new_h, last, since
