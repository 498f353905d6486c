"""Steps that read the names of their module."""

from python_feature import Feature

OBJECTS = """
class Settings$:
    def __init__(self, gain):
        self.gain = gain
"""

GLOBALS = [
    Feature(
        "a number",
        top="TAU$ = 0.8",
        step="a = a * TAU$",
        changes=("TAU$ = 0.3", "TAU$ = 0.8", "TAU$ = torch.tensor(0.5)", "TAU$ = 1", "del TAU$"),
    ),
    Feature(
        "two numbers, of which one decides",
        top="USED$ = True\nTAU$ = 0.8",
        step="a = a * TAU$ if USED$ else a",
        changes=("USED$ = False", "USED$ = True", "TAU$ = 0.3"),
    ),
    Feature(
        "a string as a switch",
        top='KIND$ = "tanh"',
        step='a = torch.tanh(a) if KIND$ == "tanh" else torch.sigmoid(a)',
        changes=('KIND$ = "sigmoid"', 'KIND$ = "tanh"', "KIND$ = None"),
    ),
    Feature(
        "a string as a name",
        top='ACT$ = "tanh"',
        step="a = getattr(torch, ACT$)(a)",
        changes=('ACT$ = "sigmoid"', 'ACT$ = "sin"', 'ACT$ = "no_such_function"'),
    ),
    Feature(
        "a list",
        top="GAINS$ = [0.8, 0.5]",
        step="a = a * GAINS$[0] + GAINS$[-1]",
        changes=(
            "GAINS$[0] = 0.3",
            "GAINS$.append(0.2)",
            "GAINS$ = [0.5]",
            "GAINS$.reverse()",
            "GAINS$.clear()",
        ),
    ),
    Feature(
        "a list gone through",
        top="GAINS$ = [0.8, 0.5]",
        step="for gain in GAINS$:\n    a = a * gain",
        changes=("GAINS$.append(0.8)", "GAINS$.pop()", "GAINS$[:] = [0.3]", "GAINS$ *= 2"),
    ),
    Feature(
        "a dict",
        top='CONFIG$ = {"gain": 0.8, "bias": 0.5}',
        step='a = a * CONFIG$.get("gain", 1.0) + CONFIG$["bias"]',
        changes=(
            'CONFIG$["gain"] = 0.3',
            'CONFIG$.pop("gain", None)',
            "CONFIG$.update(bias=0.1)",
            'del CONFIG$["bias"]',
            'CONFIG$ = {"bias": 0.2}',
        ),
    ),
    Feature(
        "a dict of dicts",
        top='CONFIG$ = {"model": {"gains": [0.8], "on": True}}',
        step='if CONFIG$["model"]["on"]:\n    a = a * CONFIG$["model"]["gains"][0]',
        changes=(
            'CONFIG$["model"]["gains"][0] = 0.3',
            'CONFIG$["model"]["on"] = False',
            'CONFIG$["model"] = {"gains": [0.5], "on": True}',
        ),
    ),
    Feature(
        "items of a dict in their order",
        top='TABLE$ = {"b": 0.8, "a": 0.5}',
        step="for name, gain in TABLE$.items():\n"
        '    a = torch.tanh(a) * gain if name == "a" else a + gain',
        changes=('TABLE$["b"] = TABLE$.pop("b")', 'TABLE$["a"] = 0.3', 'TABLE$["c"] = 0.2'),
    ),
    Feature(
        "a set",
        top='FLAGS$ = {"tanh"}',
        step='a = torch.tanh(a) if "tanh" in FLAGS$ else a * 0.5',
        changes=('FLAGS$.discard("tanh")', 'FLAGS$.add("tanh")', "FLAGS$ = frozenset()"),
    ),
    Feature(
        "nested namespaces",
        top='CFG$ = types.SimpleNamespace(model=types.SimpleNamespace(gain=0.8, act="tanh"))',
        step="a = getattr(torch, CFG$.model.act)(a) * CFG$.model.gain",
        changes=(
            "CFG$.model.gain = 0.3",
            'CFG$.model.act = "sigmoid"',
            "del CFG$.model.gain",
            "CFG$.model = types.SimpleNamespace(gain=0.5, act='tanh')",
        ),
    ),
    Feature(
        "a dataclass",
        top="@dataclasses.dataclass\nclass Config$:\n    gain: float = 0.8\n    on: bool = True\n"
        "CFG$ = Config$()",
        step="a = a * CFG$.gain if CFG$.on else a",
        changes=(
            "CFG$.gain = 0.3",
            "CFG$.on = False",
            "CFG$ = dataclasses.replace(CFG$, gain=0.5)",
            "CFG$ = Config$()",
        ),
    ),
    Feature(
        "a frozen dataclass with slots",
        top="@dataclasses.dataclass(frozen=True, slots=True)\nclass Config$:\n    "
        "gain: float = 0.8\n"
        "CFG$ = Config$()",
        step="a = a * CFG$.gain",
        changes=('object.__setattr__(CFG$, "gain", 0.3)', "CFG$ = Config$(0.5)"),
    ),
    Feature(
        "an enum",
        top="class Mode$(enum.Enum):\n    SOFT = 0.8\n    HARD = 0.3\nMODE$ = Mode$.SOFT",
        step="a = a * MODE$.value if MODE$ is Mode$.SOFT else torch.tanh(a) * MODE$.value",
        changes=("MODE$ = Mode$.HARD", "MODE$ = Mode$.SOFT", "Mode$.SOFT._value_ = 0.5"),
    ),
    Feature(
        "an array",
        top="TABLE$ = np.array([0.8, 0.5])",
        step="a = a * float(TABLE$[0])",
        changes=("TABLE$[0] = 0.3", "TABLE$ *= 0.5", "TABLE$ = np.array([0.5])"),
    ),
    Feature(
        "an array as a tensor",
        top="TABLE$ = np.array([0.8, 0.5, 0.2])",
        step="a = a * torch.from_numpy(TABLE$).to(a.dtype)",
        changes=("TABLE$[0] = 0.3", "TABLE$ *= 0.5", "TABLE$ = np.array([0.5, 0.5, 0.8])"),
    ),
    Feature(
        "a tensor without dimensions",
        top="SCALE$ = torch.tensor(0.8)",
        step="a = a * SCALE$",
        changes=(
            "SCALE$.fill_(0.3)",
            "SCALE$.data.fill_(0.5)",
            "SCALE$.data = torch.tensor(0.2)",
            "SCALE$.numpy()[...] = 0.8",
            "SCALE$ = torch.tensor(0.3)",
            "SCALE$ = 0.5",
        ),
    ),
    Feature(
        "a tensor",
        top="MASK$ = torch.tensor([0.8, 0.5, 1.0])",
        step="a = a * MASK$.to(a.dtype)",
        changes=(
            "MASK$[0] = 0.3",
            "MASK$.data[1] = 0.2",
            "MASK$.numpy()[2] = 0.5",
            "MASK$.mul_(0.5)",
            "MASK$ = torch.ones(3)",
            "MASK$.detach().zero_()",
        ),
    ),
    Feature(
        "a tensor in a namespace",
        top="NS$ = types.SimpleNamespace(scale=torch.tensor(0.8), rows=[torch.ones(3)])",
        step="a = a * NS$.scale + NS$.rows[0].to(a.dtype)",
        changes=(
            "NS$.scale.fill_(0.3)",
            "NS$.scale.data.fill_(0.5)",
            "NS$.rows[0].mul_(0.5)",
            "NS$.rows[0] = torch.zeros(3)",
            "NS$.scale = torch.tensor(0.2)",
        ),
    ),
    Feature(
        "a truth tensor as a switch",
        top="ON$ = torch.tensor(True)",
        step="a = a * 0.5 if ON$ else a",
        changes=("ON$.fill_(False)", "ON$.logical_not_()", "ON$ = torch.tensor(False)"),
    ),
    Feature(
        "a tensor's number",
        top="SCALE$ = torch.tensor([0.8, 0.5])",
        step="a = a * SCALE$[0].item() + float(SCALE$.sum())",
        changes=("SCALE$[0] = 0.3", "SCALE$.data.mul_(0.5)", "SCALE$ = torch.tensor([0.2])"),
    ),
    Feature(
        "a parameter of nobody",
        top="W$ = nn.Parameter(torch.tensor([0.8, 0.5, 0.2]))",
        step="a = a * W$.to(a.dtype)",
        changes=(
            "with torch.no_grad():\n    W$.mul_(0.5)",
            "W$.data[0] = 0.3",
            "W$.requires_grad_(False)",
            "W$.requires_grad_(True)",
        ),
        watched=("W$.grad",),
        end="W$.grad = None",
    ),
    Feature(
        "a class as a namespace",
        top="class Const$:\n    gain = 0.8\n    table = {'bias': 0.5}",
        step="a = a * Const$.gain + Const$.table['bias']",
        changes=(
            "Const$.gain = 0.3",
            "Const$.table['bias'] = 0.1",
            "del Const$.gain",
            "class Const$:\n    gain = 0.5\n    table = {'bias': 0.0}",
        ),
    ),
    Feature(
        "a module made by hand",
        top="lib$ = types.ModuleType('lib$')\nlib$.gain = 0.8\nlib$.act = torch.tanh",
        step="a = lib$.act(a) * lib$.gain",
        changes=("lib$.gain = 0.3", "lib$.act = torch.sigmoid", "del lib$.gain"),
    ),
    Feature(
        "the environment",
        top="os.environ['PYTHON_CELL_GAIN$'] = '0.8'",
        step="a = a * float(os.environ.get('PYTHON_CELL_GAIN$', '1.0'))",
        changes=(
            "os.environ['PYTHON_CELL_GAIN$'] = '0.3'",
            "os.environ.pop('PYTHON_CELL_GAIN$', None)",
            "os.environ['PYTHON_CELL_GAIN$'] = 'much'",
        ),
        end="os.environ.pop('PYTHON_CELL_GAIN$', None)",
    ),
    Feature(
        "a name that may be missing",
        step="a = a * globals().get('LATE$', 0.8)",
        changes=("LATE$ = 0.3", "LATE$ = 0.5", "globals().pop('LATE$', None)"),
    ),
    Feature(
        "a missing name, caught",
        step="try:\n    a = a * LATE$\nexcept NameError:\n    a = torch.tanh(a)",
        changes=("LATE$ = 0.3", "LATE$ = 0.5", "globals().pop('LATE$', None)"),
    ),
    Feature(
        "a builtin that may be hidden",
        step="a = a * min(0.8, 0.9) * abs(-1.0)",
        changes=(
            "def min(*_):\n    return 0.3",
            "def abs(_):\n    return 0.5",
            "globals().pop('min', None)",
        ),
    ),
    Feature(
        "a name in a string",
        top="TAU$ = 0.8",
        step="a = a * eval('TAU$') * sys.modules[__name__].TAU$",
        changes=("TAU$ = 0.3", "TAU$ = 0.5"),
    ),
    Feature(
        "a table of functions",
        top="OPS$ = {'act': torch.tanh, 'out': lambda a: a * 0.8}",
        step="a = OPS$['out'](OPS$['act'](a))",
        changes=(
            "OPS$['act'] = torch.sigmoid",
            "OPS$['out'] = lambda a: a * 0.3",
            "OPS$ = {'act': torch.sin, 'out': torch.tanh}",
        ),
    ),
    Feature(
        "a name for a function of PyTorch",
        top="act$ = torch.tanh",
        step="a = act$(a)",
        changes=("act$ = torch.sigmoid", "act$ = F.relu", "act$ = nn.LeakyReLU(0.3)"),
    ),
    Feature(
        "numbers of other types",
        top="GAIN$ = fractions.Fraction(4, 5)\nBYTES$ = bytearray([2, 1])\nPART$ = slice(0, 2)",
        step="a = a * float(GAIN$) + BYTES$[0] + a[:, PART$].sum(1, keepdim=True)",
        changes=("GAIN$ = fractions.Fraction(3, 10)", "BYTES$[0] = 1", "PART$ = slice(1, 2)"),
    ),
    Feature(
        "collections",
        top="MAPS$ = collections.ChainMap({'gain': 0.8}, {'bias': 0.5})\n"
        "Pair$ = collections.namedtuple('Pair$', 'a b')\nPAIR$ = Pair$(0.8, 0.5)\n"
        "PROXY$ = types.MappingProxyType(MAPS$.maps[1])",
        step="a = a * MAPS$['gain'] * PAIR$.a + PROXY$['bias']",
        changes=(
            "MAPS$.maps[0]['gain'] = 0.3",
            "MAPS$.maps[1]['bias'] = 0.1",
            "PAIR$ = PAIR$._replace(a=0.3)",
            "MAPS$ = MAPS$.new_child({'gain': 0.5})",
        ),
    ),
    Feature(
        "an object that acts as a number",
        top="class Gain$:\n    value = 0.8\n    def __float__(self):\n        return self.value\n"
        "    def __rmul__(self, other):\n        return other * self.value\n"
        "    def __bool__(self):\n        return self.value > 0.4\nGAIN$ = Gain$()",
        step="a = a * GAIN$ + float(GAIN$)\nif GAIN$:\n    a = torch.tanh(a)",
        changes=(
            "GAIN$.value = 0.3",
            "Gain$.value = 0.5",
            "GAIN$ = Gain$()",
            "Gain$.__float__ = lambda self: 0.1",
        ),
    ),
    Feature(
        "variables of a context and of a thread",
        top="VAR$ = contextvars.ContextVar('VAR$', default=0.8)\nLOCAL$ = threading.local()\n"
        "LOCAL$.gain = 0.5",
        step="a = a * VAR$.get() + getattr(LOCAL$, 'gain', 0.1)",
        changes=("VAR$.set(0.3)", "LOCAL$.gain = 0.2", "del LOCAL$.gain"),
    ),
    Feature(
        "an object with settings of its own",
        top=OBJECTS + "\nHYPER$ = Settings$(0.8)\nHYPER$.inner = Settings$([0.5])",
        step="a = a * HYPER$.gain + HYPER$.inner.gain[0]",
        changes=(
            "HYPER$.gain = 0.3",
            "HYPER$.inner.gain[0] = 0.1",
            "HYPER$ = Settings$(0.3)",
            "HYPER$.inner = Settings$([0.2])",
            "HYPER$.__dict__['gain'] = 0.5",
        ),
    ),
]
