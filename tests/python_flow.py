"""Steps whose way depends on something; and changes that users make to any cell."""

from python_feature import Feature

FLOW = [
    Feature(
        "a number of rounds",
        init="self.rounds$ = 2",
        step="for place in range(self.rounds$):\n    a = torch.tanh(a) + 0.1 * place",
        changes=("cell.rounds$ = 1", "cell.rounds$ = 3", "cell.rounds$ = 0"),
    ),
    Feature(
        "a while loop",
        top="ROUNDS$ = 2",
        step="left = ROUNDS$\nwhile left > 0:\n    a, left = torch.tanh(a), left - 1\n"
        "    if left == 5:\n        break\nelse:\n    a = a * 0.9",
        changes=("ROUNDS$ = 1", "ROUNDS$ = 6", "ROUNDS$ = 0"),
    ),
    Feature(
        "an early return",
        top="SKIP$ = False",
        step="if SKIP$:\n    return RETURN(a)",
        changes=("SKIP$ = True", "SKIP$ = False", "SKIP$ = [1]", "SKIP$ = ''"),
    ),
    Feature(
        "a match",
        top="MODE$ = {'kind': 'soft', 'gain': 0.8}",
        step="match MODE$:\n    case {'kind': 'soft', 'gain': gain}:\n        "
        "a = torch.tanh(a) * gain\n"
        ""
        "    case str(name):\n        a = getattr(torch, name)(a)\n    case _:\n        "
        "a = a * 0.5",
        changes=("MODE$['gain'] = 0.3", "MODE$['kind'] = 'hard'", "MODE$ = 'sigmoid'"),
    ),
    Feature(
        "comprehensions",
        top="GAINS$ = {'a': 0.8, 'b': 0.5}",
        step="a = sum(a * g for g in GAINS$.values()) + sum([g for g in GAINS$.values() if g > 0.4]"
        ")\na = a * len({name: g for name, g in GAINS$.items()})",
        changes=("GAINS$['a'] = 0.3", "GAINS$['c'] = 0.1", "GAINS$.pop('b', None)"),
    ),
    Feature(
        "an assertion",
        top="LIMIT$ = 10",
        step="assert h.shape[-1] < LIMIT$, f'{h.shape[-1]} features'",
        changes=("LIMIT$ = 2", "LIMIT$ = 10"),
    ),
    Feature(
        "an assignment in an expression",
        top="GAIN$ = 0.8",
        step="if (gain := GAIN$) > 0.4:\n    a = a * gain\nelse:\n    a = torch.tanh(a) + gain",
        changes=("GAIN$ = 0.3", "GAIN$ = 0.5"),
    ),
    Feature(
        "a first state that reads",
        top="START$ = 0.5",
        body="def start(self, h):\n    return super().start(h) + START$",
        changes=(
            "START$ = 0.1",
            "START$ = 0.0",
            "def start(self, h):\n    return torch.zeros_like(h)\nCell.start = start",
            "vars(cell)['start'] = lambda h: h + 0.8",
        ),
    ),
]

OF_ANY_CELL = (
    "with torch.no_grad():\n    cell.lin.weight.mul_(0.5)",
    "cell.lin.weight.data.mul_(0.8)",
    "cell.lin.bias.data = torch.full_like(cell.lin.bias, 0.3)",
    "cell.lin.bias.detach().numpy()[0] = 0.5",
    "torch.optim.SGD(cell.parameters(), 0.1).step()",
    "cell.load_state_dict({k: v * 0.5 for k, v in cell.state_dict().items()})",
    "cell.lin.weight.requires_grad_(not cell.lin.weight.requires_grad)",
    "cell.requires_grad_(False)",
    "cell.requires_grad_(True)",
    "cell.train(not cell.training)",
    "cell.to(torch.float32 if cell.lin.weight.dtype == torch.float64 else torch.float64)",
    "cell = copy.deepcopy(cell)",
    "old = cell\ncell = copy.deepcopy(cell)\nold.lin.weight.data.zero_()",
    "cell = copy.copy(cell)",
    "cell = pickle.loads(pickle.dumps(cell))",
    "torch.manual_seed(11)\ncell = Cell()",
    "torch.manual_seed(12)\ncell.lin = nn.Linear(5, 3)",
    "cell.lin.bias = None",
    "cell.lin.weight = nn.Parameter(cell.lin.weight.detach() * 0.5)",
    "cell.lin.bias = nn.Parameter(cell.lin.weight.detach()[:, 0])",
    "forward = Cell.forward\ndef halved(self, x, h):\n    y, h = forward(self, x, h)\n"
    "    return y * 0.5, h\nCell.forward = halved",
    "inner = cell.forward\ncell.forward = lambda x, h: inner(x * 0.5, h)",
    "vars(cell).pop('forward', None)",
    "exec(re.sub(r'0[.]7', '0.4', CLASS))\nold, cell = cell, Cell()\n"
    "cell.load_state_dict(old.state_dict(), strict=False)",
    "class Quiet(Cell):\n    def forward(self, x, h):\n        y, h = super().forward(x, h)\n"
    "        return y * 0.3, h\ntorch.manual_seed(13)\ncell = Quiet()",
    "nn.init.constant_(cell.lin.bias, 0.1)",
    "cell.lin.register_forward_hook(lambda m, i, o: o * 0.5)",
    "cell.lin._forward_hooks.clear()",
    "torch.nn.utils.prune.l1_unstructured(cell.lin, 'weight', 0.5)",
    "cell.lin.half().double()",
    "cell.lin.weight.data = cell.lin.weight.data.t().contiguous().t()",
    "cell.double()",
)
"""What users do to any cell between two calls."""
