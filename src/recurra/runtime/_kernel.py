"""Kernel: a plan of a loop as machine code, called on tensors."""

import ctypes
from collections.abc import Sequence

import torch

from recurra.codegen import Source
from recurra.graph import LoopPlan, Node, Recipe
from recurra.runtime._build import build, load
from recurra.runtime._course import Course
from recurra.runtime._launch import CallForm, Launch, Operands
from recurra.runtime._memory import empty

Tensors = tuple[torch.Tensor, ...]


class LoopKernel:
    """One kernel, and what all of its calls have in common.

    Args:
        plan: what it does.
        function: the machine code.
        given: the values that its operands are made from: before, weights, and others.
    """

    def __init__(
        self, plan: LoopPlan, function: "ctypes._NamedFuncPointer", given: Sequence[Node]
    ) -> None:
        self.plan, self.function = plan, function
        self._operands = Recipe([*plan.inputs, *plan.vectors, *plan.weights], given)
        self._cuts = (len(plan.inputs), len(plan.inputs) + len(plan.vectors))
        self._form = CallForm(plan)
        self._turned_inputs = _not_by_lines(plan.inputs)
        self._turned_outputs = _not_by_lines(plan.outputs)

    def __call__(
        self,
        along: Course,
        given: Sequence[torch.Tensor],
        state: Tensors,
        *,
        initial: Tensors = (),
        d_initial: Tensors = (),
    ) -> tuple[Tensors, Tensors]:
        """Run the loop.

        Args:
            along: the lines that rows go through.
            given: tensors in the order of the nodes given above.
            state: where the rows start.
            initial: what resets return to. Default: there are none.
            d_initial: where gradients of that are added. Default: nowhere.

        Returns:
            outputs: the streams that the plan writes, `[N, ...]`, in the dtype of the kernel; zero
                where no row goes.
            final: the state after the last turn, in the same dtype.
        """
        found = self._operands(given, along.lines)
        for place, axis, rows in self._turned_inputs:
            found[place] = found[place].unflatten(axis, (-1, rows)).movedim(axis, 0)
        inputs, vectors = self._cuts
        outputs = self._outputs(along.lines)
        if along.padded:
            outputs = [output.zero_() for output in outputs]
        final = tuple(torch.empty(part.shape, dtype=self.plan.dtype) for part in state)
        operands = Operands(
            self._solid(found[:inputs]),
            outputs,
            self._solid(found[inputs:vectors]),
            found[vectors:],
            self._solid(state),
            final,
            self._solid(initial),
            d_initial,
        )
        Launch(self._form, along, operands).run(self.function)
        for place, axis, _ in self._turned_outputs:
            outputs[place] = outputs[place].movedim(0, axis).flatten(axis, axis + 1)
        return tuple(outputs), final

    def _outputs(self, lines: int) -> list[torch.Tensor]:
        return [
            empty((-node.shape[0] * lines, *node.shape[1:]), self.plan.dtype)
            if node.shape[0] < 0
            else empty((lines, *node.row_shape), self.plan.dtype)
            for node in self.plan.outputs
        ]

    def _solid(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Bring tensors into the form that a kernel reads."""
        dtype = self.plan.dtype
        return [
            tensor
            if tensor.dtype == dtype and tensor.is_contiguous()
            else tensor.detach().to(dtype).contiguous()
            for tensor in tensors
        ]


def _not_by_lines(nodes: Sequence[Node]) -> list[tuple[int, int, int]]:
    """Find the streams whose lines do not follow each other: (which, axis of rows, rows a line).

    A value `[2, N, 3]` of PyTorch is `[N, 2, 3]` for a kernel.
    """
    axes = [next(axis for axis, size in enumerate(node.shape) if size < 0) for node in nodes]
    return [(place, axis, -nodes[place].shape[axis]) for place, axis in enumerate(axes) if axis]


def in_dtypes(tensors: Sequence[torch.Tensor], nodes: Sequence[Node]) -> Tensors:
    """Bring what a kernel wrote, truth values as ones and zeros, into the dtypes of its nodes."""
    return tuple(
        tensor if tensor.dtype == node.dtype else tensor.to(node.dtype)
        for tensor, node in zip(tensors, nodes, strict=True)
    )


def load_kernels(name: str, source: Source) -> list["ctypes._NamedFuncPointer"]:
    """Build the kernels of a source, or find them on disk, and load them."""
    library = load(build(source.text, name=name))
    functions = [getattr(library, kernel) for kernel in source.kernels]
    for function in functions:
        function.argtypes = [ctypes.c_void_p]
    return functions
