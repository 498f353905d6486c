"""The plain loop: one Python step after the other. It defines what every other backend computes."""

import torch

from recurra.base import (
    Cell,
    State,
    check_same_form,
    map_state,
    over_features,
    valid_steps,
    zero_padding,
)


def reference_loop(
    cell: Cell,
    x: torch.Tensor,
    state: State,
    *,
    lengths: torch.Tensor | None,
    resets: torch.Tensor | None,
    reverse: bool,
) -> tuple[torch.Tensor, State]:
    """Run a cell over a sequence, step by step; arguments are those of `unroll`, already checked.

    A row that is not valid at a step keeps its state, so that rows which end early hold their final
    state, and reversed rows hold their first one until their own end is reached.
    """
    T, B = x.shape[:2]
    valid = None if lengths is None else valid_steps(lengths, T)  # [T, B]
    if valid is not None and resets is not None:
        resets = resets & valid
    xs = zero_padding(x, lengths).unbind(
        0
    )  # one view a step: its backward is a single stack, not T slices
    start = cell.initial_state(B) if resets is not None else state
    outputs: list[torch.Tensor] = []
    for t in reversed(range(T)) if reverse else range(T):
        if resets is not None:
            state = _choose(resets[t], start, state)
        y, following = cell(xs[t], state)
        if not outputs:
            check_same_form(
                f"`{type(cell).__name__}` changes the form of its state.", following, state
            )
        if valid is not None:
            y = torch.where(over_features(valid[t], y), y, 0)
            following = _choose(valid[t], following, state)
        state = following
        outputs.append(y)
    return torch.stack(outputs[::-1] if reverse else outputs), state


def _choose(rows: torch.Tensor, taken: State, otherwise: State) -> State:
    """Take the state `taken` in the rows [B] that are true, `otherwise` in the others."""
    return map_state(lambda a, b: torch.where(over_features(rows, a), a, b), taken, otherwise)
