# Loops over the rows of the batch: refused in seconds, with the user's line; other loops compile.
# ruff: noqa: ARG001 - steps share one signature
import time

import pytest
import torch

from backend_runs import skip_without_compiled
from compare import random_input
from recurra.base import CannotFuse
from recurra.graph import trace_step
from user_steps import ROWS, SIZE, StepCell, assert_honoured

SECONDS = 30.0  # on a machine that does other things at the same time


def over_a_range(cell, x, h):
    rows = []
    for b in range(x.shape[0]):
        rows.append(torch.tanh(x[b] + h[b]))
    return torch.stack(rows)


def over_rows(cell, x, h):
    return torch.stack([torch.tanh(row) for row in x]) + h


def over_pairs(cell, x, h):
    return torch.stack([torch.tanh(a + b) for a, b in zip(x, h, strict=True)])


def unbound(cell, x, h):
    return torch.stack([a.tanh() for a in x.unbind(0)]) + h


def unbound_function(cell, x, h):
    return torch.stack([a.tanh() for a in torch.unbind(x)]) + h


def split_by_one(cell, x, h):
    return torch.cat([a.tanh() for a in x.split(1)]) + h


def split_function(cell, x, h):
    return torch.cat([a.tanh() for a in torch.split(x, 1, dim=0)]) + h


def chunked(cell, x, h):
    return torch.cat([a.tanh() for a in x.chunk(len(x))]) + h


def tensor_split(cell, x, h):
    return torch.cat([a.tanh() for a in torch.tensor_split(x, len(x))]) + h


def as_a_list(cell, x, h):
    return torch.tensor(x.tolist(), dtype=h.dtype) + h


def unpacked(cell, x, h):
    return torch.stack([*x]) + h


def mapped(cell, x, h):
    return torch.stack(list(map(torch.tanh, x))) + h


def backwards(cell, x, h):
    return torch.stack(list(reversed(x))) + h


def in_a_comprehension(cell, x, h):
    return torch.stack([one_row(x[i], h[i]) for i in range(len(x))])


def one_row(x, h):
    return torch.tanh(x + h)


def while_rows_are_left(cell, x, h):
    b, total = 0, h
    while b < len(x):
        total = total + x[b]
        b += 1
    return total


def written_row_by_row(cell, x, h):
    next_state = torch.empty_like(h)
    for b in range(h.size(0)):
        next_state[b] = torch.tanh(x[b] + h[b])
    return next_state


def of_another_axis(cell, x, h):
    return torch.stack([column.tanh() for column in x.T.unbind(1)]) + h


def of_all_elements(cell, x, h):
    return torch.stack(list(x.reshape(-1))).view_as(h) + h


def python_only(cell, x, h):
    total = 0.0
    for b in range(len(x)):
        total += b % 3
    return h + x * total


def in_a_helper(cell, x, h):
    return torch.stack([*each_row(x)]) + h


def each_row(x):
    for b in range(len(x)):
        yield x[b].tanh()


def recursive(cell, x, h):
    return halves(x) + h


def halves(x):
    if len(x) == 1:
        return x.tanh()
    return torch.cat([halves(x[: len(x) // 2]), halves(x[len(x) // 2 :])])


STEPS = (
    over_a_range, over_rows, over_pairs, unbound, unbound_function, split_by_one, split_function,
    chunked, tensor_split, as_a_list, unpacked, mapped, backwards, in_a_comprehension,
    while_rows_are_left, written_row_by_row, of_another_axis, of_all_elements, python_only,
    in_a_helper, recursive,
)  # fmt: skip


def example():
    return random_input(4, ROWS, SIZE)[0].detach()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_loop_over_the_batch_is_refused_in_seconds(step):
    began = time.monotonic()
    with pytest.raises(CannotFuse) as caught:
        trace_step(StepCell(step), example(), example())
    assert time.monotonic() - began < SECONDS
    text = str(caught.value)
    assert "1000003" not in text
    assert "1000033" not in text
    if step is not python_only:  # its line is not seen, only what it leads to
        assert caught.value.details["where"].startswith(f"{__file__}:")


def features_one_by_one(cell, x, h):
    columns = [torch.tanh(a + b) for a, b in zip(x.unbind(1), h.unbind(1), strict=True)]
    return torch.stack(columns, 1)


def many_small_steps(cell, x, h):
    for _ in range(300):
        h = h + 0.01 * (x - h)
    return h


def rows_of_a_weight(cell, x, h):
    return torch.stack([(h * row).sum(1) for row in cell.weight], 1) + x


@pytest.mark.parametrize("step", [features_one_by_one, rows_of_a_weight, many_small_steps])
def test_other_loops_compile(step):
    assert_honoured(step)


def thousand_steps(cell, x, h):
    for _ in range(1000):
        h = h + 0.01 * (x - h)
    return h


def test_a_thousand_steps_are_no_loop_over_the_batch():
    skip_without_compiled()
    trace_step(StepCell(thousand_steps), example(), example())
