"""Rules: every operator has one, whatever file it is in."""

import pytest

from recurra.graph._rules import LOWERED, RULES
from recurra.graph._rules.tables import joined


def test_two_fragments_may_not_name_one_operator():
    with pytest.raises(ValueError, match="two rules for tanh"):
        joined([{"tanh": str, "sin": str}, {"tanh": str}])


def test_fragments_come_together():
    assert set(map(str, joined([{"tanh": str}, {"sin": str}]))) >= {
        "aten.tanh.default",
        "aten.sin.default",
    }


@pytest.mark.parametrize("rules", [RULES, LOWERED])
def test_rules_are_of_operators(rules):
    assert rules
    assert all(callable(rule) and callable(operator) for operator, rule in rules.items())
