"""Loops: the kernels of a cell's loop, for runs with gradients and without."""

from collections.abc import Sequence

import torch

from recurra.codegen import emit_c
from recurra.graph import InferencePlan, Node, Recipe, TrainingPlan
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
        moving: the others that it reads.
        kernel: runs it.
        converts: whether some nodes have another dtype than the kernel.
    """

    def __init__(self, name: str, plan: InferencePlan) -> None:
        self.plan = plan
        self.source = emit_c([("forward", plan.forward)], f"{name}, forward")
        (self.function,) = load_kernels(name, self.source)
        pairs = list(zip(plan.reads, plan.given, strict=True))
        self.fixed = [node for node, _ in pairs if not node.varies]
        self.moving = [node for node, _ in pairs if node.varies]
        fixed = [given for node, given in pairs if not node.varies]
        moving = [given for node, given in pairs if node.varies]
        self.kernel = LoopKernel(plan.forward, self.function, [*fixed, *moving], fixed)
        self._exports, self._final = dtypes_of(plan.loop.exports), dtypes_of(plan.loop.following)
        self.converts = {*self._exports, *self._final} != {plan.forward.dtype}

    def convert(self, outputs: Tensors, final: Tensors) -> tuple[Tensors, Tensors]:
        """Bring what the kernel returned into the dtypes of the nodes; needed if `converts`."""
        return in_dtypes(outputs, self._exports), in_dtypes(final, self._final)


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
        self._exports, self._final = dtypes_of(loop.exports), dtypes_of(loop.following)
        known = [*loop.before, *loop.weights]
        self._forward = LoopKernel(plan.forward, forward, known)
        known += [*plan.saved_inputs, *plan.gradients.d_exports]
        self._backward = LoopKernel(plan.backward, backward, known)
        self._d_weights = _WeightGradients(plan, [*known, *plan.saved, *plan.made])

    def run(
        self, layout: RowLayout, before: Tensors, weights: Tensors, state: Tensors, initial: Tensors
    ) -> tuple[Tensors, Tensors, Tensors]:
        """Run the loop: exports `[N, ...]`, final states `[B, ...]`, and what `go_back` needs."""
        known = [*before, *weights]
        matrices = self._forward.weights(known)
        outputs, final = self._forward(layout, known, matrices, state, initial=initial)
        outputs = tuple(outputs[place] for place in self.plan.makes)
        cut = len(self._exports)
        return (
            in_dtypes(outputs[:cut], self._exports),
            in_dtypes(final, self._final),
            outputs[cut:],
        )

    def go_back(
        self,
        layout: RowLayout,
        before: Tensors,
        weights: Tensors,
        saved: Tensors,
        d_exports: Tensors,
        d_final: Tensors,
        needed: Sequence[bool],
    ) -> tuple[Tensors, tuple[torch.Tensor | None, ...], Tensors, Tensors]:
        """Return the gradients of before, weights, the state and the initial state.

        Gradients of weights that are not needed are left out: they are products of their own.
        """
        known = [*before, *weights, *saved, *d_exports]
        dtype = self.plan.backward.dtype
        d_initial = tuple(torch.zeros(each.shape, dtype=dtype, device="cpu") for each in d_final)
        matrices = self._backward.weights(known)
        outputs, d_state = self._backward(layout, known, matrices, d_final, d_initial=d_initial)
        outputs = tuple(outputs[place] for place in self.plan.goes_back)
        cut = len(before)
        known += [*saved, *outputs[cut:]]
        wanted = tuple(needed[cut : cut + len(weights)])
        return outputs[:cut], self._d_weights(known, layout.packed_rows, wanted), d_state, d_initial


class _WeightGradients:
    """The gradients of the weights that are wanted, from all that the loop left behind."""

    def __init__(self, plan: TrainingPlan, given: Sequence[Node]) -> None:
        self.plan, self.given = plan, given
        self._recipes: dict[tuple[bool, ...], Recipe] = {}

    def __call__(
        self, known: Sequence[torch.Tensor], packed_rows: int, wanted: tuple[bool, ...]
    ) -> tuple[torch.Tensor | None, ...]:
        if wanted not in self._recipes:
            roots = [node for node, want in zip(self.plan.d_weights, wanted, strict=True) if want]
            self._recipes[wanted] = Recipe(roots, self.given, HANDLERS)
        found = iter(self._recipes[wanted](known, packed_rows))
        return tuple(next(found) if want else None for want in wanted)
