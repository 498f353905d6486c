# Writes in place in a step: compiled to the plain loop's values and gradients, or refused in form.
import pytest
import torch

from backend_runs import compiled, measured, reference, skip_without_compiled
from compare import assert_same, random_input, random_state
from recurra.base import CannotFuse, RecurraError
from user_steps import ROWS, SIZE, TOLERANCE, StepCell

COMPILED = (
    "h[:, 0] = 1.0", "h[:, 0] = 1", "h[:, 0] = True", "h[:, -1] = x[:, 0]", "h[:, :2] = 0.5",
    "h[:, 1:] = x[:, :2]", "h[:, ::2] = 0.5", "h[:, ::2] = x[:, :2]", "h[...] = 0.5",
    "h[:] = 0.5", "h[:] = x", "h[..., 0] = 2.0", "h[:, [0, 2]] = 1.0", "h[:, 0:0] = 1.0",
    "h[:, torch.tensor([0, 2])] = 1.0", "h[:, None][:, 0] = 0.5", "h[:, :2][:, 0] = 0.5",
    "h[:, :2][:, 0] += x[:, 0]", "h[:, 0] += 1.0", "h[:, 0] *= x[:, 1]", "h[:, :2] -= x[:, 1:]",
    "h[:, 0], h[:, 1] = x[:, 1], x[:, 0]", "h[:, 0] = torch.ones(3)[0]",
    "h[:, 0] = torch.tensor(2, dtype=torch.int64)", "h[:, 0] = cell.bias[1]",
    "h.fill_(0.5)", "h.fill_(True)", "h.fill_(torch.tensor(0.5))", "h.fill_(cell.bias[0])",
    "h[:, 0].fill_(0.5)", "h.zero_()", "h[:, 1].zero_()", "h.copy_(x)", "h[:, 0].copy_(x[:, 1])",
    "h.copy_(cell.bias)", "h[:, :2].copy_(x[:, :1])", "h.select(1, 0).fill_(True)",
    "h.narrow(1, 0, 2).fill_(1)", "h.index_fill_(1, torch.tensor([0, 2]), 0.5)",
    "h.index_fill_(1, torch.tensor([0, 2]), torch.tensor(0.5, dtype=h.dtype))",
    "h.index_copy_(1, torch.tensor([0, 2]), x[:, :2])",
    "h.masked_fill_(h > 0, 0.5)", "h.masked_fill_(x > 0, torch.tensor(0.5, dtype=h.dtype))",
    "h.masked_fill_(torch.tensor([True, False, True]), 0.5)", "h += 1", "h *= x", "h /= 2",
    "h -= x", "h **= 2", "h %= 0.3", "h.sub_(1, alpha=2)", "h.clamp_(-0.5, 0.5)", "h.tanh_()",
    "h.clamp_(min=0.1)", "h.mul_(0.5).add_(x)", "h.addcmul_(x, x, value=0.5)", "h.lerp_(x, 0.3)",
    "torch.relu_(h)", "torch.nn.functional.relu(h, inplace=True)", "h.T[0] = 1.0",
    "h.view(-1, 3)[:, 1] = 0.25", "h.unflatten(1, (3, 1))[:, 1] = 1.0", "h.mT[0] = 0.5",
    "h = h.new_zeros(h.shape)\nh[:, 0] = 1.0\nh[:, 1:] = x[:, 1:]",
    "b = torch.zeros(len(h), 5, dtype=h.dtype)\nb[:, 1:4] = h\nb[:, 0] = 1.0\nh = b[:, :3]",
    "b = h.new_empty(len(h), 3)\nb[:, :2] = x[:, :2]\nb[:, 2] = 1.0\nh = b",
    "m = torch.zeros_like(h, dtype=torch.bool)\nm[:, 0] = True\nh = h.masked_fill(m, 0.5)",
    "m = h > 0\nm[:, 0] = False\nm[:, 1].fill_(True)\nh = torch.where(m, h, x)",
    "e = torch.eye(3, dtype=h.dtype)\ne[0, 1] = 2.0\nh = h @ e",
    "e = torch.zeros(3, dtype=h.dtype)\ne[0] = 1.0\ne[1:] = 0.5\nh = h * e",
    "e = torch.eye(3, dtype=h.dtype)\ne[0] = cell.bias\nh = h @ e",
    "e = torch.eye(3, dtype=h.dtype) * cell.bias\ne[:, 0].zero_()\ne[1].fill_(0.5)\nh = h @ e",
    "e = torch.eye(3, dtype=h.dtype)\ne[0].fill_(cell.bias[0])\ne[1] = 2\nh = h @ e",
    "e = torch.ones(3, dtype=h.dtype)\ne.copy_(cell.bias)\nh = h * e",
    "i = torch.zeros(3, dtype=torch.long)\ni[0] = 2\nh = h[:, i]",
)  # fmt: skip
RIGHT_OR_REFUSED = (
    "h[h > 0] = 0.0", "h[h > 0] = x[h > 0]", "h[:, torch.tensor([True, False, True])] = 0.5",
    "h[0] = 1.0", "h[0, 0] = 1.0", "h[:1] = 1.0", "h[-1] = x[0]", "h.view(-1)[0] = 1.0",
    "h[torch.arange(len(h)), 0] = 1.0", "h[:, x.argmax(1)] = 1.0", "h.diagonal().fill_(1.0)",
    "h.index_add_(1, torch.tensor([0, 2]), x[:, :2])", "h.fill_diagonal_(0.5)", "h.triu_()",
    "h.scatter_(1, torch.zeros(len(h), 1, dtype=torch.long), 0.5)", "h.masked_scatter_(h > 0, x)",
    "h.index_put_((torch.arange(len(h)), torch.tensor([0])), x[:, 0])", "h.renorm_(2, 0, 1.0)",
    "h.put_(torch.tensor([0]), torch.tensor([1.0], dtype=h.dtype))", "h.random_()", "h.normal_()",
    "torch.nn.init.zeros_(h)", "torch.nn.init.constant_(h, 0.3)", "torch.nn.init.eye_(h)",
    "h[:, 0] = float(x.sum())", "h.cumsum_(1)", "h.nan_to_num_(0.0)", "h.gt_(0)",
    "torch.where(h > 0, h, x, out=h)", "torch.max(x, 1, out=(h[:, 0], h[:, 1].long()))",
    "h = torch.nn.functional.gaussian_nll_loss(h, x, h * 0, reduction='none')",
    "e = torch.zeros(3, 3, dtype=h.dtype)\ne.fill_diagonal_(2.0)\nh = h @ e",
    "x[:, 0] = 1.0", "x += 1", "cell.bias[0] = 1.0", "cell.bias.mul_(0.5)",
)  # fmt: skip
MISTAKES = (
    "h[:, 5] = 1.0", "h['a'] = 1.0", "h[:, 0] = 'a'", "h[:, 0] = [1.0, 2.0]", "h[:, 0] = None",
    "h[:, 1.5] = 2.0", "h[:, 0] = 1j", "h[:, 0] = x", "h.copy_(x[:, :2])", "h.fill_('a')",
    "h.apply_(lambda v: v)", "h.map_(x, lambda a, b: a)", "h.numpy()[:, 0] = 1",
    "h.resize_(3)", "torch.matmul(x, cell.weight, out=h)",
    "h.t_()",
)  # fmt: skip


def writing(code):
    """Make a step of a line that writes."""
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    names = {"torch": torch}
    exec(f"def step(cell, x, h):\n    h = cell.mix(x, h) + 0.0\n{lines}    return h + x\n", names)
    return names["step"]


def both(code):
    """Run a step by its kernel, which may be refused, and in the plain loop, which may fail."""
    skip_without_compiled()
    cell, x = StepCell(writing(code)), random_input(4, ROWS, SIZE)
    state = random_state(cell, ROWS)
    runs = []
    for backend in (compiled, reference):
        try:
            runs.append(measured(backend, cell, x, state))
        except Exception as error:
            runs.append(error)
    return runs


@pytest.mark.parametrize("code", COMPILED)
def test_writes_are_those_of_the_plain_loop(code):
    got, expected = both(code)
    for each in (got, expected):
        if isinstance(each, Exception):
            raise each
    assert_same(got, expected, TOLERANCE)


@pytest.mark.parametrize("code", RIGHT_OR_REFUSED)
def test_other_writes_are_right_or_refused(code):
    got, expected = both(code)
    if not isinstance(got, CannotFuse) and not isinstance(expected, Exception):
        assert_same(got, expected, TOLERANCE)


@pytest.mark.parametrize("code", MISTAKES)
def test_a_mistake_is_no_raw_error_of_the_compiler(code):
    got, expected = both(code)
    assert isinstance(expected, Exception)
    assert isinstance(got, RecurraError)
    assert "Node" not in str(got)


@pytest.mark.parametrize("code", ["h.detach().numpy()[:, 0] = 1.0", "import numpy\nnumpy.sqrt(h)"])
def test_values_asked_for_without_gradients(code):
    with torch.no_grad(), pytest.raises(CannotFuse, match="values of a tensor"):
        compiled(StepCell(writing(code)), random_input(4, ROWS, SIZE))
