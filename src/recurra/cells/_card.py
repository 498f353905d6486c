"""Cards: what the docstring of a cell says of it, in parts that commands and pages can use."""

import ast
import inspect
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_LABELS = ("Conventions", "Size", "Source")
_ENDS = ("Args:", "Raises:", "Example:", "Attributes:")


@dataclass(frozen=True)
class Equation:
    """One equation, and the words beside it.

    Args:
        text: as it is written, `c_t = f_t * c_{t-1} + i_t * g_t`.
        comment: what it is, such as "forget gate"; empty where nothing is said.
    """

    text: str
    comment: str


@dataclass(frozen=True)
class Card:
    """What the docstring of a cell says.

    Args:
        summary: the first line.
        use: why and when.
        equations: of one step, in order.
        conventions: the order of gates, which of them keeps the state, how many biases.
        size: the number of parameters: a formula of I, H and others, and after a comma what changes
            it.
        source: where the cell was published.
    """

    summary: str
    use: str
    equations: tuple[Equation, ...]
    conventions: str
    size: str
    source: str

    @property
    def citation(self) -> str:
        """The first author and the year: "Elman 1990"."""
        author = re.search(r"(?:[A-Z][\w-]*\. )+(?P<name>[^ ,]+)", self.source)
        year = re.search(r"\((?P<year>\d{4})\)", self.source)
        return " ".join(found[1] for found in (author, year) if found)

    def parameters(self, sizes: Mapping[str, int]) -> int:
        """Work out the number of parameters for sizes such as `{"I": 3, "H": 5}`.

        Raises:
            ValueError: the formula is none, or has a letter without a size.
        """
        return _worked_out(_product_signs(self.size.partition(",")[0]), sizes)


def card_of(cell: type) -> Card:
    """Read the docstring of a cell: summary, use, equations, `Conventions:`, `Size:`, `Source:`.

    Raises:
        ValueError: a part is missing.
    """
    summary, *paragraphs = _paragraphs(cell)
    conventions, size, source = (_labelled(paragraphs, label) for label in _LABELS)
    plain = [each for each in paragraphs if not each.startswith((" ", *_LABELS))]
    lines = [line for each in paragraphs if each.startswith(" ") for line in each.split("\n")]
    use = " ".join(" ".join(plain).split())
    if not all((use, lines, conventions, size, source)):
        raise ValueError(f"the docstring of {cell.__name__} lacks a part that a card has")
    equations = tuple(_equation(line) for line in lines)
    return Card(summary, use, equations, conventions, size.removesuffix("."), source)


def _paragraphs(cell: type) -> list[str]:
    """Return the paragraphs of a docstring before its sections."""
    found = inspect.cleandoc(cell.__doc__ or "").split("\n\n")
    sections = (place for place, each in enumerate(found) if each.startswith(_ENDS))
    return found[: next(sections, len(found))]


def _labelled(paragraphs: list[str], label: str) -> str:
    """Return what follows `label:`, in a line or more, up to the next label or paragraph."""
    pattern = rf"^{label}: (?P<text>.*?)(?=\n[A-Z][a-z]+: |\Z)"
    found = (re.search(pattern, each, re.DOTALL | re.MULTILINE) for each in paragraphs)
    return next((" ".join(each["text"].split()) for each in found if each), "")


def _equation(line: str) -> Equation:
    # two spaces or more may also align an equation
    text, _, comment = line.strip().rpartition("  ")
    if not text or comment.startswith("("):
        text, comment = line, ""
    return Equation(" ".join(text.split()), comment.strip())


def _product_signs(formula: str) -> str:
    """Write the signs that mathematics leaves out: `4 H (I + H + 1)` as `4 * H * (I + H + 1)`."""
    return re.sub(r"(?<=[\w)]) +(?=[\w(])", " * ", formula)


_OPERATIONS: dict[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}


def _worked_out(formula: str, sizes: Mapping[str, int]) -> int:
    def value(node: ast.expr) -> int:
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
            return _OPERATIONS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.Name) and node.id in sizes:
            return sizes[node.id]
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        raise ValueError(f"not a formula of {', '.join(sizes)}: {formula}")

    return value(ast.parse(formula, mode="eval").body)
