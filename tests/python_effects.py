"""Steps that write: logs, counters, files, prints, dice; and steps that write to tensors."""

from python_feature import Feature

EFFECTS = [
    Feature(
        "a global counter",
        top="COUNT$ = 0",
        step="global COUNT$\nCOUNT$ += 1",
        changes=("COUNT$ = 10", "del COUNT$"),
        watched=("COUNT$",),
        threads=False,
    ),
    Feature(
        "a global counter that is read",
        top="COUNT$ = 0",
        step="global COUNT$\nCOUNT$ += 1\na = a * 0.5 ** (COUNT$ % 3)",
        changes=("COUNT$ = 10",),
        watched=("COUNT$",),
        threads=False,
    ),
    Feature(
        "an iterator",
        top="TICKS$ = itertools.count()\nGAINS$ = itertools.cycle([0.8, 0.5])",
        step="next(TICKS$)\na = a * next(GAINS$)",
        changes=("TICKS$ = itertools.count(10)", "GAINS$ = iter([0.3])", "next(GAINS$)"),
        watched=("repr(TICKS$)",),
        threads=False,
    ),
    Feature(
        "a closure's counter",
        top="def make$():\n    count = 0\n    def up():\n        nonlocal count\n        "
        "count += 1\n"
        "        return count\n    return up, lambda: count\nup$, count$ = make$()",
        step="up$()",
        changes=("up$()", "up$, count$ = make$()"),
        watched=("count$()",),
        threads=False,
    ),
    Feature(
        "a counter of the cell",
        init="self.calls$ = 0",
        step="self.calls$ += 1",
        changes=("cell.calls$ = 10", "cell.calls$ = 0.5"),
        watched=("cell.calls$",),
        threads=False,
    ),
    Feature(
        "a counter in a buffer",
        init="self.register_buffer('seen$', torch.zeros(1))",
        step="self.seen$ += 1\na = a + 0.1 * self.seen$.to(a.dtype)",
        changes=("cell.seen$.zero_()", "cell.seen$.data.fill_(5)"),
        watched=("cell.seen$",),
        threads=False,
    ),
    Feature(
        "a counter in a buffer, by a method that is reached past the cell",
        body="def counted$(self, a):\n    self.seen$ += 1\n"
        "    return a + 0.1 * self.seen$.to(a.dtype)",
        init="self.register_buffer('seen$', torch.zeros(1))\nself.acts$ = [self.counted$]",
        step="a = self.acts$[0](a)",
        changes=(
            "inner$ = cell.forward\ncell.forward = lambda x, h: inner$(x * 0.5, h)",
            "cell.acts$[0] = functools.partial(cell.counted$)",
            "vars(cell).pop('forward', None)",
            "cell.seen$.zero_()",
        ),
        watched=("cell.seen$",),
        threads=False,
    ),
    Feature(
        "running statistics",
        init="self.register_buffer('mean$', torch.zeros(3))",
        step="with torch.no_grad():\n    self.mean$.mul_(0.9).add_(0.1 * a.mean(0))\n"
        "a = a - self.mean$.clone().to(a.dtype)",
        changes=("cell.mean$.zero_()", "cell.mean$.data.fill_(0.5)"),
        watched=("cell.mean$",),
        threads=False,
    ),
    Feature(
        "a log of states",
        init="self.log$ = []",
        step="self.log$.append(h)",
        changes=("cell.log$.clear()", "cell.log$ = collections.deque(maxlen=2)"),
        watched=("cell.log$",),
        threads=False,
    ),
    Feature(
        "a log of values, detached",
        top="LOG$ = []",
        step="LOG$.append(a.detach().clone())",
        changes=("LOG$.clear()", "LOG$ = LOG$[-1:]", "LOG$ = None"),
        watched=("LOG$",),
        threads=False,
    ),
    Feature(
        "a log of numbers",
        top="LOG$ = []",
        step="LOG$.append((len(LOG$), tuple(h.shape)))",
        changes=("LOG$.clear()",),
        watched=("LOG$",),
        threads=False,
    ),
    Feature(
        "the last value as an attribute",
        init="self.last$ = None",
        step="self.last$ = a",
        changes=("cell.last$ = None", "del cell.last$"),
        watched=("vars(cell).get('last$')",),
        threads=False,
    ),
    Feature(
        "an attribute that is made by the first step",
        step="if not hasattr(self, 'first$'):\n    self.first$ = 0.5\nelse:\n    "
        "a = a * self.first$",
        changes=("vars(cell).pop('first$', None)", "cell.first$ = 0.3"),
        watched=("vars(cell).get('first$')",),
        threads=False,
    ),
    Feature(
        "a value carried beside the state",
        init="self.before$ = 0.0",
        step="a = a + 0.5 * self.before$\nself.before$ = torch.tanh(a).detach().mean()",
        changes=("cell.before$ = 0.0", "cell.before$ = torch.tensor(0.5)"),
        watched=("cell.before$",),
        threads=False,
    ),
    Feature(
        "dicts written to",
        top="SEEN$ = {}\nCOUNTS$ = collections.Counter()\nMISSING$ = collections.defaultdict(list)",
        step="SEEN$['h'] = h.detach()\nCOUNTS$['steps'] += 1\n"
        "MISSING$[COUNTS$['steps'] % 2].append(1)",
        changes=("SEEN$.clear()", "COUNTS$.clear()", "MISSING$.clear()"),
        watched=("SEEN$", "dict(COUNTS$)", "dict(MISSING$)"),
        threads=False,
    ),
    Feature(
        "a default made by reading",
        top="TABLE$ = collections.defaultdict(lambda: 0.8)",
        step="a = a * TABLE$['gain']",
        changes=("TABLE$['gain'] = 0.3", "TABLE$.clear()"),
        watched=("dict(TABLE$)",),
        threads=False,
    ),
    Feature(
        "a cache by key",
        top="CACHE$ = {}\nTAU$ = 0.8\ndef cached$(key):\n    if key not in CACHE$:\n"
        "        CACHE$[key] = TAU$\n    return CACHE$[key]",
        step="a = a * cached$('gain')",
        changes=("CACHE$.clear()", "TAU$ = 0.3", "CACHE$['gain'] = 0.5"),
        watched=("CACHE$",),
        threads=False,
    ),
    Feature(
        "a set added to",
        top="SET$ = set()",
        step="SET$.add(len(SET$))\na = a * (0.5 if len(SET$) > 2 else 1.0)",
        changes=("SET$.clear()", "SET$ = {7, 8, 9}"),
        watched=("SET$",),
        threads=False,
    ),
    Feature(
        "writing to a function and a class",
        top="def helper$(a):\n    helper$.calls += 1\n    return a * 0.8\nhelper$.calls = 0",
        body="calls$ = 0",
        step="a = helper$(a)\ntype(self).calls$ += 1",
        changes=("helper$.calls = 5", "Cell.calls$ = 7"),
        watched=("helper$.calls", "Cell.calls$"),
        threads=False,
    ),
    Feature(
        "prints",
        step="print('step', tuple(h.shape))",
        changes=(
            "def print(*_):\n    raise RuntimeError('no prints')",
            "globals().pop('print', None)",
        ),
        end="globals().pop('print', None)",
        threads=False,
    ),
    Feature(
        "warnings of the user",
        top="WARN$ = True",
        step="if WARN$:\n    warnings.warn('a warning of the cell')",
        changes=("WARN$ = False", "WARN$ = True"),
        threads=False,
    ),
    Feature(
        "a file that is read",
        top="FILE$ = pathlib.Path(tempfile.gettempdir()) / f'python-cell-{os.getpid()}-$.txt'\n"
        "FILE$.write_text('0.8')",
        step="a = a * float(FILE$.read_text())",
        changes=(
            "FILE$.write_text('0.3')",
            "FILE$.write_text('0.5')",
            "FILE$.unlink(missing_ok=True)",
        ),
        end="FILE$.unlink(missing_ok=True)",
    ),
    Feature(
        "an exception of the cell",
        top="LIMIT$ = 100\nCALLS$ = 0",
        step="global CALLS$\nCALLS$ += 1\nif CALLS$ > LIMIT$:\n"
        "    raise ValueError(f'call {CALLS$} is one too many')",
        changes=("LIMIT$ = 2", "CALLS$ = 99", "CALLS$ = 0\nLIMIT$ = 100"),
        watched=("CALLS$",),
        threads=False,
    ),
    Feature(
        "an exception caught, and a log of it",
        top="CAUGHT$ = []\nTABLE$ = {}",
        step="try:\n    a = a * TABLE$['gain']\nexcept KeyError as error:\n"
        "    CAUGHT$.append(str(error))\nfinally:\n    a = a * 0.9",
        changes=("TABLE$['gain'] = 0.3", "TABLE$.clear()", "CAUGHT$.clear()"),
        watched=("CAUGHT$",),
        threads=False,
    ),
]

DICE = [
    Feature(
        "Python's dice as a switch",
        step="if random.random() < 0.5:\n    a = torch.tanh(a)",
        changes=("random.seed(1)",),
        threads=False,
    ),
    Feature(
        "Python's dice as a number",
        top="RNG$ = random.Random(3)",
        step="a = a * RNG$.uniform(0.5, 0.9) + random.choice([0.1, 0.2])",
        changes=("RNG$.seed(5)", "RNG$ = random.Random(4)"),
        watched=("RNG$.getstate()",),
        threads=False,
    ),
    Feature(
        "NumPy's dice",
        top="GEN$ = np.random.default_rng(3)",
        step="a = a * float(np.random.rand()) + float(GEN$.random())",
        changes=("GEN$ = np.random.default_rng(4)", "np.random.seed(1)"),
        watched=("str(GEN$.bit_generator.state)",),
        threads=False,
    ),
    Feature(
        "dice that are thrown and not used",
        step="random.random()\nnp.random.rand()",
        changes=("random.seed(2)",),
        threads=False,
    ),
    Feature(
        "dice under a switch that is off",
        top="P$ = 0.0",
        step="if P$ > 0 and random.random() < P$:\n    a = a * 0.5",
        changes=("P$ = 0.7", "P$ = 0.0", "P$ = 1.0"),
        threads=False,
    ),
    Feature(
        "PyTorch's dice",
        top="GEN$ = torch.Generator().manual_seed(3)",
        step="a = a * torch.rand(3).to(a.dtype) + torch.rand(3, generator=GEN$).to(a.dtype)",
        changes=("GEN$.manual_seed(4)", "torch.manual_seed(7)"),
        watched=("GEN$.get_state()",),
        threads=False,
    ),
    Feature(
        "dropout",
        init="self.drop$ = nn.Dropout(0.5)",
        step="a = self.drop$(a)",
        changes=("cell.eval()", "cell.train()", "cell.drop$.p = 0.1", "cell.drop$.eval()"),
        threads=False,
    ),
]

WRITES = [
    Feature(
        "numbers written into a part",
        top="FILL$ = 0.5",
        step="a = a.clone()\na[:, 0] = FILL$\na[..., 1:] *= 0.8",
        changes=("FILL$ = 0.3", "FILL$ = torch.tensor(0.2)"),
    ),
    Feature(
        "a tensor written into a part",
        step="a = a.clone()\na[:, :1] = h[:, 1:2]\na[:, 2].mul_(0.5)",
    ),
    Feature(
        "operations in place",
        top="GAIN$ = 0.8",
        step="b = a.clone()\nb.mul_(GAIN$).add_(0.1)\nb += h\nb.clamp_(-2, 2)\na = b",
        changes=("GAIN$ = 0.3",),
    ),
    Feature(
        "views written through",
        step="b = a.clone()\nleft, right = b[:, :1], b.narrow(1, 1, 2)\nleft.copy_(right[:, 1:])\n"
        "b.t()[1].mul_(0.5)\nright.tanh_()\na = b",
    ),
    Feature(
        "a new tensor filled",
        top="GAIN$ = 0.8",
        step="b = torch.zeros_like(a)\nb[:, 0] = a[:, 1]\nb[:, 1:] = a[:, :2] * GAIN$\na = b",
        changes=("GAIN$ = 0.3",),
    ),
    Feature(
        "the state in place",
        step="h = h.mul_(0.5)",
        threads=False,  # both are given the same state
    ),
    Feature(
        "the state in place, after a copy",
        step="h = h.clone()\nh.mul_(0.5)\nh[:, 1] = a[:, 0]",
    ),
    Feature(
        "weights changed by the step",
        step="with torch.no_grad():\n    self.lin.bias.mul_(0.9)",
        watched=("cell.lin.bias.detach()",),
        threads=False,
    ),
    Feature(
        "weights changed by the step through data",
        step="self.lin.bias.data.mul_(0.9)",
        watched=("cell.lin.bias.detach()",),
        threads=False,
    ),
]
