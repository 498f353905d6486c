# Operators of PyTorch in a step: the kernel is the plain loop, forward and backward, or refuses.
# ruff: noqa: ARG005 - forms share one signature
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from backend_runs import compiled, measured, reached_state, reference, skip_without_compiled
from compare import Measured, assert_same, random_input
from recurra.base import CannotFuse

TOLERANCE = 1e-10  # float64, relative
SIZE = 6


class OperatorCell(nn.Module):
    """A step with operators in its loop: `form(a, b, d, cell)` of rows `[B, 6]` and `d` of x."""

    def __init__(self, form):
        super().__init__()
        self.form = form
        self.drive = nn.Linear(3, 2 * SIZE)
        self.back = nn.Linear(SIZE, 2 * SIZE)
        self.row = nn.Parameter(torch.randn(SIZE))
        self.matrix = nn.Parameter(torch.randn(SIZE, SIZE))
        self.cube = nn.Parameter(torch.randn(2, 3, 3))
        self.register_buffer("places", torch.tensor([3, 0, 1]))
        with torch.no_grad():
            parts = form(torch.zeros(2, SIZE), torch.zeros(2, SIZE), torch.zeros(2, SIZE), self)
        width = sum(part[0].numel() for part in parts)
        self.out = nn.Parameter(torch.randn(width, SIZE) / width**0.5)
        self.double()

    def initial_state(self, batch_size):
        return self.row.new_zeros(batch_size, SIZE)

    def forward(self, x, h):
        drive = self.drive(x)
        a, b = (drive + self.back(h)).chunk(2, 1)
        parts = self.form(a, b, drive[:, :SIZE], self)
        y = torch.cat([part.flatten(1) for part in parts], 1)
        return y, torch.tanh(y @ self.out + 0.2 * a)


def pairs(value):
    """Two groups of three features: [B, 2, 3]."""
    return value.unflatten(1, (2, 3))


def written(value, index, part):
    """Write to places of a copy."""
    value = value.clone()
    value[:, index] = part
    return value


FORMS = {
    "listed places": lambda a, b, d, p: (
        a[:, [3, 0, 1]] * b[:, [-1, 0, 0]],
        a[..., torch.tensor([[0, 1], [5, 2]])],
        pairs(a)[:, [0, 1, 1], [2, 0, 1]] * pairs(b)[:, [1, 0, 1]].sum(2),
    ),
    "selected places": lambda a, b, d, p: (
        a.index_select(1, torch.tensor([3, 4, 5, 0])),
        b.gather(1, torch.tensor([[3, 0]]).expand(len(b), 2)),
        a * p.row[[5, 4, 3, 2, 1, 0]] * p.matrix[:, [1, 1]].sum(1),
    ),
    "half of the upper triangle": lambda a, b, d, p: (
        (a[:, :, None] * b[:, None])[:, *torch.triu_indices(SIZE, SIZE)],
    ),
    "many places": lambda a, b, d, p: (
        a.repeat(1, 12)[:, [(7 * place) % 72 for place in range(64)]].sin(),
    ),
    "writes to places": lambda a, b, d, p: (
        written(a, [3, 0], b[:, :2]).sin(),
        a.index_copy(1, torch.tensor([3, 0, 1]), b[:, :3]).cos(),
        a.index_fill(1, torch.tensor([1, -1]), 0.5) * b,
    ),
    "strides": lambda a, b, d, p: (
        a[:, ::2] * b[:, 1::2] * p.row[::2],
        a[:, 1::3] + p.matrix[::3, 1::2].sum(1),
        a.repeat(1, 9)[:, 1::2].sin()[:, ::5].cos(),
    ),
    "strided writes": lambda a, b, d, p: (
        torch.slice_scatter(a.repeat(1, 3), b.tanh()[:, :5], 1, 2, 16, 3).sin(),
        written(a, slice(None, None, 2), b[:, :3]).sin(),
    ),
    "rotations": lambda a, b, d, p: (
        torch.stack(
            [
                a[:, ::2] * b[:, ::2] - a[:, 1::2] * b[:, 1::2],
                a[:, ::2] * b[:, 1::2] + a[:, 1::2] * b[:, ::2],
            ],
            dim=-1,
        ),
    ),
    "einsum with parameters": lambda a, b, d, p: (
        torch.einsum("bi,ij->bj", a, p.matrix) * b,
        torch.einsum("bhd,hde->bhe", pairs(a), p.cube) * pairs(b),
        torch.einsum("bi,hij,bj->bh", a[:, :3], p.cube, b[:, :3]),
    ),
    "einsum of rows": lambda a, b, d, p: (
        torch.einsum("bi,bj->bij", a, b),
        torch.einsum("bij,bj->bi", pairs(a), b[:, :3]),
        torch.einsum("bhd,bhe,bhe->bhd", pairs(a), pairs(b), pairs(b)),
        torch.einsum("bi,ij,bj->b", a, p.matrix, b)[:, None] * a,
    ),
    "products of rows": lambda a, b, d, p: (
        torch.bmm(pairs(a), b.unflatten(1, (3, 2))),
        torch.baddbmm(pairs(a)[:, :, :2], pairs(a), b.unflatten(1, (3, 2)), beta=0.5, alpha=0.7),
        torch.addmv(a[:, 0], a, p.row, beta=0.5, alpha=2)[:, None] * b,
        F.bilinear(a[:, :3], b[:, :3], p.cube, p.row[:2]),
    ),
    "sums of products": lambda a, b, d, p: (
        torch.addcmul(a, a, b, value=0.5) * torch.addcdiv(a, b, 2 + b * b, value=0.5),
        torch.lerp(a, b, torch.sigmoid(p.row)) * torch.lerp(a, b, 0.3),
        a[:, :, None] * p.row,
    ),
    "attention": lambda a, b, d, p: (
        F.scaled_dot_product_attention(
            a.view(-1, 1, 2, 3), b.view(-1, 1, 2, 3), a.view(-1, 1, 2, 3), scale=0.3
        ),
        F.scaled_dot_product_attention(pairs(a), pairs(b), pairs(a)) * pairs(b),
    ),
    "norms": lambda a, b, d, p: (
        F.normalize(a, dim=1) * F.normalize(b, p=1.0, dim=1),
        F.rms_norm(a, (SIZE,), p.row) * torch.linalg.vector_norm(b, dim=1, keepdim=True),
        torch.linalg.vector_norm(a, 3, dim=1, keepdim=True) * b,
        torch.linalg.vector_norm(a, float("inf"), dim=1, keepdim=True) * b,
        a.norm(2.5, dim=1, keepdim=True) * b,
    ),
    "cosines": lambda a, b, d, p: (
        F.cosine_similarity(a, b, dim=1)[:, None] * a,
        F.cosine_similarity(pairs(a), b[:, None, :3], dim=2),
        F.pairwise_distance(a, b)[:, None] * b,
    ),
    "gates": lambda a, b, d, p: (
        F.glu(torch.cat([a, b], 1)) * F.silu(a),
        F.glu(pairs(a)[:, :, :2], 2) * F.softplus(b[:, :2], 2.0, 1.0)[:, :, None],
        F.mish(a) * F.hardswish(b) * torch.special.expit(a),
    ),
    "bends": lambda a, b, d, p: (
        F.hardtanh(a, -0.5, 0.7) * F.prelu(b, p.row) * F.softplus(a),
        F.hardshrink(a, 0.3) + F.softshrink(b, 0.2),
        torch.clamp(a, min=-p.row.abs(), max=p.row.abs()) * torch.clamp(b, -0.3, 0.4),
    ),
    "logarithms of sums": lambda a, b, d, p: (
        torch.logsumexp(a, 1, keepdim=True) * torch.logaddexp(a, b),
        torch.logsumexp(pairs(a), (1, 2))[:, None] * b,
        torch.xlogy(a * a, b * b + 1) * torch.hypot(a, b + 2),
    ),
    "largest and smallest": lambda a, b, d, p: (
        a.amax(1, keepdim=True) * b + b.amin(1, keepdim=True) * a,
        a.view(-1, 3, 2).amax(-1) * b.view(-1, 3, 2).max(-1).values,
        torch.cat(torch.aminmax(a, dim=1, keepdim=True), 1),
        torch.fmax(a, b) * torch.fmin(a, p.row),
    ),
    "running": lambda a, b, d, p: (
        torch.softmax(a, 1).cumsum(1) * torch.sigmoid(b).cumprod(1),
        a.cummax(1).values * b.cummin(1).values,
        a.prod(1, keepdim=True) * torch.diff(b, dim=1),
    ),
    "shapes": lambda a, b, d, p: (
        a.chunk(2, 1)[0] * torch.tensor_split(b, 2, 1)[1],
        a.repeat(1, 2) * b.tile(2) * a.repeat_interleave(2, 1),
        a.repeat(2, 1, 1).transpose(0, 1) * b[:, None],
        a.unfold(1, 3, 1).sin(),
    ),
    "triangles": lambda a, b, d, p: (
        (a @ p.matrix.tril()) * (b @ torch.triu(p.matrix, 1)),
        (a[:, :, None] * b[:, None]).tril(-1).sum(1),
        (a[:, :, None] * b[:, None]).triu(1),
    ),
    "diagonals": lambda a, b, d, p: (
        torch.diagonal(a[:, :, None] * b[:, None], 0, 1, 2),
        torch.diagonal(pairs(a), 1, 1, 2) * torch.diagonal(pairs(b), -1, 2, 1),
        torch.diag_embed(a, -2, 2, 1).sin(),
        torch.einsum("bii->bi", torch.diag_embed(a) + b[:, :, None]),
    ),
    "choices": lambda a, b, d, p: (
        torch.where(a > 0, 0.1, -0.5) * torch.where(b > 0, b, 0.1),
        torch.full((SIZE,), 0.1).double() * torch.full_like(a, 0.3, dtype=torch.float32) * b,
        a.masked_fill(a > 0.3, -1.0) * b.masked_fill(a > 0.3, torch.tensor(0.5, dtype=b.dtype)),
        (a > 0).any(1, keepdim=True) * b + (b > -1).all(1, keepdim=True) * a,
        torch.copysign(a, b),
    ),
    "no numbers": lambda a, b, d, p: (
        torch.nan_to_num(a, nan=1.0) * torch.where(torch.isnan(a / a.relu()), 0.0, b),
        torch.where(torch.isinf(a) | ~torch.isfinite(b), 0.0, a),
        torch.nansum(torch.where(a > 0.3, torch.nan, a), 1, keepdim=True) * b,
    ),
    "whole quotients": lambda a, b, d, p: (
        torch.div((a * 10).round() / 10, 0.1, rounding_mode="floor") * b,
        torch.div((a * 10).round() / 10, -0.1, rounding_mode="floor") * b,
        ((a * 10).round() / 10).detach().floor_divide(0.3) * b,
    ),
    "statistics": lambda a, b, d, p: (
        torch.std_mean(a, 1, keepdim=True)[0] * b,
        torch.var_mean(pairs(a), (1, 2), keepdim=True)[0] * pairs(b),
        torch.sgn(a) * b,
    ),
}

ROWS_NOT_FIRST = {
    "heads": lambda a, b, d, p: (torch.einsum("bhd,hde->bhe", pairs(a), p.cube),),
    "heads before the loop": lambda a, b, d, p: (
        torch.einsum("bhd,hde->bhe", pairs(d), p.cube) * pairs(a),
    ),
    "rows as columns": lambda a, b, d, p: ((p.matrix @ (p.matrix @ a.T).tanh()).T,),
    "rows beside features": lambda a, b, d, p: (
        (p.cube[0] @ (p.cube[1] @ pairs(a).permute(2, 0, 1).flatten(1)).tanh())
        .unflatten(1, (-1, 2))
        .permute(1, 2, 0),
    ),
}

REFUSALS = {
    "has no rule": lambda a, b, d, p: (a.sort(1).values * b,),
    "only a tensor knows": lambda a, b, d, p: (a[:, p.places] * b[:, :3],),
    "too many single places": lambda a, b, d, p: (
        a.repeat(1, 30)[:, [(7 * place) % 180 for place in range(65)]],
    ),
    "raises errors that depend on values": lambda a, b, d, p: (
        a @ torch.linalg.inv(p.matrix + 9 * torch.eye(SIZE, dtype=a.dtype)),
    ),
    "a window over the batch": lambda a, b, d, p: (a.unfold(0, 1, 1) * b[:, :, None],),
    "the batch, repeated": lambda a, b, d, p: (a.repeat(2, 1)[: len(b)] * b,),
}


def assert_compiled_is_reference(form):
    skip_without_compiled()
    cell = OperatorCell(form)
    x = random_input(4, 3, 3)
    state = reached_state(cell, x)
    expected = measured(reference, cell, x, state)
    assert_same(measured(compiled, cell, x, state), expected, TOLERANCE)
    with torch.no_grad():  # another kernel
        y, final = compiled(cell, x, state)
    assert_same(Measured(y, final, expected.gradients), expected, TOLERANCE)


def gradients_of_gradients(form, backend):
    torch.manual_seed(1)
    cell = OperatorCell(form).double()
    x = random_input(3, 4, 3)
    y, _ = backend(cell, x)
    (slope,) = torch.autograd.grad(y.square().sum(), [x], create_graph=True)
    return torch.autograd.grad(slope.square().sum(), [x, cell.drive.weight])


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_kernel_is_the_plain_loop(form):
    assert_compiled_is_reference(form)


@pytest.mark.parametrize("form", ROWS_NOT_FIRST.values(), ids=ROWS_NOT_FIRST)
def test_rows_need_not_be_the_first_axis(form):
    assert_compiled_is_reference(form)


class SpecialNumbers(nn.Module):
    """A step whose state is made of operators on the state before, weights apart."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, dtype=torch.float64))

    def initial_state(self, batch_size):
        sides = self.scale.new_zeros(2, batch_size, len(SPECIAL))
        return *sides, self.scale.new_zeros(batch_size, 12, len(SPECIAL))

    def forward(self, x, state):
        a, b, _ = state
        results = torch.stack(
            [
                torch.hypot(a, b),
                torch.copysign(a, b),
                torch.div(a, b, rounding_mode="floor"),
                torch.fmax(a, b),
                torch.fmin(a, b),
                torch.cummax(a, 1).values,
                torch.nan_to_num(a, 1.0, 2.0, 3.0),
                torch.xlogy(a, b),
                torch.clamp(a, min=b),
                torch.linalg.vector_norm(torch.stack([a, b], -1), 3, -1),
                torch.stack([a, b], -1).nansum(-1),
                (torch.stack([a, b], -1) != 0).any(-1) * self.scale + 0 * x,
            ],
            dim=1,
        )
        return results, (a * self.scale, b * self.scale, results)


SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.1, -0.3, 2.5, -2.5, torch.inf, -torch.inf, torch.nan)


def test_special_numbers_are_those_of_the_plain_loop():
    skip_without_compiled()
    a, b = torch.cartesian_prod(*[torch.tensor(SPECIAL, dtype=torch.float64)] * 2).T
    a, b = a.view(-1, len(SPECIAL)), b.view(-1, len(SPECIAL))
    state = (a, b, a[:, None].expand(-1, 12, -1))
    x = torch.zeros(1, len(a), 1, dtype=torch.float64)
    cell = SpecialNumbers()
    (expected, _), (got, _) = (run(cell, x, state) for run in (reference, compiled))
    torch.testing.assert_close(got, expected, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)


@pytest.mark.parametrize(("reason", "form"), REFUSALS.items(), ids=REFUSALS)
def test_what_has_no_kernel_is_refused(reason, form):
    skip_without_compiled()
    cell = OperatorCell(form)
    with pytest.raises(CannotFuse, match=reason):
        compiled(cell, random_input(4, 3, 3))


@pytest.mark.filterwarnings("ignore:Gradients of gradients")
@pytest.mark.parametrize("form", ROWS_NOT_FIRST.values(), ids=ROWS_NOT_FIRST)
def test_gradients_of_gradients_need_no_rows_first(form):
    found = [gradients_of_gradients(form, backend) for backend in (compiled, reference)]
    for mine, expected in zip(*found, strict=True):
        torch.testing.assert_close(mine, expected)
