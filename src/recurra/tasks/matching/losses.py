"""Losses that draw records together that belong together, and push others apart."""

import torch
import torch.nn.functional as F


def known_same(first: torch.Tensor, second: torch.Tensor, records: int) -> torch.Tensor:
    """Tell which records of a batch are known to be the same, `[R, R]` bool.

    Args:
        first: `[M]` records.
        second: `[M]` the record that each of them matches.
        records: R, how many records there are.
    """
    same = torch.eye(records, dtype=torch.bool, device=first.device)
    same[first, second] = True
    same[second, first] = True
    for _ in range(2):  # what matches the same record matches, over four pairs
        same = (same.float() @ same.float()) > 0
    return same


def batch_negatives_loss(
    whole: torch.Tensor, first: torch.Tensor, second: torch.Tensor, scale: torch.Tensor
) -> torch.Tensor:
    """Find the right one among all records of the batch.

        loss = -mean log exp(s u_a . u_b) / (exp(s u_a . u_b) + sum_c exp(s u_a . u_c))

    over pairs a, b that match, both ways round, and all c that are not known to be the same as a.
    Most pairs of records do not match, so that each batch holds far more of them than were given.
    Source: M. Henderson et al., "Efficient natural language response suggestion for Smart Reply"
    (2017).

    Args:
        whole: `[R, D]` unit vectors.
        first: `[M]` records.
        second: `[M]` the record that each of them matches.
        scale: s, how much a difference of cosines counts.

    Returns:
        loss: a scalar; 0 if no pair matches.
    """
    if not len(first):
        return whole.sum() * 0
    same = known_same(first, second, len(whole))
    asked, right = torch.cat([first, second]), torch.cat([second, first])  # [2M]
    scores = scale * (whole[asked] @ whole.T)  # [2M, R]
    answer = F.one_hot(right, len(whole)).bool()
    scores = scores.masked_fill(same[asked] & ~answer, -torch.inf)
    return F.cross_entropy(scores, right)


def hardest_others(
    whole: torch.Tensor, first: torch.Tensor, second: torch.Tensor, asked: torch.Tensor
) -> torch.Tensor:
    """Give for each asked record `[A]` the most similar one that is not known to be the same."""
    same = known_same(first, second, len(whole))
    scores = (whole[asked] @ whole.T).masked_fill(same[asked], -torch.inf)
    return scores.argmax(dim=1)
