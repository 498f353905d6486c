"""Operators: what reading a traced graph has to know of operators of PyTorch beside their rules.

Where PyTorch's own description of an operator says it, it is asked: which write to their first
argument, which return a view, which work element by element. The lists are what it does not say.
"""

from typing import Any

import torch

aten = torch.ops.aten

TAKES_SHAPE = {
    aten.expand.default,
    aten.view.default,
    aten._unsafe_view.default,
    aten.reshape.default,
}
"""Their second argument is a shape; that of the result is taken, in which no -1 is left open."""

WITHOUT_EFFECT = (aten.alias.default, aten.detach.default)
"""Once gradients have been taken, they are their argument."""

WITHOUT_DERIVATIVE = {aten.copy.default}
"""PyTorch cannot differentiate them: they are nodes, even where parameters alone go in."""

SAFE_SPLITS = {aten.unsafe_split.Tensor, aten.unsafe_split_with_sizes.default}
"""Their parts may be written to: whoever calls them promises not to look at the whole again."""


def functional(target: Any) -> Any:
    """Return the operator that computes what this one writes to its first argument; or None.

    Some of PyTorch's own functions and gradients are made of such operators.
    """
    schema = getattr(target, "_schema", None)
    if schema is None or not schema.is_mutable:
        return None
    namespace, name = schema.name.split("::")
    packet = getattr(getattr(torch.ops, namespace), name.removesuffix("_"), None)
    return getattr(packet, target._overloadname, None)


def is_view(target: Any) -> bool:
    """Tell whether an operator returns a look at its argument."""
    schema = getattr(target, "_schema", None)
    returns = () if schema is None or schema.is_mutable else schema.returns
    return any(each.alias_info is not None for each in returns)


def draws(target: Any, arguments: Any) -> bool:
    """Tell whether an operator draws random numbers."""
    place = _CHANCES.get(target)
    chance = True if place is None else any(arguments[place : place + 1])
    return chance and torch.Tag.nondeterministic_seeded in getattr(target, "tags", ())


def keeps_rows(target: Any, arguments: Any, options: Any) -> bool:
    """Tell whether an operator computes each row from that row."""
    if target is aten.embedding.default:
        return not arguments[0].has_batch_axis
    if target is aten.native_layer_norm.default:
        return all(size > 0 for size in arguments[0].shape[-len(arguments[1]) :])
    if target in _OVER_FEATURES:
        place = _OVER_FEATURES[target]
        axes = arguments[place] if place < len(arguments) else options.get("dim")
        sizes = arguments[0].shape
        axes = [axes] if isinstance(axes, int) else axes
        return bool(axes) and all(sizes[axis] > 0 for axis in axes)
    return target in _ELEMENTWISE or torch.Tag.pointwise in target.tags


_ELEMENTWISE = {
    torch.ops.recurra.clip_gradient.default,
    aten.log_sigmoid_forward.default,
    aten._prelu_kernel.default,
    aten.hardswish.default,
}
"""Elementwise operators that are not tagged so."""

_CHANCES = {aten._scaled_dot_product_flash_attention_for_cpu.default: 3}
"""Operators that draw random numbers only with a chance: its place among their arguments."""

_OVER_FEATURES: dict[Any, int] = {
    aten._softmax.default: 1,
    aten._safe_softmax.default: 1,
    aten._log_softmax.default: 1,
    aten.logsumexp.default: 1,
    aten.var.correction: 1,
    aten.std.correction: 1,
    aten.var_mean.correction: 1,
    aten.std_mean.correction: 1,
    aten.linalg_vector_norm.default: 2,
    aten.norm.ScalarOpt_dim: 2,
    aten.cumsum.default: 1,
    aten.cumprod.default: 1,
    aten.prod.dim_int: 1,
    aten.argmax.default: 1,
    aten.sort.default: 1,
}
"""Operators that look along axes, and the place of the axes among their arguments."""
