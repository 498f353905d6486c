"""What tests of the graph share: inputs with values, and a table of what nodes are worth."""

from functools import cache

import torch

from recurra.graph import Node, Step, evaluate, trace_step
from recurra.graph._graph import Graph

B = 3
DTYPE = torch.float64


@cache
def traced(specimen) -> Step:
    """Trace a cell of the zoo, once for all tests: the weights do not matter to its step."""
    torch.manual_seed(0)
    cell = specimen.cell()
    x = torch.zeros(B, specimen.input_size, dtype=DTYPE)
    return trace_step(cell, x, cell.initial_state(B))


class Values:
    """A graph and random values of its inputs."""

    def __init__(self, seed=0):
        self.graph = Graph()
        self.known = {}
        self._generator = torch.Generator().manual_seed(seed)

    def input(self, kind, shape, dtype=DTYPE):
        """Make an input of this shape; -1 is the batch."""
        place = sum(node.arguments[0] == kind for node in self.known)
        node = self.graph.input(kind, place, shape, dtype)
        self.known[node] = self.random(node)
        return node

    def random(self, node):
        sizes = [-size * B if size < 0 else size for size in node.shape]
        value = torch.randn(sizes, generator=self._generator, dtype=DTYPE)
        return value > 0 if node.dtype == torch.bool else value.to(node.dtype)

    def of(self, *roots, known=None):
        return evaluate(roots, self.known if known is None else known, B)

    def assert_same(self, before, after):
        """Hold a pass to its promise: other nodes, equal values."""
        for old, new in zip(before, after, strict=True):
            assert new.shape == old.shape
            (expected,), (got,) = self.of(old), self.of(new)
            assert got.shape == expected.shape
            torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)


def nodes_of(*roots) -> list[Node]:
    from recurra.graph import ancestors

    return ancestors(roots)


def count(op, *roots):
    """Count the nodes of an operation behind `roots`."""
    return sum(node.op == op for node in nodes_of(*roots))
