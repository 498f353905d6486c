"""The two sides of a verification: the compiled loop and the plain loop, each on its own leaves."""

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, TypeAlias, cast

import torch
from torch import nn

from recurra.base import Cell, functional_clone, state_tensors, unflatten_state
from recurra.runtime._guards import parameters_and_buffers
from recurra.runtime._input_gradients import input_gradients
from recurra.runtime._reference import reference_loop
from recurra.runtime._unroll_args import UnrollArgs
from recurra.runtime._verify.bounds import Noise, Subject, assert_equal

Tensors: TypeAlias = tuple[torch.Tensor, ...]
Gradients: TypeAlias = list[torch.Tensor | None]
Cotangents: TypeAlias = Sequence[torch.Tensor | None]

_NOISES = 3


class _Side:
    """One of the two ways to compute, with leaves of its own that gradients are taken of."""

    def __init__(self, leaves: Sequence[torch.Tensor], results: Tensors) -> None:
        self.leaves = leaves
        self.results = results

    def gradients(self, cotangents: Cotangents, needed: Sequence[bool]) -> Gradients:
        """Go back, and keep the graph for the next time."""
        return input_gradients(self.results, self.leaves, cotangents, needed, retain_graph=True)


class Check:
    """One call that is computed twice.

    Args:
        loop: runs the compiled cell.
        how: what it is, for messages.
        cell: the cell.
        count: of its parameters and buffers, which come first among the sources.
        args: what it runs over.
        by_place: whether states are known by their tensors only, as inside of an operation.
    """

    def __init__(
        self,
        loop: Callable[[Sequence[torch.Tensor], UnrollArgs], tuple[torch.Tensor, Tensors]],
        how: str,
        cell: nn.Module,
        count: int,
        args: UnrollArgs,
        *,
        by_place: bool = False,
    ) -> None:
        self.loop = loop
        self.cell = cell
        self.count = count
        self.args = args
        # an operation knows the tensors of a state, not its form
        self.form = cast(Cell, cell).initial_state(1) if by_place else args.state
        self.subject = Subject(cell, how, args)

    def run(self, sources: Tensors) -> Tensors:
        """Run both loops and compare what comes out; return what the compiled one computes."""
        self.sources = sources
        leaves = [_leaf(source) for source in sources] if torch.is_grad_enabled() else sources
        y, final = self.loop(*self._arranged(leaves))
        self.compiled = _Side(leaves, (y, *final))
        try:
            self.plain = self._plain_side()
        except Exception as error:
            raise self.subject.error_of(error) from error
        names = ["output", *(f"final state {place}" for place in range(len(final)))]
        assert_equal(
            self.subject,
            names,
            self.compiled.results,
            self.plain.results,
            lambda noise: self._plain_side(noise, wide=noise is None).results,
        )
        return self.compiled.results

    def gradients(self, cotangents: Cotangents, needed: Sequence[bool]) -> Gradients:
        """Go back on both sides and compare; return the gradients of the compiled one."""
        got = self.compiled.gradients(cotangents, needed)
        assert_equal(
            self.subject,
            [f"gradient of {name}" for name in self._names()],
            got,
            self.plain.gradients(cotangents, needed),
            lambda noise: self._gradients_again(noise, cotangents, needed),
        )
        return got

    def again(self, sources: Tensors, cotangents: Cotangents, needed: Sequence[bool]) -> Gradients:
        """Return gradients of the compiled loop that can be differentiated again."""
        aliases = [source.view_as(source) for source in sources]
        y, final = self.loop(*self._arranged(aliases))
        return input_gradients((y, *final), aliases, cotangents, needed, create_graph=True)

    def _gradients_again(
        self, noise: Noise | None, cotangents: Cotangents, needed: Sequence[bool]
    ) -> Gradients:
        with torch.enable_grad():
            side = self._plain_side(noise, wide=noise is None)
        given = [
            None if each is None else each.to(result.dtype)
            for each, result in zip(cotangents, side.results, strict=True)
        ]
        with noise or nullcontext():
            return side.gradients(given, needed)

    def _plain_side(self, noise: Noise | None = None, *, wide: bool = False) -> _Side:
        """Run the plain loop, within a noise or in float64 if asked to."""
        copies = [_copy(source, wide=wide) for source in self.sources]
        held, args = self._arranged(
            [
                copy if source.is_leaf or not copy.requires_grad else copy.clone()
                for source, copy in zip(self.sources, copies, strict=True)
            ]
        )
        with _dice_kept(), noise or nullcontext():
            y, final = reference_loop(self._twin(held), args)
        return _Side(copies, (y, *state_tensors(final)))

    def _twin(self, held: Sequence[torch.Tensor]) -> Any:
        """Return the cell with other tensors in the place of its own."""
        return functional_clone(self.cell, parameters_and_buffers(self.cell), held)

    def _arranged(
        self, tensors: Sequence[torch.Tensor]
    ) -> tuple[Sequence[torch.Tensor], UnrollArgs]:
        """Cut the sources into parameters and buffers, and what the cell runs over."""
        x, *states = tensors[self.count :]
        size = len(list(state_tensors(self.form)))
        state = initial = unflatten_state(states[:size], self.form)
        if self.args.resets is not None:
            initial = unflatten_state(states[size:], self.form)
        return tensors[: self.count], self.args._replace(x=x, state=state, initial=initial)

    def _names(self) -> list[str]:
        """Name the sources."""
        keys = parameters_and_buffers(self.cell)
        named = {id(each): name for name, each in self.cell.named_parameters()}
        places = range(len(list(state_tensors(self.args.state))))
        return [
            *(f"`{named.get(id(each), 'a buffer')}`" for each in keys),
            "`x`",
            *(f"the first state {place}" for place in places),
            *(f"the initial state {place}" for place in places),
        ][: len(self.sources)]


def _leaf(source: torch.Tensor) -> torch.Tensor:
    return source.detach().requires_grad_(source.requires_grad)


def _copy(source: torch.Tensor, *, wide: bool) -> torch.Tensor:
    """Copy a tensor, since a step may write to it; a parameter stays one."""
    values = source.detach().clone()
    if wide and values.is_floating_point():
        values = values.double()
    if isinstance(source, nn.Parameter):
        return nn.Parameter(values, requires_grad=source.requires_grad)
    return values.requires_grad_(source.requires_grad)


@contextmanager
def _dice_kept() -> Iterator[None]:
    """Let nobody notice that dice were thrown."""
    numpy = sys.modules.get("numpy")
    own, others = random.getstate(), None if numpy is None else numpy.random.get_state()
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            random.setstate(own)
            if numpy is not None:
                with suppress(AttributeError):
                    numpy.random.set_state(others)
