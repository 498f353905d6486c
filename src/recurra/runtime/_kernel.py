"""Kernel: a plan of a loop as machine code, called on tensors."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from recurra.codegen import Source
from recurra.graph import LoopPlan, Node, Recipe
from recurra.runtime._build import build, load
from recurra.runtime._course import Course
from recurra.runtime._launch import CallForm, Launch, Operands, Room
from recurra.runtime._memory import empty

Tensors = tuple[torch.Tensor, ...]


@dataclass(frozen=True, eq=False)
class Weights:
    """What a kernel reads that is the same for all rows and steps.

    Args:
        vectors: values of parameters, contiguous.
        matrices: right sides of products.
        packed: the same matrices, packed; None where each run packs them.
    """

    vectors: Sequence[torch.Tensor]
    matrices: Sequence[torch.Tensor]
    packed: Room | None = None


class LoopKernel:
    """One kernel, and what all of its calls have in common.

    Args:
        plan: what it does.
        function: the machine code.
        given: the values that its inputs are made from: before, weights, and others.
        fixed: those that its weights are made from. Default: the same.
    """

    def __init__(
        self,
        plan: LoopPlan,
        function: "ctypes._NamedFuncPointer",
        given: Sequence[Node],
        fixed: Sequence[Node] | None = None,
    ) -> None:
        self.plan, self.function = plan, function
        self._inputs = Recipe(plan.inputs, given)
        self._weights = Recipe([*plan.vectors, *plan.weights], given if fixed is None else fixed)
        self._form = CallForm(plan)
        self._turned_inputs = _not_by_lines(plan.inputs)
        self._turned_outputs = _not_by_lines(plan.outputs)

    def weights(self, fixed: Sequence[torch.Tensor], *, pack: bool = False) -> Weights:
        """Make what runs read of parameters, from tensors in the order of the fixed nodes.

        Args:
            fixed: the tensors.
            pack: whether to pack the matrices for many runs. Default: each run packs them.
        """
        found = self._weights(fixed, 1)
        cut = len(self.plan.vectors)
        matrices = found[cut:]
        packed = self._form.packed(matrices) if pack else None
        return Weights(self._solid(found[:cut]), matrices, packed)

    def __call__(
        self,
        along: Course,
        given: Sequence[torch.Tensor],
        weights: Weights,
        state: Tensors,
        *,
        initial: Tensors = (),
        d_initial: Tensors = (),
    ) -> tuple[Tensors, Tensors]:
        """Run the loop.

        Args:
            along: the lines that rows go through.
            given: tensors in the order of the nodes given above.
            weights: what `weights` made.
            state: where the rows start.
            initial: what resets return to. Default: there are none.
            d_initial: where gradients of that are added. Default: nowhere.

        Returns:
            outputs: the streams that the plan writes, `[N, ...]`, in the dtype of the kernel; zero
                where no row goes.
            final: the state after the last turn, in the same dtype.
        """
        found = self._inputs(given, along.lines)
        for place, axis, rows in self._turned_inputs:
            found[place] = found[place].unflatten(axis, (-1, rows)).movedim(axis, 0)
        outputs = self._outputs(along.lines)
        if along.padded:
            outputs = [output.zero_() for output in outputs]
        starts = self._solid(state)
        final = tuple(torch.empty_like(part) for part in starts)  # half the time of `empty`
        operands = Operands(
            self._solid(found),
            outputs,
            weights.vectors,
            weights.matrices,
            starts,
            final,
            self._solid(initial),
            d_initial,
        )
        Launch(self._form, along, operands, weights.packed).run(self.function)
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
    axes = [(place, node.rows_axis) for place, node in enumerate(nodes)]
    return [(place, axis, -nodes[place].shape[axis]) for place, axis in axes if axis]


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
