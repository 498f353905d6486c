"""Rows of a table in batches, for tasks without time."""

import torch

from recurra.base import (
    Batch,
    DtypeError,
    ShapeError,
    check_finite,
    check_seed,
    check_size,
    describe_tensor,
)


class TableRows:
    """Batches of the rows of a table, in an order that is drawn once.

    Every pass goes through the same batches, so the place in the data is the step alone, and a
    training that was stopped goes on exactly where it was.

    Args:
        inputs: rows, `[N, F]`, floating point, all finite.
        targets: what is predicted of each row, `[N]` or `[N, O]`.
        rows: B, rows of a batch; the last may have fewer. Default: 32.
        seed: of the order. Default: the order in which the rows stand.

    Raises:
        ShapeError: there are no rows, the targets are not one a row, or `rows` is not positive.
        DtypeError: the inputs are not floating point.
        DataError: a number is missing (not a number) or infinite.
        ArgumentError: `seed` is outside its range.

    Example:
        >>> import torch, recurra
        >>> table = recurra.data.TableRows(torch.randn(10, 3), torch.randn(10, 1), rows=4)
        >>> len(table), table[2].inputs.shape
        (3, torch.Size([2, 3]))
    """

    def __init__(
        self,
        inputs: torch.Tensor,
        targets: torch.Tensor,
        *,
        rows: int = 32,
        seed: int | None = None,
    ) -> None:
        _check_rows(inputs, targets)
        check_finite("inputs", inputs)
        check_finite("targets", targets)
        self.rows = check_size("rows", rows)
        order = torch.arange(len(inputs))
        if seed is not None:
            generator = torch.Generator().manual_seed(check_seed(seed))
            order = torch.randperm(len(inputs), generator=generator)
        self.inputs, self.targets = inputs[order], targets[order]

    def __len__(self) -> int:
        return -(-len(self.inputs) // self.rows)

    def __getitem__(self, i: int) -> Batch:
        if not 0 <= i < len(self):
            raise IndexError(i)
        place = slice(i * self.rows, (i + 1) * self.rows)
        return Batch(self.inputs[place], self.targets[place])


def _check_rows(inputs: torch.Tensor, targets: torch.Tensor) -> None:
    if inputs.dim() != 2 or not inputs.numel():
        raise ShapeError(
            "`inputs` is not a table.", got=describe_tensor(inputs), expected="[N, F], N >= 1"
        )
    if not inputs.dtype.is_floating_point:
        raise DtypeError(
            "`inputs` is not floating point.", got=describe_tensor(inputs), fix="inputs.float()"
        )
    if targets.dim() not in (1, 2) or len(targets) != len(inputs):
        raise ShapeError(
            "`targets` is not one target a row.",
            got=describe_tensor(targets),
            expected=f"({len(inputs)},) or ({len(inputs)}, O)",
        )
