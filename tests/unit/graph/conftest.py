"""In all tests of the graph, each node that is made is held to the language of nodes."""

import pytest

from recurra.graph._graph import Graph
from recurra.graph._well_formed import check_node


@pytest.fixture(autouse=True)
def only_well_formed_nodes(monkeypatch):
    make = Graph.make

    def checked(self, *arguments, **options):
        node = make(self, *arguments, **options)
        check_node(node)
        return node

    monkeypatch.setattr(Graph, "make", checked)
