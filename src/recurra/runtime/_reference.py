"""The plain loop: one Python step after the other. It defines what every other backend computes."""

import torch

from recurra.base import (
    Cell,
    State,
    is_recording,
    map_state,
    over_features,
    repeat_last_step,
    run_step,
    valid_steps,
)
from recurra.runtime._unroll_args import UnrollArgs


def reference_loop(cell: Cell, args: UnrollArgs) -> tuple[torch.Tensor, State]:
    """Run a cell over a sequence, step by step.

    A row that is not valid at a step keeps its state, so that rows which end early hold their final
    state, and reversed rows hold their first one until their own end is reached.
    """
    x, state, initial, lengths, resets, reverse = args
    T = len(x)
    valid = None
    if lengths is not None:
        x, valid = repeat_last_step(x, lengths), valid_steps(lengths, T)  # valid [T, B]
        resets = None if resets is None else resets & valid
    if is_recording():
        x = x.view(T, *x.shape[1:])  # so that what is recorded refuses sequences of other lengths
    xs = x.unbind(0)  # one view a step: its backward is a single stack, not T slices
    outputs: list[torch.Tensor] = []
    for t in reversed(range(T)) if reverse else range(T):
        if resets is not None:
            state = _choose(resets[t], initial, state)
        y, next_state = run_step(cell, xs[t], state)
        if valid is not None:
            y = torch.where(over_features(valid[t], y), y, y.new_zeros(()))
            next_state = _choose(valid[t], next_state, state)
        state = next_state
        outputs.append(y)
    return torch.stack(outputs[::-1] if reverse else outputs), state


def _choose(rows: torch.Tensor, taken: State, otherwise: State) -> State:
    """Take the state `taken` in the rows [B] that are true, `otherwise` in the others."""
    return map_state(lambda a, b: torch.where(over_features(rows, a), a, b), taken, otherwise)
