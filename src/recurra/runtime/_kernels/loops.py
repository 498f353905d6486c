"""Loops: the kernels of a cell's loop, for runs with gradients and without."""

from collections.abc import Sequence

import torch

from recurra.codegen import emit_c
from recurra.graph import CompiledEvaluator, InferencePlan, Node, TrainingPlan
from recurra.runtime._kernels.kernel import (
    LoopKernel,
    Tensors,
    dtypes_of,
    in_dtypes,
    load_kernels,
)
from recurra.runtime._kernels.products import HANDLERS
from recurra.runtime._kernels.row_layout import RowLayout


class InferenceLoop:
    """A loop that nobody differentiates.

    Args:
        name: of the cell.
        plan: what to do.

    Attributes:
        fixed: values of the step that it reads, the same for all rows and steps.
        per_step: the others that it reads.
        kernel: runs it.
        converts: whether some nodes have another dtype than the kernel.
    """

    def __init__(self, name: str, plan: InferencePlan) -> None:
        self.plan = plan
        self.source = emit_c([("forward", plan.forward)], f"{name}, forward")
        (self.function,) = load_kernels(name, self.source)
        pairs = list(zip(plan.reads, plan.given, strict=True))
        self.fixed = [node for node, _ in pairs if not node.has_batch_axis]
        self.per_step = [node for node, _ in pairs if node.has_batch_axis]
        fixed = [given for node, given in pairs if not node.has_batch_axis]
        per_step = [given for node, given in pairs if node.has_batch_axis]
        self.kernel = LoopKernel(plan.forward, self.function, [*fixed, *per_step], fixed)
        self._loop_outputs, self._final = (
            dtypes_of(plan.loop.loop_outputs),
            dtypes_of(plan.loop.next_state),
        )
        self.converts = {*self._loop_outputs, *self._final} != {plan.forward.dtype}

    def convert(self, outputs: Tensors, final: Tensors) -> tuple[Tensors, Tensors]:
        """Bring what the kernel returned into the dtypes of the nodes; needed if `converts`."""
        return in_dtypes(outputs, self._loop_outputs), in_dtypes(final, self._final)


class TrainingLoop:
    """A loop forward and backward.

    Args:
        name: of the cell.
        plan: what to do.
    """

    def __init__(self, name: str, plan: TrainingPlan) -> None:
        self.plan = plan
        self.source = emit_c(
            [("forward", plan.forward), ("backward", plan.backward)],
            f"{name}, forward and backward",
        )
        forward, backward = load_kernels(name, self.source)
        loop = plan.loop
        self._loop_outputs, self._final = dtypes_of(loop.loop_outputs), dtypes_of(loop.next_state)
        known = [*loop.before, *loop.weights]
        self._forward = LoopKernel(plan.forward, forward, known)
        known += [*plan.saved_inputs, *plan.gradients.d_loop_outputs]
        self._backward = LoopKernel(plan.backward, backward, known)
        self._d_weights = _WeightGradients(plan, [*known, *plan.saved, *plan.made])

    def run(
        self, layout: RowLayout, before: Tensors, weights: Tensors, state: Tensors, initial: Tensors
    ) -> tuple[Tensors, Tensors, Tensors]:
        """Run it: loop outputs `[N, ...]`, final states `[B, ...]`, and what `backward` needs."""
        known = [*before, *weights]
        matrices = self._forward.weights(known)
        outputs, final = self._forward(layout, known, matrices, state, initial=initial)
        outputs = tuple(outputs[place] for place in self.plan.output_index)
        cut = len(self._loop_outputs)
        return (
            in_dtypes(outputs[:cut], self._loop_outputs),
            in_dtypes(final, self._final),
            outputs[cut:],
        )

    def backward(
        self,
        layout: RowLayout,
        before: Tensors,
        weights: Tensors,
        saved: Tensors,
        d_loop_outputs: Tensors,
        d_final: Tensors,
        needed: Sequence[bool],
    ) -> tuple[Tensors, tuple[torch.Tensor | None, ...], Tensors, Tensors]:
        """Return the gradients of before, weights, the state and the initial state.

        Gradients of weights that are not needed are left out: they are products of their own.
        """
        known = [*before, *weights, *saved, *d_loop_outputs]
        dtype = self.plan.backward.dtype
        d_initial = tuple(torch.zeros(each.shape, dtype=dtype, device="cpu") for each in d_final)
        matrices = self._backward.weights(known)
        outputs, d_state = self._backward(layout, known, matrices, d_final, d_initial=d_initial)
        outputs = tuple(outputs[place] for place in self.plan.backward_index)
        cut = len(before)
        known += [*saved, *outputs[cut:]]
        wanted = tuple(needed[cut : cut + len(weights)])
        return outputs[:cut], self._d_weights(known, layout.packed_rows, wanted), d_state, d_initial


class _WeightGradients:
    """The gradients of the weights that are wanted, from all that the loop left behind."""

    def __init__(self, plan: TrainingPlan, given: Sequence[Node]) -> None:
        self.plan, self.given = plan, given
        self._evaluators: dict[tuple[bool, ...], CompiledEvaluator] = {}

    def __call__(
        self, known: Sequence[torch.Tensor], packed_rows: int, wanted: tuple[bool, ...]
    ) -> tuple[torch.Tensor | None, ...]:
        if wanted not in self._evaluators:
            roots = [node for node, want in zip(self.plan.d_weights, wanted, strict=True) if want]
            self._evaluators[wanted] = CompiledEvaluator(roots, self.given, HANDLERS)
        found = iter(self._evaluators[wanted](known, packed_rows))
        return tuple(next(found) if want else None for want in wanted)
