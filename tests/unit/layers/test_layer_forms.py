import pytest
import torch

from recurra import GRU, LSTM, Bidirectional, Concatenate, Recurrent, Residual, Stack
from recurra.layers import BidirectionalState, Layer

X = torch.randn(4, 2, 3)

LAYERS = {
    "Recurrent": (lambda **options: Recurrent(GRU(3, 5), **options), 5),
    "Stack": (lambda **options: Stack([Recurrent(GRU(3, 5))], **options), 5),
    "Bidirectional": (lambda **options: Bidirectional(GRU(3, 5), LSTM(3, 2), **options), 7),
    "Residual": (lambda **options: Residual(Recurrent(GRU(3, 3)), **options), 3),
    "Concatenate": (lambda **options: Concatenate(Recurrent(GRU(3, 5)), **options), 8),
}


@pytest.mark.parametrize(("make", "size"), LAYERS.values(), ids=LAYERS)
def test_batch_first_is_an_option_of_every_layer(make, size):
    assert make()(X)[0].shape == (4, 2, size)
    assert make(batch_first=True)(X)[0].shape == (4, 2, size)
    layer = make(batch_first=True)
    y, state = layer(X.transpose(0, 1))
    layer.batch_first = False
    assert torch.equal(y.transpose(0, 1), layer(X, None)[0])
    assert state is not None


def test_the_halves_have_their_own_cells():
    ahead, back = GRU(3, 5), GRU(3, 5)
    y, state = Bidirectional(ahead, back)(X)
    expected = Recurrent(ahead)(X), Recurrent(back, reverse=True)(X)
    assert torch.equal(y, torch.cat([expected[0][0], expected[1][0]], dim=-1))
    assert torch.equal(state.forward, expected[0][1])
    assert torch.equal(state.backward, expected[1][1])
    assert type(state) is BidirectionalState


def test_both_directions_take_a_plain_tuple():
    layer = Bidirectional(GRU(3, 5), GRU(3, 5))
    start = (torch.randn(2, 5), torch.randn(2, 5))
    y, state = layer(X, start)
    assert torch.equal(y, layer(X, BidirectionalState(*start))[0])
    assert type(state) is BidirectionalState
    assert type(layer.initial_state(2)) is BidirectionalState


def test_short_cuts_carry_the_input():
    inner = Recurrent(GRU(3, 3))
    y, state = inner(X)
    for layer, expected in (
        (Residual(inner), X + y),
        (Concatenate(inner), torch.cat([X, y], dim=-1)),
    ):
        assert torch.equal(layer(X)[0], expected)
        assert torch.equal(layer(X)[1], state)


def test_a_layer_must_be_complete():
    with pytest.raises(TypeError, match="abstract"):
        Layer()


def test_repr_shows_the_direction():
    assert "reverse" not in repr(Recurrent(GRU(3, 5)))
    assert repr(Recurrent(GRU(3, 5), reverse=True)).splitlines() == [
        "Recurrent(",
        "  reverse=True",
        "  (cell): GRU(3, 5)",
        ")",
    ]


def test_repr_shows_what_is_inside():
    text = repr(Stack([Residual(Recurrent(GRU(5, 5))), Bidirectional(GRU(5, 2), LSTM(5, 2))]))
    for part in ("Stack", "Residual", "Recurrent", "GRU(5, 5)", "Bidirectional", "LSTM(5, 2)"):
        assert part in text
