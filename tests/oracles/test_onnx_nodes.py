# The node tests of ONNX for its recurrent operators, whose equations we share but not its layout.
import functools
import sys
import types
from contextlib import contextmanager
from importlib import import_module

import pytest
import torch
from torch import nn as torch_nn

from recurra import LSTMState, unroll
from recurra import nn as ours

onnx = pytest.importorskip("onnx")
# The rows of their weights are blocks of gates in another order: iofc and zrh.
GATES = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
OPERATORS = ("rnn", "lstm", "gru")
NAMES = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")


@functools.cache
def node_tests():
    """Collect the tests: name to operator, its options, inputs and outputs by name.

    Each of their classes hands its tests to `expect` when it is defined. Ours takes its place, so
    that nothing else of their collection, with all operators, has to run.
    """
    found = {}

    def expect(node, inputs, outputs, name, **_):
        options = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        given = [each for each in node.input if each]
        wanted = [each for each in node.output if each]
        found[name] = (
            node.op_type,
            options,
            dict(zip(given, map(torch.tensor, inputs), strict=True)),
            dict(zip(wanted, map(torch.tensor, outputs), strict=True)),
        )

    with standing_in(expect):
        for operator in OPERATORS:
            import_module(f"onnx.backend.test.case.node.{operator}")
    return found


@contextmanager
def standing_in(expect):
    import numpy as np

    parent = "onnx.backend.test.case.node"
    package = types.ModuleType(parent)
    package.__path__ = import_module("onnx.backend.test.case").__path__
    package.__path__ = [f"{folder}/node" for folder in package.__path__]
    package.expect = expect
    state = np.random.get_state()
    true = sys.modules.get(parent)
    sys.modules[parent] = package
    try:
        yield
    finally:
        for name in (parent, *(f"{parent}.{operator}" for operator in OPERATORS)):
            sys.modules.pop(name, None)
        if true is not None:
            sys.modules[parent] = true
        np.random.set_state(state)


NODE_TESTS = node_tests()


def gates_in_our_order(operator, weight):
    blocks = weight.chunk(len(GATES[operator]), dim=0)
    return torch.cat([blocks[place] for place in GATES[operator]])


def module_for(operator, options, inputs):
    """Make the module of a node; a single direction backwards is the other half of both."""
    direction = options.get("direction", b"forward").decode()
    input_size = inputs["W"].shape[2]
    special = {}
    if operator == "GRU":
        special["reset"] = "after" if options.get("linear_before_reset", 0) else "before"
    module = getattr(ours, operator)(
        input_size, options["hidden_size"], bidirectional=direction != "forward", **special
    )
    suffixes = {"forward": ["_l0"], "reverse": ["_l0_reverse"]}.get(
        direction, ["_l0", "_l0_reverse"]
    )
    for place, suffix in enumerate(suffixes):
        fill(module, operator, inputs, place, suffix)
    return module, direction


@torch.no_grad()
def fill(module, operator, inputs, place, suffix):
    weights = {"weight_ih": inputs["W"][place], "weight_hh": inputs["R"][place]}
    biases = inputs.get("B")
    biases = torch.zeros(2 * len(weights["weight_hh"])) if biases is None else biases[place]
    weights["bias_ih"], weights["bias_hh"] = biases.chunk(2)
    for name, weight in weights.items():
        getattr(module, name + suffix).copy_(gates_in_our_order(operator, weight))


def run_module(operator, options, inputs):
    """Run a node in its own layout: Y `[T, D, B, H]`, Y_h `[D, B, H]`, or batch first."""
    module, direction = module_for(operator, options, inputs)
    x = inputs["X"]
    is_batch_first = options.get("layout", 0) == 1
    x = x.transpose(0, 1) if is_batch_first else x
    y, state = module(x, lengths=inputs.get("sequence_lens"))
    y = y.unflatten(-1, (-1, options["hidden_size"])).transpose(1, 2)
    parts = dict(zip(("Y_h", "Y_c"), state if operator == "LSTM" else (state,), strict=False))
    if direction == "reverse":
        y, parts = y[:, 1:], {name: part[1:] for name, part in parts.items()}
    if is_batch_first:
        y = y.permute(2, 0, 1, 3)
        parts = {name: part.transpose(0, 1) for name, part in parts.items()}
    return {"Y": y, **parts}


class Peepholes(torch_nn.Module):
    """The LSTM whose gates see the cell; i, f and c before the step, o after it."""

    def __init__(self, inputs):
        super().__init__()
        for name in ("W", "R", "B", "P"):
            self.register_buffer(name, inputs[name][0])

    def initial_state(self, batch_size):
        zeros = self.R.new_zeros(batch_size, self.R.shape[1])
        return LSTMState(zeros, zeros)

    def forward(self, x, state):
        peep_i, peep_o, peep_f = self.P.chunk(3)
        i, o, f, c = (x @ self.W.T + state.hidden @ self.R.T + sum(self.B.chunk(2))).chunk(4, dim=1)
        i, f = torch.sigmoid(i + peep_i * state.cell), torch.sigmoid(f + peep_f * state.cell)
        cell = f * state.cell + i * torch.tanh(c)
        hidden = torch.sigmoid(o + peep_o * cell) * torch.tanh(cell)
        return hidden, LSTMState(hidden, cell)


def run_peepholes(inputs):
    state = LSTMState(inputs["initial_h"][0], inputs["initial_c"][0])
    y, state = unroll(Peepholes(inputs), inputs["X"], state, lengths=inputs["sequence_lens"])
    return {"Y": y.unsqueeze(1), "Y_h": state.hidden[None], "Y_c": state.cell[None]}


def run_node(name):
    operator, options, inputs, outputs = NODE_TESTS[name]
    assert set(inputs) <= set(NAMES)
    assert set(options) <= {"hidden_size", "direction", "layout", "linear_before_reset"}
    got = run_peepholes(inputs) if "P" in inputs else run_module(operator, options, inputs)
    return got, outputs


def test_all_three_operators_are_there():
    assert {test[0] for test in NODE_TESTS.values()} == {"RNN", "LSTM", "GRU"}
    assert len(NODE_TESTS) >= 12
    assert any("P" in inputs for _, _, inputs, _ in NODE_TESTS.values())


@pytest.mark.parametrize("name", sorted(NODE_TESTS))
def test_node(name):
    got, expected = run_node(name)
    assert expected
    for output, value in expected.items():
        assert got[output].shape == value.shape
        torch.testing.assert_close(got[output].detach(), value, rtol=1e-5, atol=1e-6)


# The node tests are over equal weights where gates could be confused. Here the reference is their
# own interpreter, over random weights.
@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("operator", GATES)
def test_random_weights_by_the_interpreter_of_onnx(operator, after):
    reference = pytest.importorskip("onnx.reference")
    options = {"hidden_size": 5}
    if operator == "GRU":
        options["linear_before_reset"] = after
    T, B, size, H, G = 4, 3, 2, 5, len(GATES[operator])
    shapes = {"X": (T, B, size), "W": (1, G * H, size), "R": (1, G * H, H), "B": (1, 2 * G * H)}
    inputs = {name: torch.randn(shape) for name, shape in shapes.items()}
    node = onnx.helper.make_node(operator, list(inputs), ["Y", "Y_h"], **options)
    infos = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (*shapes.items(), ("Y", (T, 1, B, H)), ("Y_h", (1, B, H)))
    ]
    graph = onnx.helper.make_graph([node], operator, infos[:4], infos[4:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 22)])
    session = reference.ReferenceEvaluator(model)
    given = {name: value.numpy() for name, value in inputs.items()}
    got = run_module(operator, options, inputs)
    for name, value in zip(("Y", "Y_h"), session.run(None, given), strict=True):
        torch.testing.assert_close(got[name].detach(), torch.tensor(value), rtol=1e-5, atol=1e-6)
