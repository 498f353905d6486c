"""TableRows: batches of rows in an order drawn once."""

import pytest
import torch

from recurra.base import ArgumentError, DataError, DtypeError, ShapeError
from recurra.data import TableRows
from refusals import refused

INPUTS = torch.arange(21.0).reshape(7, 3)
TARGETS = torch.arange(7)


def rows_of(table):
    batches = [table[i] for i in range(len(table))]
    return torch.cat([each.inputs for each in batches]), torch.cat(
        [each.targets for each in batches]
    )


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("seed", [None, 0, 5])
def test_each_row_is_there_once_with_its_target(rows, seed):
    table = TableRows(INPUTS, TARGETS, rows=rows, seed=seed)
    inputs, targets = rows_of(table)
    assert sorted(targets.tolist()) == list(range(7))
    assert torch.equal(inputs, INPUTS[targets])
    assert {len(table[i].inputs) for i in range(len(table) - 1)} <= {rows}


def test_without_a_seed_rows_keep_their_order():
    assert torch.equal(rows_of(TableRows(INPUTS, TARGETS, rows=2))[0], INPUTS)


def test_the_seed_decides_the_order_and_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    one, same, other = (rows_of(TableRows(INPUTS, TARGETS, seed=seed))[1] for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_batches_have_no_time():
    batch = TableRows(INPUTS, TARGETS)[0]
    assert batch.lengths is None
    assert batch.resets is None


def test_batches_beyond_the_end():
    table = TableRows(INPUTS, TARGETS, rows=3)
    assert len(table) == 3
    for i in (-1, 3):
        with pytest.raises(IndexError):
            table[i]


def test_what_is_no_table_is_refused():
    for inputs in (torch.ones(3), torch.ones(0, 3), torch.ones(2, 2, 2)):
        with refused(
            ShapeError,
            "`inputs` is not a table",
            got=f"{tuple(inputs.shape)} float32 on cpu",
            expected="[N, F], N >= 1",
        ):
            TableRows(inputs, torch.ones(len(inputs)))
    with refused(
        DtypeError,
        "`inputs` is not floating point",
        got="(7, 3) int64 on cpu",
        fix="inputs.float()",
    ):
        TableRows(INPUTS.long(), TARGETS)
    with refused(
        ShapeError,
        "not one target a row",
        got="(6,) int64 on cpu",
        expected="(7,) or (7, O)",
    ):
        TableRows(INPUTS, TARGETS[:6])
    with pytest.raises(ShapeError, match="rows"):
        TableRows(INPUTS, TARGETS, rows=0)
    with pytest.raises(ArgumentError, match="seed"):
        TableRows(INPUTS, TARGETS, seed=-1)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_missing_numbers_are_refused_with_their_place(value):
    inputs = INPUTS.clone()
    inputs[4, 2] = inputs[5, 0] = value
    with refused(
        DataError,
        "`inputs` has a number that is missing or infinite",
        got=f"{value} at [4, 2], 2 in all",
        expected="finite numbers",
        fix="leave the row out, or fill the number in",
    ):
        TableRows(inputs, TARGETS)
    targets = torch.tensor([0, 1, 2, value, 4, 5, 6])
    with pytest.raises(DataError, match="targets") as caught:
        TableRows(INPUTS, targets)
    assert caught.value.details["got"] == f"{value} at [3], 1 in all"
