"""What two right ways to compute the same may differ by, and the error where they differ by more.

Kernels sum in another order than PyTorch and round in other places. Most cells keep that small;
others make much of it. So where two numbers differ by more than some roundings, the plain loop runs
again with every result moved by a rounding, and once in float64: what that changes is allowed.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import nn

from recurra.base import VerificationError, internal_type
from recurra.runtime._unroll_args import UnrollArgs

_ROUNDINGS = 32
"""Of the largest number of a tensor: a difference that is right whatever the plain loop has."""

_SEEDS = (1, 2, 3)
_TIMES_THE_NOISE = 10
_TIMES_THE_ERROR = 3

# Results that are chosen or moved and not computed: no implementation rounds them.
_EXACT = {
    *("abs", "argmax", "argmin", "ceil", "clamp", "clamp_max", "clamp_min", "clone", "copy"),
    *("cat", "eye", "fill", "floor", "full", "gather", "hardtanh", "index", "index_select"),
    *("max", "min", "maximum", "minimum", "neg", "new_empty", "new_full", "new_ones"),
    *("new_zeros", "ones", "ones_like", "relu", "round", "scalar_tensor", "sign", "sort"),
    *("stack", "threshold", "topk", "trunc", "where", "zeros", "zeros_like", "_to_copy"),
    *("empty", "empty_like", "arange"),
}

Values: TypeAlias = Sequence[torch.Tensor | None]


if TYPE_CHECKING:
    from torch.utils._python_dispatch import TorchDispatchMode
else:
    TorchDispatchMode = internal_type("torch.utils._python_dispatch.TorchDispatchMode")


class Noise(TorchDispatchMode):
    """Within it, each computed number of a dtype is off by up to one rounding, at random.

    Args:
        dtype: of the numbers.
        seed: of the dice.
    """

    def __init__(self, dtype: torch.dtype, seed: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._dtype = dtype
        self._dice = torch.Generator().manual_seed(seed)

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run an operation and move its result."""
        result = function(*args, **(kwargs or {}))
        schema = function._schema
        if (
            not isinstance(result, torch.Tensor)
            or result.dtype != self._dtype
            or schema.name.split("::")[1] in _EXACT
            or any(each.alias_info is not None for each in schema.returns)
        ):
            return result
        noise = torch.rand(result.shape, generator=self._dice, dtype=torch.float32) * 2 - 1
        return result * (1 + torch.finfo(self._dtype).eps * noise.to(result)).to(result.dtype)


class Subject:
    """What is compared, for messages.

    Args:
        cell: the cell.
        how: what the compiled loop is: "kernel", "scan" or "stream".
        args: what it runs over.
    """

    def __init__(self, cell: nn.Module, how: str, args: UnrollArgs) -> None:
        self.name = type(cell).__name__
        self.how = how
        code = getattr(type(cell).forward, "__code__", None)
        self.where = None if code is None else f"{code.co_filename}:{code.co_firstlineno}"
        T, B = args.x.shape[:2]
        self.form = f"T={T}, B={B}, {str(args.x.dtype).removeprefix('torch.')}"

    def error(self, what: str, got: str, expected: str, off: str) -> VerificationError:
        """Say what differs."""
        return VerificationError(
            f"The {self.how} of `{self.name}` computes another {what} than the plain loop, off by "
            f"{off} ({self.form}).",
            got=got,
            expected=f"{expected}, as the plain loop computes",
            where=self.where,
            fix='backend="reference" runs the plain loop; the difference is a fault of Recurra',
        )

    def error_of(self, error: Exception) -> VerificationError:
        """Say that only the plain loop raises."""
        return VerificationError(
            f"The {self.how} of `{self.name}` runs where the plain loop raises ({self.form}).",
            got="results",
            expected=f"{type(error).__name__}: {error}",
            where=self.where,
            fix='backend="reference" runs the plain loop; the difference is a fault of Recurra',
        )


def assert_equal(
    subject: Subject,
    names: Sequence[str],
    got: Values,
    expected: Values,
    again: Callable[[Noise | None], Values],
) -> None:
    """Demand that values are equal up to what rounding makes of them.

    Args:
        subject: what is compared.
        names: of the values.
        got: what the compiled loop computes; None stands for zeros.
        expected: what the plain loop computes.
        again: computes `expected` within a noise, or for None in float64.

    Raises:
        VerificationError: a value is off by more.
    """
    pairs = list(zip(names, got, expected, strict=True))
    apart = [place for place, (_, mine, theirs) in enumerate(pairs) if _is_apart(mine, theirs)]
    if not apart:
        return
    dtypes = {each.dtype for each in expected if each is not None and each.is_floating_point()}
    bounds = [_Bounds(again, dtype) for dtype in dtypes]
    for place in apart:
        name, mine, theirs = pairs[place]
        if not any(each.allow(place, mine, theirs) for each in bounds):
            raise _error(subject, name, mine, theirs)


class _Bounds:
    """What rounding makes of the values of one dtype; computed on suspicion only."""

    def __init__(self, again: Callable[[Noise | None], Values], dtype: torch.dtype) -> None:
        self._noisy = [again(Noise(dtype, seed)) for seed in _SEEDS]
        self._again = again
        self._dtype = dtype

    def allow(self, place: int, got: torch.Tensor | None, expected: torch.Tensor | None) -> bool:
        """Tell whether a value may be what it is."""
        if got is None and expected is None:
            return True
        got, expected = _both(got, expected)
        if not _is_comparable(got, expected) or expected.dtype != self._dtype:
            return False
        floor = _ROUNDINGS * torch.finfo(expected.dtype).eps * _largest(expected)
        noise = max(_off(_filled(each[place], expected), expected) for each in self._noisy)
        off = _off(got, expected)
        return off <= _TIMES_THE_NOISE * noise + floor or self._is_nearer(
            place, got, expected, floor
        )

    def _is_nearer(
        self, place: int, got: torch.Tensor, expected: torch.Tensor, floor: float
    ) -> bool:
        """Tell whether a float32 value is about as near to the float64 loop's as the plain one."""
        if self._dtype == torch.float64:
            return False
        try:
            exact = self._again(None)[place]
        except RuntimeError:  # a constant of the step has a dtype that float64 does not go with
            return False
        if exact is None:
            return False
        error = _off(expected.double(), exact.double())
        return _off(got.double(), exact.double()) <= _TIMES_THE_ERROR * error + floor


def _is_apart(got: torch.Tensor | None, expected: torch.Tensor | None) -> bool:
    """Tell whether two values differ by more than some roundings."""
    if got is None and expected is None:
        return False
    got, expected = _both(got, expected)
    if not _is_comparable(got, expected):
        return True
    if not expected.is_floating_point():
        return not torch.equal(got, expected)
    floor = _ROUNDINGS * torch.finfo(expected.dtype).eps * _largest(expected)
    return not _off(got, expected) <= floor


def _both(
    got: torch.Tensor | None, expected: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both values, zeros for one that is missing."""
    known = got if got is not None else expected
    assert known is not None
    return _filled(got, known), _filled(expected, known)


def _filled(value: torch.Tensor | None, like: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(like) if value is None else value.detach()


def _is_comparable(got: torch.Tensor, expected: torch.Tensor) -> bool:
    return got.shape == expected.shape and got.dtype == expected.dtype


def _largest(value: torch.Tensor) -> float:
    value = value.detach()
    finite = value[value.isfinite()]
    return float(finite.abs().max()) if finite.numel() else 0.0


def _off(got: torch.Tensor, expected: torch.Tensor) -> float:
    """Return the largest difference; what is not finite is right where both have the same."""
    if not expected.numel():
        return 0.0
    return float(_differences(got, expected).max())


def _differences(got: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
    got, expected = got.detach(), expected.detach()
    apart = (got.double() - expected.double()).abs()
    equal = (got == expected) | (got.isnan() & expected.isnan())
    return torch.where(equal, 0.0, apart.nan_to_num(nan=float("inf")))


def _error(
    subject: Subject, name: str, got: torch.Tensor | None, expected: torch.Tensor | None
) -> VerificationError:
    mine, theirs = _both(got, expected)
    if not _is_comparable(mine, theirs):
        return subject.error(
            name,
            f"{tuple(mine.shape)} {mine.dtype}",
            f"{tuple(theirs.shape)} {theirs.dtype}",
            "its form",
        )
    off = _differences(mine, theirs)
    place = tuple(int(each) for each in torch.unravel_index(off.argmax(), off.shape))
    return subject.error(
        name, f"{mine[place]:.9g} at {list(place)}", f"{theirs[place]:.9g}", f"{off.max():.3g}"
    )
