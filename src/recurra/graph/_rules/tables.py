"""Tables of rules: fragments put together, and names made the operators of PyTorch."""

from collections.abc import Sequence
from typing import Any

import torch

from recurra.graph._rules.operands import Rule

aten = torch.ops.aten

_OVERLOADS = ("default", "Tensor", "Scalar", "Tensor_Scalar", "Tensor_Tensor", "self",
              "dim_IntList", "dim", "dims", "int", "correction", "Tensor_mode", "Scalar_mode",
              "memory_format", "dim_int", "int_Scalar", "int_Tensor")  # fmt: skip


def joined(fragments: Sequence[dict[str, Rule]]) -> dict[Any, Rule]:
    """Return the rules of all fragments by operator.

    Raises:
        ValueError: two fragments name one operator.
    """
    rules: dict[str, Rule] = {}
    for fragment in fragments:
        if twice := rules.keys() & fragment.keys():
            raise ValueError(f"two rules for {', '.join(sorted(twice))}")
        rules.update(fragment)
    return _by_operator(rules)


def _by_operator(rules: dict[str, Rule]) -> dict[Any, Rule]:
    copies = {f"{name}_copy": rule for name, rule in rules.items() if hasattr(aten, f"{name}_copy")}
    rules = {**copies, **rules}  # what views are called where `torch.export` has no views
    return {operator: rule for name, rule in rules.items() for operator in _overloads(name)}


def _overloads(name: str) -> list[Any]:
    namespace, _, name = name.rpartition(".")
    packet = getattr(getattr(torch.ops, namespace or "aten"), name)
    return [getattr(packet, overload) for overload in packet.overloads() if overload in _OVERLOADS]
