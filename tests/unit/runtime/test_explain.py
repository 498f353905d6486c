"""`explain`: what it says of a cell is what the plans do, in the words of the cell's author."""

import re
from typing import NamedTuple

import pytest
import torch
from torch import nn

import recurra
from recurra.base import ArgumentError, CannotFuse, ShapeError
from refusals import refused

I, H = 24, 40  # noqa: E741


def section(explanation, title):
    """Give the lines of the one section whose title begins so."""
    (found,) = (each for each in explanation.sections if each.title.startswith(title))
    return found.lines


@pytest.mark.parametrize(
    ("cell", "gates", "products"),
    [(recurra.RNN(I, H), 1, 1), (recurra.LSTM(I, H), 4, 1), (recurra.GRU(I, H), 3, 1)],
    ids=lambda value: type(value).__name__,
)
def test_flops_are_those_of_the_equations(cell, gates, products):
    costs = recurra.explain(cell).costs
    assert costs.forward.products == products
    assert costs.forward.product_flops == 2 * gates * H * H
    assert costs.backward.product_flops == 2 * gates * H * H
    assert costs.before_flops == 2 * gates * I * H
    assert costs.after_flops == 0
    biases = H if isinstance(cell, recurra.GRU) else 0  # of the candidate, behind the reset gate
    assert costs.deferred_flops == 2 * gates * H * H + biases


def test_bytes_are_those_of_the_streams():
    costs = recurra.explain(recurra.LSTM(I, H)).costs
    assert costs.forward.weight_bytes == 4 * (4 * H * H)
    assert costs.forward.read_bytes == 4 * (4 * H)  # the input's part of the four gates
    assert costs.forward.written_bytes == 4 * H + costs.forward.saved_bytes
    assert costs.forward.saved_bytes % (4 * H) == 0
    assert costs.forward.saved_bytes >= 4 * (4 * H)  # four gates at least
    double = recurra.explain(recurra.LSTM(I, H, dtype=torch.float64)).costs
    assert double.forward.weight_bytes == 2 * costs.forward.weight_bytes
    assert double.forward.elementwise_flops == costs.forward.elementwise_flops


def test_inference_saves_nothing_and_does_not_go_back():
    explanation = recurra.explain(recurra.LSTM(I, H), training=False)
    assert explanation.costs.backward is None
    assert explanation.costs.forward.saved_bytes == explanation.costs.deferred_flops == 0
    assert explanation.costs.forward.written_bytes == 4 * H
    assert "backward pass" not in str(explanation)
    # i, f, g, o: a sum and a squashing each; c: two products and a sum; h: a product and a tanh
    assert explanation.costs.forward.elementwise_flops == (4 * 2 + 3 + 2) * H


def test_the_product_of_x_has_left_the_loop():
    explanation = recurra.explain(recurra.LSTM(I, H))
    before = "\n".join(section(explanation, "Before the loop"))
    assert f"product x @ weight_input.T + bias  [T*B, {I}] @ [{I}, {4 * H}]" in before
    assert re.search(r"\blstm\.py:\d+  drive = F\.linear\(x, self\.weight_input", before)


def test_products_in_the_loop_name_the_state_that_holds_them():
    lines = section(recurra.explain(recurra.LSTM(I, H)), "In the loop")
    products = [line for line in lines if "product " in line]
    assert len(products) == 1
    assert f"state.hidden @ weight_hidden.T  [B, {H}] @ [{H}, {4 * H}]" in products[0]
    assert any("cannot leave the loop: depends on `state.hidden`" in line for line in lines)
    assert not any("state.cell" in line for line in lines)


def test_a_state_is_called_what_forward_calls_it():
    lines = section(recurra.explain(recurra.GRU(I, H)), "In the loop")
    assert sum("depends on `hidden`" in line for line in lines) == 1


class Memory(NamedTuple):
    trace: torch.Tensor
    level: torch.Tensor


class Mixed(nn.Module):
    """Something in each place: before, in and after the loop, and once a call."""

    def __init__(self):
        super().__init__()
        self.into = nn.Linear(I + 4, 4)
        self.recur = nn.Linear(4, 4)
        self.out = nn.Linear(4, 6)
        self.decay = nn.Parameter(torch.zeros(4))

    def initial_state(self, batch_size):
        return (Memory(torch.zeros(batch_size, 4), torch.zeros(batch_size, 4)),)

    def forward(self, x, past):
        (memory,) = past
        gate = self.into(torch.cat([x, memory.trace], dim=-1)).sigmoid()
        level = memory.level * torch.exp(self.decay) + gate
        trace = self.recur(level).tanh()
        return self.out(trace).softmax(-1), (Memory(trace, level),)


def test_every_place_has_what_belongs_there():
    explanation = recurra.explain(Mixed(), I)
    assert any("exp(decay) [4]" in line for line in section(explanation, "Once a call"))
    before, after = section(explanation, "Before"), section(explanation, "After the loop")
    product = f"part of into.weight.T + into.bias  [T*B, {I}] @ [{I}, 4]"
    assert any(product in line for line in before)
    assert any("out.weight.T + out.bias  [T*B, 4] @ [4, 6]" in line for line in after)
    assert any("softmax" in line for line in after)
    assert any("return self.out(trace)" in line for line in after)
    loop = section(explanation, "In the loop")
    assert sum("product " in line for line in loop) == 2
    assert any("depends on `past[0].trace`, `past[0].level`" in line for line in loop)
    assert any("memory.level * torch.exp" in line for line in loop)
    assert explanation.costs.before_flops == 2 * I * 4
    assert explanation.costs.forward.product_flops == 2 * (4 * 4 + 4 * 4)
    assert explanation.costs.after_flops == 2 * 4 * 6


def test_saved_values_are_named_with_their_lines():
    explanation = recurra.explain(recurra.GRU(I, H))
    saved = section(explanation, "Saved")
    assert f"hidden [B, {H}]" in saved
    assert any(line.startswith(f"sigmoid [B, {H}]  gru.py:") for line in saved)
    assert saved[-1] == (
        f"{explanation.costs.forward.saved_bytes // 4} numbers ="
        f" {explanation.costs.forward.saved_bytes:,} bytes for each row and step"
    )


def test_what_is_computed_again_is_said():
    lines = section(recurra.explain(recurra.GRU(I, H)), "The backward pass")
    (again,) = (line for line in lines if "computed again" in line)
    assert re.search(r"\d sub", again)  # 1 - z
    assert "sigmoid" not in again


def test_gradients_of_weights_wait_for_the_end():
    lines = section(recurra.explain(recurra.LSTM(I, H)), "After the backward pass")
    assert lines[0] == f"weight_hidden.T: one product [{H}, T*B] @ [T*B, {4 * H}]"
    gru = section(recurra.explain(recurra.GRU(I, H)), "After the backward pass")
    assert f"bias_hidden: one sum over the rows of [T*B, {H}]" in gru


def test_the_text_fits_a_terminal():
    for cell in (recurra.LSTM(I, H), recurra.GRU(I, H), recurra.RNN(I, H)):
        assert max(map(len, str(recurra.explain(cell)).splitlines())) <= 100


def test_the_source_is_shown_on_request():
    assert recurra.explain(recurra.RNN(I, H)).source is None
    explanation = recurra.explain(recurra.RNN(I, H), source=True)
    for name in ("forward", "backward"):
        assert f"int {name}(const struct call *call)" in explanation.source
    assert str(explanation).endswith(explanation.source.rstrip())


def test_rows_are_those_of_x_or_asked_for():
    cell = recurra.LSTM(I, H)
    flops = 8 * H * H
    assert f"With 32 rows: {32 * flops:,} FLOP" in str(recurra.explain(cell))
    assert f"With 5 rows: {5 * flops:,} FLOP" in str(recurra.explain(cell, batch_size=5))
    assert f"With 3 rows: {3 * flops:,} FLOP" in str(recurra.explain(cell, torch.zeros(7, 3, I)))


def test_all_ways_to_give_the_input_agree():
    cell = recurra.GRU(I, H)
    texts = {str(recurra.explain(cell, x)) for x in (None, I, (I,), torch.zeros(7, 32, I))}
    assert len(texts) == 1


class Unsized(nn.Module):
    def __init__(self):
        super().__init__()
        self.recur = nn.Linear(3, 3)

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 3)

    def forward(self, x, hidden):
        hidden = self.recur(hidden + x)
        return hidden, hidden


def test_an_unknown_number_of_features_is_asked_for():
    with refused(
        ArgumentError,
        "`Unsized` takes is not known: it has no `input_size`",
        expected="a number of features, the shape of a row's input, or an input `[T, B, ...]`",
        fix="recurra.explain(cell, 64)",
    ):
        recurra.explain(Unsized())
    assert recurra.explain(Unsized(), 3).is_fused


@pytest.mark.parametrize("wrong", [0, -1, True])
def test_sizes_must_be_possible(wrong):
    with pytest.raises(ShapeError, match="`x` is not a possible number"):
        recurra.explain(recurra.RNN(I, H), wrong)
    with pytest.raises(ShapeError, match="`batch_size` is not a possible number"):
        recurra.explain(recurra.RNN(I, H), batch_size=wrong)


def test_an_input_without_rows_is_refused():
    with pytest.raises(ArgumentError, match="`x` has no rows"):
        recurra.explain(recurra.RNN(I, H), torch.zeros(I))


class Branching(Unsized):
    def forward(self, x, hidden):
        if hidden.sum() > 0:
            hidden = hidden - 1
        return super().forward(x, hidden)


class Noisy(Unsized):
    def forward(self, x, hidden):
        hidden = hidden + torch.randn_like(x)
        return hidden, hidden


class OverBatch(Unsized):
    def forward(self, x, hidden):
        hidden = hidden - x.mean(dim=0)
        return hidden, hidden


@pytest.mark.parametrize(
    ("cell", "problem", "line"),
    [
        (Branching(), "cannot be followed without running it", "if hidden.sum() > 0:"),
        (
            Noisy(),
            "draws random numbers",
            "hidden = hidden + torch.randn_like(x)",
        ),
        (OverBatch(), "a mean over the batch", "hidden = hidden - x.mean(dim=0)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_a_refusal_says_why_and_where(cell, problem, line):
    before = torch.get_rng_state()
    explanation = recurra.explain(cell, 3)
    assert torch.equal(before, torch.get_rng_state())
    assert not explanation.is_fused
    assert isinstance(explanation.refusal, CannotFuse)
    assert explanation.costs is explanation.source is None
    text = str(explanation)
    assert text.startswith(f"{type(cell).__name__} is not compiled")
    assert problem in text
    (where,) = (each for each in text.splitlines() if each.startswith("  where:"))
    assert re.search(rf"test_explain\.py:\d+  {re.escape(line)}", where)
    assert "What to do" in text


def test_a_cell_that_fails_says_so_itself():
    with pytest.raises(RuntimeError, match="size of tensor"):
        recurra.explain(Unsized(), 5)
