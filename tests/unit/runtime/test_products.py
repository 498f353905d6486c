"""Large products by oneDNN are those of PyTorch, and a release without them has its own."""

import pytest
import torch

from recurra.runtime._kernels import products

N, K, M = 64, 256, 260  # more than 2**22 multiplications


def operands():
    return torch.randn(N, K), torch.randn(K, M), torch.randn(M)


@pytest.fixture(autouse=True)
def a_new_process():
    products._onednn_agrees.cache_clear()
    yield
    products._onednn_agrees.cache_clear()


@pytest.mark.parametrize("has_bias", [False, True])
def test_a_large_product_is_that_of_pytorch(has_bias):
    left, weight, bias = (each.requires_grad_() for each in operands())
    chosen = bias if has_bias else None
    y = products.affine(left, weight, chosen)
    expected = left @ weight + (bias if has_bias else 0)
    torch.testing.assert_close(y, expected, atol=1e-4, rtol=1e-5)
    given = [left, weight, bias][: 3 if has_bias else 2]
    cotangent = torch.randn_like(y)
    found = torch.autograd.grad(y, given, cotangent)
    wanted = torch.autograd.grad(expected, given, cotangent)
    for mine, plain in zip(found, wanted, strict=True):
        torch.testing.assert_close(mine, plain, atol=1e-4, rtol=1e-5)


def gone(*_):
    raise AttributeError("'_OpNamespace' 'mkldnn' object has no attribute '_linear_pointwise'")


def another_form(*_):
    return torch.zeros(2, 2)


def another_meaning(left, weight, *_):
    return left @ weight  # without the bias


def more_arguments(*_):
    raise RuntimeError("mkldnn::_linear_pointwise() is missing value for argument 'binary'")


@pytest.mark.parametrize("other", [gone, another_form, another_meaning, more_arguments])
def test_without_it_or_where_it_means_something_else_pytorchs_usual_product_is_taken(
    other, monkeypatch
):
    monkeypatch.setattr(products, "_onednn", other)
    left, weight, bias = operands()
    y = products.affine(left, weight, bias)
    assert torch.equal(y, torch.addmm(bias, left, weight))


def test_this_release_has_it():
    assert not torch.backends.mkldnn.is_available() or products._onednn_agrees()
