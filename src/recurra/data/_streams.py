"""Contiguous streams: a long text as many rows that are read side by side, window after window."""

import torch

from recurra.base import Batch, TextError, check_size

NO_TARGET = -100
"""The target where there is nothing to predict; `cross_entropy` leaves it out."""


class ContiguousStreams:
    """Windows over a long sequence for truncated back-propagation through time.

    The sequence is cut into `streams` rows of equal length. Window i holds the steps
    [i * window, (i + 1) * window) of every row, and the target of each step is the next symbol. So
    the state after window i is the state before window i + 1, and every symbol but the first is a
    target exactly once. The first window marks a reset, since nothing precedes it.

    Args:
        numbers: the sequence, `[N]`, integer.
        streams: B, rows read side by side.
        window: T, steps of one window, through which gradients flow.

    Raises:
        TextError: the sequence is too short to fill one window of every stream.

    Example:
        >>> import torch, recurra
        >>> streams = recurra.data.ContiguousStreams(torch.arange(9), streams=2, window=3)
        >>> len(streams)
        2
        >>> streams[0].inputs.T.tolist(), streams[0].targets.T.tolist()
        ([[0, 1, 2], [4, 5, 6]], [[1, 2, 3], [5, 6, 7]])
    """

    def __init__(self, numbers: torch.Tensor, *, streams: int, window: int) -> None:
        self.numbers = numbers
        self.streams = check_size("streams", streams)
        self.window = check_size("window", window)
        self.steps = -(-self.targets // streams)  # length of a row; the last may end earlier
        require_length(len(numbers), streams=streams, window=window)

    @property
    def targets(self) -> int:
        """How many symbols are predicted in one pass: all but the first."""
        return max(0, len(self.numbers) - 1)

    def __len__(self) -> int:
        return -(-self.steps // self.window)

    def __getitem__(self, i: int) -> Batch:
        if not 0 <= i < len(self):
            raise IndexError(i)
        T = min(self.window, self.steps - i * self.window)
        starts = torch.arange(self.streams) * self.steps + i * self.window  # [B]
        places = torch.arange(T).unsqueeze(1) + starts  # [T, B]
        valid = places < self.targets
        places = places.clamp(max=self.targets - 1)
        targets = torch.where(valid, self.numbers[places + 1].long(), NO_TARGET)
        return Batch(
            inputs=self.numbers[places].long(),
            targets=targets,
            lengths=None if bool(valid.all()) else valid.sum(dim=0),
            resets=_first_step(T, self.streams) if i == 0 else None,
        )


def require_length(symbols: int, *, streams: int, window: int) -> None:
    """Raise TextError unless so many symbols fill one window of every stream."""
    if symbols <= streams * window:
        raise TextError(
            "The text is too short for these streams and windows.",
            got=f"{symbols:,} symbols",
            expected=f"more than {streams * window:,} = {streams} streams x {window} steps",
            fix="use a longer text, or a smaller `--streams`, `--window` or `--validation`",
        )


def streams_that_fit(numbers: torch.Tensor, *, streams: int, window: int) -> ContiguousStreams:
    """Read a sequence in at most `streams` rows and windows of at most `window` steps.

    For measuring, where how the text is cut matters little, and short texts must work too.

    Raises:
        TextError: there are fewer than two symbols, so nothing to predict.
    """
    targets = len(numbers) - 1
    if targets < 1:
        raise TextError(
            "The text is too short to measure.", got=f"{len(numbers)} symbols", expected="2 or more"
        )
    window = min(window, targets)
    streams = max(1, min(streams, targets // window))
    return ContiguousStreams(numbers, streams=streams, window=window)


def _first_step(T: int, B: int) -> torch.Tensor:
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[0] = True
    return resets
