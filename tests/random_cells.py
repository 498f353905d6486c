"""Hypothesis strategies that write recurrent cells, and ways to run them."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from hypothesis import strategies as st

import random_operations as tables
from random_programs import Program, RandomCell
from random_writer import LIMIT, WIDEST, Choices, Value, Writer

STATE_BOUND = 3.0
CHOICES = 400  # bytes; most cells need fewer


class Batch(NamedTuple):
    """How a cell is to be run; the input is drawn from the seed."""

    T: int
    B: int
    lengths: list[int] | None
    resets: list[list[bool]] | None  # [T][B]
    reverse: bool
    given: bool  # whether it starts from a given state
    seed: int
    float32: bool

    def options(self) -> dict[str, Any]:
        """Return the arguments of `unroll`."""
        return {
            "lengths": None if self.lengths is None else torch.tensor(self.lengths),
            "resets": None if self.resets is None else torch.tensor(self.resets),
            "reverse": self.reverse,
        }


class Case(NamedTuple):
    """A cell and how it is to be run."""

    cell: RandomCell
    batch: Batch


def random_cells(most_operations: int = 9) -> st.SearchStrategy[RandomCell]:
    """Draw a `RandomCell`: float64, bounded states, no kink where rounding decides the side."""
    data = st.binary(min_size=CHOICES, max_size=CHOICES)
    return data.map(lambda data: _cell(Writer(data), most_operations))


def random_cases(most_operations: int = 9) -> st.SearchStrategy[Case]:
    """Draw a cell and a batch to run it on."""
    data = st.binary(min_size=CHOICES, max_size=CHOICES)
    return data.map(
        lambda data: Case(_cell(Writer(data[16:]), most_operations), _batch(Choices(data[:16])))
    )


def _batch(c: Choices) -> Batch:
    reverse, given, with_lengths, with_resets = (c.often(1, 2) for _ in range(4))
    float32 = c.often(1, 5)
    seed, T, B = c.number(0, 9999), c.number(1, 6), c.number(1, 4)
    lengths = [c.number(0, T) for _ in range(B)] if with_lengths else None
    if lengths is not None:
        lengths[c.number(0, B - 1)] = T
    marks = torch.rand(T, B, generator=torch.Generator().manual_seed(seed)) < 0.3
    return Batch(
        T, B, lengths, marks.tolist() if with_resets else None, reverse, given, seed, float32
    )


def _cell(w: Writer, most_operations: int) -> RandomCell:
    states = tuple(_shape(w) for _ in range(w.number(1, 3)))
    starts = tuple(w.choose(("zeros", "learnt", "fixed")) for _ in states)
    input_size, seed = w.number(1, 5), w.number(0, 9999)
    parts = [Value(f"s{place}", shape, STATE_BOUND, False) for place, shape in enumerate(states)]
    w.values += [*parts, Value("x", (input_size,), 4.0, True, live=True)]
    _open(w, parts)
    for _ in range(w.number(1, most_operations)):
        w.choose(OPERATIONS)(w)
    following = tuple(_following(w, part).name for part in parts)
    y = _output(w, parts).name
    lines = w.lines if w.often(1, 8) else _alive(w.lines, [y, *following])
    weights = {name: shape for name, shape in w.weights.items() if _used(name, lines)}
    return RandomCell(
        Program(input_size, states, starts, weights, tuple(lines), y, following, seed)
    )


def _shape(w: Writer) -> tuple[int, ...]:
    """Choose the shape of a part of the state: most often a row."""
    kind = w.number(0, 5)
    if kind == 4:
        return ()
    return (w.number(1, 6),) if kind < 4 else (w.number(1, 3), w.number(1, 3))


def _open(w: Writer, parts: list[Value]) -> None:
    """Mix the input with the first row of the state, so that most of what follows sees both."""
    rows = [part for part in parts if len(part.shape) == 1]
    x, width = w.values[-1], w.number(1, 6)
    row = rows[0] if rows else w.pick(1)
    if w.often(1, 2):
        joint = w.write(f"torch.cat([x, {row.name}], dim=1)", (x.width + row.width,), 4.0, False)
        w.project(joint, width)
    else:
        weight_x, weight_s = w.weight(x.width, width), w.weight(row.width, width)
        w.write(f"x @ {weight_x} + {row.name} @ {weight_s} + {w.weight(width)}", (width,), 12.0)


def _following(w: Writer, part: Value) -> Value:
    """Make the next value of a part of the state, bounded."""
    drive = w.squash(_shaped(w, part.shape), 1.0)
    if w.often(1, 4):
        return drive
    form, bound = w.choose(
        (
            ("0.6 * {s} + {d}", 2.5),
            ("torch.lerp({s}, {d}, 0.4)", STATE_BOUND),
            ("{s} + 0.5 * ({d} - {s})", STATE_BOUND),
            ("torch.sin({s} + {d})", 1.0),
            ("torch.sigmoid({d}) * torch.cos({s})", 1.0),
        )
    )
    return w.write(form.format(d=drive.name, s=part.name), part.shape, bound, False)


def _shaped(w: Writer, shape: tuple[int, ...]) -> Value:
    """Take a value of this shape, or make one."""
    found = [value for value in reversed(w.values) if value.shape == shape and value.live]
    if found and w.often(2, 3):
        return found[0]
    if not shape:
        row = w.pick(1, 8, live=True)
        return w.write(f"{row.name} @ {w.weight(row.width)}", (), 2.5 * row.bound, False)
    left = w.project(w.pick(1, 4, live=True), shape[0])
    return left if len(shape) == 1 else _outer_of(w, left, w.fitted(shape[1], 4))


def _output(w: Writer, parts: list[Value]) -> Value:
    """Take a late value, most often a row, at times a part of the state or one of other dims."""
    kind = w.number(0, 9)
    if kind == 9:
        return w.choose(parts)
    value = w.pick(None if kind == 8 else 1, live=True)
    row = w.choose([other for other in w.values if len(other.shape) == 1])
    if len(value.shape) != 1 or row is value or value.width + row.width > WIDEST:
        return value
    text = f"torch.cat(({value.name}, {row.name}), -1)"
    return w.write(text, (value.width + row.width,), LIMIT, False)


def _bound(text: str, **bounds: float) -> float:
    return float(eval(text, bounds))


def _literals(w: Writer, count: int) -> str:
    return ", ".join(w.constant() for _ in range(count))


def _smooth(w: Writer) -> Value:
    text, limit, bound = w.choose(tables.SMOOTH)
    v = w.pick(None, limit)
    return w.write(text.format(v=v.name), v.shape, _bound(bound, b=v.bound), v.generic)


def _kinked(w: Writer) -> Value:
    text, limit, bound, generic = w.choose(tables.KINKED)
    v = w.pick(None, limit, generic=True)
    return w.write(text.format(v=v.name), v.shape, _bound(bound, b=v.bound), generic)


def _binary(w: Writer) -> Value:
    """Join two values of one shape; the second may be a weight, or broadcast."""
    text, limit, bound, kinked = w.choose(tables.BINARY)
    a = w.pick(None, limit, generic=kinked)
    broadcasts = "stack" not in text and "masked_fill" not in text
    b, b_bound = _partner(w, a, limit, broadcasts=broadcasts)
    return w.write(text.format(a=a.name, b=b), a.shape, _bound(bound, a=a.bound, b=b_bound), False)


def _partner(w: Writer, a: Value, limit: float, *, broadcasts: bool) -> tuple[str, float]:
    """Choose what to join with a value: another, or one of fewer dims, or parameters."""
    same = [value for value in w.values if value.shape == a.shape and value.bound <= limit]
    kind = w.number(0, 5)
    if kind <= 2:
        if len(a.shape) == 1:
            b = w.fitted(a.width, limit)
            return b.name, b.bound
        b = w.choose(same or [a])
        return b.name, b.bound
    if kind == 3 and a.shape and broadcasts:
        flat = w.pick(0, limit)
        forms = (
            ("{v}[:, None]", "{v}.unsqueeze(-1)") if len(a.shape) == 1 else ("{v}[:, None, None]",)
        )
        return w.choose(forms).format(v=flat.name), flat.bound
    if kind == 4:
        return f"torch.tanh({w.plain_weight()}) * torch.ones_like({a.name})", 1.0
    return f"({w.weight(*a.shape)}).expand_as({a.name})", 3.0


def _vector(w: Writer) -> Value:
    """Join a row with a vector or a scalar of parameters, broadcast by itself."""
    v = w.pick(None, 4)
    weight = w.weight(*(v.shape[w.number(0, len(v.shape)) :]))
    text = w.choose(("{v} * {p}", "{p} + {v}", "{v} - {p}", "{v} / (1.5 + {p} ** 2)", "{p} * {v}"))
    return w.write(text.format(v=v.name, p=weight), v.shape, 3 * v.bound + 3, False)


def _along(w: Writer, rows: Any = tables.ALONG) -> Value:
    text, limit, bound, least, kinked = w.choose(rows)
    v = w.pick(1, limit, generic=kinked, least=least)
    n = v.width
    names = {"v": v.name, "n": n}
    if "{p}" in text:
        names |= {"p": w.weight(n), "q": w.weight(n)}
    names["indices"] = ", ".join(str(w.number(0, n - 1)) for _ in range(n * ("indices" in text)))
    names["literals"] = _literals(w, n) if "literals" in text else ""
    return w.write(text.format(**names), (n,), _bound(bound.format(n=n), b=v.bound), False)


def _rare(w: Writer) -> Value:
    return _along(w, tables.RARE)


def _reduce(w: Writer) -> Value:
    text, limit, bound, kinked = w.choose(tables.REDUCE)
    v = w.pick(1, limit, generic=kinked)
    text = text.format(v=v.name, p=w.weight(v.width) if "{p}" in text else "")
    return w.write(text, (), _bound(bound.format(n=v.width), b=v.bound), False)


def _linear(w: Writer) -> Value:
    text = w.choose(tables.LINEAR)
    v, m = w.pick(1, 8), w.number(1, 6)
    return _matrix_line(w, text, v, m)


def _matrix_line(w: Writer, text: str, v: Value, m: int) -> Value:
    shapes = {"w": (v.width, m), "u": (m, v.width), "c": (m,)}
    names = {name: w.weight(*shape) for name, shape in shapes.items() if f"{{{name}}}" in text}
    line = text.format(v=v.name, **names)
    return w.write(line, (m,), 2.5 * v.bound + 1, "{c}" in text)


def _mix(w: Writer) -> Value:
    """Two rows through a matrix each, as the gates of most cells."""
    a, b, m = w.pick(1, 6), w.pick(1, 6), w.number(1, 6)
    text = f"{a.name} @ {w.weight(a.width, m)} + F.linear({b.name}, {w.weight(m, b.width)})"
    return w.write(f"torch.sigmoid({text} + {w.weight(m)})", (m,), 1.0)


def _cat(w: Writer) -> Value:
    parts = [w.pick(1) for _ in range(w.number(2, 3))]
    while sum(part.width for part in parts) > WIDEST and len(parts) > 1:
        parts.pop()
    form = w.choose(("torch.cat([{}], dim=-1)", "torch.cat(({},), 1)", "torch.hstack([{}])"))
    text = form.format(", ".join(part.name for part in parts))
    bound = max(part.bound for part in parts)
    return w.write(text, (sum(part.width for part in parts),), bound, False)


def _slice(w: Writer) -> Value:
    v = w.pick(1, least=2)
    n = v.width
    cut = w.number(1, n - 1)
    text, width = w.choose(
        (
            ("{v}[:, {cut}:]", n - cut),
            ("{v}[:, :{cut}]", cut),
            ("{v}[:, :-{cut}]", n - cut),
            ("{v}[:, -{cut}:]", cut),
            ("{v}[..., ::2]", (n + 1) // 2),
            ("{v}[:, 1::2]", n // 2),
            ("{v}.narrow(1, {cut}, {rest})", n - cut),
            ("{v}.split([{cut}, {rest}], dim=-1)[1]", n - cut),
            ("{v}[:, {cut} - 1 : {cut}]", 1),
        )
    )
    return w.write(text.format(v=v.name, cut=cut, rest=n - cut), (width,), v.bound, v.generic)


def _chunk(w: Writer) -> Value:
    """Cut a row into gates and join them again."""
    v, parts, width = w.pick(1, 6), w.number(2, 3), w.number(1, 4)
    wide = w.project(v, parts * width)
    cut = w.choose(
        (
            "{v}.chunk({parts}, dim=-1)",
            "{v}.split({width}, dim=1)",
            "torch.split({v}, {width}, -1)",
            "{v}.view(-1, {parts}, {width}).unbind(1)",
            "{v}.reshape(x.shape[0], {parts}, {width}).unbind(dim=-2)",
            "torch.tensor_split({v}, {parts}, dim=-1)",
        )
    ).format(v=wide.name, parts=parts, width=width)
    me = w.fresh()
    names = [f"{me}_{place}" for place in range(parts)]
    end = f"torch.sigmoid({names[0]}) * torch.tanh({names[1]})"
    end += f" + 0.3 * {names[2]}" if parts == 3 else ""
    lines = f"{', '.join(names)} = {cut}\n{me} = {end}"
    return w.write_lines(lines, (width,), 1 + 0.3 * wide.bound, wide.generic)


def _stack(w: Writer) -> Value:
    a = w.pick(1, least=1)
    b = w.fitted(a.width)
    form, shape = w.choose(
        (
            ("torch.stack([{a}, {b}], dim=1)", (2, a.width)),
            ("torch.stack(({a}, {b}), -1)", (a.width, 2)),
            ("torch.cat([{a}.unsqueeze(1), {b}.unsqueeze(1)], dim=1)", (2, a.width)),
        )
    )
    return w.write(form.format(a=a.name, b=b.name), shape, max(a.bound, b.bound), False)


def _in_place(w: Writer) -> Value:
    """Write into a fresh tensor: whole, or some features of it."""
    a = w.pick(1, 6, least=2)
    b, me = w.fitted(a.width, 6), w.fresh()
    text = w.choose(
        (
            "{me} = {a}.clone()\n{me} += {b}",
            "{me} = {a} * 0.9\n{me}.mul_(0.5).add_({b}, alpha=0.3)",
            "{me} = {a} + {b}\n{me} *= 0.7\n{me}.sigmoid_()",
            "{me} = {a}.clone()\n{me}[:, 0] = {b}[:, -1]",
            "{me} = torch.zeros_like({a})\n{me}[:, 1:] = {b}[:, :-1]",
            "{me} = {a} - 0.2 * {b}\n{me}[..., :1] *= 0.3",
        )
    )
    return w.write_lines(text.format(me=me, a=a.name, b=b.name), a.shape, a.bound + b.bound, False)


def _loop(w: Writer) -> Value:
    """A few iterations within the step."""
    v, me = w.pick(1, 6), w.fresh()
    n = v.width
    text = w.choose(
        (
            "{me} = {v}\nfor _ in range(3):\n    {me} = torch.tanh({me} @ {w} + {c})",
            "{me} = {v}\nfor i in range(2):\n    {me} = {me} + 0.3 * (torch.sin({me}) - i * {c})",
            "{me} = {v}\nfor _ in range(4):\n    {me} = ({me} + {c}) / (1.5 + {me} * {me})",
        )
    )
    matrix = w.weight(n, n) if "{w}" in text else ""
    text = text.format(me=me, v=v.name, w=matrix, c=w.weight(n))
    return w.write_lines(text, v.shape, v.bound + 3, False)


def _outer(w: Writer) -> Value:
    return _outer_of(w, _narrow(w), _narrow(w))


def _narrow(w: Writer) -> Value:
    row = w.pick(1, 3)
    return row if row.width <= 4 else w.project(row, 3)


def _outer_of(w: Writer, a: Value, b: Value) -> Value:
    form = w.choose(tables.OUTER)
    shape = (a.width, b.width)
    return w.write(form.format(a=a.name, b=b.name), shape, a.bound * b.bound, False)


def _cube(w: Writer) -> Value:
    text, bound, result = w.choose(tables.CUBE)
    c, k = w.pick(2, 3), w.number(1, 4)
    n, m = c.shape
    sizes = {"n": n, "m": m, "k": k}
    weight = w.weight(m, k) if "{w}" in text else ""
    shape = tuple(sizes[letter] for letter in result.split(","))
    line = text.format(c=c.name, w=weight, **sizes)
    return w.write(line, shape, _bound(bound, b=c.bound), False)


def _flatten(w: Writer) -> Value:
    text, bound, width = w.choose(tables.FLATTEN)
    c = w.pick(2, 3)
    sizes = dict(zip("nm", c.shape, strict=True))
    wide = int(_bound(width, **sizes))
    v = w.write(text.format(c=c.name), (wide,), _bound(bound.format(**sizes), b=c.bound), False)
    return v if wide <= WIDEST else w.project(v, 4)


def _contract(w: Writer) -> Value:
    c = w.pick(2, 3)
    n, m = c.shape
    row = w.fitted(m, 3)
    text = w.choose(tables.CONTRACT).format(c=c.name, r=row.name, n=n, m=m)
    return w.write(text, (n,), m * c.bound * row.bound, False)


OPERATIONS: tuple[Callable[[Writer], Value], ...] = (
    *(4 * [_smooth]),
    *(4 * [_kinked]),
    *(5 * [_binary]),
    *(2 * [_vector]),
    *(3 * [_linear]),
    *(2 * [_mix]),
    *(3 * [_along]),
    *(2 * [_chunk]),
    *(2 * [_slice]),
    _cat,
    _stack,
    _reduce,
    _in_place,
    _loop,
    *(2 * [_outer]),
    *(2 * [_cube]),
    *(2 * [_flatten]),
    *(2 * [_contract]),
    _rare,
)


def _alive(lines: list[str], results: list[str]) -> list[str]:
    """Leave out the lines that no result depends on."""
    needed, kept = set(results), []
    for line in reversed(lines):
        names = set(re.findall(r"\b[vs]\d+\b", line))
        made = {name for name in names if re.search(rf"^{name} = ", line, re.MULTILINE)}
        if made & needed:
            needed |= names
            kept.append(line)
    return kept[::-1]


def _used(name: str, lines: list[str]) -> bool:
    return any(re.search(rf"\bself\.{name}\b", line) for line in lines)
