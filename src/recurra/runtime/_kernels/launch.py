"""Launch: call a kernel on tensors."""

import ctypes
from array import array
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

import torch

from recurra.base import BackendUnavailable
from recurra.codegen import support
from recurra.graph import LoopPlan
from recurra.runtime._kernels.addressable import derived_addresses
from recurra.runtime._kernels.libraries import build, load
from recurra.runtime._kernels.matmul import half_matmul_library, matmul_library
from recurra.runtime._kernels.packed_weights import Sample
from recurra.runtime._kernels.row_layout import RowLayout

_ROWS_A_CHUNK = 64  # more rows share a weight in cache no better, and their values leave the cache

_ROWS_FOR_EACH = 8  # with fewer rows a thread reads each weight for too little work
_WORTH_A_TEAM = 2**18  # multiplications in a step: for fewer, meeting at each stage costs more

_WORD = 8  # bytes of a `long` and of a pointer
_CACHE_LINE = 64

_TABLES = (
    "inputs", "outputs", "vectors", "weights", "weight_strides", "panels",
    "state", "final", "initial", "d_initial",
)  # fmt: skip
_FUNCTIONS = ("matmul", "matmul_onto", "pack", "panel_count", "packed_size")
_FIELDS = (
    "rows", "chunks", "threads", "as_team", "stride", "first", "length", "order", "resets",
    *_TABLES, *_FUNCTIONS, "run", "watched", "watched_count", "watched_digest",
)  # fmt: skip
"""The words of `struct call` of `sequence.h`, in order."""

_PACK = _FIELDS.index("pack")

_NO_MEMORY = 1  # what `run_kernel` of `sequence.c` returns then


class Operands(NamedTuple):
    """The tensors of one call, in the order of the plan.

    Args:
        inputs: streams to read, `[N, ...]`, contiguous.
        outputs: streams to write, `[N, ...]`.
        vectors: values of parameters, contiguous.
        weights: matrices, `[K, N]` or `[h, K, N]`, of any strides.
        strides: theirs, as `three_strides` gives them.
        state: where rows start, `[B, ...]`, contiguous.
        final: where they end up, `[B, ...]`.
        initial: what resets return to, or nothing.
        d_initial: gradients of that, or nothing.
    """

    inputs: Sequence[torch.Tensor]
    outputs: Sequence[torch.Tensor]
    vectors: Sequence[torch.Tensor]
    weights: Sequence[torch.Tensor]
    strides: Sequence[int]
    state: Sequence[torch.Tensor]
    final: Sequence[torch.Tensor]
    initial: Sequence[torch.Tensor] = ()
    d_initial: Sequence[torch.Tensor] = ()


class Workspace(NamedTuple):
    """Memory for packed matrices, and the addresses in it where each begins."""

    memory: torch.Tensor
    panels: Sequence[int]


@cache
def _loop_over_time(dtype: torch.dtype) -> int:
    """Return where the function lies that runs the kernels of a dtype, compiled once a machine."""
    define = f"#define REAL_IS_DOUBLE {int(dtype == torch.float64)}\n"
    library = load(build(define + support("sequence.c"), name="sequence"))
    return ctypes.cast(library.run_kernel, ctypes.c_void_p).value or 0


class CallForm:
    """What all calls of one kernel have in common, worked out once.

    A call is one block of words: `struct call`, and behind it the tables that it points to.

    Args:
        plan: of the kernel.
        halves: whether weights are rounded to bfloat16; they have to be packed beforehand then.
            Default: False.
    """

    def __init__(self, plan: LoopPlan, *, halves: bool = False) -> None:
        self.matmul = half_matmul_library() if halves else matmul_library(plan.dtype)
        self.dtype = plan.dtype
        weights, states = len(plan.weights), len(plan.state)
        sizes = {
            "inputs": len(plan.inputs),
            "outputs": len(plan.outputs),
            "vectors": len(plan.vectors),
            "weights": weights,
            "weight_strides": 3 * weights,
            "panels": weights,
            **dict.fromkeys(("state", "final", "initial", "d_initial"), states),
        }
        starts = accumulate((sizes[name] for name in _TABLES), initial=len(_FIELDS))
        self.starts = dict(zip(_TABLES, starts, strict=False))
        self.pointers = [
            (_FIELDS.index(name), _WORD * start) for name, start in self.starts.items()
        ]
        products = [self.matmul.functions[name] for name in _FUNCTIONS]
        self.functions = [*products, _loop_over_time(plan.dtype)]
        lines = [self._lines(node.shape) for node in plan.weights]
        self.panel_starts = [_CACHE_LINE * line for line in accumulate(lines, initial=0)]
        self.work = sum(node.width for node in plan.weights)

    def _lines(self, shape: Sequence[int]) -> int:
        """Return how many cache lines a packed matrix, or one for each head, takes."""
        heads = shape[0] if len(shape) == 3 else 1
        size = heads * self.matmul.packed_size(*shape[-2:]) * self.dtype.itemsize
        return -(-size // _CACHE_LINE)

    def workspace(self) -> Workspace:
        """Return memory for all packed matrices."""
        size = self.panel_starts[-1] + _CACHE_LINE
        memory = torch.empty(size // self.dtype.itemsize, dtype=self.dtype, device="cpu")
        start = -(-memory.data_ptr() // _CACHE_LINE) * _CACHE_LINE
        return Workspace(memory, [start + offset for offset in self.panel_starts[:-1]])

    def packed(self, weights: Sequence[torch.Tensor]) -> Workspace:
        """Pack the weights once for many runs, which then do not pack them."""
        workspace = self.workspace()
        for weight, panel in zip(weights, workspace.panels, strict=True):
            heads = weight if weight.dim() == 3 else weight.unsqueeze(0)
            size = self.matmul.packed_size(*heads.shape[1:]) * weight.element_size()
            for place, head in enumerate(heads):
                self.matmul.pack(head, panel + place * size)
        return workspace


class Launch:
    """One call of a kernel, made ready: the words of the call and all that they point to.

    Args:
        form: what calls of this kernel have in common.
        layout: the packed rows that the rows of the batch go through.
        operands: the tensors.
        packed: the weights, packed beforehand. Default: each run packs them.
        watched: a sample of what they were made of; the kernel runs as long as it is the same.
            Default: nothing is watched.
    """

    def __init__(
        self,
        form: CallForm,
        layout: RowLayout,
        operands: Operands,
        packed: Workspace | None = None,
        watched: Sample | None = None,
    ) -> None:
        self.form, self.layout, self.operands, self.watched = form, layout, operands, watched
        self.workspace = packed or form.workspace()
        threads, chunks, as_team = _shares(layout.rows, form.work)
        inputs, outputs, vectors, weights, strides, state, final, initial, d_initial = operands
        # other than what it writes, nothing of this was made for this call
        read = derived_addresses([*inputs, *vectors, *weights, *state, *initial])
        states, cut = len(state), len(inputs)
        starts = cut + len(vectors) + len(weights)
        self.words = array(
            "q",
            [
                layout.rows, chunks, threads, as_team, layout.stride,
                *layout.addresses,
                *[0] * len(_TABLES),
                *form.functions,
                *(_NOT_WATCHED if watched is None else _watched_words(watched)),
                *read[:cut], *map(_own_address, outputs), *read[cut:starts],
                *strides, *self.workspace.panels,
                *read[starts : starts + states], *map(_own_address, final),
                *read[starts + states :], *[0] * (states - len(initial)),
                *map(_own_address, d_initial), *[0] * (states - len(d_initial)),
            ],
        )  # fmt: skip
        self.address, _ = self.words.buffer_info()
        for field, offset in form.pointers:
            self.words[field] = self.address + offset
        if packed is not None:
            self.words[_PACK] = 0

    def run(self, kernel: "ctypes._NamedFuncPointer") -> bool:
        """Run a kernel; tell whether it ran, as it does not where what it watches was written to.

        Raises:
            BackendUnavailable: there was no memory for its scratch.
        """
        status: int = kernel(self.address)
        if status == _NO_MEMORY:
            raise BackendUnavailable("There is not enough memory for a kernel.")
        return not status


_NOT_WATCHED = (0, 0, 0)


def _watched_words(watched: Sample) -> tuple[int, int, int]:
    return watched.words.buffer_info()[0], len(watched.words) // 2, watched.digest


_own_address = torch.Tensor.data_ptr
"""Where a tensor lies that was made here, in memory, a moment ago."""


def _shares(rows: int, work: int) -> tuple[int, int, bool]:
    """Return how many threads share how many chunks of rows, or one chunk as a team.

    A row has the same bits either way.

    Args:
        rows: B.
        work: multiplications of a row at one step.
    """
    threads = torch.get_num_threads()
    if threads == 1:
        return 1, -(-rows // _ROWS_A_CHUNK), False
    if rows < _ROWS_FOR_EACH * threads and rows * work >= _WORTH_A_TEAM:
        return threads, 1, True
    threads = min(threads, rows)
    chunks = -(-rows // _ROWS_A_CHUNK)
    return threads, -(-max(chunks, threads) // threads) * threads, False


def three_strides(weight: torch.Tensor) -> tuple[int, ...]:
    """Return the strides of a matrix, or of one for each head."""
    strides = weight.stride()
    return strides if len(strides) == 3 else (0, *strides)
