"""recurra hello: the first recurrent network that everybody draws, with every number in view."""

import math

from rich.console import Console, Group
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from recurra.probe import HelloNetwork, Moment

STEPS = 200
SHOWN = (0, 1, 2, 5, 10, 20, 50, 100, 199)
BAR = 40


def show_hello(console: Console, seed: int) -> None:
    """Train the network and show it before, while and after it learns."""
    network = HelloNetwork(seed=seed)
    console.print(_introduction(network))
    console.print(Rule("[bold]1  before learning[/]  the scores are random"))
    console.print(_moments(network))
    losses = list(network.learn(steps=STEPS))
    console.print(Rule("[bold]2  learning[/]  the loss goes down"))
    console.print(_losses(losses))
    console.print(Rule("[bold]3  after learning[/]  the same network, the same four inputs"))
    console.print(_moments(network))
    console.print(Rule("[bold]4  writing[/]  each prediction is fed back in"))
    console.print(_spelling(network))


def _introduction(network: HelloNetwork) -> Panel:
    parameters = sum(parameter.numel() for parameter in network.parameters())
    words = (
        "Read the letters of 'hell' one by one, and always say the next one.\n"
        "The two l's look the same, but what follows them is not: a network\n"
        "without memory must fail. This one carries a hidden state h along.\n\n"
        "  h_t      = tanh(W_x x_t + W_h h_(t-1) + b)     the same at every step\n"
        "  scores_t = W_y h_t + b_y                       one score a letter\n"
        "  softmax  = exp(scores) / sum of exp(scores)    as probabilities\n"
        "  loss     = -log softmax[target]                0 if sure and right\n\n"
        f"x_t is one-hot over h e l o, h_t has {network.cell.hidden_size} numbers, "
        f"{parameters} weights in all."
    )
    return Panel(
        Text(words),
        title="[bold]hello: a vanilla recurrent network",
        title_align="left",
        border_style="cyan",
        expand=False,
    )


def _moments(network: HelloNetwork) -> Table:
    """Lay the steps out as everybody draws them: time from left to right, layers downwards."""
    moments, letters = network.moments(), network.vocabulary.symbols
    table = Table(box=None, padding=(0, 1), header_style="bold")
    table.add_column("", width=13)
    table.add_column("", style="dim")
    for t in range(1, len(moments) + 1):
        table.add_column(f"t = {t}", justify="right", width=9)
    table.add_row("input", "", *(Text(f"'{each.symbol}'", "bold cyan") for each in moments))
    for i, letter in enumerate(letters):
        label = "  one-hot x" if i == 0 else ""
        table.add_row(label, letter, *(f"{each.one_hot[i]:.0f}" for each in moments))
    table.add_section()
    for i in range(len(moments[0].hidden)):
        label = "hidden h  ->" if i == 0 else ""
        table.add_row(label, "", *(f"{each.hidden[i]:+.2f}" for each in moments))
    for i, letter in enumerate(letters):
        label = "scores" if i == 0 else ""
        table.add_row(label, letter, *(f"{each.scores[i]:+.1f}" for each in moments))
    for i, letter in enumerate(letters):
        label = "softmax" if i == 0 else ""
        table.add_row(label, letter, *(_probability(each, i, letter) for each in moments))
    table.add_row("target", "", *(_verdict(each, letters) for each in moments))
    table.add_row("loss", "", *(f"{each.loss:.3f}" for each in moments))
    return table


def _probability(moment: Moment, i: int, letter: str) -> Text:
    """Write a probability: green where it should be high, red where it wrongly is the highest."""
    value = moment.probabilities[i]
    if letter == moment.target:
        return Text(f"{value:.2f}", "bold green")
    return Text(f"{value:.2f}", "red" if value == max(moment.probabilities) else "dim")


def _verdict(moment: Moment, letters: tuple[str, ...]) -> Text:
    guess = letters[moment.probabilities.index(max(moment.probabilities))]
    if guess == moment.target:
        return Text(f"'{moment.target}' ✓", "bold green")
    return Text(f"'{moment.target}' not {guess}", "red")


def _losses(losses: list[float]) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="bold")
    table.add_column("update", justify="right")
    table.add_column("mean loss", justify="right")
    table.add_column("")
    for step in SHOWN:
        length = max(1, round(BAR * losses[step] / max(losses)))
        table.add_row(str(step), f"{losses[step]:.3f}", Text("█" * length, style="cyan"))
    table.add_row("", "", Text(f"guessing blindly would be log 4 = {math.log(4):.3f}", "dim"))
    return table


def _spelling(network: HelloNetwork) -> Group:
    word = network.spell("h", length=4)
    lines = [
        Text.assemble(f"  {word[: t + 1]:<6}-> ", (word[t + 1], "bold green"))
        for t in range(len(word) - 1)
    ]
    start = word[:-1]
    return Group(*lines, Text.assemble("\n", (f"{start} -> {word}", "bold green")))
