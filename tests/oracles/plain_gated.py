"""The equations of more LSTMs and GRUs on plain lists of numbers: no torch, no vectors."""

import math

from plain_equations import Weights, sigmoid, tanh

EPSILON = 1e-5  # what the norms add to a variance


def product(matrix, vector):
    return [sum(w * v for w, v in zip(row, vector, strict=True)) for row in matrix]


def normalised(values):
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    return [(value - mean) / math.sqrt(variance + EPSILON) for value in values]


def numbers_of(parameter, length):
    return [0.0] * length if parameter is None else parameter.tolist()


def projection_lstm_step(cell, x, h, c):
    weights = Weights(cell)
    inner, new_c = [], []
    for j in range(weights.H):
        i = sigmoid(weights.drive(0, j, x, h))
        f = sigmoid(weights.drive(1, j, x, h))
        g = tanh(weights.drive(2, j, x, h))
        o = sigmoid(weights.drive(3, j, x, h))
        new_c.append(f * c[j] + i * g)
        inner.append(o * tanh(new_c[j]))
    return product(cell.weight_projection.tolist(), inner), new_c


def layer_norm_lstm_step(cell, x, h, c):
    H = cell.hidden_size
    of_x = normalised(product(cell.weight_input.tolist(), x))
    of_h = normalised(product(cell.weight_hidden.tolist(), h))
    a_x, a_h, b = cell.gain_input.tolist(), cell.gain_hidden.tolist(), numbers_of(cell.bias, 4 * H)
    u = [of_x[k] * a_x[k] + of_h[k] * a_h[k] + b[k] for k in range(4 * H)]
    new_c = []
    for j in range(H):
        new_c.append(sigmoid(u[H + j]) * c[j] + sigmoid(u[j]) * tanh(u[2 * H + j]))
    a_c, b_c = cell.gain_cell.tolist(), numbers_of(cell.bias_cell, H)
    seen = normalised(new_c)
    return [sigmoid(u[3 * H + j]) * tanh(seen[j] * a_c[j] + b_c[j]) for j in range(H)], new_c


def searched_lstm_step(cell, x, h, c, *, lacks):
    """The LSTM with peepholes, without the part of it that `lacks` names."""
    weights = Weights(cell)
    gates = [gate for gate in "ifgo" if gate != lacks]
    seen = [gate for gate in gates if gate != "g"]
    p = dict(zip(seen, cell.weight_peephole.tolist(), strict=True))
    new_h, new_c = [], []
    for j in range(weights.H):

        def gate(name, memory, j=j):
            if name == lacks:
                return 1.0
            return sigmoid(weights.drive(gates.index(name), j, x, h) + p[name][j] * memory)

        g = weights.drive(gates.index("g"), j, x, h)
        g = g if lacks == "input activation" else tanh(g)
        new_c.append(gate("f", c[j]) * c[j] + gate("i", c[j]) * g)
        read = new_c[j] if lacks == "output activation" else tanh(new_c[j])
        new_h.append(gate("o", new_c[j]) * read)
    return new_h, new_c


def full_gate_recurrence_lstm_step(cell, x, h, c, q):
    weights = Weights(cell)
    H = weights.H
    of_q = product(cell.weight_gates.tolist(), q)
    p_i, p_f, p_o = cell.weight_peephole.tolist()
    new_h, new_c, i, f, o = [], [], [], [], []
    for j in range(H):
        i.append(sigmoid(weights.drive(0, j, x, h) + of_q[j] + p_i[j] * c[j]))
        f.append(sigmoid(weights.drive(1, j, x, h) + of_q[H + j] + p_f[j] * c[j]))
        new_c.append(f[j] * c[j] + i[j] * tanh(weights.drive(2, j, x, h)))
        o.append(sigmoid(weights.drive(3, j, x, h) + of_q[2 * H + j] + p_o[j] * new_c[j]))
        new_h.append(o[j] * tanh(new_c[j]))
    return new_h, new_c, i + f + o


def li_gru_step(cell, x, h):
    weights = Weights(cell)
    new_h = []
    for j in range(weights.H):
        z = sigmoid(weights.drive(0, j, x, h))
        new_h.append(z * h[j] + (1 - z) * max(weights.drive(1, j, x, h), 0.0))
    return new_h


def light_recurrent_unit_step(cell, x, h):
    weights = Weights(cell)
    H = weights.H
    new_h = []
    for j in range(H):
        f = sigmoid(weights.drive(0, j, x, h))
        n = tanh(weights.from_x(1, j, x) + weights.b[H + j])
        new_h.append((1 - f) * h[j] + f * n)
    return new_h


def layer_norm_gru_step(cell, x, h):
    H = cell.hidden_size

    def of(weight, values, gains):
        sums = product(weight.tolist(), values)
        normed = normalised(sums[: 2 * H]) + normalised(sums[2 * H :])
        return [value * gain for value, gain in zip(normed, gains.tolist(), strict=True)]

    of_x = of(cell.weight_input, x, cell.gain_input)
    of_h = of(cell.weight_hidden, h, cell.gain_hidden)
    b, b_hn = numbers_of(cell.bias, 3 * H), numbers_of(cell.bias_hidden, H)
    new_h = []
    for j in range(H):
        r = sigmoid(of_x[j] + of_h[j] + b[j])
        z = sigmoid(of_x[H + j] + of_h[H + j] + b[H + j])
        p = of_x[2 * H + j] + b[2 * H + j]
        n = tanh(p + r * (of_h[2 * H + j] + b_hn[j]))
        new_h.append((1 - z) * n + z * h[j])
    return new_h


def fast_grnn_step(cell, x, h):
    H = cell.hidden_size

    def of(weight, lift, values):
        values = product(weight.tolist(), values)
        return values if lift is None else product(lift.tolist(), values)

    of_x = of(cell.weight_input, cell.lift_input, x)
    of_h = of(cell.weight_hidden, cell.lift_hidden, h)
    b = numbers_of(cell.bias, 2 * H)
    zeta, nu = sigmoid(cell.zeta.item()), sigmoid(cell.nu.item())
    new_h = []
    for j in range(H):
        z = sigmoid(of_x[j] + of_h[j] + b[j])
        n = tanh(of_x[j] + of_h[j] + b[H + j])
        new_h.append(z * h[j] + (zeta * (1 - z) + nu) * n)
    return new_h


def slstm_run(cell, xs):
    """The equations of the paper before it stabilises them, from the first step."""
    H, D = cell.hidden_size, cell.hidden_size // cell.heads
    W_x, W_h = cell.weight_input.tolist(), cell.weight_hidden.tolist()
    b = numbers_of(cell.bias, 4 * H)
    h, c, n, outputs = [0.0] * H, [0.0] * H, [0.0] * H, []
    for x in xs:
        new_h = []
        for j in range(H):
            head = h[j // D * D : j // D * D + D]

            def drive(gate, row=j, x=x, head=head):
                row += gate * H
                from_x = sum(w * v for w, v in zip(W_x[row], x, strict=True))
                return from_x + sum(w * v for w, v in zip(W_h[row], head, strict=True)) + b[row]

            i, f, z, o = math.exp(drive(0)), sigmoid(drive(1)), tanh(drive(2)), sigmoid(drive(3))
            c[j] = f * c[j] + i * z
            n[j] = f * n[j] + i
            new_h.append(o * c[j] / n[j])
        h = new_h
        outputs.append(h)
    return outputs, c, n


def mlstm_run(cell, xs):
    """The equations of the paper before it stabilises them, from the first step."""
    H, N = cell.hidden_size, cell.heads
    D = H // N
    b = numbers_of(cell.bias, 4 * H + 2 * N)
    C = [[[0.0] * D for _ in range(D)] for _ in range(N)]
    n = [[0.0] * D for _ in range(N)]
    outputs = []
    for x in xs:
        u = [a + shift for a, shift in zip(product(cell.weight_input.tolist(), x), b, strict=True)]
        y = []
        for head in range(N):
            q, k, v, o = (u[part * H + head * D : part * H + head * D + D] for part in range(4))
            k = [value / math.sqrt(D) for value in k]
            i, f = math.exp(u[4 * H + head]), sigmoid(u[4 * H + N + head])
            for row in range(D):
                n[head][row] = f * n[head][row] + i * k[row]
                for column in range(D):
                    C[head][row][column] = f * C[head][row][column] + i * v[row] * k[column]
            weight = max(abs(sum(a * b for a, b in zip(n[head], q, strict=True))), 1.0)
            found = product(C[head], q)
            y += [sigmoid(o[row]) * found[row] / weight for row in range(D)]
        outputs.append(y)
    return outputs, C, n
