# Attention cells against attention row by row: outputs, weights and gradients, those of the memory
# too.
import plain_attention
import pytest
import torch

from compare import assert_close
from recurra import GRU, LSTM, unroll
from recurra.cells import AdditiveScore, BahdanauCell, DotScore, GeneralScore, LuongCell
from zoo import with_random_weights

T, B, S, D, X = 5, 4, 6, 3, 2
LENGTHS = torch.tensor([6, 1, 0, 4])
FORMS = {
    "Bahdanau": (
        lambda: BahdanauCell(LSTM(X + D, 4), AdditiveScore(4, D, 5), S, give_weights=True),
        plain_attention.bahdanau,
        plain_attention.additive,
    ),
    "Bahdanau, general": (
        lambda: BahdanauCell(GRU(X + D, 4), GeneralScore(4, D), S, give_weights=True),
        plain_attention.bahdanau,
        plain_attention.general,
    ),
    "Luong, dot": (
        lambda: LuongCell(LSTM(X + 5, D), DotScore(D), S, 5, give_weights=True),
        plain_attention.luong,
        plain_attention.dot,
    ),
    "Luong, general": (
        lambda: LuongCell(LSTM(X + 5, 4), GeneralScore(4, D), S, 5, give_weights=True),
        plain_attention.luong,
        plain_attention.general,
    ),
    "Luong, concat": (
        lambda: LuongCell(GRU(X + 5, 4), AdditiveScore(4, D, 7), S, 5, give_weights=True),
        plain_attention.luong,
        plain_attention.concat,
    ),
}


@pytest.mark.parametrize("backend", ["c", "reference"])
@pytest.mark.parametrize(("make", "plain", "score"), FORMS.values(), ids=FORMS)
def test_attention_is_attention_row_by_row(make, plain, score, backend):
    cell = with_random_weights(make().double())
    x = torch.randn(T, B, X, dtype=torch.float64, requires_grad=True)
    memory = torch.randn(B, S, D, dtype=torch.float64, requires_grad=True)
    y, _ = unroll(cell, x, cell.attend(memory, LENGTHS), backend=backend)
    outputs, weights = cell.split(y)
    runs = [
        plain(cell, score, x[:, row], memory[row, :length]) for row, length in enumerate(LENGTHS)
    ]
    expected = [torch.stack(parts, dim=1) for parts in zip(*runs, strict=True)]
    assert_close(outputs, expected[0], "y")
    assert_close(weights, expected[1], "weights")
    cotangent = torch.randn_like(y)
    sources = {"x": x, "memory": memory, **dict(cell.named_parameters())}
    pairs = zip(
        sources,
        torch.autograd.grad(y, list(sources.values()), cotangent),
        torch.autograd.grad(torch.cat(expected, dim=2), list(sources.values()), cotangent),
        strict=True,
    )
    for name, got, wanted in pairs:
        assert got.abs().max() > 1e-3, name
        assert_close(got, wanted, f"gradient of {name}", 1e-10)
