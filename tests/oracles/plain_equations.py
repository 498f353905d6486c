"""The equations of every cell on plain lists of numbers: no torch, no vectors, no shortcuts."""

import math

ACTIVATIONS = {
    "tanh": math.tanh,
    "relu": lambda a: a if a > 0 else 0.0,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "leaky_relu": lambda a: a if a > 0 else 0.01 * a,
    "elu": lambda a: a if a > 0 else math.exp(a) - 1,
    "identity": lambda a: a,
}
sigmoid, tanh = ACTIVATIONS["sigmoid"], math.tanh


class Weights:
    """The weights of one cell; gate number `gate` has the rows from gate * H on."""

    def __init__(self, cell):
        self.H = cell.hidden_size
        self.W_x = cell.weight_input.tolist()
        self.W_h = cell.weight_hidden.tolist()
        self.b = [0.0] * len(self.W_x) if cell.bias is None else cell.bias.tolist()
        b_hn = getattr(cell, "bias_hidden", None)
        self.b_hn = [0.0] * self.H if b_hn is None else b_hn.tolist()

    def from_x(self, gate, j, x):
        row = self.W_x[gate * self.H + j]
        return sum(row[k] * x[k] for k in range(len(x)))

    def from_h(self, gate, j, h):
        row = self.W_h[gate * self.H + j]
        return sum(row[k] * h[k] for k in range(len(h)))

    def drive(self, gate, j, x, h):
        return self.from_x(gate, j, x) + self.from_h(gate, j, h) + self.b[gate * self.H + j]


def rnn_step(cell, x, h, phi):
    weights = Weights(cell)
    return [phi(weights.drive(0, j, x, h)) for j in range(weights.H)]


def lstm_step(cell, x, h, c):
    weights = Weights(cell)
    new_h, new_c = [], []
    for j in range(weights.H):
        i = sigmoid(weights.drive(0, j, x, h))
        f = sigmoid(weights.drive(1, j, x, h))
        g = tanh(weights.drive(2, j, x, h))
        o = sigmoid(weights.drive(3, j, x, h))
        new_c.append(f * c[j] + i * g)
        new_h.append(o * tanh(new_c[j]))
    return new_h, new_c


def gru_step(cell, x, h, reset):
    weights = Weights(cell)
    H = weights.H
    r = [sigmoid(weights.drive(0, j, x, h)) for j in range(H)]
    z = [sigmoid(weights.drive(1, j, x, h)) for j in range(H)]
    new_h = []
    for j in range(H):
        from_x = weights.from_x(2, j, x) + weights.b[2 * H + j]
        if reset == "after":
            n = tanh(from_x + r[j] * (weights.from_h(2, j, h) + weights.b_hn[j]))
        else:
            n = tanh(from_x + weights.from_h(2, j, [r[k] * h[k] for k in range(H)]))
        new_h.append((1 - z[j]) * n + z[j] * h[j])
    return new_h


def peephole_lstm_step(cell, x, h, c):
    weights = Weights(cell)
    p_i, p_f, p_o = cell.weight_peephole.tolist()
    new_h, new_c = [], []
    for j in range(weights.H):
        i = sigmoid(weights.drive(0, j, x, h) + p_i[j] * c[j])
        f = sigmoid(weights.drive(1, j, x, h) + p_f[j] * c[j])
        g = tanh(weights.drive(2, j, x, h))
        new_c.append(f * c[j] + i * g)
        o = sigmoid(weights.drive(3, j, x, h) + p_o[j] * new_c[j])
        new_h.append(o * tanh(new_c[j]))
    return new_h, new_c


def coupled_lstm_step(cell, x, h, c):
    weights = Weights(cell)
    new_h, new_c = [], []
    for j in range(weights.H):
        f = sigmoid(weights.drive(0, j, x, h))
        g = tanh(weights.drive(1, j, x, h))
        o = sigmoid(weights.drive(2, j, x, h))
        new_c.append(f * c[j] + (1 - f) * g)
        new_h.append(o * tanh(new_c[j]))
    return new_h, new_c


def minimal_gated_unit_step(cell, x, h):
    weights = Weights(cell)
    f = [sigmoid(weights.drive(0, j, x, h)) for j in range(weights.H)]
    seen = [gate * value for gate, value in zip(f, h, strict=True)]
    n = [tanh(weights.drive(1, j, x, seen)) for j in range(weights.H)]
    return [(1 - f[j]) * h[j] + f[j] * n[j] for j in range(weights.H)]


def ugrnn_step(cell, x, h):
    weights = Weights(cell)
    new_h = []
    for j in range(weights.H):
        c = tanh(weights.drive(0, j, x, h))
        g = sigmoid(weights.drive(1, j, x, h))
        new_h.append(g * h[j] + (1 - g) * c)
    return new_h


def antisymmetric_rnn_step(cell, x, h):
    weights = Weights(cell)
    W, H = weights.W_h, weights.H
    new_h = []
    for j in range(H):
        turned = sum((W[j][k] - W[k][j]) * h[k] for k in range(H)) - cell.damping * h[j]
        drive = turned + weights.from_x(0, j, x) + weights.b[j]
        new_h.append(h[j] + cell.step_size * tanh(drive))
    return new_h


def multiplicative_lstm_step(cell, x, h, c):
    H = cell.hidden_size
    of_x, of_h = cell.weight_input_mixed.tolist(), cell.weight_hidden_mixed.tolist()
    mixed = []
    for j in range(H):
        from_x = sum(of_x[j][k] * x[k] for k in range(len(x)))
        mixed.append(from_x * sum(of_h[j][k] * h[k] for k in range(H)))
    return lstm_step(cell, x, mixed, c)


def cornn_step(cell, x, h, v):
    weights, H = Weights(cell), cell.hidden_size
    of_v = cell.weight_velocity.tolist()
    new_h, new_v = [], []
    for j in range(H):
        force = tanh(weights.drive(0, j, x, h) + sum(of_v[j][k] * v[k] for k in range(H)))
        pull = cell.stiffness * h[j] + cell.damping * v[j]
        new_v.append(v[j] + cell.time_step * (force - pull))
        new_h.append(h[j] + cell.time_step * new_v[j])
    return new_h, new_v


def lem_step(cell, x, h, z):
    weights, H = Weights(cell), cell.hidden_size
    new_z, new_h = [], []
    for j in range(H):
        d = cell.time_step * sigmoid(weights.drive(0, j, x, h))
        new_z.append((1 - d) * z[j] + d * tanh(weights.drive(2, j, x, h)))
    for j in range(H):
        e = cell.time_step * sigmoid(weights.drive(1, j, x, h))
        new_h.append((1 - e) * h[j] + e * tanh(weights.drive(3, j, x, new_z)))
    return new_h, new_z
