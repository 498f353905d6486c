"""The C of plans: all operations have some, and what is fused in the plan is fused in the text."""

import re
from dataclasses import replace

import pytest
import torch
from torch import nn

import recurra
from recurra.base import BackendUnavailable, CannotFuse
from recurra.codegen import emit_c, support
from recurra.codegen._expressions import EXPRESSIONS, expression, number
from recurra.codegen._expressions import REDUCTIONS as REDUCTIONS_IN_C
from recurra.graph import (
    OPERATIONS,
    POINTWISE,
    REDUCTIONS,
    Node,
    partition,
    plan_inference,
    plan_training,
    trace_step,
)
from recurra.graph._graph import Graph
from recurra.graph._schedule import schedule
from recurra.runtime._kernels.compiler import find_compiler
from recurra.runtime._kernels.libraries import build, load

I, H = 24, 40  # noqa: E741
SUPPORT = support("vectors.h", "sequence.h", "generated.h")


def part_of(cell):
    x = torch.zeros(2, I, dtype=next(cell.parameters()).dtype)
    return partition(trace_step(cell, x, cell.initial_state(2)))


def inference_of(cell):
    plan = plan_inference(part_of(cell)).forward
    return plan, emit_c([("forward", plan)], "test").text.removeprefix(SUPPORT)


def own_text(cell):
    """Give what is written for the cell itself, below the support."""
    return inference_of(cell)[1].split("/* ---- forward ")[1]


# The tables agree


def input_of(dtype, place=0):
    return Node("input", (), ("before", place), (-1, 4), dtype)


def applied(op, graph, dtype):
    """Apply an operation to as many inputs as it takes; a real number of its own comes out."""
    operation = OPERATIONS[op]
    inputs = range(operation.operands)
    numbers = [graph.input("before", place, (-1, 4), dtype) for place in inputs]
    positive = [graph.pointwise("gt", n, numbers[0], dtype=torch.bool) for n in numbers]
    if op == "where":
        return graph.pointwise(op, positive[0], *numbers[1:])
    operands = positive if operation.takes == "truth" else numbers
    result = torch.bool if operation.gives == "truth" else dtype
    made = graph.pointwise(op, *operands, dtype=result)
    return graph.make("cast", (made,), (), made.shape, dtype) if result == torch.bool else made


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_c_of_every_operation_compiles(dtype):
    graph = Graph()
    outputs = [applied(op, graph, dtype) for op in POINTWISE]
    outputs += [graph.reduce(op, outputs[0], [1]) for op in REDUCTIONS]
    inputs = [graph.input("before", place, (-1, 4), dtype) for place in range(3)]
    plan = schedule(
        backward=False, inputs=inputs, state=[], outputs=outputs, next_state=[], dtype=dtype
    )
    assert {node.op for node in plan.nodes} >= {*POINTWISE, *REDUCTIONS}
    source = emit_c([("everything", plan)], "Everything")
    try:
        find_compiler()
    except BackendUnavailable as reason:
        pytest.skip(str(reason))
    assert load(build(source.text, name="everything")).everything  # and all that it calls is found


@pytest.mark.parametrize("op", sorted(EXPRESSIONS))
def test_expressions_use_all_their_operands(op):
    names = ["first", "second", "third"]
    given = tuple(input_of(torch.float32, place) for place in range(3))
    text = expression(Node(op, given, (), (-1, 4), torch.float32), names)
    used = [name in text for name in names]
    assert used == [f"{{{place}}}" in EXPRESSIONS[op] for place in range(3)]
    assert used[0]


def test_no_expression_is_without_an_operation():
    assert set(EXPRESSIONS) - {"copy"} <= set(POINTWISE)
    assert set(POINTWISE) - set(EXPRESSIONS) == {"where"}  # which depends on the dtype


def test_the_tables_of_reductions_agree():
    assert set(REDUCTIONS_IN_C) == set(REDUCTIONS)


@pytest.mark.parametrize("op", sorted(set(EXPRESSIONS) & set(OPERATIONS)))
def test_expressions_take_as_many_operands_as_the_operation(op):
    places = {int(each) for each in re.findall(r"\{(\d)\}", EXPRESSIONS[op])}
    assert places == set(range(OPERATIONS[op].operands))


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (True, torch.bool, "mask_splat(-1)"),
        (False, torch.bool, "mask_splat(0)"),
        (float("nan"), torch.float32, "splat(NOT_A_NUMBER)"),
        (float("inf"), torch.float32, "splat(INFINITE)"),
        (float("-inf"), torch.float32, "splat(-INFINITE)"),
        (0.1, torch.float64, "splat((real)0x1.999999999999ap-4)"),
        (-0.0, torch.float32, "splat((real)-0x0.0p+0)"),
        (2, torch.float32, "splat((real)0x1.0000000000000p+1)"),
    ],
)
def test_numbers_are_written_to_the_last_bit(value, dtype, text):
    assert number(value, dtype) == text


def test_what_has_no_c_is_refused():
    node = Node("cumsum", (input_of(torch.float32),), (), (-1, 4), torch.float32, "cell.py:3  y")
    with pytest.raises(CannotFuse, match="`cumsum` has no C") as caught:
        expression(node, ["in_0"])
    assert caught.value.details["where"] == "cell.py:3  y"
    integers = replace(node, op="cast", dtype=torch.int64)
    with pytest.raises(CannotFuse, match="changes dtypes"):
        expression(integers, ["in_0"])


# What is fused in the plan is fused in the text


def test_an_lstm_is_one_product_and_one_pass():
    plan, text = inference_of(recurra.LSTM(I, H))
    text = text.split("/* ---- forward ")[1]
    assert len(re.findall(r"\bmultiply\(|call->matmul\(", text)) == 1
    assert len(re.findall(r"^INLINE void forward_", text, re.MULTILINE)) == 1
    assert plan.scratch == (4 * H,)  # the product, and nothing else is ever written
    assert plan.row == ()
    stores = re.findall(r"store_lanes\((\w+)", text)
    assert len(stores) == 3  # hidden as output and as state, cell as state
    assert "slice" not in text
    assert "cat_" not in text


def test_gates_are_read_where_the_product_left_them():
    text = own_text(recurra.LSTM(I, H))
    for place in (H, 2 * H, 3 * H):
        assert f"iteration->scratch[0] + i * {_stride(4 * H)} + {place}" in text
        assert (
            f"iteration->ahead[0] + (iteration->ahead_line + i) * {_stride(4 * H)} + {place}"
            in text
        )


def _stride(width):
    return -(-width // 16) * 16 + 16


def test_a_gru_reads_its_input_once():
    text = own_text(recurra.GRU(I, H))
    assert len(re.findall(r"\bmultiply\(|call->matmul\(", text)) == 1
    loads = re.findall(r"load_lanes\(ahead0(?:_at\d+)? \+ j, n\)", text)
    assert len(loads) == len(set(loads)) == 3


def test_the_way_back_multiplies_once_for_an_lstm():
    plans = plan_training(part_of(recurra.LSTM(I, H)))
    text = emit_c([("forward", plans.forward), ("backward", plans.backward)], "test").text
    back = text.split("/* ---- backward ")[1]
    assert len(re.findall(r"\bmultiply\(|call->matmul\(", back)) == 1
    assert f"multiply(iteration, {4 * H}, {H}," in back or f"{4 * H}, {H}," in back
    assert "sigmoid" not in back  # saved, not computed again
    assert "tanh" not in back


class Normalised(nn.Module):
    """A reduction needs a loop of its own; what follows it another."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(I, I))

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, I)

    def forward(self, x, hidden):
        drive = x + hidden
        hidden = drive / (1 + drive.square().sum(-1, keepdim=True))
        return hidden, hidden


def test_a_reduction_ends_its_loop():
    plan, text = inference_of(Normalised())
    assert len(re.findall(r"^INLINE void forward_", text, re.MULTILINE)) >= 2
    assert "sum_lanes(" in text.split("/* ---- forward ")[1]
    assert sum(plan.row) <= 2 * I + 2  # the drive is read again, its squares and their sum
    assert plan.scratch == ()


# The source as a whole


def test_the_source_needs_no_other_file():
    source = emit_c([("forward", inference_of(recurra.RNN(I, H))[0])], "An RNN, forward")
    headers = set(re.findall(r"#include (\S+)", source.text))
    assert headers <= {"<stdint.h>"}  # which compilers bring themselves
    assert source.text.startswith("/* An RNN, forward\n")
    assert source.kernels == ("forward",)
    assert "int forward(const struct call *call) {" in source.text


@pytest.mark.parametrize(("dtype", "double"), [(torch.float32, 0), (torch.float64, 1)])
def test_the_dtype_is_chosen_once(dtype, double):
    plan, _ = inference_of(recurra.RNN(I, H, dtype=dtype))
    text = emit_c([("forward", plan)], "test").text
    assert f"#define REAL_IS_DOUBLE {double}\n" in text


def test_equal_cells_have_equal_sources():
    assert own_text(recurra.GRU(I, H)) == own_text(recurra.GRU(I, H))
    assert own_text(recurra.GRU(I, H)) != own_text(recurra.GRU(I, H, reset="before"))


def test_the_lines_of_the_cell_stand_beside_the_c():
    text = own_text(recurra.LSTM(I, H))
    assert re.search(r"sigmoid_\d+ = v_sigmoid\(.*\);  // cell = f\.sigmoid\(\) \* cell", text)
    assert re.search(r"tanh_\d+ = v_tanh\(.*\);  // hidden = o\.sigmoid\(\) \* cell\.tanh", text)
    assert "lstm.py" not in text  # or a line put in above would compile everything anew


@pytest.mark.parametrize("code", ["a = b + \\", "y = '*/ #include <x>'", 'z = "\\n" // 2'])
def test_no_line_of_a_cell_can_break_the_c(code):
    plan = plan_inference(part_of(recurra.RNN(I, H))).forward
    for node in plan.nodes:
        object.__setattr__(node, "where", f"cell.py:1  {code}")
    text = emit_c([("forward", plan)], "test").text.split("/* ---- forward ")[1]
    for line in text.splitlines():
        before, _, comment = line.partition("//")
        assert "include" not in before
        assert not comment.endswith("\\")
