"""Input gradients: what a backward pass by autograd gives for each source, wanted or not."""

from collections.abc import Sequence

import torch


def input_gradients(
    results: Sequence[torch.Tensor],
    sources: Sequence[torch.Tensor],
    cotangents: Sequence[torch.Tensor | None],
    needed: Sequence[bool],
    *,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> list[torch.Tensor | None]:
    """Go back through what autograd has recorded.

    Args:
        results: what was computed; those that nothing was recorded for are left out.
        sources: what it was computed from.
        cotangents: one for each result, or None for those that nobody has used.
        needed: for each source whether its gradient is wanted.
        retain_graph: whether somebody goes back once more. Default: no.
        create_graph: whether the gradients can be differentiated again. Default: no.

    Returns:
        One gradient for each source; None where it is not wanted, or nothing flows back.
    """
    pairs = [
        (result, cotangent)
        for result, cotangent in zip(results, cotangents, strict=True)
        if cotangent is not None and result.requires_grad
    ]
    wanted = [source for source, need in zip(sources, needed, strict=True) if need]
    if not pairs or not wanted:
        return [None] * len(sources)
    found = iter(
        torch.autograd.grad(
            [result for result, _ in pairs],
            wanted,
            [cotangent for _, cotangent in pairs],
            retain_graph=retain_graph or create_graph,
            create_graph=create_graph,
            allow_unused=True,
        )
    )
    return [next(found) if need else None for need in needed]
