"""Records: steps and plans as plain tables, which files can hold, and back again.

A table is made of what JSON has: numbers, strings, lists. Nodes are rows that name the rows of
their inputs; operators of PyTorch are names. Nothing in a table can run when it is read.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from functools import cache, reduce
from typing import Any, cast

import torch

from recurra.graph import _plan
from recurra.graph._call import PLACE, Call, Item
from recurra.graph._graph import Graph
from recurra.graph._loop import Gradients, Loop
from recurra.graph._memory import Piece
from recurra.graph._node import Node, ancestors
from recurra.graph._partition import Partition
from recurra.graph._plans import InferencePlan, TrainingPlan
from recurra.graph._trace import Step

Table = dict[str, Any]

_OF_PLANS = [each for each in vars(_plan).values() if isinstance(each, type) and is_dataclass(each)]
_CLASSES: dict[str, type[Any]] = {
    each.__name__: each
    for each in (Gradients, InferencePlan, Loop, Partition, Piece, Step, TrainingPlan, *_OF_PLANS)
    if each is not Node
}
"""All that a table may hold an instance of."""

_NAMESPACES = ("aten", "prims", "recurra")
"""Whose operators a table may name: those of libraries that may not be there are left out."""

_WORDS = (torch.dtype, torch.layout, torch.memory_format)


class CannotSerialize(Exception):
    """A value has no plain form, such as a function, or a table is not what it should be."""


def serialize(thing: Any, graphs: Sequence[Graph]) -> Table:
    """Write a partition or a plan as a table.

    Args:
        thing: what to write.
        graphs: know its nodes.

    Raises:
        CannotSerialize: it holds something that has no plain form.
    """
    writer = _Writer(graphs)
    root = writer.value(thing)
    return {"nodes": writer.rows, "root": root}


def deserialize(table: Table, graphs: Sequence[Graph]) -> Any:
    """Read what `serialize` wrote.

    Args:
        table: the table.
        graphs: make its nodes, and have those already that they made before.

    Raises:
        CannotSerialize: the table is not one that `serialize` writes.
    """
    try:
        return _Reader(table, graphs).value(table["root"])
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise CannotSerialize(f"not a table of nodes: {error}") from error


class _Writer:
    """Numbers nodes in the order in which they are met, inputs first."""

    def __init__(self, graphs: Sequence[Graph]) -> None:
        self.graphs = graphs
        self.rows: list[list[Any]] = []
        self._numbers: dict[Node, int] = {}
        self._homes = {node: home for home, graph in enumerate(graphs) for node in graph.nodes}

    def value(self, value: Any) -> Any:
        """Return the plain form of a value."""
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        if kind in (tuple, torch.Size):
            return [self.value(each) for each in value]
        if kind is Node:
            return {"node": self._number(value)}
        if _CLASSES.get(kind.__name__) is kind:
            return {
                kind.__name__: {f.name: self.value(getattr(value, f.name)) for f in fields(kind)}
            }
        return self._rarer(value, kind)

    def _rarer(self, value: Any, kind: type[Any]) -> dict[str, Any]:
        if isinstance(value, dict):
            return {"dict": [[self.value(key), self.value(each)] for key, each in value.items()]}
        if isinstance(value, list):  # those of `torch.fx` are of a kind of their own
            return {"list": [self.value(each) for each in value]}
        if kind is Graph:
            return {"graph": [graph is value for graph in self.graphs].index(True)}
        if kind is Call:
            return {"call": [_name(value.target), *map(self.value, value.given)]}
        if kind is Item:
            return {"item": value.index}
        if value is PLACE:
            return {"place": True}
        if isinstance(value, _WORDS):
            return {"torch": str(value).removeprefix("torch.")}
        if kind is torch.device:
            return {"device": str(value)}
        raise CannotSerialize(f"{kind.__name__} has no plain form")

    def _number(self, node: Node) -> int:
        if node not in self._numbers:
            for each in ancestors([node], self._numbers):
                if each not in self._numbers:
                    self.rows.append(self._row(each))
                    self._numbers[each] = len(self._numbers)
        return self._numbers[node]

    def _row(self, node: Node) -> list[Any]:
        if node not in self._homes:
            raise CannotSerialize(f"{node} belongs to another graph")
        return [
            self._homes[node],
            node.op,
            [self._numbers[each] for each in node.inputs],
            self.value(node.arguments),
            list(node.shape),
            str(node.dtype).removeprefix("torch."),
            node.where,
        ]


class _Reader:
    """Makes the nodes of a table through graphs, so that equal nodes stay one."""

    def __init__(self, table: Table, graphs: Sequence[Graph]) -> None:
        self.graphs = graphs
        self.nodes: list[Node] = []
        for row in table["nodes"]:
            self.nodes.append(self._node(*row))
        if len(set(self.nodes)) != len(self.nodes):
            raise CannotSerialize("two rows of a table are one node")

    def value(self, plain: Any) -> Any:
        """Return what a plain form stands for."""
        if isinstance(plain, list):
            return tuple([self.value(each) for each in plain])
        if not isinstance(plain, dict):
            return plain
        ((kind, content),) = plain.items()
        if kind in _CLASSES:
            return self._instance(_CLASSES[kind], content)
        return _READ[kind](self, content)

    def _instance(self, kind: type[Any], content: dict[str, Any]) -> Any:
        assert list(content) == [field.name for field in fields(kind)]
        return kind(**{name: self.value(each) for name, each in content.items()})

    def _node(
        self,
        home: int,
        op: str,
        inputs: list[int],
        arguments: list[Any],
        shape: list[int],
        dtype: str,
        where: str | None,
    ) -> Node:
        graph, given = self.graphs[home], [self.nodes[each] for each in inputs]
        values, form = self.value(arguments), (tuple(shape), _word(dtype))
        graph.where = where
        try:
            if op == "opaque":
                return graph.opaque(values[1], given, _key(*values), *form)
            return graph.make(op, given, values, *form)
        finally:
            graph.where = None


def _key(name: str, run: Any) -> tuple[Any, ...]:
    """Tell two computations apart, as reading a traced graph does."""
    assert isinstance(run, Call | Item)
    return (name, run) if isinstance(run, Call) else (name, run.index)


def _name(target: Any) -> str:
    name = str(target)
    if name.partition(".")[0] not in _NAMESPACES or _operator(name) is not target:
        raise CannotSerialize(f"{name} is no operator of PyTorch")
    return name


@cache
def _operator(name: str) -> Any:
    """Find an operator by its name: `aten.t.default`."""
    assert name.partition(".")[0] in _NAMESPACES
    found = reduce(getattr, name.split("."), cast(Any, torch.ops))
    assert isinstance(found, torch._ops.OpOverload)
    return found


def _word(name: str) -> Any:
    """Find a dtype, a layout or a memory format by its name."""
    found = getattr(torch, name)
    assert isinstance(found, _WORDS)
    return found


def _call(reader: _Reader, content: list[Any]) -> Call:
    name, arguments, options = content
    return Call(_operator(name), reader.value(arguments), reader.value(options))


_READ: dict[str, Callable[[_Reader, Any], Any]] = {
    "call": _call,
    "device": lambda _, content: torch.device(content),
    "dict": lambda reader, content: {reader.value(k): reader.value(v) for k, v in content},
    "graph": lambda reader, content: reader.graphs[content],
    "item": lambda _, content: Item(operator.index(content)),
    "list": lambda reader, content: [reader.value(each) for each in content],
    "node": lambda reader, content: reader.nodes[content],
    "place": lambda *_: PLACE,
    "torch": lambda _, content: _word(content),
}
