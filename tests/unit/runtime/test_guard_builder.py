# Comparisons by identity, written out as one function.
import pytest
import torch

from recurra.runtime._guards.guard_builder import GuardBuilder, _compiled


class Thing:
    """An object with attributes of any names."""

    def __init__(self, **held):
        vars(self).update(held)


def built(add, cell=None):
    builder = GuardBuilder()
    builder.own(cell)
    add(builder)
    holds = builder.build()
    assert holds(cell) is True
    return holds


@pytest.mark.parametrize("key", ["a", 'it\'s "x"\\\n', "가", 3, (1, "a"), None, 2.5, Thing()])
def test_entries_are_compared_by_identity(key):
    cell, table = Thing(), {key: [0.5], "other": 1}
    holds = built(lambda builder: builder.entries(table, [key]), cell)
    table["other"] = 2
    assert holds(cell)
    table[key] = [0.5]
    assert not holds(cell)
    del table[key]
    with pytest.raises(KeyError):
        holds(cell)


@pytest.mark.parametrize("name", ["a", "__private", "class", "two words", "가", "ﬁ", "1"])
def test_attributes_of_any_name_are_compared(name):
    cell, thing = Thing(), Thing(**{name: [0.5]})
    holds = built(lambda builder: builder.attributes(thing, [name]), cell)
    setattr(thing, name, [0.5])
    assert not holds(cell)
    delattr(thing, name)
    with pytest.raises(AttributeError):
        holds(cell)


def test_types_and_attribute_dictionaries_are_compared():
    class Other(Thing):
        pass

    for which in ("cell", "part"):
        cell, part = Thing(), Thing()
        holds = built(lambda builder, part=part: builder.object(part), cell)
        changed = cell if which == "cell" else part
        kind = type(changed)
        changed.__class__ = Other
        assert not holds(cell)
        changed.__class__ = kind
        assert holds(cell)
        changed.__dict__ = dict(vars(changed))
        assert not holds(cell)


def test_sizes_and_missing_keys_are_compared():
    cell, filled, empty, table = Thing(), [1, 2], {}, {"a": 1}

    def add(builder):
        builder.sizes([filled, empty, empty])
        builder.lacks(table, "b")

    holds = built(add, cell)
    filled[0] = 3  # the size is the same
    assert holds(cell)
    for change, put_back in (
        (lambda: filled.append(1), filled.pop),
        (lambda: empty.update(a=1), empty.clear),
        (lambda: table.update(b=1), lambda: table.pop("b")),
    ):
        change()
        assert not holds(cell)
        put_back()
        assert holds(cell)


def test_values_that_are_equal_but_not_the_same_are_told_apart():
    cell = Thing()
    for value, equal in ((True, 1), (0.0, -0.0), (1, 1.0), ((), [])):
        table = {"a": value}
        holds = built(lambda builder, table=table: builder.entries(table, ["a"]), cell)
        table["a"] = equal
        assert not holds(cell)


def test_writing_to_a_tensor_and_moving_it_are_seen():
    cell = Thing()
    for change in (
        lambda tensor: tensor.add_(1),
        lambda tensor: tensor.__setitem__(0, 0),
        lambda tensor: setattr(tensor, "data", tensor.data.clone()),
    ):
        tensor = torch.zeros(3)
        holds = built(lambda builder, tensor=tensor: builder.memory(tensor), cell)
        tensor + 1
        assert holds(cell)
        change(tensor)
        assert not holds(cell)
    with torch.inference_mode(), pytest.raises(RuntimeError):
        GuardBuilder().memory(torch.zeros(3))


def test_results_are_compared_by_value():
    numbers = [10**6]
    cell = Thing()
    holds = built(lambda builder: builder.result(lambda: numbers[0]), cell)
    numbers[0] = 10**3 * 1000
    assert holds(cell)
    numbers[0] += 1
    assert not holds(cell)


def test_values_stay_alive_so_that_no_other_takes_their_place():
    class Fresh:
        @property
        def made(self):
            return object()

    cell, thing = Thing(), Fresh()
    builder = GuardBuilder()
    builder.own(cell)
    builder.attributes(thing, ["made"])
    holds = builder.build()
    assert not any(holds(cell) for _ in range(100))


def test_cells_of_one_making_share_the_code():
    _compiled.cache_clear()
    for number in range(5):
        cell, table = Thing(), {"a": object(), "b": object()}
        built(lambda builder, table=table: builder.entries(table, ["a", "b"]), cell)
        assert _compiled.cache_info().misses == 1, number


def test_many_comparisons_are_one_function():
    cell, tables = Thing(), [{str(place): object()} for place in range(20_000)]

    def add(builder):
        for table in tables:
            builder.entries(table, list(table))

    holds = built(add, cell)
    tables[-1]["19999"] = object()
    assert not holds(cell)
