"""Padding: which steps of which rows are real."""

import torch


def valid_steps(lengths: torch.Tensor, T: int) -> torch.Tensor:
    """Mark the steps before each row's end, `[T, B]` bool, from lengths `[B]`."""
    steps = torch.arange(T, device=lengths.device)
    return steps.unsqueeze(1) < lengths.unsqueeze(0)  # [T, B]


def over_features(rows: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Give a mask as many dimensions as `like`, so that it covers all features of a row."""
    return rows.reshape(rows.shape + (1,) * (like.dim() - rows.dim()))


def zero_padding(x: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """Replace what follows each row's end in x `[T, B, ...]` by zeros, whatever it was.

    Gradients there are zero too, even where x is NaN.
    """
    if lengths is None:
        return x
    valid = valid_steps(lengths.to(x.device), len(x))
    return torch.where(over_features(valid, x), x, x.new_zeros(()))


def repeat_last_step(x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Replace what follows each row's end in x `[T, B, ...]` by the row's last valid step.

    Equations that run over padding then see inputs of the usual kind: zeros could lie where a
    gradient is not finite, and 0 times infinity would reach the weights. A row without any valid
    step borrows one, or zeros where no row has any. No gradient passes through the repetitions.
    """
    T, B = x.shape[:2]
    valid = valid_steps(lengths, T)
    rows = torch.where(lengths > 0, torch.arange(B, device=x.device), lengths.argmax())
    last = x.detach()[lengths[rows] - 1, rows]  # [B, ...]
    last = torch.where(lengths.max() > 0, last, 0)  # not read by Python: a trace holds it so
    return torch.where(over_features(valid, x), x, last)
