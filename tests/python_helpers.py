"""Steps that call functions and objects of their module."""

from python_feature import Feature

HELPERS = [
    Feature(
        "a helper",
        top="def helper$(a):\n    return torch.tanh(a)",
        step="a = helper$(a)",
        changes=(
            "def helper$(a):\n    return torch.sigmoid(a)",
            "def helper$(a):\n    return torch.tanh(a) * 0.3",
            "helper$ = torch.sin",
            "del helper$",
        ),
    ),
    Feature(
        "a helper's helper",
        top="GAIN$ = 0.8\ndef inner$(a):\n    return a * GAIN$\n"
        "def helper$(a):\n    return torch.tanh(inner$(a))",
        step="a = helper$(a)",
        changes=(
            "GAIN$ = 0.3",
            "def inner$(a):\n    return a + GAIN$",
            "def inner$(a):\n    return a * 0.5",
        ),
    ),
    Feature(
        "defaults of a helper",
        top="def helper$(a, gain=0.8, *, bias=0.5):\n    return a * gain + bias",
        step="a = helper$(a)",
        changes=(
            "helper$.__defaults__ = (0.3,)",
            "helper$.__kwdefaults__ = {'bias': 0.1}",
            "helper$.__kwdefaults__['bias'] = 0.2",
        ),
    ),
    Feature(
        "a default that is a list",
        top="def helper$(a, gains=[0.8]):\n    return a * gains[0]",
        step="a = helper$(a)",
        changes=("helper$.__defaults__[0][0] = 0.3", "helper$.__defaults__[0].insert(0, 0.5)"),
    ),
    Feature(
        "a default of forward's own",
        body="def scaled$(self, a, gain=0.8):\n    return a * gain",
        step="a = self.scaled$(a)",
        changes=("Cell.scaled$.__defaults__ = (0.3,)", "Cell.scaled$.__defaults__ = (0.5,)"),
    ),
    Feature(
        "an attribute of a function",
        top="def helper$(a):\n    return a * helper$.gain\nhelper$.gain = 0.8",
        step="a = helper$(a)",
        changes=("helper$.gain = 0.3", "helper$.gain = 0.5", "del helper$.gain"),
    ),
    Feature(
        "code of a function",
        top="def helper$(a):\n    return torch.tanh(a)\ndef other$(a):\n    return a * 0.3",
        step="a = helper$(a)",
        changes=(
            "helper$.__code__ = other$.__code__",
            "helper$.__code__ = (lambda a: torch.sigmoid(a)).__code__",
        ),
    ),
    Feature(
        "a partial function",
        top="scaled$ = functools.partial(torch.mul, other=0.8)",
        step="a = scaled$(a)",
        changes=(
            "scaled$ = functools.partial(torch.mul, other=0.3)",
            "scaled$.keywords['other'] = 0.5",
            "scaled$ = functools.partial(torch.add, other=0.2)",
        ),
    ),
    Feature(
        "a cached function",
        top="BASE$ = 0.8\n@functools.lru_cache\ndef gain$():\n    return BASE$",
        step="a = a * gain$()",
        changes=("BASE$ = 0.3", "gain$.cache_clear()", "BASE$ = 0.5\ngain$.cache_clear()"),
    ),
    Feature(
        "a closure's list",
        top="def make$():\n    box = [0.8]\n    def scale(a):\n        return a * box[0]\n"
        "    def put(value):\n        box[0] = value\n    return scale, put\n"
        "scale$, put$ = make$()",
        step="a = scale$(a)",
        changes=("put$(0.3)", "put$(0.5)", "scale$, put$ = make$()"),
    ),
    Feature(
        "a closure's number",
        top="def make$():\n    gain = 0.8\n    def scale(a):\n        return a * gain\n"
        "    def put(value):\n        nonlocal gain\n        gain = value\n"
        "    return scale, put\nscale$, put$ = make$()",
        step="a = scale$(a)",
        changes=("put$(0.3)", "put$(0.5)", "scale$.__closure__[0].cell_contents = 0.2"),
    ),
    Feature(
        "a closure's tensor",
        top="def make$():\n    gain = torch.tensor([0.8, 0.5, 0.3])\n"
        "    def scale(a):\n        return a * gain.to(a.dtype)\n    return scale, gain\n"
        "scale$, gain$ = make$()",
        step="a = scale$(a)",
        changes=("gain$.mul_(0.5)", "gain$.data.fill_(0.3)", "gain$[0] = 0.1"),
    ),
    Feature(
        "a decorated helper",
        top="AFTER$ = 0.8\ndef damped$(function):\n    @functools.wraps(function)\n"
        "    def inside(a):\n        return function(a) * AFTER$\n    return inside\n"
        "@damped$\ndef helper$(a):\n    return torch.tanh(a)",
        step="a = helper$(a)",
        changes=(
            "AFTER$ = 0.3",
            "helper$ = helper$.__wrapped__",
            "@damped$\ndef helper$(a):\n    return torch.sigmoid(a)",
        ),
    ),
    Feature(
        "a generator",
        top="GAINS$ = [0.8, 0.5]\ndef gains$(a):\n    for gain in GAINS$:\n        yield a * gain",
        step="a = sum(gains$(a))",
        changes=(
            "GAINS$[0] = 0.3",
            "GAINS$.append(0.2)",
            "def gains$(a):\n    yield torch.tanh(a)\n    yield a",
        ),
    ),
    Feature(
        "recursion",
        top="DEPTH$ = 2\ndef deep$(a, n):\n    return a if n <= 0 else deep$(torch.tanh(a), n - 1)",
        step="a = deep$(a, DEPTH$)",
        changes=(
            "DEPTH$ = 1",
            "DEPTH$ = 3",
            "def deep$(a, n):\n    return a if n <= 0 else deep$(a * 0.5, n - 1)",
        ),
    ),
    Feature(
        "an object that can be called",
        top="class Scale$:\n    def __init__(self):\n        self.gain = 0.8\n"
        "    def __call__(self, a):\n        return a * self.gain\nscale$ = Scale$()",
        step="a = scale$(a)",
        changes=(
            "scale$.gain = 0.3",
            "Scale$.__call__ = lambda self, a: torch.tanh(a)",
            "scale$ = Scale$()",
        ),
    ),
    Feature(
        "a method bound beforehand",
        top="class Scale$:\n    gain = 0.8\n    def scaled(self, a):\n        "
        "return a * self.gain\n"
        "owner$ = Scale$()\nscaled$ = owner$.scaled",
        step="a = scaled$(a)",
        changes=("owner$.gain = 0.3", "Scale$.gain = 0.5", "owner$ = Scale$()"),
    ),
    Feature(
        "a context manager",
        top="DEPTHS$ = []\n@contextlib.contextmanager\ndef deeper$():\n    DEPTHS$.append(1)\n"
        "    try:\n        yield 0.8\n    finally:\n        DEPTHS$.pop()",
        step="with deeper$() as gain:\n    a = a * gain * len(DEPTHS$)",
        changes=(
            "DEPTHS$.append(1)",
            "DEPTHS$.clear()",
            "deeper$ = lambda: contextlib.nullcontext(0.3)",
        ),
        watched=("DEPTHS$",),
        threads=False,
    ),
    Feature(
        "classes that inherit",
        top="class First$:\n    gain = 0.8\n    def scaled(self, a):\n        "
        "return a * self.gain\n"
        "class Second$(First$):\n    def scaled(self, a):\n"
        "        return torch.tanh(super().scaled(a))\nsecond$ = Second$()",
        step="a = second$.scaled(a)",
        changes=(
            "First$.gain = 0.3",
            "Second$.gain = 0.5",
            "def scaled(self, a):\n    return a + self.gain\nFirst$.scaled = scaled",
            "del Second$.scaled",
            "second$ = First$()",
        ),
    ),
    Feature(
        "an import within",
        top="lib$ = sys.modules.setdefault('python_cell_lib$', types.ModuleType('lib'))\n"
        "lib$.gain = 0.8",
        step="from python_cell_lib$ import gain\na = a * gain",
        changes=("lib$.gain = 0.3", "sys.modules['python_cell_lib$'].gain = 0.5"),
        end="sys.modules.pop('python_cell_lib$', None)",
    ),
    Feature(
        "functions on containers",
        top="GAINS$ = [0.8, 0.5]\nBIASES$ = (0.1, 0.2)",
        step="for gain, bias in zip(map(abs, GAINS$), reversed(BIASES$)):\n"
        "    a = a * gain + bias\n"
        "a = a * max(GAINS$) * sorted(GAINS$)[0] * (len(GAINS$) - any(g > 0.7 for g in GAINS$))",
        changes=("GAINS$[0] = 0.3", "GAINS$.append(0.9)", "BIASES$ = (0.3, 0.1)"),
    ),
]
