"""Convolutional cells number by number, in plain Python: independent of PyTorch's convolutions.

A picture is a dict from (channel, row, column) to a number, a line a picture of one row; what is
not in it is zero.
"""

import itertools
import math
from collections import defaultdict


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


def picture(tensor):
    """Read `[C, L]` or `[C, height, width]`."""
    tensor = tensor.unsqueeze(1) if tensor.dim() == 2 else tensor
    values = tensor.tolist()
    found = defaultdict(float)
    for place in itertools.product(*map(range, tensor.shape)):
        channel, row, column = place
        found[place] = values[channel][row][column]
    return found


def convolved(cell, weight, block, value, channel, row, column):
    """Sum over the neighbours of one place: conv(W, value) of one gate."""
    H = cell.hidden_channels
    kernels = weight[block * H + channel].detach()
    kernels = kernels.unsqueeze(1) if kernels.dim() == 2 else kernels  # [I, rows, columns]
    middle = [size // 2 for size in kernels.shape[1:]]
    total = 0.0
    for source, up, left in itertools.product(*map(range, kernels.shape)):
        neighbour = (source, row + up - middle[0], column + left - middle[1])
        total += float(kernels[source, up, left]) * value.get(neighbour, 0.0)
    return total


def places(cell):
    sizes = (1, *cell.size) if len(cell.size) == 1 else cell.size
    return itertools.product(range(cell.hidden_channels), *map(range, sizes))


def drive(cell, block, place, x, h):
    bias = (
        0.0
        if cell.bias is None
        else float(cell.bias.detach()[block * cell.hidden_channels + place[0]])
    )
    from_x = convolved(cell, cell.weight_input, block, x, *place)
    return from_x + convolved(cell, cell.weight_hidden, block, h, *place) + bias


def conv_lstm_step(cell, x, h, c):
    """i, f, g, o; c_t = f_t c_{t-1} + i_t g_t; h_t = o_t tanh(c_t); peepholes where it has some."""
    new_h, new_c = {}, {}
    has_peepholes = hasattr(cell, "weight_peephole")
    peepholes = (
        [picture(each) for each in cell.weight_peephole.detach()] if has_peepholes else [{}] * 3
    )
    for place in places(cell):
        i, f, g, o = (drive(cell, block, place, x, h) for block in range(4))
        p_i, p_f, p_o = (each.get(place, 0.0) for each in peepholes)
        i, f = sigmoid(i + p_i * c[place]), sigmoid(f + p_f * c[place])
        new_c[place] = f * c[place] + i * math.tanh(g)
        new_h[place] = sigmoid(o + p_o * new_c[place]) * math.tanh(new_c[place])
    return new_h, new_c


def conv_gru_step(cell, x, h):
    """r, z, n; n_t sees r_t h_{t-1}; h_t = (1 - z_t) n_t + z_t h_{t-1}."""
    reset = {place: sigmoid(drive(cell, 0, place, x, h)) * h[place] for place in places(cell)}
    new_h = {}
    for place in places(cell):
        z = sigmoid(drive(cell, 1, place, x, h))
        n = math.tanh(drive(cell, 2, place, x, reset))
        new_h[place] = (1 - z) * n + z * h[place]
    return new_h
