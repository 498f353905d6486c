"""Steps that ask about gradients, stop them or change them; and hooks of modules."""

from python_feature import Feature

AUTOGRAD = [
    Feature(
        "what stops gradients",
        top="STOP$ = True",
        step="a = a * h.detach() if STOP$ else a * h",
        changes=("STOP$ = False", "STOP$ = True"),
    ),
    Feature(
        "the data of a state",
        step="a = a * h.data + 0.5 * a.data",
    ),
    Feature(
        "the data of a weight",
        top="DATA$ = True",
        init="self.w$ = nn.Parameter(torch.tensor([0.8, 0.5, 0.3]))",
        step="a = a * (self.w$.data if DATA$ else self.w$)",
        changes=("DATA$ = False", "DATA$ = True", "cell.w$.data.mul_(0.5)"),
    ),
    Feature(
        "a part without gradients",
        top="GRAD$ = False",
        step="with torch.set_grad_enabled(GRAD$):\n    b = torch.tanh(a)\na = a + b",
        changes=("GRAD$ = True", "GRAD$ = False"),
    ),
    Feature(
        "a decorated helper without gradients",
        top="@torch.no_grad()\ndef gate$(a):\n    return torch.sigmoid(a)",
        step="a = a * gate$(a)",
        changes=(
            "def gate$(a):\n    return torch.sigmoid(a)",
            "@torch.no_grad()\ndef gate$(a):\n    return torch.tanh(a)",
        ),
    ),
    Feature(
        "whether a state needs gradients",
        step="if h.requires_grad:\n    a = a * 0.5",
    ),
    Feature(
        "whether a weight needs gradients",
        step="a = a * (0.5 if self.lin.weight.requires_grad else 0.8)",
        changes=("cell.lin.weight.requires_grad_(False)", "cell.lin.weight.requires_grad_(True)"),
    ),
    Feature(
        "whether gradients are on",
        step="a = a * 0.5 if torch.is_grad_enabled() else torch.tanh(a)",
    ),
    Feature(
        "whether inference mode is on",
        step="a = a * 0.5 if torch.is_inference_mode_enabled() else torch.tanh(a)",
    ),
    Feature(
        "what made a state",
        step="a = a * (0.5 if h.grad_fn is None else 0.8) * (0.9 if h.is_leaf else 1.0)",
    ),
    Feature(
        "a hook of a state",
        top="CLIP$ = 0.01",
        step="if h.requires_grad:\n    "
        "h.register_hook(lambda gradient: gradient.clamp(-CLIP$, CLIP$))",
        changes=("CLIP$ = 0.1", "CLIP$ = 0.001"),
    ),
    Feature(
        "a hook of a value",
        step="if a.requires_grad:\n    a.register_hook(lambda gradient: gradient * 0.5)",
    ),
    Feature(
        "a hook that records",
        top="SEEN$ = []",
        step="if a.requires_grad:\n    "
        "a.register_hook(lambda gradient: SEEN$.append(gradient.clone()))",
        changes=("SEEN$.clear()",),
        watched=("SEEN$",),
        threads=False,
    ),
    Feature(
        "a function of autograd",
        top="class Scaled$(torch.autograd.Function):\n    gain = 0.5\n    @staticmethod\n"
        "    def forward(ctx, a):\n        return a.clone()\n    @staticmethod\n"
        "    def backward(ctx, gradient):\n        return gradient * Scaled$.gain",
        step="a = Scaled$.apply(a)",
        changes=("Scaled$.gain = 0.3", "Scaled$.backward = staticmethod(lambda ctx, g: g * 2)"),
    ),
    Feature(
        "the straight-through estimator",
        step="a = a + (torch.round(a) - a).detach()",
    ),
    Feature(
        "the form of what comes in",
        step="a = a * (0.5 if a.dtype == torch.float32 else 0.8)\n"
        "a = a * (1.0 if x.is_contiguous() and type(h) is torch.Tensor else 0.7)\n"
        "a = a * (1.0 if isinstance(self.lin.weight, nn.Parameter) else 0.6)",
    ),
    Feature(
        "the number of rows",
        top="ROWS$ = 2",
        step="a = a * 0.5 if x.shape[0] > ROWS$ else torch.tanh(a)",
        changes=("ROWS$ = 0", "ROWS$ = 1"),
    ),
    Feature(
        "a mean over the rows",
        top="OVER$ = False",
        step="a = a / len(x) if OVER$ else a",
        changes=("OVER$ = True", "OVER$ = False"),
    ),
    Feature(
        "a loop over rows",
        step="a = torch.stack([a[b] * 0.8 for b in range(x.shape[0])])",
    ),
    Feature(
        "a choice by value",
        top="LIMIT$ = 0.0",
        step="a = a * 0.5 if float(a.sum()) > LIMIT$ else torch.tanh(a)",
        changes=("LIMIT$ = 100.0", "LIMIT$ = -100.0"),
    ),
]

HOOKS = [
    Feature(
        "hooks of a module within",
        init="self.inner$ = nn.Linear(3, 3)",
        step="a = self.inner$(a)",
        changes=(
            "handle$ = cell.inner$.register_forward_hook(lambda m, i, o: o * 0.5)",
            "handle$ = cell.inner$.register_forward_pre_hook(lambda m, i: (i[0] * 0.3,))",
            "handle$ = cell.inner$.register_full_backward_hook(lambda m, i, o: (i[0] * 0.5,))",
            "handle$ = cell.inner$.register_full_backward_pre_hook(lambda m, o: (o[0] * 2,))",
            "handle$.remove()",
            "cell.inner$._forward_hooks.clear()",
        ),
    ),
    Feature(
        "hooks that read",
        top="HOOKED$ = 0.5",
        init="self.inner$ = nn.Linear(3, 3)\n"
        "self.inner$.register_forward_hook(lambda m, i, o: o * HOOKED$)",
        step="a = self.inner$(a)",
        changes=("HOOKED$ = 0.3", "HOOKED$ = 0.8", "cell.inner$._forward_hooks.clear()"),
    ),
    Feature(
        "hooks that record",
        top="SEEN$ = []\nBACK$ = []\ndef record$(module, inputs, output):\n"
        "    SEEN$.append(output.detach())\n"
        "def back$(module, inputs, outputs):\n    BACK$.append(outputs[0].clone())",
        init="self.inner$ = nn.Linear(3, 3)",
        step="a = self.inner$(a)",
        changes=(
            "handle$ = cell.inner$.register_forward_hook(record$)",
            "handle$.remove()",
            "SEEN$.clear()",
            "other$ = cell.inner$.register_full_backward_hook(back$)",
            "handle$ = cell.register_forward_hook(lambda m, i, o: SEEN$.append(o[0].detach()))",
        ),
        watched=("SEEN$", "BACK$"),
        threads=False,
    ),
    Feature(
        "hooks of the cell",
        changes=(
            "handle$ = cell.register_forward_hook(lambda m, i, o: (o[0] * 0.5, o[1]))",
            "handle$ = cell.register_forward_pre_hook(lambda m, i: (i[0] * 0.3, i[1]))",
            "handle$.remove()",
            "cell._forward_hooks.clear()",
        ),
    ),
    Feature(
        "hooks of a weight",
        changes=(
            "handle$ = cell.lin.weight.register_hook(lambda gradient: gradient * 0.5)",
            "handle$.remove()",
            "handle$ = cell.lin.bias.register_post_accumulate_grad_hook("
            "lambda w: setattr(w, 'grad', w.grad * 0.5))",
        ),
    ),
    Feature(
        "hooks of all modules",
        top="handles$ = []",
        changes=(
            "handles$.append(nn.modules.module.register_module_forward_hook("
            "lambda m, i, o: o * 0.5 if m is cell.lin else None))",
            "handles$.append(nn.modules.module.register_module_forward_pre_hook("
            "lambda m, i: (i[0] * 0.8,) if m is cell.lin else None))",
            "handles$.pop().remove()",
        ),
        end="while handles$: handles$.pop().remove()",
    ),
]
