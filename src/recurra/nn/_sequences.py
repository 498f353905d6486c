"""The forms in which a module takes sequences, and the one form in which it runs them.

Inside, sequences are `[T, B, I]`; `lengths` say where rows end. Outside they may have no batch, the
batch first, or be a `PackedSequence`, whose rows lie from the longest to the shortest.
"""

from dataclasses import dataclass

import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from recurra.base import ArgumentError, check_not_proxy, describe_tensor
from recurra.nn._errors import ArgumentTypeError, TensorShapeError


@dataclass(frozen=True, eq=False)
class Sequences:
    """Sequences in the form `[T, B, I]`, and the way back to the form in which they came.

    Args:
        x: `[T, B, I]`.
        lengths: valid steps per row, or None.
        resets: `[T, B]`, or None.
        batched: False if there was no batch.
        batch_first: whether the batch came first.
        packed: what they were packed in, or None.
    """

    x: torch.Tensor
    lengths: torch.Tensor | None
    resets: torch.Tensor | None
    batched: bool = True
    batch_first: bool = False
    packed: PackedSequence | None = None

    def outputs(self, y: torch.Tensor) -> torch.Tensor | PackedSequence:
        """Give outputs `[T, B, O]` the form of the inputs."""
        if self.packed is not None:
            assert self.lengths is not None  # made from the packing
            _, batch_sizes, to_sorted, from_sorted = self.packed
            data = pack_padded_sequence(y, self.lengths).data
            return PackedSequence(data, batch_sizes, to_sorted, from_sorted)
        if not self.batched:
            return y.squeeze(1)
        return y.transpose(0, 1) if self.batch_first else y

    def rows_inside(self, state: torch.Tensor) -> torch.Tensor:
        """Give a state of the user's, `[places, B, H]` or `[places, H]`, the order of rows here."""
        if not self.batched:
            return state.unsqueeze(1)
        if self.packed is None or self.packed.sorted_indices is None:
            return state
        return state.index_select(1, self.packed.sorted_indices)

    def rows_outside(self, state: torch.Tensor) -> torch.Tensor:
        """Undo `rows_inside`."""
        if not self.batched:
            return state.squeeze(1)
        if self.packed is None or self.packed.unsorted_indices is None:
            return state
        return state.index_select(1, self.packed.unsorted_indices)


def read_sequences(
    given: torch.Tensor | PackedSequence,
    lengths: torch.Tensor | None,
    resets: torch.Tensor | None,
    *,
    input_size: int,
    batch_first: bool,
) -> Sequences:
    """Bring sequences of any form to the one form.

    Raises:
        ArgumentTypeError: they are neither a tensor nor packed.
        TensorShapeError: they, `lengths` or `resets` have the wrong shape.
        ArgumentError: `lengths` are given twice.
    """
    if isinstance(given, PackedSequence):
        return _read_packed(given, lengths, resets, input_size, batch_first)
    if not isinstance(given, torch.Tensor):
        raise _other_than_sequences(given)
    _check_input(given, input_size, batch_first)
    if given.dim() == 2:
        return _read_unbatched(given, lengths, resets)
    _check_marks("resets", resets, tuple(given.shape[:2]))
    _check_marks("lengths", lengths, (given.shape[0 if batch_first else 1],))
    if batch_first:
        given = given.transpose(0, 1)
        resets = None if resets is None else resets.transpose(0, 1)
    return Sequences(given, lengths, resets, batch_first=batch_first)


def _other_than_sequences(given: object) -> ArgumentTypeError:
    check_not_proxy(given)
    return ArgumentTypeError(
        "`input` is not a tensor.",
        got=describe_tensor(given),
        expected="a tensor or a PackedSequence",
    )


def _read_unbatched(
    x: torch.Tensor, lengths: torch.Tensor | None, resets: torch.Tensor | None
) -> Sequences:
    _check_marks("lengths", lengths, ())
    _check_marks("resets", resets, (len(x),))
    return Sequences(
        x.unsqueeze(1),
        None if lengths is None else lengths.unsqueeze(0),
        None if resets is None else resets.unsqueeze(1),
        batched=False,
    )


def _read_packed(
    packed: PackedSequence,
    lengths: torch.Tensor | None,
    resets: torch.Tensor | None,
    input_size: int,
    batch_first: bool,
) -> Sequences:
    if lengths is not None:
        raise ArgumentError(
            "`lengths` are given twice: a PackedSequence has its own.",
            fix="leave `lengths` out, or give the padded tensor",
        )
    if packed.data.dim() != 2 or packed.data.shape[1] != input_size:
        raise TensorShapeError(
            "The data of `input` has the wrong shape.",
            got=describe_tensor(packed.data),
            expected=f"(all steps of all rows, {input_size})",
        )
    x, ends = pad_packed_sequence(PackedSequence(packed.data, packed.batch_sizes))
    T, B = x.shape[:2]
    _check_marks("resets", resets, (B, T) if batch_first else (T, B))
    if resets is not None:
        resets = resets.transpose(0, 1) if batch_first else resets
        order = packed.sorted_indices
        resets = resets if order is None else resets.index_select(1, order.to(resets.device))
    return Sequences(x, ends, resets, packed=packed)


def _check_input(x: torch.Tensor, input_size: int, batch_first: bool) -> None:
    batched = f"(B, T, {input_size})" if batch_first else f"(T, B, {input_size})"
    if x.dim() not in (2, 3) or x.shape[-1] != input_size:
        raise TensorShapeError(
            "`input` has the wrong shape.",
            got=describe_tensor(x),
            expected=f"{batched} or, without a batch, (T, {input_size})",
        )
    if x.shape[1 if batch_first and x.dim() == 3 else 0] == 0:
        raise TensorShapeError(
            "`input` has no steps.", got=describe_tensor(x), expected=f"{batched} with T >= 1"
        )


def _check_marks(name: str, marks: torch.Tensor | None, shape: tuple[int, ...]) -> None:
    """Refuse `lengths` or `resets` of another shape, in the layout that the caller uses."""
    if marks is None:
        return
    if not isinstance(marks, torch.Tensor) or marks.shape != shape:
        kind = "integer" if name == "lengths" else "bool"
        raise TensorShapeError(
            f"`{name}` does not fit `input`.",
            got=describe_tensor(marks),
            expected=f"{shape} {kind}",
        )
