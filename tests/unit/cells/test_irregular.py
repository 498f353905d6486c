# Irregular sampling: inputs that say how far steps are apart, and the cells that see them.
import pytest
import torch

from recurra import GRU, Recurrent, Stack, unroll
from recurra.base import ArgumentError, DtypeError, ShapeError
from recurra.cells import CTRNN, CfC, IrregularlySampled, Zoneout, with_elapsed
from refusals import refused

TIMES = torch.tensor([[0.5, 3.0], [0.5, 4.0], [2.0, 4.25], [2.25, 9.0]])  # [4, 2]
T, B = TIMES.shape
X = torch.randn(T, B, 3)


def elapsed(times=TIMES, **options):
    joined = with_elapsed(X, times, **options)
    assert torch.equal(joined[..., :-1], X)
    return joined[..., -1].tolist()


def test_times_between_steps():
    assert elapsed() == [[0, 0], [0, 1], [1.5, 0.25], [0.25, 4.75]]


def test_a_window_goes_on_from_the_times_before():
    assert elapsed(start=torch.tensor([0.25, 1.0]))[0] == [0.25, 2.0]
    rest = with_elapsed(X[2:], TIMES[2:], start=TIMES[1])
    assert torch.equal(rest, with_elapsed(X, TIMES)[2:])


def test_padding_may_hold_any_time():
    times = TIMES.clone()
    times[2:, 1] = torch.tensor([-7.0, float("nan")])
    assert elapsed(times, lengths=torch.tensor([4, 2])) == [[0, 0], [0, 1], [1.5, 0], [0.25, 0]]


def test_times_may_begin_anew_at_resets():
    times, resets = TIMES.clone(), torch.zeros(T, B, dtype=torch.bool)
    times[2:, 1], resets[2, 1] = torch.tensor([1.0, 1.5]), True
    assert elapsed(times, resets=resets) == [[0, 0], [0, 1], [1.5, 0], [0.25, 0.5]]


def test_large_stamps_keep_their_differences():
    stamps = 1.7e9 + TIMES.double()
    assert elapsed(stamps) == elapsed()


def test_integer_times():
    assert elapsed((TIMES * 4).long())[3] == [1, 19]


def test_decreasing_times_are_refused():
    times = TIMES.clone()
    times[2, 1] = 3.5
    with refused(
        ArgumentError,
        "`times` has times before those of the step before.",
        got="3.5 at step 2 of row 1, after 4",
        expected="finite times, sorted in each row; or times between steps, >= 0",
        fix="sort the steps of each row by time; give `lengths` where rows are padded",
    ):
        with_elapsed(X, times)


def test_a_start_after_the_first_step_is_refused():
    with pytest.raises(ArgumentError, match="before those") as caught:
        with_elapsed(X, TIMES, start=torch.tensor([0.0, 3.5]))
    assert caught.value.details["got"] == "3 at step 0 of row 1"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_times_that_are_not_finite_are_refused(value):
    times = TIMES.clone()
    times[1, 0] = value
    with pytest.raises(ArgumentError, match="not finite"):
        with_elapsed(X, times)


def test_a_start_that_is_not_finite_is_refused():
    with pytest.raises(ArgumentError, match="`start`"):
        with_elapsed(X, TIMES, start=torch.tensor([0.0, float("nan")]))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("x", {"x": X[0]}),
        ("x", {"x": X.tolist()}),
        ("times", {"times": TIMES.tolist()}),
        ("times", {"times": TIMES.T}),
        ("elapsed", {"times": None, "elapsed": TIMES.T}),
        ("start", {"start": TIMES[:1]}),
        ("resets", {"resets": torch.zeros(T, dtype=torch.bool)}),
        ("lengths", {"lengths": torch.ones(3)}),
    ],
)
def test_shapes_that_do_not_fit_are_refused(name, options):
    with pytest.raises(ShapeError, match=f"`{name}` has the wrong shape"):
        with_elapsed(**{"x": X, "times": TIMES, **options})


def test_times_between_steps_may_be_given():
    between = with_elapsed(X, TIMES)[..., -1]
    assert torch.equal(with_elapsed(X, elapsed=between), with_elapsed(X, TIMES))
    between[2:, 1] = torch.tensor([-7.0, float("nan")])
    joined = with_elapsed(X, elapsed=between, lengths=torch.tensor([4, 2]))
    assert joined[2:, 1, -1].tolist() == [0, 0]


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_negative_times_between_steps_are_refused(value):
    between = torch.ones(T, B)
    between[0, 1] = value
    with pytest.raises(ArgumentError, match="`elapsed` has times that are negative") as caught:
        with_elapsed(X, elapsed=between)
    assert caught.value.details["got"] == f"{value:g} at step 0 of row 1"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"times": TIMES, "elapsed": TIMES},
        {"elapsed": TIMES, "start": TIMES[0]},
        {"elapsed": TIMES, "reverse": True},
        {"elapsed": TIMES, "resets": torch.zeros(T, B, dtype=torch.bool)},
    ],
    ids=lambda options: "-".join(options),
)
def test_times_or_times_between_steps(options):
    with pytest.raises(ArgumentError, match="takes `times`, with"):
        with_elapsed(X, **options)


def test_features_that_are_integers_are_refused():
    with pytest.raises(DtypeError, match="`x` is not floating point"):
        with_elapsed(X.long(), TIMES)


def test_resets_that_are_not_bool_are_refused():
    with pytest.raises(DtypeError, match="`resets` is not bool"):
        with_elapsed(X, TIMES, resets=torch.zeros(T, B))


def test_an_integer_time_may_follow_a_start_that_is_none():
    joined = with_elapsed(X, torch.arange(T).unsqueeze(1).expand(T, B), start=-torch.rand(B) - 1)
    assert (joined[0, :, -1] > 1).all()


def test_equal_steps_are_those_of_the_cell():
    cell = CTRNN(3, 5)
    x = torch.cat([X, torch.ones(T, B, 1)], dim=-1)
    y, state = unroll(IrregularlySampled(cell), x)
    plain_y, plain_state = unroll(cell, X)
    torch.testing.assert_close(y, plain_y)
    torch.testing.assert_close(state, plain_state)


def test_sizes_are_those_of_x_and_y():
    cell = IrregularlySampled(CTRNN(3, 5))
    assert (cell.input_size, cell.output_size) == (4, 5)


def test_layers_and_wrappers_take_it_like_any_cell():
    cell = IrregularlySampled(CTRNN(3, 5))
    layer = Stack([Recurrent(Zoneout(cell, 0.1)), Recurrent(GRU(5, 2))])
    y, _ = layer(with_elapsed(X, TIMES), lengths=torch.tensor([4, 2]))
    assert y.shape == (T, B, 2)


def test_a_cell_without_time_is_refused():
    with refused(
        ArgumentError,
        "`IrregularlySampled` got a cell that cannot advance by a given time.",
        got="GRU",
        expected="a cell with `advance(x, state, elapsed)`, such as `recurra.cells.CTRNN`",
    ):
        IrregularlySampled(GRU(3, 5))


def test_a_cell_of_the_users():
    class Decay(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.into = torch.nn.Linear(3, 2)

        def initial_state(self, batch_size):
            return self.into.weight.new_zeros(batch_size, 2)

        def advance(self, x, state, elapsed):
            state = state * (-elapsed).exp() + self.into(x)
            return state, state

    cell = IrregularlySampled(Decay())
    x = with_elapsed(X, TIMES)
    y, _ = unroll(cell, x, backend="c")
    torch.testing.assert_close(y, unroll(cell, x, backend="reference")[0])


def test_backwards_a_step_comes_from_the_one_after():
    assert elapsed(reverse=True) == [[0, 1], [1.5, 0.25], [0.25, 4.75], [0, 0]]
    start = torch.tensor([3.0, 9.5])
    assert elapsed(reverse=True, start=start) == [[0, 1], [1.5, 0.25], [0.25, 4.75], [0.75, 0.5]]


def test_backwards_each_row_begins_at_its_own_end():
    times, lengths = TIMES.clone(), torch.tensor([4, 2])
    times[2:, 1] = torch.tensor([-7.0, float("nan")])
    options = {"reverse": True, "lengths": lengths}
    assert elapsed(times, **options) == [[0, 1], [1.5, 0], [0.25, 0], [0, 0]]
    start = torch.tensor([3.0, 4.5])
    assert elapsed(times, start=start, **options) == [[0, 1], [1.5, 0.5], [0.25, 0], [0.75, 0]]
    assert elapsed(times, reverse=True, lengths=torch.tensor([4, 0]))[0] == [0, 0]


def test_backwards_times_may_begin_anew_at_resets():
    times, resets = TIMES.clone(), torch.zeros(T, B, dtype=torch.bool)
    times[2:, 1], resets[1, 1] = torch.tensor([1.0, 1.5]), True
    expected = [[0, 1], [1.5, 0], [0.25, 0.5], [0, 0]]
    assert elapsed(times, reverse=True, resets=resets) == expected


@pytest.mark.parametrize("lengths", [None, torch.tensor([4, 2])])
def test_a_reversed_layer_is_a_layer_over_flipped_time(lengths):
    cell = IrregularlySampled(CfC(3, 5))
    ends = [T, T] if lengths is None else lengths.tolist()
    y, state = unroll(
        cell, with_elapsed(X, TIMES, reverse=True, lengths=lengths), lengths=lengths, reverse=True
    )
    for row, end in enumerate(ends):
        x, times = X[:end, [row]].flip(0), -TIMES[:end, [row]].flip(0)
        expected, last = unroll(cell, with_elapsed(x, times))
        torch.testing.assert_close(y[:end, [row]], expected.flip(0))
        torch.testing.assert_close(state[[row]], last)


def test_backwards_decreasing_times_are_refused():
    times = TIMES.clone()
    times[2, 1] = 3.5
    with refused(
        ArgumentError,
        "`times` has times after those of the step that follows.",
        got="4 at step 1 of row 1, before 3.5",
        expected="finite times, sorted in each row; or times between steps, >= 0",
        fix="sort the steps of each row by time; give `lengths` where rows are padded",
    ):
        with_elapsed(X, times, reverse=True)
    with pytest.raises(ArgumentError, match="after those") as caught:
        with_elapsed(X, TIMES, reverse=True, start=torch.tensor([2.0, 9.0]))
    assert caught.value.details["got"] == "2.25 at step 3 of row 0"


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int64])
def test_integers_that_decrease_do_not_wrap(dtype):
    times = torch.tensor([[0, 100], [100, 1], [100, 3], [110, 4]], dtype=dtype)
    with pytest.raises(ArgumentError, match="before those") as caught:
        with_elapsed(X, times)
    assert caught.value.details["got"] == "1 at step 1 of row 1, after 100"


def test_integer_stamps_keep_their_differences():
    stamps = 1_700_000_000 + (TIMES * 4).long()
    start = stamps[0].double() - 0.5
    expected = [[0.5, 0.5], [0, 4], [6, 1], [1, 19]]
    assert elapsed(stamps, start=start) == expected


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool])
def test_lengths_that_are_not_integer_are_refused(dtype):
    lengths = torch.ones(B, dtype=dtype)
    with refused(
        DtypeError,
        "`lengths` is not integer.",
        got=f"(2,) {str(dtype).removeprefix('torch.')} on cpu",
        fix="lengths=lengths.long()",
    ):
        with_elapsed(X, TIMES, lengths=lengths)


@pytest.mark.parametrize("length", [-1, 5])
def test_lengths_outside_of_the_sequence_are_refused(length):
    with refused(
        ArgumentError,
        "`lengths` has a value outside the sequence.",
        got=f"[4, {length}]",
        expected="integers in 0..4",
    ):
        with_elapsed(X, TIMES, lengths=torch.tensor([4, length]))
