"""Read an equation of a docstring, `c_t = f_t * c_{t-1} + i_t * g_t`, into a tree.

    list       relations and words, parted by `,` and `;`
    relation   sums, joined by `=`, `~`, `<=`, `in` and the like
    sum        products, joined by `+` and `-`
    product    factors side by side, joined by `*` (elementwise), `@`, `/`
    factor     a name, number or bracket with subscripts and superscripts

Factors that stand side by side bind more tightly than `*` and `/`: in `A b / c` all of
A b is divided.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from equation_tree import Fraction, Group, Name, Number, Root, Row, Script, Sign, Text, Tree
from equation_words import (
    ACCENTS,
    ARTICLES,
    CONNECTIVES,
    GREEK,
    OPERATORS,
    PRIME,
    RELATIONS,
    STAR,
    TRANSPOSED,
    WORDS,
)

_TOKEN = re.compile(
    r"""\s*(?: (?P<number>\d+(?:\.\d+)?) | (?P<name>[^\W\d_]+\d*) | (?P<string>"[^"]*")
    | (?P<sign>\.\.\.|\|\||<=|>=|!=|->|:=|\*\*|//|[-+*/@=<>~,;:|()\[\]{}^_'.]) )""",
    re.VERBOSE,
)
_CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|", "||": "‖"}
_SEPARATORS = {",", ";"}


class EquationError(ValueError):
    """An equation that nobody can typeset; the message has the equation and what is wrong."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def read_equation(text: str) -> Row:
    """Read an equation, or any formula.

    Returns:
        row: its parts; a plain equation has left side, relation, right side.

    Raises:
        EquationError: a sign is not known, a bracket not closed, a word neither function nor known.
    """
    return _Reader(text).whole()


def _tokens(text: str) -> list[_Token]:
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if not found:
            raise EquationError(f"cannot read {text[place:].strip()[:1]!r} in {text!r}")
        kind = found.lastgroup or ""
        tokens.append(_Token(kind, found[kind]))
        place = found.end()
    return tokens


class _Reader:
    """Goes through the tokens once, a method a level of the grammar."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.place = text, _tokens(text), 0
        self.bars = 0  # open |, in which the next one closes
        self.braces = 0  # of subscripts, in which words are indices

    def whole(self) -> Row:
        parts = self.list_parts()
        if self.token is not None:
            raise self.error(f"{self.token.text!r} has no place")
        if not parts:
            raise self.error("nothing is there")
        return Row(tuple(parts))

    # where we are

    @property
    def token(self) -> _Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def sign(self) -> str:
        """Return the sign that comes next, or nothing."""
        return self.token.text if self.token and self.token.kind == "sign" else ""

    def word(self) -> str:
        """Return the name that comes next, or nothing."""
        return self.token.text if self.token and self.token.kind == "name" else ""

    def take(self) -> str:
        if self.token is None:
            raise self.error("something is missing at the end")
        self.place += 1
        return self.tokens[self.place - 1].text

    def error(self, what: str) -> EquationError:
        return EquationError(f"{what} in {self.text!r}")

    # levels

    def list_parts(self) -> list[Tree]:
        parts: list[Tree] = []
        while self.token is not None and self.sign() not in {")", "]", "}"}:
            if self.bars and self.sign() in {"|", "||"}:
                break
            if self.sign() in _SEPARATORS:
                parts.append(Sign(self.take()))
            elif self.begins_words() or self.token.kind == "string":
                parts.append(Text(self.take()))
            else:
                parts += self.joined(self.sum, RELATIONS)
        return parts

    def begins_words(self) -> bool:
        """Tell whether a word between formulas comes next; `a` is one only before another."""
        following = self.tokens[self.place + 1 : self.place + 2]
        article = self.word() in ARTICLES and following and following[0].text in CONNECTIVES
        return self.word() in CONNECTIVES or bool(article)

    def listed(self) -> Tree:
        parts = self.list_parts()
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def joined(self, operand: Callable[[], Tree], signs: dict[str, str]) -> list[Tree]:
        """Read operands with signs between them."""
        parts = [operand()]
        while (self.sign() or self.word()) in signs:
            parts += [Sign(signs[self.take()]), operand()]
        return parts

    def sum(self) -> Tree:
        parts: list[Tree] = []
        if self.sign() in {"+", "-"}:
            parts.append(Sign(OPERATORS[self.take()], spaced=False))
        parts += self.joined(self.product, {each: OPERATORS[each] for each in "+-"})
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def product(self) -> Tree:
        parts: list[Tree] = [self.side_by_side()]
        while (self.sign() or self.word()) in OPERATORS.keys() - {"+", "-"}:
            sign = self.take()
            follows = self.side_by_side()
            if sign == "/":
                parts[-1] = Fraction(_bare(parts[-1]), _bare(follows))
            elif sign == "//":
                parts[-1] = Group("⌊", Fraction(_bare(parts[-1]), _bare(follows)), "⌋")
            else:
                parts += [Sign(OPERATORS[sign]), follows]
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def side_by_side(self) -> Tree:
        parts = [self.factor()]
        while self.begins_a_factor():
            parts.append(self.factor())
        return parts[0] if len(parts) == 1 else Row(tuple(parts), juxtaposed=True)

    def begins_a_factor(self) -> bool:
        if self.token is None or self.token.kind == "string":
            return False
        if self.token.kind == "sign":
            bar = self.sign() in {"|", "||"} and not self.bars
            return bar or self.sign() in {"(", "[", "{", "..."}
        return self.word() not in CONNECTIVES | RELATIONS.keys() | OPERATORS.keys()

    def factor(self) -> Tree:
        tree = self.atom()
        while self.sign() in {"_", "^", "**", "'"}:
            tree = self.scripted(tree, self.take())
        return tree

    def scripted(self, base: Tree, sign: str) -> Tree:
        script = base if isinstance(base, Script) else Script(base)
        if sign == "'":
            return Script(
                script.base,
                script.below,
                _beside(script.above, Sign(PRIME, spaced=False)),
                script.accent,
            )
        if sign == "_" and self.word() in ACCENTS:
            return Script(script.base, script.below, script.above, ACCENTS[self.take()])
        if sign == "_":
            below = _beside(script.below, self.script(_subscript))
            return Script(script.base, below, script.above, script.accent)
        above = _beside(script.above, self.script(_superscript))
        return Script(script.base, script.below, above, script.accent)

    def script(self, word: Callable[[str], Tree]) -> Tree:
        """Read what follows `_` or `^`: braces, a word, a number, or a sign."""
        if self.sign() == "{":
            self.take()
            self.braces += 1
            inner = self.listed()
            self.braces -= 1
            self.close("}")
            return inner
        if self.word():
            return word(self.take())
        if self.sign() in {"*", "+", "-"}:
            sign = Sign(STAR if self.sign() == "*" else OPERATORS[self.sign()], spaced=False)
            self.take()
            number = self.token is not None and self.token.kind == "number"
            return Row((sign, Number(self.take()))) if number else sign
        return _bare(self.atom())

    def atom(self) -> Tree:
        if self.token is None:
            raise self.error("something is missing at the end")
        if self.token.kind == "number":
            return Number(self.take())
        if self.token.kind == "name":
            return self.named()
        sign = self.take()
        if sign == "~":
            inner = self.factor()
            inner = inner if isinstance(inner, Script) else Script(inner)
            return Script(inner.base, inner.below, inner.above, "~")
        if sign == "...":
            return Sign("…", spaced=False)
        if sign not in _CLOSING:
            raise self.error(f"{sign!r} has no place")
        return self.bracketed(sign)

    def bracketed(self, opening: str) -> Group:
        bar = opening in {"|", "||"}
        before, self.bars = self.bars, int(bar)
        inner = self.listed()
        self.bars = before
        self.close(opening if bar else _CLOSING[opening])
        return Group(_CLOSING[opening] if bar else opening, inner, _CLOSING[opening])

    def close(self, sign: str) -> None:
        if self.sign() != sign:
            raise self.error(f"{sign!r} is missing")
        self.take()

    def named(self) -> Tree:
        letters, digits = re.fullmatch(r"(\D+)(\d*)", self.take()).groups()  # type: ignore[union-attr]
        if letters == "sqrt" and self.sign() == "(":
            return Root(_bare(self.atom()))
        if self.braces and not digits:
            return _subscript(letters)
        known = len(letters) == 1 or letters in GREEK or letters in WORDS or digits
        known = known or re.fullmatch("d[A-Za-z]", letters)  # a differential
        if not known and self.sign() not in {"(", "[", "_", "^", "'"}:
            raise self.error(f"unknown word {letters!r} (docs/_extensions/equation_words.py)")
        name = Name(letters)
        return Script(name, Number(digits)) if digits else name


def _bare(tree: Tree) -> Tree:
    """Take the parentheses off that a fraction or a root makes needless."""
    return tree.inner if isinstance(tree, Group) and tree.opening == "(" else tree


def _beside(first: Tree | None, second: Tree) -> Tree:
    if first is None:
        return second
    between = () if isinstance(second, Sign) else (Sign(","),)
    return Row((first, *between, second))


def _subscript(word: str) -> Tree:
    """Two letters are two indices, `xi` those of x and i; others are a Greek letter or a word."""
    if len(word) != 2 or word == "in":
        return Name(word)
    return Row(tuple(Number(each) if each.isdigit() else Name(each) for each in word))


def _superscript(word: str) -> Tree:
    return Sign(TRANSPOSED, spaced=False) if word == "T" else Name(word)
