# Attention: what is beyond a row's places never matters, and what does not fit is refused.
import pytest
import torch

from compare import random_input
from recurra import GRU, LSTM, Recurrent, Stream, explain, unroll
from recurra.base import ArgumentError, DtypeError, ShapeError, state_tensors
from recurra.cells import (
    AdditiveScore,
    BahdanauCell,
    DotScore,
    GeneralScore,
    LuongCell,
    ProjectionLSTM,
)
from refusals import refused
from zoo import NestedState, with_random_weights

T, B, S, D, X = 5, 4, 6, 3, 2
LENGTHS = torch.tensor([6, 1, 0, 4])
FORMS = {
    "Bahdanau": lambda: BahdanauCell(LSTM(X + D, 4), AdditiveScore(4, D, 5), S),
    "Luong": lambda: LuongCell(GRU(X + 5, 4), GeneralScore(4, D), S, 5),
}
ANY = pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)


def made(make):
    return with_random_weights(make().double())


def drawn():
    return torch.randn(B, S, D, dtype=torch.float64)


def beyond(memory, value):
    """Fill the places beyond each row's own."""
    places = torch.arange(S) >= LENGTHS[:, None]
    return memory.masked_fill(places[:, :, None], value)


@ANY
@pytest.mark.parametrize("backend", ["c", "reference"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
def test_what_is_beyond_the_places_of_a_row_never_matters(make, backend, value):
    cell, x, memory = made(make), random_input(T, B, X), drawn()
    runs = []
    for filling in (0.0, value):
        filled = beyond(memory, filling).requires_grad_()
        y, end = unroll(cell, x, cell.attend(filled, LENGTHS), backend=backend)
        sources = [filled, x, *cell.parameters()]
        gradients = torch.autograd.grad(y.square().sum(), sources)
        runs.append([y, *state_tensors(end), *gradients])
        assert not beyond(gradients[0], 0.0).sub(gradients[0]).any()
    assert all(map(torch.equal, *runs))


@ANY
def test_a_shorter_memory_is_padded(make):
    cell, x, memory = made(make), random_input(T, B, X), drawn()
    here, _ = unroll(cell, x, cell.attend(memory[:, :2]))
    there, _ = unroll(cell, x, cell.attend(memory, torch.full((B,), 2)))
    assert torch.equal(here, there)


@ANY
def test_without_a_memory_contexts_are_zero(make):
    cell, x = made(make), random_input(T, B, X)
    y, _ = unroll(cell, x)
    none, _ = unroll(cell, x, cell.attend(drawn(), torch.zeros(B, dtype=torch.int64)))
    assert y.isfinite().all()
    assert torch.equal(y, none)


@ANY
def test_a_reset_forgets_the_memory(make):
    cell, x = made(make), random_input(T, B, X)
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[2] = True
    y, end = unroll(cell, x, cell.attend(drawn()), resets=resets)
    torch.testing.assert_close(y[2:], unroll(cell, x[2:])[0], rtol=0, atol=1e-12)
    assert not end.memory.valid.any()


@ANY
def test_the_memory_goes_on_unchanged_and_steps_are_the_sequence(make):
    cell, x = made(make), random_input(T, B, X)
    start = cell.attend(drawn(), LENGTHS)
    y, end = unroll(cell, x, start)
    assert all(map(torch.equal, state_tensors(start.memory), state_tensors(end.memory)))
    layer, state = Recurrent(cell), start
    stream = Stream(cell, B)
    stream(x[0])
    stream.state = start
    for x_t, y_t in zip(x, y, strict=True):
        found, state = layer.step(x_t, state)
        torch.testing.assert_close(found, y_t, rtol=0, atol=1e-12)
        torch.testing.assert_close(stream(x_t), y_t, rtol=0, atol=1e-12)


@ANY
def test_it_compiles(make):
    cell = make()
    assert cell.input_size == X
    assert explain(cell).is_fused
    assert f"places={S}" in repr(cell)


def test_weights_are_shares_of_the_places():
    for make in (
        lambda: BahdanauCell(LSTM(X + D, 4), AdditiveScore(4, D, 5), S, give_weights=True),
        lambda: LuongCell(GRU(X + 5, 4), GeneralScore(4, D), S, 5, give_weights=True),
    ):
        cell, x = made(make), random_input(T, B, X)
        outputs, weights = cell.split(unroll(cell, x, cell.attend(drawn(), LENGTHS))[0])
        assert outputs.shape == (T, B, cell.output_size)
        assert weights.shape == (T, B, S)
        assert not beyond(weights.movedim(0, 2), 0.0).sub(weights.movedim(0, 2)).any()
        sums = weights.sum(2)
        torch.testing.assert_close(sums, (LENGTHS > 0).double().expand(T, B))


def test_the_cell_inside_can_start_where_an_encoder_ended():
    encoder, cell = (
        made(lambda: LSTM(X, 4)),
        made(lambda: BahdanauCell(LSTM(X + 4, 4), DotScore(4), S)),
    )
    x = random_input(S, B, X)
    memory, last = unroll(encoder, x, lengths=LENGTHS)
    state = cell.attend(memory.transpose(0, 1), LENGTHS, inner=last)
    assert torch.equal(state.inner.cell, last.cell)
    y, _ = unroll(cell, x, state)
    (gradient,) = torch.autograd.grad(y[:, 0].sum(), x)
    assert gradient[:, 0].any()
    with pytest.raises(ShapeError, match="`inner` is not a state of `LSTM`"):
        cell.attend(memory.transpose(0, 1), LENGTHS, inner=last.hidden)


@pytest.mark.parametrize("shape", [(B, S, D + 1), (B, S + 1, D), (S, D)], ids=str)
def test_memories_of_another_shape(shape):
    with refused(
        ShapeError,
        "`memory` has the wrong shape.",
        got=f"{shape} float32 on cpu",
        expected=f"(B, up to {S}, {D})",
    ):
        FORMS["Luong"]().attend(torch.zeros(shape))


def test_wrong_lengths():
    cell, memory = FORMS["Luong"](), torch.zeros(B, S - 1, D)
    with refused(
        ShapeError,
        "`lengths` is not one number per row of the memory.",
        got="(3,) int64 on cpu",
        expected="(4,) integer",
    ):
        cell.attend(memory, torch.tensor([1, 2, 3]))
    for lengths in (torch.ones(B), torch.ones(B, dtype=torch.bool)):
        with pytest.raises(DtypeError, match="`lengths` is not integer"):
            cell.attend(memory, lengths)
    for value in (-1, S):
        with refused(
            ArgumentError,
            "`lengths` has a value outside the memory.",
            got=f"[1, {value}, 1, 1]",
            expected=f"4 integers in 0..{S - 1}",
        ):
            cell.attend(memory, torch.tensor([1, value, 1, 1]))


def test_cells_inside_that_do_not_fit():
    score = GeneralScore(4, D)
    with refused(
        ShapeError,
        "The cell inside of `BahdanauCell` has no inputs left for x.",
        got="GRU with input_size=3",
        expected="those of x and 3 more",
    ):
        BahdanauCell(GRU(D, 4), score, S)
    with pytest.raises(ShapeError, match="no inputs left for x"):
        LuongCell(GRU(5, 4), score, S, 5)
    for cell in (GRU(X + D, 5), NestedState()):
        with pytest.raises(ShapeError, match="a hidden state of another size"):
            BahdanauCell(cell, score, S)
    with pytest.raises(ShapeError, match="another `output_size`"):
        LuongCell(GRU(X + 5, 5), score, S, 5)


def test_the_hidden_state_is_what_the_score_takes():
    cell = BahdanauCell(ProjectionLSTM(X + D, 6, projection_size=2), AdditiveScore(2, D, 5), S)
    assert cell(torch.zeros(B, X), cell.initial_state(B))[0].shape == (B, 2)


def test_a_query_that_is_found_out_in_a_step():
    cell = LuongCell(NestedState(), GeneralScore(4, D), S, 1)
    with refused(
        ShapeError,
        "The query of `GeneralScore` has the wrong shape.",
        got="(4, 3) float32 on cpu",
        expected="(B, 4)",
        fix="GeneralScore(query_size=3, ...)",
    ):
        cell(torch.zeros(B, X), cell.initial_state(B))


@pytest.mark.parametrize("value", [0, -1, 1.5, True])
def test_impossible_sizes(value):
    for make in (
        lambda: DotScore(value),
        lambda: GeneralScore(value, D),
        lambda: GeneralScore(4, value),
        lambda: AdditiveScore(4, D, value),
        lambda: BahdanauCell(GRU(X + D, 4), GeneralScore(4, D), value),
        lambda: LuongCell(GRU(X + 5, 4), GeneralScore(4, D), S, value),
    ):
        with pytest.raises(ShapeError, match="is not a possible number"):
            make()


def test_what_is_no_score():
    for make in (
        lambda: BahdanauCell(GRU(X + D, 4), "dot", S),
        lambda: LuongCell(GRU(X + 5, 4), "dot", S, 5),
    ):
        with refused(
            ArgumentError,
            "`score` is not a score.",
            got="'dot'",
            expected="AdditiveScore, DotScore, GeneralScore, or one of your own",
        ):
            make()


def test_scores_show_their_sizes():
    assert repr(AdditiveScore(4, D, 5)) == "AdditiveScore(4, 3)"
    assert repr(DotScore(4)) == "DotScore(4, 4)"


@ANY
def test_a_cell_of_other_places_has_the_same_weights(make):
    cell, x, memory = made(make), random_input(T, B, X), drawn()
    wider = cell.of_places(S + 3)
    assert (cell.places, wider.places) == (S, S + 3)
    assert all(map(lambda mine, other: mine is other, wider.parameters(), cell.parameters()))
    y, _ = unroll(wider, x, wider.attend(memory, LENGTHS))
    torch.testing.assert_close(y, unroll(cell, x, cell.attend(memory, LENGTHS))[0])
    with pytest.raises(ShapeError, match="`places` is not a possible number"):
        cell.of_places(0)
