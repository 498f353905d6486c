import pytest
import torch

from recurra import GRU, LSTM, LSTMState, Recurrent, Stack
from recurra.base import describe_state

X = torch.randn(4, 2, 3)


def make_stack(**options):
    return Stack([Recurrent(GRU(3, 5)), Recurrent(LSTM(5, 4))], **options)


def test_its_state_is_the_tuple_of_states():
    stack = make_stack()
    form = (
        "tuple(0=(2, 5) float32 on cpu, "
        "1=LSTMState(hidden=(2, 4) float32 on cpu, cell=(2, 4) float32 on cpu))"
    )
    assert describe_state(stack.initial_state(2)) == form
    assert describe_state(stack(X)[1]) == form


def test_plain_tuples_get_their_names_back():
    hidden = torch.zeros(2, 4)
    _, (_, upper) = make_stack()(X, (torch.zeros(2, 5), (hidden, hidden)))
    assert type(upper) is LSTMState


def test_a_layer_may_be_without_a_state_where_another_has_one():
    stack = make_stack()
    upper = LSTMState(torch.ones(2, 4), torch.ones(2, 4))
    expected = stack(X, (stack.layers[0].initial_state(2), upper))
    assert torch.equal(stack(X, (None, upper))[0], expected[0])


def test_layers_follow_each_other():
    lower, upper = stack = make_stack()
    assert len(stack) == 2
    assert torch.equal(stack(X)[0], upper(lower(X)[0])[0])


def test_a_stack_of_one_is_its_layer():
    layer = Recurrent(GRU(3, 5))
    assert torch.equal(Stack([layer])(X)[0], layer(X)[0])


def test_layers_may_come_from_a_generator():
    stack = Stack(Recurrent(GRU(size, 5)) for size in (3, 5))
    assert stack(X)[0].shape == (4, 2, 5)


# With everything dropped between the layers, the upper one sees zeros.
@pytest.mark.parametrize("run", ["sequence", "step"])
def test_dropout_lies_between_the_layers(run):
    stack = make_stack(dropout=1.0)
    if run == "sequence":
        y, state = stack(X)
        expected = stack.layers[1](torch.zeros(4, 2, 5))[0]
        lower = stack.layers[0](X)[1]
    else:
        start = stack.initial_state(2)
        y, state = stack.step(X[0], start)
        expected = stack.layers[1].step(torch.zeros(2, 5), start[1])[0]
        lower = stack.layers[0].step(X[0], start[0])[1]
    assert torch.equal(y, expected)
    assert y.any()  # nothing is dropped after the last layer
    assert torch.equal(state[0], lower)  # ... nor before the first


def test_dropout_is_for_training_only():
    stack = make_stack(dropout=0.5)
    assert not torch.equal(stack(X)[0], stack(X)[0])
    stack.eval()
    assert torch.equal(stack(X)[0], stack.layers[1](stack.layers[0](X)[0])[0])


def test_dropout_scales_what_it_keeps():
    class Through(torch.nn.Module):
        def initial_state(self, batch_size):
            return torch.zeros(batch_size)

        def forward(self, x, state):
            return x, state

    stack = Stack([Recurrent(Through()), Recurrent(Through())], dropout=0.5)
    y, _ = stack(torch.ones(8, 8, 8))
    assert set(y.unique().tolist()) == {0.0, 2.0}
