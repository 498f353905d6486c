"""bootstrap_intervals, held to distributions that are known."""

import math

import pytest
import torch

from recurra.base import ArgumentError, DataError, ShapeError
from recurra.report import _bootstrap, bootstrap_intervals


def accuracy(sums):
    return {"accuracy": sums["right"] / sums["records"]}


def rows_of(right, records):
    hits = torch.arange(records) < right
    return {"right": hits, "records": torch.ones(records)}


def binomial_quantile(N, p, below):
    """Find the least k with P(Binomial(N, p) <= k) >= below."""
    total = 0.0
    for k in range(N + 1):
        total += math.comb(N, k) * p**k * (1 - p) ** (N - k)
        if total >= below:
            return k
    return N


@pytest.mark.parametrize(("right", "records", "confidence"), [(80, 100, 0.95), (270, 300, 0.8)])
def test_accuracy_has_the_interval_of_the_binomial(right, records, confidence):
    found = bootstrap_intervals(
        rows_of(right, records), accuracy, samples=20_000, confidence=confidence, seed=3
    )["accuracy"]
    for end, below in zip(found, ((1 - confidence) / 2, (1 + confidence) / 2), strict=True):
        exact = binomial_quantile(records, right / records, below)
        assert abs(end * records - exact) <= 1


def test_a_mean_has_the_interval_of_its_standard_error():
    values = torch.randn(4000, generator=torch.Generator().manual_seed(1)) * 3 + 2
    low, high = bootstrap_intervals(
        {"x": values, "n": torch.ones(4000)},
        lambda sums: {"mean": sums["x"] / sums["n"]},
        samples=4000,
    )["mean"]
    error = 1.96 * float(values.std()) / math.sqrt(4000)
    assert (high - low) / 2 == pytest.approx(error, rel=0.06)
    assert (high + low) / 2 == pytest.approx(float(values.mean()), abs=0.1 * error)


def test_rows_are_drawn_together():
    values = torch.tensor([1.0, 2.0, 4.0, 8.0])
    found = bootstrap_intervals(
        {"x": values, "pair": torch.stack([values, 3 * values], 1)},
        lambda sums: {
            "same": float(sums["x"] - sums["pair"][0]),
            "ratio": float(sums["pair"][1] / sums["pair"][0]),
            "shape": float(sums["pair"].shape == (2,)),
            "sum": sums["x"],
        },
    )
    assert found["same"] == (0.0, 0.0)
    assert found["ratio"] == (3.0, 3.0)
    assert found["shape"] == (1.0, 1.0)
    assert 4 <= found["sum"][0] < 15 < found["sum"][1] <= 32


def test_equal_seeds_give_equal_intervals():
    rows = {"x": torch.randn(50, generator=torch.Generator().manual_seed(1))}
    before = torch.get_rng_state()
    first, second, other = (
        bootstrap_intervals(rows, lambda sums: {"x": sums["x"]}, samples=99, seed=seed)
        for seed in (5, 5, 6)
    )
    assert first == second != other
    assert torch.equal(before, torch.get_rng_state())


def test_blocks_do_not_change_what_is_drawn(monkeypatch):
    rows = rows_of(70, 90)
    whole = bootstrap_intervals(rows, accuracy, samples=200)
    monkeypatch.setattr(_bootstrap, "BLOCK", 300)
    assert bootstrap_intervals(rows, accuracy, samples=200) == whole


def test_many_records_need_little_memory(monkeypatch):
    sizes = []
    times = _bootstrap._times

    def watched(draws, N, generator):
        sizes.append(draws * N)
        return times(draws, N, generator)

    monkeypatch.setattr(_bootstrap, "_times", watched)
    low, high = bootstrap_intervals(rows_of(45_000, 50_000), accuracy, samples=100)["accuracy"]
    assert max(sizes) <= _bootstrap.BLOCK
    assert sum(sizes) == 100 * 50_000
    assert 0.895 < low < 0.9 < high < 0.905


def test_one_record_is_always_drawn():
    rows = {"right": torch.ones(1), "records": torch.ones(1)}
    assert bootstrap_intervals(rows, accuracy, samples=3)["accuracy"] == (1.0, 1.0)


def test_draws_without_a_number_do_not_count():
    rows = {"hit": torch.tensor([1.0, 0.0]), "seen": torch.tensor([1.0, 0.0])}

    def metrics(sums):
        share = sums["hit"] / sums["seen"] if sums["seen"] else math.nan
        return {"share": share, "never": math.nan, **({"some": 2.0} if sums["seen"] else {})}

    found = bootstrap_intervals(rows, metrics)
    assert found["share"] == (1.0, 1.0)
    assert found["some"] == (2.0, 2.0)
    assert all(map(math.isnan, found["never"]))


def test_an_end_may_be_infinite():
    rows = {"x": torch.tensor([0.0, 1.0, 1.0])}
    found = bootstrap_intervals(
        rows, lambda sums: {"x": 1 / sums["x"] if sums["x"] else math.inf}, samples=500
    )
    assert found["x"] == (1 / 3, math.inf)


@pytest.mark.parametrize(
    ("rows", "error", "match"),
    [
        ({}, ShapeError, "is empty"),
        ({"a": torch.ones(0)}, ShapeError, "not one value a record"),
        ({"a": torch.tensor(1.0)}, ShapeError, "not one value a record"),
        ({"a": torch.ones(2), "b": torch.ones(3)}, ShapeError, r"rows\['b'\]"),
        ({"a": torch.ones(2, 3, 4)}, ShapeError, "not one value a record"),
        ({"a": torch.tensor([1.0, math.nan])}, DataError, r"rows\['a'\]"),
    ],
)
def test_rows_that_cannot_be_drawn_from(rows, error, match):
    with pytest.raises(error, match=match):
        bootstrap_intervals(rows, dict)


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"confidence": 1.0}, {"seed": -1}])
def test_settings_outside_their_range(wrong):
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        bootstrap_intervals({"a": torch.ones(2)}, dict, **wrong)
