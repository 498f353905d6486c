"""The operations of our own keep the rules that PyTorch has for operations."""

import subprocess
import sys

import pytest
import torch

import recurra.base  # noqa: F401 - registers them

# `opcheck` of PyTorch 2.14 looks at the gradient of what is no leaf, itself
pytestmark = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")


def test_numbers_drawn_again_are_an_operation_of_pytorch():
    key, step, element = torch.ones(3, 1), torch.zeros(3, 1), torch.arange(4.0)
    torch.library.opcheck(torch.ops.recurra.uniform.default, (key, step, element))
    key.requires_grad_()
    torch.library.opcheck(torch.ops.recurra.uniform.default, (key, step, element))


def test_clipping_is_an_operation_of_pytorch():
    value = torch.randn(3, 4, requires_grad=True)
    torch.library.opcheck(torch.ops.recurra.clip_gradient.default, (value, 0.5))


def test_the_first_call_does_not_import_the_compiler_of_pytorch():
    code = (
        "import sys, torch; from recurra.base import clip_gradient, uniform; x = torch.ones(2);"
        " clip_gradient(uniform(x, x, x), 1.0); assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
