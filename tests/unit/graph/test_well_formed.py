"""The language of nodes: what is well-formed, and each way of not being so."""

import re
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from small_graphs import traced

import recurra
from recurra.base import CannotFuse
from recurra.graph import Node, partition, plan_training
from recurra.graph._ops import OPERATIONS
from recurra.graph._well_formed import _RULES, check_node
from zoo import CELLS

F, D, TRUTH = torch.float64, torch.float32, torch.bool
X = Node("input", (), ("x", 0), (-1, 4), F)
Y = Node("input", (), ("x", 1), (-1, 4), F)
CUBE = Node("input", (), ("x", 2), (-1, 2, 3), F)
WEIGHT = Node("input", (), ("parameter", 0), (4, 5), F)
BIAS = Node("input", (), ("parameter", 1), (5,), F)
COLUMNS = Node("input", (), ("x", 4), (5, -1), F)
MASK = Node("input", (), ("x", 3), (-1, 4), TRUTH)

WELL_FORMED = [
    ("constant", (), (1.0,), (-1, 4), F),
    ("add", (X, Y), (), (-1, 4), F),
    ("lt", (X, Y), (), (-1, 4), TRUTH),
    ("and", (MASK, MASK), (), (-1, 4), TRUTH),
    ("where", (MASK, X, Y), (), (-1, 4), F),
    ("cast", (X,), (), (-1, 4), D),
    ("copy", (X,), (), (-1, 4), F),
    ("stop", (X,), (), (-1, 4), F),
    ("expand", (BIAS,), (), (-1, 5), F),
    ("slice", (X,), (1, 1, 2, 2), (-1, 2), F),
    ("permute", (CUBE,), ((0, 2, 1),), (-1, 3, 2), F),
    ("reshape", (CUBE,), (), (-1, 6), F),
    ("cat", (X, Y), (1,), (-1, 8), F),
    ("sum", (CUBE,), ((1, 2),), (-1,), F),
    ("matmul", (X, WEIGHT), (), (-1, 5), F),
    ("affine", (X, WEIGHT, BIAS), (), (-1, 5), F),
    ("sum_of_rows", (X,), (0,), (4,), F),
]

MALFORMED = [
    ("frobnicate", (X,), (), (-1, 4), F),  # no such operation
    ("tanh", (X, Y), (), (-1, 4), F),  # too many operands
    ("add", (X,), (), (-1, 4), F),  # too few
    ("add", (X, Y), (2,), (-1, 4), F),  # arguments that it does not take
    ("add", (X, BIAS), (), (-1, 4), F),  # what repeats is an `expand` of its own
    ("add", (X, Y), (), (-1, 5), F),
    ("add", (X, Y), (), (-1, 4), D),  # another dtype
    ("add", (MASK, MASK), (), (-1, 4), TRUTH),  # numbers of truth values
    ("lt", (X, Y), (), (-1, 4), F),
    ("and", (X, Y), (), (-1, 4), TRUTH),
    ("where", (X, X, Y), (), (-1, 4), F),
    ("input", (X,), ("x", 0), (-1, 4), F),
    ("input", (), ("x",), (-1, 4), F),
    ("constant", (), (), (-1, 4), F),
    ("constant", (), (1.0,), (-1, -1), F),  # two axes of rows
    ("cast", (X,), (), (-1, 4), F),  # to what it is
    ("copy", (X,), (), (-1, 4), D),
    ("stop", (X,), (), (-1, 5), F),
    ("expand", (X,), (), (4,), F),  # drops an axis
    ("expand", (BIAS,), (), (-1, 6), F),  # repeats an axis of more than one
    ("slice", (X,), (1, 2, 3, 1), (-1, 3), F),  # past the end
    ("slice", (X,), (1, 0, 2, 0), (-1, 2), F),  # without a step
    ("slice", (X,), (1, 0, 2, 1), (-1, 3), F),
    ("permute", (CUBE,), ((0, 1, 1),), (-1, 2, 2), F),
    ("permute", (CUBE,), ((0, 2, 1),), (-1, 2, 3), F),
    ("reshape", (CUBE,), (), (-1, 5), F),
    ("reshape", (X,), (), (1, 4), F),  # loses the rows
    ("cat", (X, Y), (1,), (-1, 7), F),
    ("cat", (X, CUBE), (1,), (-1, 6), F),
    ("cat", (X, MASK), (1,), (-1, 8), F),
    ("sum", (CUBE,), ((0,),), (2, 3), F),  # over rows
    ("sum", (CUBE,), ((1,),), (-1, 2), F),
    ("matmul", (X, BIAS), (), (-1, 5), F),
    ("matmul", (X, WEIGHT), (), (-1, 4), F),
    ("matmul", (X, Y), (), (-1, 4), F),
    ("matmul", (WEIGHT, COLUMNS), (), (4, -1), F),  # the right side has rows
    ("affine", (X, WEIGHT), (), (-1, 5), F),  # without its bias
    ("product_over_rows", (X, WEIGHT), (), (-1, 5), F),
    ("sum_of_rows", (X,), (1,), (-1,), F),
]


def test_the_page_of_the_language_has_a_row_for_each_operation():
    page = (Path(recurra.graph.__file__).parent / "README.md").read_text()
    table = page.partition("| operation | value | form |")[2].partition("\n\n")[0]
    first = " ".join(line.split(" | ")[0] for line in table.splitlines())
    assert set(re.findall(r"`(\w+)", first)) == {*_RULES, "_ops"}  # where the elementwise ones are


def test_each_operation_is_checked_once_by_its_own_name():
    assert not set(_RULES) & set(OPERATIONS)


def node_of(form):
    return Node(*form, "cell.py:3  y")


@pytest.mark.parametrize("form", WELL_FORMED, ids=lambda form: form[0])
def test_what_is_well_formed_passes(form):
    check_node(node_of(form))


@pytest.mark.parametrize("form", MALFORMED, ids=lambda form: form[0])
def test_what_is_not_is_found(form):
    with pytest.raises(ValueError, match="is not well-formed"):
        check_node(node_of(form))


@contextmanager
def suppress_known_refusals():
    """Let a cell be refused, but for a fault of the compiler."""
    try:
        yield
    except CannotFuse as refusal:
        if "beyond this version" in refusal.problem:
            raise


@pytest.mark.parametrize("specimen", CELLS, ids=lambda each: each.name)
def test_all_that_the_compiler_makes_is_well_formed(specimen):
    """Each node is checked where it is made (`conftest.py`): those that passes drop again, too."""
    step = traced(specimen)
    for whole in (False, True):
        with suppress_known_refusals():
            plan_training(partition(step, whole=whole))
