# States: tensors, tuples and NamedTuples, nested at will.
from typing import NamedTuple

import pytest
import torch

from recurra.base import (
    ShapeError,
    check_same_form,
    describe_state,
    detach_state,
    map_state,
    state_tensors,
    unflatten_state,
)
from refusals import refused


class Pair(NamedTuple):
    left: torch.Tensor
    right: torch.Tensor


def make_state(first=1.0):
    numbers = torch.arange(8.0) + first
    return (numbers[:2], (Pair(numbers[2:4].reshape(2, 1), numbers[4:6]), numbers[6:]))


FORM = "tuple(0=(2,) float32 on cpu, 1=tuple(0=Pair(left=(2, 1) float32 on cpu, "
FORM += "right=(2,) float32 on cpu), 1=(2,) float32 on cpu))"


def test_map_keeps_the_form():
    mapped = map_state(torch.neg, make_state())
    assert describe_state(mapped) == FORM
    assert type(mapped[1][0]) is Pair
    assert mapped[1][0].left.tolist() == [[-3], [-4]]


def test_map_of_a_bare_tensor_is_a_tensor():
    assert map_state(torch.neg, torch.ones(2)).tolist() == [-1, -1]


def test_map_takes_the_tensors_at_the_same_place():
    sums = map_state(torch.add, make_state(), make_state(first=100.0))
    assert [tensor.flatten().tolist() for tensor in state_tensors(sums)] == [
        [101, 103],
        [105, 107],
        [109, 111],
        [113, 115],
    ]


def test_map_takes_the_names_of_the_first():
    mapped = map_state(torch.add, Pair(torch.ones(1), torch.ones(1)), (torch.ones(1),) * 2)
    assert type(mapped) is Pair
    assert mapped.left.item() == 2


def test_map_of_unequal_lengths_fails():
    with pytest.raises(ValueError, match="zip"):
        map_state(torch.add, (torch.ones(1), torch.ones(1)), (torch.ones(1),))


def test_tensors_come_in_order():
    firsts = [float(tensor.flatten()[0]) for tensor in state_tensors(make_state())]
    assert firsts == [1, 3, 5, 7]
    assert [tensor.item() for tensor in state_tensors(torch.tensor(2))] == [2]


def test_tensors_are_put_into_the_form_that_they_came_from():
    state = make_state()
    mapped = map_state(torch.neg, state)
    for like in (state, (), ((), torch.ones(1), ((),)), torch.ones(2), Pair(torch.ones(1), ())):
        tensors = list(state_tensors(like))
        again = unflatten_state(tensors, map_state(torch.neg, like))
        assert describe_state(again) == describe_state(like)
        assert all(a is b for a, b in zip(state_tensors(again), tensors, strict=True))
    assert type(unflatten_state(state_tensors(mapped), state)) is type(state)


def test_detached_states_have_no_graph():
    state = map_state(lambda part: part.clone().requires_grad_() * 2, make_state())
    assert all(part.requires_grad for part in state_tensors(state))
    cut = detach_state(state)
    assert describe_state(cut) == FORM
    assert not any(part.requires_grad for part in state_tensors(cut))
    assert all(map(torch.equal, state_tensors(cut), state_tensors(state)))


def test_equal_forms_pass():
    check_same_form("nothing", make_state(), make_state(first=5.0))


def test_a_plain_tuple_may_stand_for_a_named_one():
    check_same_form("nothing", (torch.ones(2), torch.ones(3)), Pair(torch.ones(2), torch.ones(3)))


OTHER_FORMS = {
    "shape": (torch.ones(2), torch.ones(4)),
    "dtype": (torch.ones(2), torch.ones(3).double()),
    "too short": (torch.ones(2),),
    "too long": (torch.ones(2), torch.ones(3), torch.ones(3)),
    "deeper": (torch.ones(2), (torch.ones(3),)),
    "shallower": torch.ones(2),
}


@pytest.mark.parametrize("other", OTHER_FORMS.values(), ids=OTHER_FORMS)
def test_other_forms_are_refused(other):
    expected = Pair(torch.ones(2), torch.ones(3))
    with refused(
        ShapeError,
        "`state` is not a state.",
        got=describe_state(other),
        expected="Pair(left=(2,) float32 on cpu, right=(3,) float32 on cpu)",
    ):
        check_same_form("`state` is not a state.", other, expected)


@pytest.mark.parametrize("other", [[1.0, 2.0], 3, "state", None])
def test_what_is_no_state_is_refused(other):
    with refused(
        ShapeError,
        "`state` is not a state.",
        got=f"{other!r} ({type(other).__name__})",
        expected="(2,) float32 on cpu",
    ):
        check_same_form("`state` is not a state.", other, torch.ones(2))
