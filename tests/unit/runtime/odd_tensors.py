"""Tensors that do not keep their numbers, as they are, in memory of their own."""

from collections.abc import Callable
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.masked import masked_tensor
from torch.testing._internal.two_tensor import TwoTensor
from torch.utils import _pytree as pytree


class Plain(torch.Tensor):
    """A subclass without methods: its results are of it."""


class Turned(torch.Tensor):
    """A subclass whose `tanh` is another one: PyTorch asks it for every function."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function in (torch.tanh, torch.Tensor.tanh):
            function = torch.sin
        return super().__torch_function__(function, types, args, kwargs)


class Wrapped(torch.Tensor):
    """A wrapper: its numbers are those of another tensor."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner):
        made = torch.Tensor._make_wrapper_subclass(
            cls, inner.shape, dtype=inner.dtype, device=inner.device
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        def inner_of(each):
            return each.inner if isinstance(each, cls) else each

        given = pytree.tree_map(inner_of, (args, kwargs or {}))
        results = function(*given[0], **given[1])
        wrap = pytree.tree_map(
            lambda each: cls(each) if type(each) is torch.Tensor else each, results
        )
        return wrap


def negated(tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers, kept with the other sign and a bit that says so."""
    return torch._neg_view(-tensor)


def imaginary(tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers as the imaginary part of a conjugate: with the bit, and with gaps."""
    return torch.complex(torch.zeros_like(tensor), -tensor).conj().imag


def imaginary_of_transposed(tensor: torch.Tensor) -> torch.Tensor:
    """As whoever trains a unitary matrix makes it: `V.conj().T.imag`."""
    whole = torch.complex(torch.zeros_like(tensor), -tensor)
    order = tuple(reversed(range(tensor.dim())))
    return whole.permute(order).contiguous().conj().permute(order).imag


SIGNED: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "neg_view": negated,
    "conj_imag": imaginary,
    "conj_T_imag": imaginary_of_transposed,
}

ELSEWHERE: dict[str, Callable[[torch.Tensor], Any]] = {
    "plain_subclass": lambda tensor: tensor.clone().as_subclass(Plain),
    "torch_function": lambda tensor: tensor.clone().as_subclass(Turned),
    "wrapper": lambda tensor: Wrapped(tensor.clone()),
    "two": lambda tensor: TwoTensor(tensor.clone(), tensor.clone()),
    "masked": lambda tensor: masked_tensor(
        tensor.clone(), torch.ones(tensor.shape, dtype=torch.bool)
    ),
    "zero": lambda tensor: torch._efficientzerotensor(tensor.shape, dtype=tensor.dtype),
    "meta": lambda tensor: tensor.to("meta"),
    "fake": lambda tensor: FakeTensorMode(allow_non_fake_inputs=True).from_tensor(tensor),
    "sparse": lambda tensor: tensor.to_sparse(),
    "sparse_csr": lambda tensor: (
        tensor.to_sparse_csr() if tensor.dim() == 2 else tensor.to_sparse()
    ),
    "mkldnn": lambda tensor: (
        tensor.to_mkldnn() if tensor.dtype == torch.float32 else tensor.to_sparse()
    ),
    "quantized": lambda tensor: torch.quantize_per_tensor(tensor.float(), 0.1, 0, torch.qint8),
    "functional": torch._to_functional_tensor,
}


def numbers(result: Any) -> list[Any]:
    """What can be compared of results: each tensor's type, device, shape, and numbers if any."""
    found = []
    for each in pytree.tree_leaves(result):
        kind = (type(each).__name__, each.device.type, each.layout, tuple(each.shape), each.dtype)
        found.append((kind, _dense(each.detach())))
    return found


def _dense(tensor: torch.Tensor) -> torch.Tensor | None:
    if isinstance(tensor, TwoTensor):
        return torch.stack([tensor.a, tensor.b])
    if isinstance(tensor, Wrapped):
        return tensor.inner
    if type(tensor).__name__ == "MaskedTensor":
        return tensor.get_data()
    if tensor.is_meta or type(tensor).__name__ == "FakeTensor":
        return None
    if torch._is_functional_tensor(tensor):
        return torch._from_functional_tensor(tensor)
    return (
        tensor.to_dense()
        if tensor.layout is not torch.strided
        else tensor.as_subclass(torch.Tensor)
    )


def outcome(run: Callable[[], Any]) -> Any:
    """What a call comes to: its results, or the error that it raises."""
    try:
        return numbers(run())
    except Exception as error:  # compared by its kind, whatever it is
        return error


def assert_same_outcome(run: Callable[[], Any], plain: Callable[[], Any]) -> None:
    """Demand the results of another way to compute the same, or an error where that has one."""
    got, expected = outcome(run), outcome(plain)
    if isinstance(expected, Exception):
        assert isinstance(got, Exception), f"no error, but {expected!r} was expected"
        return
    assert not isinstance(got, Exception), repr(got)
    assert len(got) == len(expected)
    for (kind, mine), (other, theirs) in zip(got, expected, strict=True):
        assert kind == other
        if theirs is not None:
            torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-10)
