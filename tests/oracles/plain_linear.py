"""Steps of the cells that are linear in their state, on plain lists of numbers and complex ones."""

import cmath
import math

from plain_equations import sigmoid, tanh


class Affine:
    """The affine maps of the input; gate number `gate` has the rows from gate * H on."""

    def __init__(self, cell, x):
        H = cell.hidden_size
        rows = cell.weight_input.tolist()
        bias = [] if cell.bias is None else cell.bias.tolist()
        bias += [0.0] * (len(rows) - len(bias))
        sums = [sum(a * b for a, b in zip(row, x, strict=True)) for row in rows]
        self.values = [total + b for total, b in zip(sums, bias, strict=True)]
        self.H = H

    def gate(self, number):
        return self.values[number * self.H : (number + 1) * self.H]


def mingru_step(cell, x, h):
    maps = Affine(cell, x)
    z = [sigmoid(each) for each in maps.gate(0)]
    new = [(1 - z[j]) * h[j] + z[j] * maps.gate(1)[j] for j in range(maps.H)]
    return new, new


def minlstm_step(cell, x, h):
    maps = Affine(cell, x)
    f, i = ([sigmoid(each) for each in maps.gate(number)] for number in (0, 1))
    n = maps.gate(2)
    new = [(f[j] * h[j] + i[j] * n[j]) / (f[j] + i[j]) for j in range(maps.H)]
    return new, new


def hgrn_step(cell, x, h):
    maps, gamma = Affine(cell, x), cell.lower_bound
    f = [gamma + (1 - gamma) * sigmoid(each) for each in maps.gate(0)]
    c = [each * sigmoid(each) for each in maps.gate(1)]
    new = [f[j] * h[j] + (1 - f[j]) * c[j] for j in range(maps.H)]
    return [sigmoid(o) * h for o, h in zip(maps.gate(2), new, strict=True)], new


def sru_step(cell, x, c):
    maps = Affine(cell, x)
    v_f, v_r = (
        [[0.0] * maps.H] * 2 if cell.weight_peephole is None else cell.weight_peephole.tolist()
    )
    y, new = [], []
    for j in range(maps.H):
        f = sigmoid(maps.gate(0)[j] + v_f[j] * c[j])
        r = sigmoid(maps.gate(1)[j] + v_r[j] * c[j])
        new.append(f * c[j] + (1 - f) * maps.gate(2)[j])
        y.append(r * new[j] + (1 - r) * maps.gate(3)[j])
    return y, new


def qrnn_step(cell, window, c):
    """Run one step over the inputs of the window, the oldest first."""
    maps = Affine(cell, [number for x in window for number in x])
    n, f, o = (maps.gate(number) for number in range(3))
    new = [sigmoid(f[j]) * c[j] + (1 - sigmoid(f[j])) * tanh(n[j]) for j in range(maps.H)]
    return [sigmoid(o[j]) * new[j] for j in range(maps.H)], new


def lru_step(cell, x, h):
    """Run one step of a complex state."""
    H = cell.hidden_size
    nu, theta, gamma = (each.tolist() for each in (cell.nu, cell.theta, cell.gamma))
    B, C, D = (each.tolist() for each in (cell.weight_input, cell.weight_output, cell.weight_skip))
    new = []
    for j in range(H):
        drive = sum(complex(B[j][k], B[H + j][k]) * x[k] for k in range(len(x)))
        turn = cmath.exp(complex(-math.exp(nu[j]), math.exp(theta[j])))
        new.append(turn * h[j] + math.exp(gamma[j]) * drive)
    y = []
    for j in range(H):
        seen = sum(complex(C[j][k], -C[j][H + k]) * new[k] for k in range(H)).real
        y.append(seen + sum(D[j][k] * x[k] for k in range(len(x))))
    return y, new
