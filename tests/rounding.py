"""Another order of operations, played: every result of PyTorch's is moved by a rounding."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

# Results that are computed, not moved or chosen, differ between two right implementations.
COMPUTED = {
    *("add", "sub", "rsub", "mul", "div", "pow", "addmm", "mm", "bmm", "mv", "dot", "addmv"),
    *("sum", "mean", "var", "var_mean", "std", "prod", "cumsum", "linalg_vector_norm", "logsumexp"),
    *("exp", "exp2", "expm1", "log", "log2", "log1p", "sqrt", "rsqrt", "reciprocal", "square"),
    *("tanh", "sigmoid", "silu", "gelu", "elu", "celu", "softplus", "mish", "log_sigmoid_forward"),
    *("sin", "cos", "sinh", "atan", "atan2", "asinh", "erf", "hypot", "logaddexp", "lerp"),
    *("addcmul", "addcdiv", "_softmax", "_log_softmax", "native_layer_norm", "baddbmm"),
    *("tanh_backward", "sigmoid_backward", "silu_backward", "gelu_backward", "elu_backward"),
    *("softplus_backward", "mish_backward", "log_sigmoid_backward", "native_layer_norm_backward"),
    *("_softmax_backward_data", "_log_softmax_backward_data", "_fused_rms_norm"),
}


class Rounding(TorchDispatchMode):
    """Within it, each computed number of a dtype is off by up to one rounding, at random."""

    def __init__(self, dtype: torch.dtype, seed: int = 0):
        super().__init__()
        self.dtype = dtype
        self.moved = 0
        self._generator = torch.Generator().manual_seed(seed)

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):
        result = function(*args, **(kwargs or {}))
        name = function._schema.name.split("::")[1]
        if name in COMPUTED and isinstance(result, torch.Tensor) and result.dtype == self.dtype:
            self.moved += 1
            return self._move(result)
        return result

    def _move(self, result: torch.Tensor) -> torch.Tensor:
        noise = torch.rand(result.shape, generator=self._generator, dtype=self.dtype) * 2 - 1
        return result * (1 + torch.finfo(self.dtype).eps * noise)
