"""Kernel: a plan of a loop as machine code, called on tensors."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import torch

from recurra.codegen import Source
from recurra.graph import CompiledEvaluator, LoopPlan, Node
from recurra.runtime._kernels.launch import CallForm, Launch, Operands, Workspace, three_strides
from recurra.runtime._kernels.libraries import build, load
from recurra.runtime._kernels.memory import LARGE, ask_for_large_pages
from recurra.runtime._kernels.row_layout import RowLayout

Tensors = tuple[torch.Tensor, ...]

_dtype = attrgetter("dtype")


@dataclass(frozen=True, eq=False)
class Weights:
    """What a kernel reads that is the same for all rows and steps.

    Args:
        vectors: values of parameters, contiguous.
        matrices: right sides of products.
        strides: theirs, three for each.
        packed: the same matrices, packed; None where each run packs them.
    """

    vectors: Sequence[torch.Tensor]
    matrices: Sequence[torch.Tensor]
    strides: Sequence[int]
    packed: Workspace | None = None


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
        self._inputs = CompiledEvaluator(plan.inputs, given)
        self._weights = CompiledEvaluator(
            [*plan.vectors, *plan.weights], given if fixed is None else fixed
        )
        self._form = CallForm(plan)
        self._turned_inputs = _not_row_by_row(plan.inputs)
        self._turned_outputs = _not_row_by_row(plan.outputs)
        self._output_sizes = [_sizes(node) for node in plan.outputs]

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
        strides = [step for weight in matrices for step in three_strides(weight)]
        return Weights(_solid(found[:cut], self.plan.dtype), matrices, strides, packed)

    def __call__(
        self,
        layout: RowLayout,
        given: Sequence[torch.Tensor],
        weights: Weights,
        state: Tensors,
        *,
        initial: Tensors = (),
        d_initial: Tensors = (),
    ) -> tuple[Tensors, Tensors]:
        """Run the loop.

        Args:
            layout: the packed rows that the rows of the batch go through.
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
        found = self._inputs(given, layout.packed_rows)
        for place, axis, rows in self._turned_inputs:
            found[place] = found[place].unflatten(axis, (-1, rows)).movedim(axis, 0)
        dtype, cut = self.plan.dtype, len(found)
        read = _solid([*found, *state, *initial], dtype)
        starts = read[cut : cut + len(state)]
        outputs = self._empty_outputs(layout)
        final = list(map(torch.empty_like, starts))  # half the time of `empty`
        operands = Operands(
            read[:cut],
            outputs,
            weights.vectors,
            weights.matrices,
            weights.strides,
            starts,
            final,
            read[cut + len(state) :],
            d_initial,
        )
        Launch(self._form, layout, operands, weights.packed).run(self.function)
        for place, axis, _ in self._turned_outputs:
            outputs[place] = outputs[place].movedim(0, axis).flatten(axis, axis + 1)
        return tuple(outputs), tuple(final)

    def _empty_outputs(self, layout: RowLayout) -> list[torch.Tensor]:
        """Return memory for the streams that the plan writes; zeros where no row goes."""
        outputs: list[torch.Tensor] = []
        for rows, size in self._output_sizes:
            shape = (rows * layout.packed_rows, *size)
            output = torch.empty(shape, dtype=self.plan.dtype, device="cpu")
            if output.nbytes >= LARGE:
                ask_for_large_pages(output)
            outputs.append(output.zero_() if layout.padded else output)
        return outputs


def _sizes(node: Node) -> tuple[int, tuple[int, ...]]:
    """Return how many rows of an output a packed row has, and the sizes of one."""
    return (-node.shape[0], node.shape[1:]) if node.shape[0] < 0 else (1, node.row_shape)


def _solid(tensors: Sequence[torch.Tensor], dtype: torch.dtype) -> list[torch.Tensor]:
    """Bring tensors into the form that a kernel reads."""
    solid = list(tensors)
    for place, tensor in enumerate(tensors):
        if tensor.dtype != dtype or not tensor.is_contiguous():
            solid[place] = tensor.detach().to(dtype).contiguous()
    return solid


def _not_row_by_row(nodes: Sequence[Node]) -> list[tuple[int, int, int]]:
    """Find the streams whose packed rows are not in a line: (which, axis of rows, rows of each).

    A value `[2, N, 3]` of PyTorch is `[N, 2, 3]` for a kernel.
    """
    axes = [(place, node.rows_axis) for place, node in enumerate(nodes)]
    return [(place, axis, -nodes[place].shape[axis]) for place, axis in axes if axis]


def in_dtypes(tensors: Tensors, dtypes: Sequence[torch.dtype]) -> Tensors:
    """Bring what a kernel wrote, truth values as ones and zeros, into the dtypes of its nodes."""
    if list(map(_dtype, tensors)) == dtypes:
        return tensors
    return tuple(map(torch.Tensor.to, tensors, dtypes))


def dtypes_of(nodes: Sequence[Node]) -> list[torch.dtype]:
    """List the dtypes of nodes, for `in_dtypes`."""
    return [node.dtype for node in nodes]


def load_kernels(name: str, source: Source) -> list["ctypes._NamedFuncPointer"]:
    """Build the kernels of a source, or find them on disk, and load them."""
    library = load(build(source.text, name=name))
    functions = [getattr(library, kernel) for kernel in source.kernels]
    for function in functions:
        function.argtypes = [ctypes.c_void_p]
    return functions
