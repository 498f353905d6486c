"""recurra perceptron: what one layer can learn, and what takes two."""

from textwrap import fill

import torch
from rich.console import Console, Group
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from recurra.layers import Perceptron, PerceptronEpoch
from recurra.probe import Attempt, gate_rows, gate_table, learn_by_one_layer, learn_by_two_layers

SHOWN = ("AND", "OR", "XOR")
BAR, WIDTH = 40, 76
WHY = """A line w1 x1 + w2 x2 + b = 0 that does XOR would have to satisfy

  0 0 -> 0   b <= 0              0 1 -> 1   w2 + b > 0
  1 1 -> 0   w1 + w2 + b <= 0    1 0 -> 1   w1 + b > 0

The two on the left add up to  w1 + w2 + 2b <= 0,
the two on the right to        w1 + w2 + 2b > 0. There is no such line."""


def show_perceptron(console: Console, seed: int) -> None:
    """Show the gates, a perceptron that learns them, and the one that takes a second layer."""
    console.print(_introduction())
    console.print(Rule("[bold]1  truth tables[/]  what is to be learnt"))
    console.print(_truth_tables())
    for number, gate in enumerate(SHOWN, start=2):
        verb = "does not learn" if gate == "XOR" else "learns"
        console.print(Rule(f"[bold]{number}  {gate}[/]  one layer {verb} it, pass after pass"))
        console.print(_passes(gate))
    console.print(Text(WHY, "dim"), "")
    tried = learn_by_two_layers("XOR", seed=seed)
    console.print(Rule("[bold]5  XOR[/]  two layers learn it, by gradients"))
    console.print(_attempts(tried))
    console.print(Rule("[bold]6  the hidden features[/]  where one line is enough"))
    console.print(_hidden(tried[-1]))


def _introduction() -> Panel:
    words = (
        "A perceptron draws one line through the plane of its inputs and says 1 on\n"
        "one side. It goes through the rows, and moves after each mistake.\n\n"
        "  y = 1 if w1 x1 + w2 x2 + b > 0, else 0\n"
        "  w <- w + (target - y) x       b <- b + (target - y)"
    )
    return Panel(
        Text(words),
        title="[bold]perceptron: from one layer to two",
        title_align="left",
        border_style="cyan",
        expand=False,
    )


def _table(*titles: str) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="bold")
    for title in titles:
        table.add_column(title, justify="right")
    return table


def _truth_tables() -> Table:
    table = _table("x1", "x2", *SHOWN)
    inputs, _ = gate_table("AND")
    for i, row in enumerate(inputs.int().tolist()):
        outputs = (str(int(gate_table(gate)[1][i])) for gate in SHOWN)
        table.add_row(*map(str, row), *outputs)
    return table


def _passes(gate: str) -> Group:
    learning = learn_by_one_layer(gate)
    table = _table("pass", "mistakes", "w1", "w2", "b", "0 0", "0 1", "1 0", "1 1")
    for number, epoch in enumerate(learning.epochs, start=1):
        numbers = (*epoch.weight[0].tolist(), float(epoch.bias[0]))
        signed = (f"{value:+.0f}" for value in numbers)
        table.add_row(str(number), str(epoch.mistakes), *signed, *_decisions(gate, epoch))
    style = "bold green" if learning.separated else "bold red"
    return Group(table, Text(fill(str(learning), WIDTH), style), "")


def _decisions(gate: str, epoch: PerceptronEpoch) -> list[Text]:
    """Write what the weights after a pass say of each row: green where it is right."""
    inputs, outputs = gate_table(gate)
    scores = inputs @ epoch.weight[0] + epoch.bias[0]
    pairs = zip((scores > 0).int().tolist(), outputs.tolist(), strict=True)
    return [Text(str(said), "green" if said == right else "red") for said, right in pairs]


def _attempts(tried: list[Attempt]) -> Group:
    table = _table("weights", "step", "mean loss")
    table.add_column("")
    highest = max(max(each.losses) for each in tried)
    for number, attempt in enumerate(tried, start=1):
        for step in _shown_steps(len(attempt.losses)):
            loss = attempt.losses[step]
            bar = Text("█" * max(1, round(BAR * loss / highest)), style="cyan")
            table.add_row(str(number) if step == 0 else "", str(step), f"{loss:.3f}", bar)
        if not attempt.solved:
            table.add_row("", "", "", Text("stuck: begin again from other weights", "red"))
    equations = (
        "  h1 = tanh(...)   h2 = tanh(...)   each of x1, x2\n"
        "  p  = sigmoid(v1 h1 + v2 h2 + c)   probability of a 1\n"
    )
    return Group(Text(equations), table, "")


def _shown_steps(count: int) -> list[int]:
    return [step for step in (0, 20, 50, 100) if step < count - 1] + [count - 1]


def _hidden(attempt: Attempt) -> Group:
    table = _table("x1", "x2", "h1", "h2", "p", "target")
    rows = gate_rows(attempt.network, "XOR")
    for row in rows:
        inputs = (f"{value:.0f}" for value in row.inputs)
        hidden = (f"{value:+.2f}" for value in row.hidden)
        right = (row.probability > 0.5) == bool(row.target)
        verdict = Text(f"{row.target} {'✓' if right else '✗'}", "bold green" if right else "red")
        table.add_row(*inputs, *hidden, f"{row.probability:.2f}", verdict)
    features = torch.tensor([row.hidden for row in rows])
    learning = Perceptron(features.shape[1]).learn(features, gate_table("XOR")[1], epochs=1000)
    words = fill(f"A perceptron that reads h1 and h2 instead of x1 and x2: {learning}", WIDTH)
    return Group(table, Text(words, "bold green" if learning.separated else "red"))
