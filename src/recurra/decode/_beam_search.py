"""Beam search: keep the best few continuations at every step, for any step function."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch

from recurra.base import (
    ArgumentError,
    ShapeError,
    check_lengths,
    check_range,
    check_size,
    describe_tensor,
    map_state,
)
from recurra.decode._beam import Hypothesis, Row


def beam_search(
    step: Callable[[torch.Tensor, Any], tuple[torch.Tensor, Any]],
    scores: torch.Tensor,
    state: Any,
    *,
    width: int,
    end: int,
    longest: int | torch.Tensor,
    length_penalty: float = 1.0,
    best: int = 1,
    watch: Callable[[Any], torch.Tensor] | None = None,
) -> list[list[Hypothesis]]:
    """Find likely sequences: continue the best few of each row, symbol by symbol.

        score(Y) = log p(Y) / ((5 + |Y|) / 6)^alpha               |Y| counts the end, too

    At every step the likeliest `width` sequences of a row go on, less those that have ended
    before. A row is finished when there are `width` of these, or when no other could still win.
    Of equal continuations those of the better sequence, then of the lower symbol go first; results
    do not depend on what else is in the batch. Sources: I. Sutskever et al., "Sequence to sequence
    learning with neural networks", NIPS (2014), for the search; Y. Wu et al., "Google's neural
    machine translation system" (2016), for the length penalty.

    Args:
        step: takes the last symbols `[N]` and the state; gives scores `[N, V]`, unnormalised
            log-probabilities, and the next state. N differs from call to call.
        scores: scores of the first symbol, `[B, V]`; -inf rules a symbol out.
        state: state after the sequence so far, each tensor `[B, ...]`.
        width: sequences that are kept of each row.
        end: the symbol that ends a sequence.
        longest: symbols of a sequence at most, the end included, for all rows or `[B]`; what has
            not ended by then is taken as it is.
        length_penalty: alpha, >= 0; 0 compares plain log-probabilities, which favours short
            sequences, 1 about those per symbol. Default: 1.0.
        best: how many sequences of each row to return, at most `width`. Default: 1.
        watch: takes a state and returns what to note of it, `[N, ...]`, such as attention weights;
            it sees the state that came with the scores of each choice. Default: nothing is noted.

    Returns:
        found: for each row its best sequences, best first; fewer than `best` where fewer exist.

    Raises:
        ShapeError: a size is not a positive integer, scores are no matrix, or `longest` has
            another shape.
        DtypeError: `longest` is not integer.
        ArgumentError: `end` is no symbol, `best` is larger than `width`, `length_penalty` is
            negative, or a score is not a number.

    Example:
        >>> import torch, recurra
        >>> table = torch.tensor([[0.1, 2.0, 1.5], [0.2, 0.3, 3.0], [0.0, 0.0, 0.0]])
        >>> step = lambda symbols, state: (table[symbols], state)
        >>> found = recurra.decode.beam_search(
        ...     step, table[:1], torch.zeros(1, 1), width=2, end=2, longest=5
        ... )
        >>> found[0][0].symbols
        tensor([1])
    """
    _check(scores, width, end, length_penalty, best)
    lengths = _longest(longest, len(scores))
    rows = [Row(width, best, length, length_penalty) for length in lengths]
    beam = _begin(len(scores), scores.device)
    while True:
        noted = None if watch is None else watch(state)
        beam, parents = _keep_unfinished(*_continue(beam, scores, noted, rows), rows, end)
        if not len(parents):
            return [row.best() for row in rows]
        state = map_state(partial(torch.index_select, dim=0, index=parents), state)
        scores, state = step(beam.symbols[:, -1], state)


def greedy_search(
    step: Callable[[torch.Tensor, Any], tuple[torch.Tensor, Any]],
    scores: torch.Tensor,
    state: Any,
    *,
    end: int,
    longest: int | torch.Tensor,
    watch: Callable[[Any], torch.Tensor] | None = None,
) -> list[Hypothesis]:
    """Take the best symbol at every step: a beam search of width 1.

    The arguments are those of `beam_search`; each row gets one sequence, whose score is its
    log-probability. Of equal symbols the lowest is taken.

    Raises:
        ArgumentError: all symbols of a choice are ruled out, or as `beam_search`.

    Example:
        >>> import torch, recurra
        >>> table = torch.tensor([[0.1, 2.0, 1.5], [0.2, 0.3, 3.0], [0.0, 0.0, 0.0]])
        >>> step = lambda symbols, state: (table[symbols], state)
        >>> found = recurra.decode.greedy_search(
        ...     step, table[:1], torch.zeros(1, 1), end=2, longest=5
        ... )
        >>> found[0].symbols, found[0].ended
        (tensor([1]), True)
    """
    options: dict[str, Any] = {"length_penalty": 0.0, "watch": watch}
    found = beam_search(step, scores, state, width=1, end=end, longest=longest, **options)
    if not all(found):
        raise ArgumentError("`scores` rule all symbols out.", got="-inf throughout")
    return [row[0] for row in found]


class _Beam(NamedTuple):
    """Sequences of N choices that go on, those of a row side by side, best first.

    `row` `[N]` says whose they are; `log_probability` `[N]` float64; `symbols` `[N, t]`; `watched`
    `[N, t, ...]` or None.
    """

    row: torch.Tensor
    log_probability: torch.Tensor
    symbols: torch.Tensor
    watched: torch.Tensor | None


def _begin(rows: int, device: torch.device) -> _Beam:
    """Begin with one empty sequence a row."""
    row = torch.arange(rows, device=device)
    return _Beam(row, row.double() * 0, row.new_empty(rows, 0), None)


def _continue(
    beam: _Beam, scores: torch.Tensor, noted: torch.Tensor | None, rows: list[Row]
) -> tuple[_Beam, torch.Tensor]:
    """Take the best continuations of each row; say which sequence each continues, `[N]`."""
    found, symbols = _best_symbols(scores, max(row.room for row in rows))  # [N, K]
    total = (beam.log_probability.unsqueeze(1) + found.double()).flatten()
    row = beam.row.repeat_interleave(found.shape[1])
    order = total.argsort(descending=True, stable=True)
    order = order[row[order].argsort(stable=True)]  # by row, then best first
    room = torch.tensor([each.room for each in rows], device=row.device)
    order = order[(_rank(row[order]) < room[row[order]]) & (total[order] > -torch.inf)]
    parents = order // found.shape[1]
    chosen = symbols.flatten()[order].unsqueeze(1)
    watched = None if noted is None else noted[parents].unsqueeze(1)
    if watched is not None and beam.watched is not None:
        watched = torch.cat([beam.watched[parents], watched], dim=1)
    text = torch.cat([beam.symbols[parents], chosen], dim=1)
    return _Beam(row[order], total[order], text, watched), parents


def _keep_unfinished(
    beam: _Beam, parents: torch.Tensor, rows: list[Row], end: int
) -> tuple[_Beam, torch.Tensor]:
    """Hand what has ended to its row, and drop what cannot win any more."""
    kept: list[int] = []
    alive: dict[int, list[int]] = {}
    ended = (beam.symbols[:, -1] == end).tolist()
    totals = beam.log_probability.tolist()
    for place, number in enumerate(beam.row.tolist()):
        if ended[place] or beam.symbols.shape[1] == rows[number].longest:
            watched = None if beam.watched is None else beam.watched[place]
            rows[number].finish(beam.symbols[place], totals[place], watched, ended=ended[place])
        else:
            alive.setdefault(number, []).append(place)
    for number, places in alive.items():
        if not rows[number].is_decided(totals[places[0]]):
            kept += places
    index = torch.tensor(kept, dtype=torch.int64, device=parents.device)
    watched = None if beam.watched is None else beam.watched[index]
    text = beam.symbols[index]
    return _Beam(beam.row[index], beam.log_probability[index], text, watched), parents[index]


def _best_symbols(scores: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the largest log-probabilities `[N, K]` of scores `[N, V]`, and whose they are.

    Best first; of equals the lowest symbol, which `topk` does not promise.
    """
    impossible = scores == -torch.inf
    logs = torch.where(impossible, scores, scores.log_softmax(dim=1))  # not NaN where all are
    if bool(logs.isnan().any()):
        raise ArgumentError("`scores` has values that are not numbers.", got="NaN")
    values, symbols = logs.topk(min(count + 1, logs.shape[1]), dim=1)
    tied = (values[:, 1:] == values[:, :-1]).any(dim=1)
    if bool(tied.any()):
        order = logs[tied].sort(dim=1, descending=True, stable=True)
        symbols[tied] = order.indices[:, : symbols.shape[1]]
    return values[:, :count], symbols[:, :count]


def _rank(row: torch.Tensor) -> torch.Tensor:
    """Count the places before each that have the same row; equal rows are side by side, `[N]`."""
    counts = row.unique_consecutive(return_counts=True)[1]
    first: torch.Tensor = (counts.cumsum(0) - counts).repeat_interleave(counts)
    return torch.arange(len(row), device=row.device) - first


def _check(scores: object, width: int, end: int, length_penalty: float, best: int) -> None:
    check_size("width", width)
    check_size("best", best)
    check_range("length_penalty", length_penalty, 0, float("inf"), high_open=True)
    if best > width:
        raise ArgumentError(
            "`best` asks for more sequences than a search keeps.",
            got=f"best={best}, width={width}",
            expected=f"at most {width}",
        )
    if not isinstance(scores, torch.Tensor) or scores.dim() != 2:
        raise ShapeError(
            "`scores` is not one row of scores per sequence.",
            got=describe_tensor(scores),
            expected="(B, V)",
        )
    if not 0 <= end < scores.shape[1]:
        raise ArgumentError(
            "`end` is no symbol.", got=repr(end), expected=f"0..{scores.shape[1] - 1}"
        )


def _longest(longest: int | torch.Tensor, rows: int) -> list[int]:
    """Return the longest length of each row."""
    if not isinstance(longest, torch.Tensor):
        return [check_size("longest", longest)] * rows
    check_lengths(longest, rows, 2**31, of="longest sequences")
    return [check_size("longest", each) for each in longest.tolist()]
