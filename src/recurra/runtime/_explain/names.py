"""What the user calls the values of a step: names from the cell, lines from its file."""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch

from recurra.base import State
from recurra.graph import Node, Partition, Shape, ancestors, describe_shape, walk

_VIEWS = frozenset(
    {
        "alias", "detach", "expand", "held", "item", "permute", "reshape", "select", "slice",
        "split", "split_with_sizes", "squeeze", "t", "transpose", "unsafe_split", "unsqueeze",
        "view", "unsafe_view",
    }
)  # fmt: skip
"""Operations on parameters that compute nothing."""

Line = tuple[str, str]  # "file.py:12" and the code there


@dataclass(frozen=True)
class Names:
    """Names of the values of one step.

    Args:
        x: of the input.
        state: of each tensor of the state.
        parameters: of parameters and buffers, in the order of the step.
        part: the step that they belong to.
    """

    x: str
    state: tuple[str, ...]
    parameters: tuple[str, ...]
    part: Partition

    @classmethod
    def of(cls, cell: object, state: State, part: Partition) -> "Names":
        """Take names from the arguments of `forward`, NamedTuples and parameters."""
        x, whole = _argument_names(cell)
        return cls(x, tuple(state_names(state, whole)), part.step.parameters, part)

    def value(self, node: Node) -> str:
        """Name a value of a kernel that a product reads."""
        if not node.has_batch_axis:
            return self.parameter(node)
        found = walk(node)
        name = self._base(found.base)
        return name if found.base.width == node.width else f"part of {name}"

    def _base(self, node: Node) -> str:
        if node.op != "input":
            if gradients_among(ancestors([node])):
                return "gradients"
            place = line_of(node)
            return f"{operation(node)} of {place[0]}" if place else operation(node)
        kind, index = node.arguments
        if kind in ("state", "d_next_state"):
            name = self.state[index]
            return name if kind == "state" else f"gradient of {name}"
        if kind == "before":
            return self.outside(self.part.before[index])
        return self.x if kind == "x" else _KINDS.get(kind, kind)

    def outside(self, node: Node) -> str:
        """Name a value of the step itself, wherever it is computed."""
        while node.op in _VIEWS and node.has_batch_axis:
            node = node.inputs[0]
        return self._base(node)

    def parameter(self, node: Node) -> str:
        """Name a value of parameters: `weight.T`, `part of weight`, `exp(decay)`."""
        if node.op == "input":
            kind, index = node.arguments
            return self.parameters[index] if kind == "parameter" else self.weight(index)
        if node.op == "constant":
            return str(node.arguments[0])
        names = [self.parameter(each) for each in node.inputs]
        name = operation(node)
        if name in ("t", "permute", "transpose") and names:
            return names[0].removesuffix(".T") if names[0].endswith(".T") else f"{names[0]}.T"
        if name in ("item", "slice", "select") and names:
            return names[0] if names[0].startswith("part of ") else f"part of {names[0]}"
        if name in _VIEWS:
            return names[0] if names else "a constant"
        if name == "cat":
            return f"[{names[0]}, {names[1] if len(names) == 2 else f'{len(names) - 1} more'}]"
        return f"{name}({', '.join(names)})"

    def pieces(self, node: Node) -> str:
        """Name a value of parameters with all that was put side by side in it."""
        if node.op != "cat":
            return self.parameter(node)
        return f"[{', '.join(map(self.parameter, node.inputs))}]"

    def weight(self, index: int) -> str:
        """Name the parameter behind one of the weights of the loop."""
        return self.parameter(self.part.weights[index])

    def states(self, nodes: Iterable[Node]) -> list[str]:
        """Name the parts of the state among nodes, in the order of the state."""
        found = {each.arguments[1] for each in nodes if _is_state(each)}
        return [self.state[index] for index in sorted(found)]


_KINDS = {"d_loop_output": "gradient of the output", "saved": "a saved value"}


def _is_state(node: Node) -> bool:
    return node.op == "input" and node.arguments[0] == "state"


def _argument_names(cell: object) -> tuple[str, str]:
    """Return what `forward` calls the input and the state."""
    parameters = inspect.signature(cell.forward).parameters.values()  # type: ignore[attr-defined]
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [each.name for each in parameters if each.kind in plain]
    return (names[0], names[1]) if len(names) >= 2 else ("x", "state")


def state_names(state: State, name: str) -> Iterator[str]:
    """Name the tensors of a state: `state.hidden`, `state[0]`, or `name` itself for one tensor."""
    if isinstance(state, torch.Tensor):
        yield name
        return
    fields = getattr(state, "_fields", None)
    for place, part in enumerate(state):
        yield from state_names(part, f"{name}.{fields[place]}" if fields else f"{name}[{place}]")


def operation(node: Node) -> str:
    """Name an operation as in PyTorch: `tanh`, `softmax`, `layer_norm`."""
    if node.op in ("matmul", "affine"):
        return "product"
    name = str(node.arguments[0]) if node.op in ("opaque", "call") else node.op
    if "." not in name:
        return name
    return name.split(".")[1].removeprefix("native_").removeprefix("_")


def is_view(node: Node) -> bool:
    """Tell whether a value of parameters is only another look at one."""
    return node.op == "input" or operation(node) in _VIEWS or node.op in _VIEWS


def gradients_among(nodes: Sequence[Node]) -> set[Node]:
    """Find the values that depend on gradients from outside; `nodes` in order."""
    found: set[Node] = set()
    for node in nodes:
        comes_in = node.op == "input" and str(node.arguments[0]).startswith("d_")
        if comes_in or any(each in found for each in node.inputs):
            found.add(node)
    return found


def line_of(node: Node) -> Line | None:
    """Return the user's line that asked for a value: its place, without folders, and its code."""
    if node.where is None:
        return None
    place, _, code = node.where.partition("  ")
    return place.replace("\\", "/").rpartition("/")[2], code


def lines_of(nodes: Iterable[Node]) -> list[Line]:
    """Return the lines that asked for values, each once, in the order of their file."""
    found = {line for each in nodes if (line := line_of(each)) is not None}
    return sorted(found, key=_line_number)


def _line_number(line: Line) -> tuple[str, int]:
    file, _, number = line[0].rpartition(":")
    return file, int(number) if number.isdigit() else 0


def over_steps(shape: Shape) -> str:
    """Write a shape with the rows of all steps on its batch axis: `[T*B, 4]`."""
    sizes = [f"{'' if size == -1 else f'{-size}*'}T*B" if size < 0 else str(size) for size in shape]
    return f"[{', '.join(sizes)}]"


def with_shape(name: str, node: Node) -> str:
    """Write a name and a shape."""
    return f"{name} {describe_shape(node.shape)}"


def counted(names: Sequence[str]) -> str:
    """Count equal names: `3 add, 2 tanh`."""
    return ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(names))
