"""Steps that read what their class and their cell hold."""

from python_feature import Feature

CLASSES = [
    Feature(
        "a class attribute",
        body="gain$ = 0.8",
        step="a = a * self.gain$",
        changes=(
            "Cell.gain$ = 0.3",
            "Cell.gain$ = 0.5",
            "cell.gain$ = 0.2",
            "vars(cell).pop('gain$', None)",
            "del Cell.gain$",
        ),
    ),
    Feature(
        "containers of the class",
        body="table$ = {'gain': 0.8}\nsteps$ = [0.5]\nmask$ = torch.ones(3)",
        step="a = a * self.table$['gain'] * Cell.steps$[0] * type(self).mask$.to(a.dtype)",
        changes=(
            "Cell.table$['gain'] = 0.3",
            "Cell.steps$[0] = 0.2",
            "Cell.mask$.mul_(0.5)",
            "Cell.mask$.data[0] = 0.1",
            "cell.table$ = {'gain': 0.5}",
        ),
    ),
    Feature(
        "what a class inherits",
        top="class Base$:\n    rate$ = 0.8\n    def act$(self, a):\n        return torch.tanh(a)",
        base="Base$",
        step="a = self.act$(a) * self.rate$",
        changes=(
            "Base$.rate$ = 0.3",
            "Cell.rate$ = 0.5",
            "Base$.rate$ = 0.5",
            "def act(self, a):\n    return torch.sigmoid(a)\nBase$.act$ = act",
            "Cell.act$ = lambda self, a: a",
        ),
    ),
    Feature(
        "super",
        top="class Base$:\n    def scaled$(self, a):\n        return a * 0.8",
        base="Base$",
        body="def scaled$(self, a):\n    return torch.tanh(super().scaled$(a))",
        step="a = self.scaled$(a)",
        changes=("Base$.scaled$ = lambda self, a: a * 0.3", "del Cell.scaled$"),
    ),
    Feature(
        "a method",
        body="def act$(self, a):\n    return torch.tanh(a)",
        step="a = self.act$(a)",
        changes=(
            "def act(self, a):\n    return torch.sigmoid(a)\nCell.act$ = act",
            "cell.act$ = types.MethodType(lambda self, a: a * 0.3, cell)",
            "cell.act$ = torch.sin",
            "vars(cell).pop('act$', None)",
        ),
    ),
    Feature(
        "methods of the class itself",
        body="rate$ = 0.8\n@staticmethod\ndef static$(a):\n    return torch.tanh(a)\n"
        "@classmethod\ndef of_class$(cls, a):\n    return a * cls.rate$",
        step="a = self.of_class$(self.static$(a))",
        changes=(
            "Cell.rate$ = 0.3",
            "Cell.static$ = staticmethod(lambda a: a * 0.5)",
            "Cell.of_class$ = classmethod(lambda cls, a: a + cls.rate$)",
            "cell.rate$ = 0.1",
        ),
    ),
    Feature(
        "a property",
        top="SHIFT$ = 0.8",
        body="@property\ndef rate$(self):\n    return SHIFT$ * self.factor$",
        init="self.factor$ = 0.5",
        step="a = a * self.rate$",
        changes=("SHIFT$ = 0.3", "cell.factor$ = 0.8", "Cell.rate$ = property(lambda self: 0.3)"),
    ),
    Feature(
        "a cached property",
        top="SHIFT$ = 0.8",
        body="@functools.cached_property\ndef rate$(self):\n    return SHIFT$",
        step="a = a * self.rate$",
        changes=("SHIFT$ = 0.3", "vars(cell).pop('rate$', None)", "cell.rate$ = 0.5"),
        watched=("vars(cell).get('rate$')",),
    ),
    Feature(
        "a descriptor",
        top="class Rate$:\n    value = 0.8\n    def __get__(self, owner, kind):\n"
        "        return self.value",
        body="rate$ = Rate$()",
        step="a = a * self.rate$",
        changes=(
            "Rate$.value = 0.3",
            "vars(Cell)['rate$'].value = 0.5",
            "Rate$.__get__ = lambda *_: 0.2",
        ),
    ),
    Feature(
        "an attribute found by __getattr__",
        body="def __getattr__(self, name):\n    if name.startswith('rate'):\n        return RATE$\n"
        "    return super().__getattr__(name)",
        top="RATE$ = 0.8",
        step="a = a * self.rate$",
        changes=("RATE$ = 0.3", "cell.rate$ = 0.5", "vars(cell).pop('rate$', None)"),
    ),
    Feature(
        "another class",
        top="",
        body="rate$ = 0.8",
        step="a = a * self.rate$",
        changes=(
            "class Other$(Cell):\n    rate$ = 0.3\ncell.__class__ = Other$",
            "class Third$(Cell):\n    @property\n    def rate$(self):\n        return 0.5\n"
            "cell.__class__ = Third$",
        ),
    ),
]

ATTRIBUTES = [
    Feature(
        "a number",
        init="self.gain$ = 0.8",
        step="a = a * self.gain$",
        changes=(
            "cell.gain$ = 0.3",
            "cell.gain$ = 0.8",
            "cell.gain$ = torch.tensor(0.5)",
            "vars(cell)['gain$'] = 0.2",
            "del cell.gain$",
        ),
    ),
    Feature(
        "containers",
        init="self.gains$ = [0.8, [0.5]]\nself.names$ = {'act': 'tanh'}\nself.flags$ = {'on'}",
        step="a = getattr(torch, self.names$['act'])(a) * self.gains$[0] + self.gains$[1][0]\n"
        "if 'on' in self.flags$:\n    a = a * 0.5",
        changes=(
            "cell.gains$[0] = 0.3",
            "cell.gains$[1][0] = 0.1",
            "cell.flags$.clear()",
            "cell.names$['act'] = 'sigmoid'",
            "cell.flags$.add('on')",
        ),
    ),
    Feature(
        "a configuration",
        top="@dataclasses.dataclass\nclass Config$:\n    gain: float = 0.8\n"
        "    more: dict = dataclasses.field(default_factory=lambda: {'bias': 0.5})\n"
        "SHARED$ = Config$()",
        init="self.config$ = SHARED$",
        step="a = a * self.config$.gain + self.config$.more['bias']",
        changes=(
            "SHARED$.gain = 0.3",
            "cell.config$.more['bias'] = 0.1",
            "cell.config$ = Config$(0.5)",
        ),
    ),
    Feature(
        "a plain tensor",
        init="self.plain$ = torch.tensor([0.8, 0.5, 0.3])",
        step="a = a * self.plain$.to(a.dtype)",
        changes=(
            "cell.plain$.mul_(0.5)",
            "cell.plain$.data[0] = 0.1",
            "cell.plain$.numpy()[1] = 0.2",
            "cell.plain$.data = torch.ones(3)",
            "cell.plain$ = torch.full((3,), 0.3)",
        ),
    ),
    Feature(
        "a buffer",
        init="self.register_buffer('mask$', torch.tensor([0.8, 0.5, 0.3]))",
        step="a = a * self.mask$.to(a.dtype)",
        changes=(
            "cell.mask$.mul_(0.5)",
            "cell.mask$.data[0] = 0.1",
            "cell.mask$.numpy()[1] = 0.2",
            "cell.mask$ = torch.ones(3)",
            "cell._buffers['mask$'] = torch.zeros(3)",
        ),
    ),
    Feature(
        "a buffer that decides",
        init="self.register_buffer('on$', torch.tensor(True))",
        step="a = torch.tanh(a) if self.on$ else a * 0.5",
        changes=("cell.on$.fill_(False)", "cell.on$.data.fill_(True)"),
    ),
    Feature(
        "tensors in containers",
        init="self.rows$ = [torch.ones(3), torch.tensor([0.8, 0.5, 0.3])]\n"
        "self.table$ = {'gain': torch.tensor(0.8)}",
        step="a = a * self.rows$[1].to(a.dtype) * self.table$['gain'] + self.rows$[0].to(a.dtype)",
        changes=(
            "cell.rows$[0].mul_(0.5)",
            "cell.rows$[1].data[0] = 0.1",
            "cell.rows$.reverse()",
            "cell.table$['gain'].fill_(0.3)",
            "cell.table$['gain'] = torch.tensor(0.5)",
        ),
    ),
    Feature(
        "a lambda",
        init="self.act$ = lambda a: a * 0.8",
        step="a = self.act$(a)",
        changes=(
            "cell.act$ = lambda a: a * 0.3",
            "cell.act$ = torch.tanh",
            "cell.act$ = functools.partial(torch.mul, other=0.5)",
        ),
    ),
    Feature(
        "a method kept as an attribute",
        body="rate$ = 0.8\ndef bent$(self, a):\n    return torch.tanh(a) * self.rate$\n"
        "def other$(self, a):\n    return a * self.rate$ + self.lin.bias",
        init="self.kept$ = self.bent$",
        step="a = self.kept$(a)",
        changes=(
            "cell.kept$ = cell.other$",
            "cell.kept$ = types.MethodType(lambda self, a: a + self.lin.bias, cell)",
            "Cell.rate$ = 0.3",
            "Cell.bent$ = lambda self, a: a",
            "cell.kept$ = cell.bent$",
            "cell.lin.kept = cell.bent$\ncell.kept$ = cell.lin.kept",
            "cell.kept$ = cell.lin.forward\ndel cell.kept$\ncell.kept$ = cell.other$",
        ),
    ),
    Feature(
        "a partial function",
        init="self.op$ = functools.partial(torch.mul, other=0.8)",
        step="a = self.op$(a)",
        changes=(
            "cell.op$.keywords['other'] = 0.3",
            "cell.op$ = functools.partial(torch.add, other=0.2)",
            "cell.op$ = torch.tanh",
        ),
    ),
    Feature(
        "modules within",
        init="self.net$ = nn.Sequential(nn.Linear(3, 3), nn.LeakyReLU(0.8))\n"
        "self.more$ = nn.ModuleDict({'norm': nn.LayerNorm(3)})",
        step="a = self.more$['norm'](self.net$(a))",
        changes=(
            "cell.net$[1].negative_slope = 0.3",
            "cell.net$[1] = nn.Tanh()",
            "cell.more$['norm'].eps = 0.5",
            "cell.net$.append(nn.Sigmoid())",
            "cell.net$[0].weight.data.mul_(0.5)",
            "cell.more$['norm'] = nn.Identity()",
            "cell.net$[0].bias = None",
            "cell.net$.pop(-1)",
        ),
    ),
    Feature(
        "a method of a module within",
        init="self.inner$ = nn.Linear(3, 3)",
        step="a = self.inner$(a)",
        changes=(
            "cell.inner$.forward = lambda a: a * 0.3",
            "vars(cell.inner$).pop('forward', None)",
            "cell.inner$ = nn.Linear(3, 3, bias=False).to(a_dtype())",
            "cell.inner$.weight = nn.Parameter(cell.inner$.weight.detach() * 0.5)",
        ),
        top="def a_dtype():\n    return cell.lin.weight.dtype",
    ),
    Feature(
        "a module of the user's within",
        top="class Part$(nn.Module):\n    gain = 0.8\n    def __init__(self):\n"
        "        super().__init__()\n        self.own = [0.5]\n"
        "    def forward(self, a):\n        return torch.tanh(a) * self.gain + self.own[0]",
        init="self.part$ = Part$()",
        step="a = self.part$(a)",
        changes=(
            "Part$.gain = 0.3",
            "cell.part$.gain = 0.5",
            "cell.part$.own[0] = 0.1",
            "Part$.forward = lambda self, a: a * self.gain",
            "cell.part$.own = [0.3]",
        ),
    ),
    Feature(
        "modules in a list",
        init="self.parts$ = [nn.Linear(3, 3)]\nself.same$ = nn.ModuleList([self.parts$[0]] * 2)",
        step="for part in self.same$:\n    a = part(a)\na = self.parts$[0](a)",
        changes=(
            "cell.parts$[-1].weight.data.mul_(0.5)",
            "cell.same$ = nn.ModuleList([nn.Tanh()])",
            "cell.parts$.insert(0, nn.Sigmoid())",
            "with torch.no_grad():\n    cell.parts$[-1].bias.add_(0.5)",
        ),
    ),
    Feature(
        "a module that nobody registered",
        init="self.hidden$ = [nn.Linear(3, 3)]",
        step="a = a + self.hidden$[0](a.to(self.hidden$[0].weight.dtype)).to(a.dtype)",
        changes=(
            "cell.hidden$[0].weight.data.mul_(0.5)",
            "cell.hidden$[0].requires_grad_(False)",
            "with torch.no_grad():\n    cell.hidden$[0].bias.add_(0.5)",
        ),
        watched=("cell.hidden$[0].weight.grad", "cell.hidden$[0].bias.grad"),
        end="cell.hidden$[0].zero_grad()",
    ),
    Feature(
        "parameters by name",
        init="self.w$ = nn.Parameter(torch.tensor([0.8, 0.5, 0.3]))",
        step="a = a * dict(self.named_parameters())['w$'] + self._parameters['w$'].sum()\n"
        "a = a * sum(1 for _ in self.parameters()) * 0.2",
        changes=(
            "cell.w$.data[0] = 0.3",
            "cell.w$ = nn.Parameter(torch.ones(3))",
            "cell.w$.requires_grad_(False)",
            "cell.extra$ = nn.Parameter(torch.zeros(1))",
        ),
    ),
    Feature(
        "an attribute that may be missing",
        step="a = a * getattr(self, 'extra$', 0.8)\nif hasattr(self, 'more$'):\n    a = a + 0.5",
        changes=(
            "cell.extra$ = 0.3",
            "cell.more$ = 1",
            "vars(cell).pop('extra$', None)",
            "Cell.more$ = 2",
            "Cell.extra$ = 0.5",
        ),
    ),
    Feature(
        "what the dict of the cell holds",
        init="self.gain$ = 0.8",
        step="a = a * vars(self)['gain$'] * self.__dict__.get('late$', 1.0)",
        changes=("cell.gain$ = 0.3", "vars(cell)['late$'] = 0.5", "vars(cell).pop('late$', None)"),
    ),
    Feature(
        "training or not",
        init="self.drop$ = nn.Dropout(0.0)",
        step="a = a * 0.5 if self.training else self.drop$(a)",
        changes=("cell.eval()", "cell.train()", "cell.training = False", "cell.drop$.p = 0.0"),
    ),
    Feature(
        "parametrized weights",
        top="class Half$(nn.Module):\n    gain = 0.5\n    def forward(self, w):\n        "
        "return w * self.gain",
        init="self.inner$ = nn.Linear(3, 3)\n"
        "nn.utils.parametrize.register_parametrization(self.inner$, 'weight', Half$())",
        step="a = self.inner$(a)",
        changes=(
            "Half$.gain = 0.3",
            "cell.inner$.parametrizations.weight[0].gain = 0.8",
            "cell.inner$.parametrizations.weight.original.data.mul_(0.5)",
        ),
    ),
]
