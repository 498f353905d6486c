"""The expressions that random steps are written with, in the many ways that people write them.

Letters in braces are values; the columns of each table are named above it. A limit is the largest
bound that the arguments may have; a bound is that of the result, from those of the arguments.
Whatever has a kink takes its argument `generic` (see `Value`). Nothing may mix rows of the batch.
"""

# Any value to one of the same shape: limit, bound.
SMOOTH = (
    ("torch.tanh({v})", 8, "1"),
    ("{v}.tanh()", 8, "1"),
    ("torch.sigmoid({v})", 12, "1"),
    ("{v}.sigmoid()", 12, "1"),
    ("F.silu({v})", 12, "b"),
    ("F.gelu({v})", 6, "b"),
    ("F.gelu({v}, approximate='tanh')", 6, "b"),
    ("F.elu({v})", 12, "b + 1"),
    ("F.celu({v}, alpha=0.7)", 12, "b + 1"),
    ("F.softplus({v})", 12, "b + 1"),
    ("F.softplus({v}, beta=2.0)", 9, "b + 1"),
    ("F.logsigmoid({v})", 12, "b + 1"),
    ("F.mish({v})", 9, "b"),
    ("F.softsign({v} * {v})", 6, "1"),
    ("F.tanhshrink({v})", 8, "b"),
    ("torch.sin({v})", 6, "1"),
    ("{v}.cos()", 6, "1"),
    ("torch.atan({v})", 12, "2"),
    ("torch.asinh({v})", 12, "4"),
    ("torch.sinh({v})", 2, "4"),
    ("torch.erf({v})", 3, "1"),
    ("torch.exp({v})", 2, "8"),
    ("torch.exp(-{v} * {v})", 4, "1"),
    ("torch.exp2({v})", 3, "8"),
    ("torch.expm1({v})", 2, "8"),
    ("torch.log1p({v} * {v})", 12, "6"),
    ("torch.log(1.5 + torch.cos({v}))", 6, "2"),
    ("torch.log2({v}.square() + 0.7)", 12, "8"),
    ("torch.sqrt(1 + {v} * {v})", 12, "b + 1"),
    ("({v} ** 2 + 0.5).sqrt()", 12, "b + 1"),
    ("torch.rsqrt(0.5 + {v}.pow(2))", 12, "2"),
    ("1 / (1 + torch.exp(-{v}))", 6, "1"),
    ("(1 + {v}.square()).reciprocal()", 12, "1"),
    ("{v}.pow(3)", 2, "8"),
    ("(0.3 + {v} * {v}) ** 1.5", 3, "30"),
    ("2.0 ** {v}", 3, "8"),
    ("-{v}", 12, "b"),
    ("1 - {v}", 12, "b + 1"),
    ("0.5 * {v}", 12, "b"),
    ("{v} / 3", 12, "b"),
    ("2 * {v} + 0.1", 12, "2 * b + 1"),
    ("torch.neg({v}).mul(0.9)", 12, "b"),
    ("{v}.detach() * 0.6 + 0.4 * {v}", 12, "b"),
    ("{v} * torch.ones_like({v}) * 1.1", 12, "2 * b"),
    ("({v} + torch.zeros_like({v})).contiguous()", 12, "b"),
    ("{v}.clone()", 12, "b"),
    ("torch.sub({v}, 0.3, alpha=2)", 12, "b + 1"),
    ("torch.rsub({v}, 0.8)", 12, "b + 1"),
    ("torch.addcmul({v}, {v}, {v}, value=0.3)", 3, "6"),
)

# The same with a kink: limit, bound, whether the result is generic again.
KINKED = (
    ("torch.relu({v})", 12, "b", False),
    ("F.relu({v})", 12, "b", False),
    ("{v}.relu() + 0.1", 12, "b", False),
    ("F.relu6({v})", 12, "6", False),
    ("F.leaky_relu({v})", 12, "b", True),
    ("F.leaky_relu({v}, 0.2)", 12, "b", True),
    ("F.selu({v})", 12, "2 * b", True),
    ("F.hardtanh({v})", 12, "1", False),
    ("F.hardtanh({v}, -0.4, 0.7)", 12, "1", False),
    ("F.hardswish({v})", 12, "b", False),
    ("F.softshrink({v}, 0.3)", 12, "b", False),
    ("F.hardshrink({v}, 0.3)", 12, "b", False),
    ("F.threshold({v}, 0.1, -0.5)", 12, "b + 1", False),
    ("{v}.clamp(-0.8, 0.9)", 12, "1", False),
    ("torch.clamp({v}, min=0.05)", 12, "b", False),
    ("{v}.clamp(max=0.6)", 12, "b", False),
    ("torch.clamp_min({v}, -0.3)", 12, "b", False),
    ("torch.abs({v})", 12, "b", True),
    ("{v}.abs().sqrt()", 12, "b", True),
    ("torch.sign({v})", 12, "1", False),
    ("torch.floor({v}) + 0.3 * {v}", 12, "b + 1", False),
    ("torch.round({v}) - {v}", 12, "1", False),
    ("torch.frac({v})", 12, "1", False),
    ("torch.remainder({v}, 1.7)", 12, "2", False),
    ("{v} * ({v} > 0)", 12, "b", False),
    ("torch.where({v} > 0.2, {v}, 0.2 * {v})", 12, "b", False),
    ("torch.where({v} < 0, torch.exp({v}.clamp(max=0.0)) - 1, {v})", 12, "b + 1", False),
    ("{v}.masked_fill({v} < -0.3, 0.25)", 12, "b", False),
    ("({v} >= 0.1).to(x.dtype) + 0.2 * {v}", 12, "b + 1", False),
    ("torch.where(({v} > -0.5) & ~({v} > 0.5), {v} * {v}, {v})", 12, "b + 1", False),
    ("torch.heaviside({v}.detach(), x.new_zeros(())) * {v}.sin()", 6, "1", False),
)

# Two values of the same shape: limit, bound, whether `a` meets a kink.
BINARY = (
    ("{a} + {b}", 12, "a + b", False),
    ("{a} * {b}", 6, "a * b", False),
    ("{a} - {b}", 12, "a + b", False),
    ("torch.add({a}, {b}, alpha=0.7)", 12, "a + b", False),
    ("torch.mul({a}, {b}).add(0.2)", 6, "a * b + 1", False),
    ("{a} / (0.6 + {b} * {b})", 6, "2 * a", False),
    ("torch.div({a}, 1.1 + torch.sigmoid({b}))", 12, "a", False),
    ("torch.lerp({a}, {b}, 0.3)", 12, "a + b", False),
    ("torch.lerp({a}, {b}, torch.sigmoid({a}))", 8, "a + b", False),
    ("torch.addcmul({a}, {b}, torch.tanh({b}), value=0.5)", 8, "a + b", False),
    ("torch.addcdiv({a}, {b}, 1 + {a} * {a})", 8, "a + b", False),
    ("torch.logaddexp({a}, {b})", 8, "a + b", False),
    ("torch.atan2({a}, 1.5 + {b} * {b})", 6, "2", False),
    ("torch.hypot({a}, 0.5 + {b} * {b})", 5, "a + b * b + 1", False),
    ("(0.4 + {b} * {b}).pow(torch.tanh({a}))", 6, "40", False),
    ("torch.sigmoid({a}) * {b} + (1 - torch.sigmoid({a})) * {a}", 8, "a + b", False),
    ("({a} + {b}).mul_({b}.tanh())", 8, "a + b", False),
    ("({a} * 1.1).add_({b}).tanh_()", 6, "1", False),
    ("torch.maximum({a}, 0.7 * {b} + 0.13)", 12, "a + b", True),
    ("torch.minimum({a}, 0.7 * {b} + 0.13)", 12, "a + b", True),
    ("torch.max({a}, 0.6 * {b}.detach() - 0.21)", 12, "a + b", True),
    ("torch.where({a} > 0.7 * {b} + 0.13, {b}, {a})", 12, "a + b", True),
    ("torch.where({a} < 0.3, {b}, 0.5)", 12, "b + 1", True),
    ("torch.where({a} > 0.1, torch.sin({b}), torch.cos({b}))", 6, "1", True),
    ("({a} > 0.1) * {b}", 12, "b", True),
    ("{b}.masked_fill(({a} < -0.2) | ({a} > 0.6), 0.0)", 12, "b", True),
    ("torch.stack([{a}, 0.7 * {b} + 0.13], dim=-1).amax(dim=-1)", 12, "a + b", True),
)

# A row to one of the same width `n`, across features: limit, bound, least width, whether kinked.
ALONG = (
    ("torch.softmax({v}, dim=-1)", 10, "1", 2, False),
    ("{v}.softmax(1)", 10, "1", 2, False),
    ("F.log_softmax({v}, dim=-1)", 10, "2 * b + 2", 2, False),
    ("{v} - {v}.mean(dim=-1, keepdim=True)", 12, "2 * b", 2, False),
    ("{v} - torch.logsumexp({v}, dim=-1, keepdim=True)", 10, "2 * b + 2", 2, False),
    ("F.layer_norm({v}, ({n},))", 12, "3", 3, True),
    ("F.layer_norm({v}, {v}.shape[-1:], {p}, {q})", 12, "8", 3, True),
    ("F.rms_norm({v}, ({n},))", 12, "3", 2, True),
    ("({v} - {v}.mean(-1, True)) / ({v}.var(-1, keepdim=True) + 0.1).sqrt()", 12, "3", 2, True),
    ("{v} * torch.rsqrt({v}.pow(2).mean(-1, keepdim=True) + 1e-3)", 12, "3", 2, True),
    ("{v} / ({v}.std(dim=1, unbiased=False, keepdim=True) + 0.2)", 12, "9", 3, True),
    ("{v} / (0.3 + {v}.norm(dim=-1, keepdim=True))", 12, "1", 2, True),
    ("F.normalize({v}, dim=-1)", 12, "1", 2, True),
    ("{v} - {v}.amax(dim=-1, keepdim=True)", 12, "2 * b", 2, True),
    ("{v} * {v}.min(dim=1, keepdim=True)[0]", 5, "b * b", 2, True),
    ("{v} * ({v} > 0.1).sum(dim=-1, keepdim=True)", 2, "{n} * b", 2, True),
    ("{v}.roll(1, dims=-1) * 0.5 + {v}", 12, "2 * b", 2, False),
    ("{v}[:, [{indices}]] * {v}", 5, "b * b", 2, False),
    ("torch.cat([{v}[:, -1:], {v}[:, :-1]], dim=1) - 0.4 * {v}", 12, "2 * b", 2, False),
    ("F.pad({v}[..., 1:], (0, 1)) + 0.5 * {v}", 12, "2 * b", 2, False),
    ("{v} * torch.arange({n}, dtype=x.dtype)", 2, "{n} * b", 2, False),
    ("{v} + x.new_tensor([{literals}])", 12, "b + 2", 2, False),
    ("{v} * torch.tensor([{literals}]).to({v})", 6, "2 * b", 2, False),
    ("{v} + torch.linspace(-1, 1, {n}, dtype=x.dtype, device=x.device)", 12, "b + 1", 2, False),
)

# What a kernel may well refuse; seldom drawn.
RARE = (
    ("torch.cumsum({v}, dim=-1)", 2, "{n} * b", 2, False),
    ("{v}.flip(-1) - 0.5 * {v}", 12, "2 * b", 2, False),
    ("torch.sort({v}, dim=-1).values", 12, "b", 2, True),
    ("F.one_hot({v}.argmax(dim=-1), {n}) * {v}", 12, "b", 2, True),
    ("{v} - {v}.gather(1, {v}.argmax(1, keepdim=True))", 12, "2 * b", 2, True),
    ("{v} * {v}.topk(2, dim=-1).values.sum(-1, keepdim=True)", 3, "2 * b * b", 2, True),
    ("{v} * torch.prod(torch.cos({v}), dim=-1, keepdim=True)", 3, "b", 2, False),
)

# A row to `[B]`: limit, bound, whether kinked.
REDUCE = (
    ("{v}.sum(dim=-1)", 2, "{n} * b", False),
    ("{v}.mean(1)", 12, "b", False),
    ("torch.mean({v}, dim=-1)", 12, "b", False),
    ("{v}.amax(dim=-1)", 12, "b", True),
    ("{v}.max(dim=-1).values", 12, "b", True),
    ("torch.amin({v}, 1)", 12, "b", True),
    ("torch.logsumexp({v}, dim=1)", 10, "b + 2", False),
    ("{v}.square().mean(-1)", 4, "b * b", False),
    ("{v}[:, 0]", 12, "b", False),
    ("{v}[..., -1]", 12, "b", False),
    ("{v}.select(1, 0) * 0.9", 12, "b", False),
    ("{v} @ {p}", 5, "3 * b", False),
    ("torch.einsum('bi,i->b', {v}, {p})", 5, "3 * b", False),
    ("({v} * {v}).sum(-1)", 2, "{n} * b * b", False),
)

# A row to a row of width `m` by matrices: `w` is [n, m], `u` is [m, n], `c` is [m].
LINEAR = (
    "F.linear({v}, {u}, {c})",
    "F.linear({v}, {u})",
    "{v} @ {w}",
    "{v} @ {w} + {c}",
    "torch.matmul({v}, {w}).add({c})",
    "{v}.mm({w})",
    "torch.addmm({c}, {v}, {w})",
    "torch.einsum('bi,oi->bo', {v}, {u})",
    "torch.einsum('bi,ij->bj', {v}, {w}) + {c}",
    "({v}.unsqueeze(1) * {u}).sum(-1)",
    "({u} @ {v}.T).T",
    "torch.matmul({u}, {v}.unsqueeze(-1)).squeeze(-1)",
)

# A cube [B, n, m] with row [B, m] to a row [B, n].
CONTRACT = (
    "torch.bmm({c}, {r}.unsqueeze(2)).squeeze(2)",
    "({c} @ {r}[..., None])[..., 0]",
    "({c} * {r}.unsqueeze(1)).sum(dim=2)",
    "torch.einsum('bnm,bm->bn', {c}, {r})",
    "torch.matmul({c}, {r}.view(-1, {m}, 1)).flatten(1)",
    "({c} * {r}[:, None]).mean(-1)",
    "torch.stack([({c}[:, i] * {r}).sum(-1) for i in range({n})], dim=1)",
)

# Rows [B, n] and [B, m] to a cube.
OUTER = (
    "{a}.unsqueeze(2) * {b}.unsqueeze(1)",
    "{a}[:, :, None] * {b}[:, None, :]",
    "torch.einsum('bn,bm->bnm', {a}, {b})",
    "torch.bmm({a}.unsqueeze(-1), {b}.unsqueeze(1))",
    "torch.tanh({a}.unsqueeze(-1) + {b}.unsqueeze(-2))",
)

# A cube [B, n, m] to a cube: bound, shape.
CUBE = (
    ("{c}.transpose(1, 2)", "b", "m,n"),
    ("{c}.permute(0, 2, 1).contiguous()", "b", "m,n"),
    ("{c}.mT * 0.8", "b", "m,n"),
    ("{c} @ {w}", "3 * b", "n,k"),
    ("F.linear({c}, {w}.t())", "3 * b", "n,k"),
    ("torch.einsum('bnm,mk->bnk', {c}, {w})", "3 * b", "n,k"),
    ("torch.einsum('bnm,mk->bkn', {c}, {w})", "3 * b", "k,n"),
    ("{c} @ {c}.transpose(-1, -2)", "4 * b * b", "n,n"),
    ("torch.softmax({c}, dim=-1)", "1", "n,m"),
    ("torch.softmax({c}, dim=1)", "1", "n,m"),
    ("{c} - {c}.mean(dim=(1, 2), keepdim=True)", "2 * b", "n,m"),
    ("torch.cat([{c}[:, 1:], {c}[:, :1]], dim=1)", "b", "n,m"),
    ("{c}.reshape(-1, {m}, {n})", "b", "m,n"),
    ("{c}.flatten(1).view(x.size(0), {m}, {n})", "b", "m,n"),
    ("{c}[:, -1:].expand(-1, {n}, -1) * 0.5 + {c}", "2 * b", "n,m"),
)

# A cube [B, n, m] to a row: bound, width.
FLATTEN = (
    ("{c}.flatten(1)", "b", "n*m"),
    ("{c}.reshape(x.shape[0], -1)", "b", "n*m"),
    ("{c}.sum(dim=1)", "{n} * b", "m"),
    ("{c}.mean(2)", "b", "n"),
    ("{c}[:, 0]", "b", "m"),
    ("{c}[:, :, -1]", "b", "n"),
    ("{c}.unbind(1)[-1] * 0.7", "b", "m"),
    ("torch.logsumexp({c}, dim=1)", "b + 2", "m"),
    ("{c}.select(2, 0).sin()", "1", "n"),
)
