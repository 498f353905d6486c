"""Read a graph that PyTorch has traced into nodes.

A trace holds numbers where the step had sizes: it was made with one batch. That batch was a large
prime, so a size that it divides is the batch, or so many times the batch, and is written so. A size
that had got into a number (`1 / len(x)`) is refused, by the type that the operator declares for the
argument; what slips through is another number with the second prime that each step is traced with.

An operator becomes one of four things, in this order:

    opaque   parameters alone go in: PyTorch runs it as it stands, once a call; so does what
             takes no value at all and has no rule
    a rule   one or a few nodes; of all rules the loop takes those that kernels need, `LOWERED`, too
    call     outside of kernels, an operator without a rule that works row by row stays whole
    refused  the rest
"""

import operator
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import fx

from recurra.base import CannotFuse, RecurraError, internal_type
from recurra.graph._call import Call, Item, fill, operator_name
from recurra.graph._graph import Graph
from recurra.graph._lines import LINE
from recurra.graph._node import Node, Shape, describe_shape
from recurra.graph._operators import (
    SAFE_SPLITS,
    TAKES_SHAPE,
    WITHOUT_DERIVATIVE,
    WITHOUT_EFFECT,
    draws,
    functional,
    is_view,
    keeps_rows,
)
from recurra.graph._rules import LOWERED, RULES, UNKNOWN
from recurra.graph._step_mode import is_stop
from recurra.graph._untraceable import unforeseen

aten = torch.ops.aten


class FxImporter:
    """Reads traced graphs into the nodes of one `Graph`.

    Args:
        graph: makes the nodes.
        batch_size: what B was when the graph was traced: a large prime, so that a size that it
            divides has to be the batch.
        lower: whether operators that are more than one operation are taken apart, as kernels need;
            otherwise they stay whole, for PyTorch to run.
        real: the dtype that stands in for integers, which kernels do not have: counts of true
            elements, as gradients of a maximum take them. Default: integers stay.
        live: tensors whose values are read at each call. Default: those that are met stay as
            they are.
    """

    def __init__(
        self,
        graph: Graph,
        batch_size: int,
        *,
        lower: bool,
        real: torch.dtype | None = None,
        live: Sequence[torch.Tensor] = (),
    ) -> None:
        self.graph = graph
        self.live = live
        self.batch_size = batch_size
        self.real = real
        self.rules = {**RULES, **LOWERED} if lower else RULES
        self.lower = lower

    def read(self, module: fx.GraphModule, inputs: Sequence[Node]) -> list[Node | None]:
        """Return the nodes of the outputs of a traced graph.

        Args:
            module: the traced graph.
            inputs: nodes of its placeholders, in order.

        Raises:
            CannotFuse: an operator has no rule, or mixes the rows of the batch.
        """
        given = iter(inputs)
        values: dict[fx.Node, Any] = {}
        for place in module.graph.nodes:
            if place.op == "placeholder":
                values[place] = next(given)
            elif place.op == "get_attr":
                values[place] = self._held(getattr(module, place.target))
            elif place.op == "call_function":
                values[place] = self._called(place, values)
                self._write(place, values)
            else:
                results = fx.node.map_arg(place.args[0], lambda each: values[each])
        return list(results)

    def _write(self, place: fx.Node, values: dict[fx.Node, Any]) -> None:
        """Let an operator that writes to its first argument change what the argument stands for.

        Nodes are never overwritten, so that from here on the name in the trace means the new value.
        The first argument may itself be the result of such an operator, whose result is its first
        argument in turn: all names of the one tensor change. A view is another name of a part,
        which would have to change too, and is refused.
        """
        while functional(place.target) is not None:
            target = place.args[0]
            assert isinstance(target, fx.Node)
            self._check_no_view(target, values)
            values[target] = values[place]
            place = target

    def _check_no_view(self, target: fx.Node, values: Mapping[fx.Node, Any]) -> None:
        source = target
        while source.target is operator.getitem or is_view(source.target):
            source = source.args[0]  # type: ignore[assignment]
        is_part = source is not target and source.target not in SAFE_SPLITS
        has_views = any(user in values and is_view(user.target) for user in target.users)
        if source.op == "placeholder" or is_part or has_views:
            raise CannotFuse(
                "A step writes in place to a part of another value.",
                where=self.graph.where,
                fix="make a new value of the parts: `torch.cat`, `torch.stack`, `torch.where`",
            )

    def size(self, value: Any) -> Any:
        """Return a size with the batch written as a negative number."""
        if type(value) is int and value and value % self.batch_size == 0:
            return -(value // self.batch_size)
        return value

    def shape(self, meta: torch.Tensor) -> Shape:
        """Return the shape of a traced tensor with the batch written as a negative number."""
        return tuple(self.size(int(n)) for n in meta.shape)

    def _dtype(self, result: Any) -> torch.dtype:
        dtype = _dtype(result)
        is_integer = not (dtype.is_floating_point or dtype.is_complex or dtype == torch.bool)
        return self.real if is_integer and self.real is not None else dtype

    def _has_rows(self, result: Any) -> bool:
        metas = result if isinstance(result, list | tuple) else [result]
        return any(size < 0 for meta in metas for size in self.shape(meta))

    def _held(self, tensor: torch.Tensor) -> Node:
        """Return a node for a tensor that the module holds without having registered it."""
        if tensor.requires_grad:
            raise CannotFuse(
                "A step uses a tensor that takes gradients and is no parameter of its cell.",
                got=describe_shape(tuple(tensor.shape)),
                fix="make it a parameter of the cell, or of a module within",
                where=self.graph.where,
            )
        if isinstance(tensor, _FAKE):
            raise CannotFuse(
                "A step makes a tensor that PyTorch does not show, such as a new `nn.Parameter`.",
                got=describe_shape(self.shape(tensor)),
                fix="make it in the constructor of the cell",
                where=self.graph.where,
            )
        if any(size < 0 for size in self.shape(tensor)):
            raise CannotFuse(
                "A step makes a tensor for all rows of the batch from Python's numbers.",
                got=describe_shape(self.shape(tensor)),
                fix="make it by `torch.zeros_like(x)` or `x.new_full((len(x), size), value)`",
                where=self.graph.where,
            )
        shape = tuple(tensor.shape)
        if any(tensor is each for each in self.live):
            return self.graph.opaque(
                lambda: tensor.detach(), (), ("live", id(tensor)), shape, tensor.dtype
            )
        if tensor.dim() == 0:
            return self.graph.constant(tensor.item(), (), tensor.dtype)
        key = ("held", _content(tensor))
        return self.graph.opaque(lambda: tensor, (), key, shape, tensor.dtype)

    def _called(self, place: fx.Node, values: Mapping[fx.Node, Any]) -> Any:
        try:
            return self._call(place, values)
        except RecurraError:
            raise
        except Exception as cause:  # a rule that does not foresee these arguments
            name = operator_name(place.target)
            problem = f"A step uses `{name}` in a way that the rules do not foresee."
            refusal = unforeseen(problem, cause, self.graph.where)
        raise refusal

    def _call(self, place: fx.Node, values: Mapping[fx.Node, Any]) -> Any:
        self.graph.where = place.meta.get("custom", {}).get(LINE)
        arguments = fx.node.map_arg(place.args, lambda each: values[each])
        options = fx.node.map_arg(place.kwargs, lambda each: values[each])
        if place.target is operator.getitem:
            return self._item(place, *cast(tuple[Any, int], arguments))
        self._reject_random(place.target, arguments)
        self._check_unknown(place.target, arguments)
        if "val" not in place.meta:
            raise _checks_values(place.target, self.graph.where)
        result = place.meta["val"]
        target = cast(torch._ops.OpOverload, place.target)
        if is_stop(target, arguments):
            target, arguments = aten.detach.default, arguments[:1]
        return self._made(target, arguments, options, result)

    def _made(self, target: Any, arguments: Any, options: Any, result: Any) -> Any:
        """Return what an operator becomes: opaque, by a rule, whole, or a refusal."""
        operator_ = functional(target) or target
        flat = list(_nodes((arguments, options)))
        fixed = (
            flat and not any(node.has_batch_axis for node in flat) and not self._has_rows(result)
        )
        if fixed and operator_ not in WITHOUT_DERIVATIVE:
            return self._opaque(operator_, arguments, options, result)
        rule = self.rules.get(operator_)
        if rule is None and not flat and not self._has_rows(result):
            return self._opaque(operator_, arguments, options, result)
        if rule is None:
            return self._whole(operator_, arguments, options, result)
        arguments = self._sized(target, arguments, result)
        arguments = self._with_sizes(target, arguments)
        nodes = rule(self.graph, self._dtype(result), *arguments, **_plain(options))
        self._check(target, nodes, result)
        return nodes

    def _item(self, place: fx.Node, source: Any, index: int) -> Any:
        if isinstance(source, Node):
            result = place.meta["val"]
            if source.op == "opaque":
                key = ("item", index)
                shape = tuple(result.shape)
                return self.graph.opaque(Item(index), [source], key, shape, result.dtype)
            return self.graph.make("item", (source,), (index,), self.shape(result), result.dtype)
        return source[index]

    def _sized(self, target: Any, arguments: tuple[Any, ...], result: Any) -> tuple[Any, ...]:
        if target in TAKES_SHAPE:
            return (arguments[0], self.shape(result))
        return tuple(
            tuple(map(self.size, each))
            if isinstance(each, list | tuple) and _are_sizes(each)
            else each
            for each in arguments
        )

    def _with_sizes(self, target: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Mark the size of the batch where it is a size; nobody may compute with it.

        PyTorch tells the two apart by the type that the operator declares.
        """
        sized = tuple(map(self.size, arguments))
        for old, new, declared in zip(arguments, sized, target._schema.arguments, strict=False):
            if old is not new and "int" not in str(declared.type):
                raise CannotFuse(
                    "A step computes with the size of the batch.",
                    got=f"`{operator_name(target)}`",
                    where=self.graph.where,
                )
        return sized

    def _check(self, target: Any, nodes: Any, result: Any) -> None:
        """Hold the rule to the shapes that PyTorch found."""
        found = list(nodes) if isinstance(nodes, list) else [nodes]
        expected = list(result) if isinstance(result, list | tuple) else [result]
        for node, meta in zip(found, expected, strict=False):
            if node is not UNKNOWN and node.shape != self.shape(meta):
                raise CannotFuse(
                    f"`{operator_name(target)}` has a result that the rules do not foresee.",
                    got=describe_shape(node.shape),
                    expected=describe_shape(self.shape(meta)),
                    where=self.graph.where,
                )

    def _whole(self, target: Any, arguments: Any, options: Any, result: Any) -> Node:
        """Return an operator that stays as it is: elementwise, or along axes of a row."""
        if self.lower or not keeps_rows(target, arguments, options):
            raise CannotFuse(
                f"A step uses `{operator_name(target)}`, which has no rule.",
                got=", ".join(describe_shape(node.shape) for node in _nodes((arguments, options))),
                expected="elementwise operators, products with parameters, reductions of features",
                where=self.graph.where,
            )
        first = result[0] if isinstance(result, list | tuple) else result
        call = Call(target, arguments, options)
        inputs = list(_nodes((arguments, options)))
        shape = self.shape(first)
        return self.graph.make("call", inputs, (call,), shape, first.dtype)

    def _opaque(self, target: Any, arguments: Any, options: Any, result: Any) -> Node:
        """Return what depends on parameters only: PyTorch computes it, once a call."""
        call = Call(target, arguments, options)
        first = result[0] if isinstance(result, list | tuple) else result
        inputs = list(_nodes((arguments, options)))
        if target in WITHOUT_EFFECT and self.lower:
            return inputs[0]
        key = (str(target), call)
        return self.graph.opaque(call, inputs, key, tuple(first.shape), first.dtype)

    def _check_unknown(self, target: Any, arguments: Any) -> None:
        if any(each is UNKNOWN for each in arguments):
            raise CannotFuse(
                f"`{operator_name(target)}` uses a result that no rule gives, "
                "such as the place of a maximum.",
                where=self.graph.where,
            )

    def _reject_random(self, target: Any, arguments: Any) -> None:
        if draws(target, arguments):
            raise CannotFuse(
                f"A step draws random numbers with `{operator_name(target)}`, "
                "which a kernel cannot repeat.",
                where=self.graph.where,
                fix="use `recurra.base.uniform`, or draw before `unroll` and pass them in with `x`",
            )


def _nodes(value: Any) -> list[Node]:
    found: list[Node] = []
    fill(value, found.append)
    return found


def _are_sizes(values: Sequence[Any]) -> bool:
    return bool(values) and all(type(each) is int for each in values)


def _content(tensor: torch.Tensor) -> Any:
    """Return what tells a tensor from others: small ones made anew in each step are the same."""
    if tensor.numel() > _SMALL or tensor.requires_grad or tensor.device.type != "cpu":
        return id(tensor)
    return tuple(tensor.shape), tensor.dtype, tuple(tensor.flatten().tolist())


_SMALL = 4096
_FAKE = internal_type("torch._subclasses.fake_tensor.FakeTensor")


def _dtype(result: Any) -> torch.dtype:
    first: torch.Tensor = result[0] if isinstance(result, list | tuple) else result
    return first.dtype


_WITHOUT_MEANING = (
    "dtype", "device", "layout", "pin_memory", "memory_format", "implicit", "non_blocking",
)  # fmt: skip


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in _WITHOUT_MEANING}


def _checks_values(target: Any, where: str | None) -> CannotFuse:
    return CannotFuse(
        f"A step raises errors that depend on values, with `{operator_name(target)}`.",
        where=where,
        fix="take the form without checks: `torch.linalg.inv_ex(a)[0]`, `solve_ex(a, b)[0]`",
    )
