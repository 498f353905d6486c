"""The table of operations: each line is true of PyTorch, and is all that an operation needs."""

import pytest
import torch

from recurra.codegen._expressions import EXPRESSIONS, _in_c
from recurra.graph._ops import CHEAP, OPERATIONS, Operation, is_pointwise
from recurra.graph._rules import LOWERED, RULES
from recurra.graph._rules.elementwise import _plain_rules

_NUMBERS = {"number": torch.linspace(0.25, 0.75, 3), "truth": torch.tensor([True, False, True])}


def operands_of(operation, count):
    """Give as many operands as asked for, of the kind that the table says."""
    if operation.takes == "any":  # a choice between two numbers
        return [_NUMBERS["truth"], *[_NUMBERS["number"]] * (count - 1)]
    return [_NUMBERS[operation.takes]] * count


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.name)
def test_pytorch_takes_as_many_operands_and_gives_that_kind(operation):
    result = operation.torch(*operands_of(operation, operation.operands))
    assert result.shape == (3,)
    assert result.dtype == (torch.bool if operation.gives == "truth" else torch.float32)
    with pytest.raises((TypeError, RuntimeError)):
        operation.torch(*operands_of(operation, operation.operands + 1))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.name)
def test_pytorch_has_the_derivative(operation):
    operands = [
        each.clone().requires_grad_(each.dtype == torch.float32)
        for each in operands_of(operation, operation.operands)
    ]
    result = operation.torch(*operands)
    assert result.requires_grad is (operation.gives != "truth")


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.name)
def test_a_step_can_ask_for_each_of_them(operation):
    name = operation.name if operation.takes != "truth" else f"logical_{operation.name}"
    namespace = torch.ops.recurra if name == "uniform" else torch.ops.aten
    packet = getattr(namespace, name)
    known = {**RULES, **LOWERED}
    assert any(getattr(packet, overload) in known for overload in packet.overloads())


def test_one_line_is_all_that_a_new_operation_needs():
    """No other list names it: the rule of PyTorch's operator and the C follow from the line."""
    new = Operation("erfinv", torch.erfinv, 1)
    assert [name for name, _ in _plain_rules(new)] == ["erfinv"]
    assert _in_c(new) == "v_erfinv({0})"
    assert _in_c(Operation("nextafter", torch.nextafter, 2)) == "v_nextafter({0}, {1})"
    assert _in_c(Operation("close", torch.isclose, 2, gives="truth")) == "close({0}, {1})"


def test_operations_are_named_once():
    assert all(name == each.name for name, each in OPERATIONS.items())
    assert set(OPERATIONS) - set(EXPRESSIONS) == {"where"}  # its C depends on the dtype
    assert set(OPERATIONS) >= CHEAP - {"cast", "copy"}
    assert all(map(is_pointwise, [*OPERATIONS, "cast", "copy"]))
    assert not is_pointwise("matmul")
