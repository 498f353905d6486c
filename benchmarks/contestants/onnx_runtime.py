"""ONNX Runtime: its own LSTM, GRU and RNN operators, where onnx and onnxruntime are installed."""

from typing import Any

import torch
from torch import nn

from benchmarks.contestants.contestant import Absent, Contestant, Prepared
from benchmarks.problem import Problem
from recurra import GRU, LSTM, RNN

# Rows of its weights are blocks of gates in another order than ours: iofc and zrh.
_ORDER = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}
_OPSET = 17


def session(*, streaming: bool = False) -> Contestant:
    """Run a model of the one operator; when streaming, the state goes in and out."""

    def prepare(problem: Problem) -> Prepared:
        if problem.training:
            raise Absent("ONNX Runtime does not train")
        run = _open(problem.cell, streaming)
        feeds = {"x": problem.x.numpy()}
        if streaming:
            zeros = problem.x.new_zeros(1, problem.x.shape[1], problem.x.shape[2]).numpy()
            feeds |= dict.fromkeys(_state_names(problem.cell), zeros)

        def results() -> dict[str, torch.Tensor]:
            y, *state = (torch.from_numpy(each.copy()) for each in run(None, feeds))
            parts = {f"state {place}": part[0] for place, part in enumerate(state)}
            return {"y": y.squeeze(1)} | parts

        return Prepared(lambda: run(None, feeds), results)

    return Contestant("ONNX Runtime", prepare)


def _open(cell: nn.Module, streaming: bool) -> Any:
    try:
        import onnxruntime  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise Absent("onnxruntime is not installed") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    model = _model(cell, streaming).SerializeToString()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]).run


def _state_names(cell: nn.Module) -> tuple[str, ...]:
    return ("h", "c") if isinstance(cell, LSTM) else ("h",)


def _model(cell: nn.Module, streaming: bool) -> Any:
    """Make a model of one node that computes what a cell computes."""
    try:
        from onnx import TensorProto, helper, numpy_helper
    except ImportError as error:
        raise Absent("onnx is not installed") from error
    if not isinstance(cell, LSTM | GRU | RNN):
        raise Absent(f"ONNX has no {type(cell).__name__}")
    operator, states = type(cell).__name__, _state_names(cell)
    outputs = ["y", *(f"{name}_n" for name in states)]
    node = helper.make_node(
        operator,
        ["x", "W", "R", "B", *(("", *states) if streaming else ())],
        outputs,
        hidden_size=cell.hidden_size,
        **_attributes(cell),
    )
    graph = helper.make_graph(
        [node],
        operator,
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
            for name in ("x", *(states if streaming else ()))
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(each.numpy(), name) for name, each in _weights(cell).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = 8
    return model


def _attributes(cell: LSTM | GRU | RNN) -> dict[str, Any]:
    if isinstance(cell, GRU):
        return {"linear_before_reset": 1}
    if isinstance(cell, RNN):
        return {"activations": ["Relu" if cell.activation is torch.relu else "Tanh"]}
    return {}


@torch.no_grad()
def _weights(cell: LSTM | GRU | RNN) -> dict[str, torch.Tensor]:
    order = _ORDER[type(cell).__name__]

    def ordered(weight: torch.Tensor) -> torch.Tensor:
        blocks = weight.chunk(len(order))
        return torch.cat([blocks[place] for place in order])

    bias = cell.bias
    assert bias is not None  # all cells here have one
    second = torch.zeros_like(bias)
    if isinstance(cell, GRU) and cell.bias_hidden is not None:
        second[-cell.hidden_size :] = cell.bias_hidden
    return {
        "W": ordered(cell.weight_input).unsqueeze(0).contiguous(),
        "R": ordered(cell.weight_hidden).unsqueeze(0).contiguous(),
        "B": torch.cat([ordered(bias), ordered(second)]).unsqueeze(0),
    }
