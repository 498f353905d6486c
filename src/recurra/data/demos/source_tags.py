"""The part of speech of every token of a Python source, from its syntax tree."""

import ast
import builtins
import io
import keyword
import tokenize
from collections.abc import Iterator

Place = tuple[int, int]  # line from 1, column from 0, in characters

BUILTINS = frozenset(dir(builtins))

PLAIN = {
    tokenize.NUMBER: "number",
    tokenize.STRING: "string",
    tokenize.OP: "operator",
}
DEFINED = {"def": "function", "class": "class"}
LAYOUT = frozenset({
    tokenize.ENCODING, tokenize.INDENT, tokenize.DEDENT, tokenize.NL, tokenize.COMMENT,
    tokenize.ENDMARKER,
})  # fmt: skip


def tagged_lines(source: str) -> Iterator[tuple[list[str], list[str]]]:
    """Go through the logical lines of a source: their tokens, and the tag of each token.

    Tags: `keyword`, `operator`, `number` and `string` by the token itself; names by their part in
    the syntax tree: `function` and `class` where defined, `parameter`, `argument` (name of an
    argument in a call), `call` (a name that is called), `method` (an attribute that is called),
    `attribute`, `builtin`, `imported` (in an import) and `variable`. Comments are not tokens. A
    formatted string is one token, as in Python before 3.12.
    """
    tags = _tags_of_names(ast.parse(source), source.splitlines())
    form: list[str] = []
    label: list[str] = []
    for token in _whole_strings(source):
        if token.type == tokenize.NEWLINE:
            yield form, label
            form, label = [], []
        elif token.type not in LAYOUT:
            label.append(PLAIN.get(token.type) or _tag_of_word(token, tags, form))
            form.append(token.string)


def _tag_of_word(token: tokenize.TokenInfo, tags: dict[Place, str], before: list[str]) -> str:
    """Tag a keyword or a name, after the tokens of its line that stand before it."""
    if token.start in tags:
        return tags[token.start]
    if keyword.iskeyword(token.string):
        return "keyword"
    if before and before[-1] in DEFINED:
        return DEFINED[before[-1]]
    if before and before[0] in ("import", "from"):
        return "imported"
    return "keyword" if keyword.issoftkeyword(token.string) else "variable"


def _whole_strings(source: str) -> Iterator[tokenize.TokenInfo]:
    """Go through the tokens; what newer Pythons cut a formatted string into is one string again."""
    begins = getattr(tokenize, "FSTRING_START", None)
    ends = getattr(tokenize, "FSTRING_END", None)
    depth, start = 0, (0, 0)
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if begins is not None and token.type == begins:
            start = start if depth else token.start
            depth += 1
        elif ends is not None and token.type == ends:
            depth -= 1
            if not depth:
                text = _between(lines, start, token.end)
                yield tokenize.TokenInfo(tokenize.STRING, text, start, token.end, token.line)
        elif not depth:
            yield token


def _between(lines: list[str], start: Place, end: Place) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    middle = lines[start[0] : end[0] - 1]
    return "".join([lines[start[0] - 1][start[1] :], *middle, lines[end[0] - 1][: end[1]]])


def _tags_of_names(tree: ast.Module, lines: list[str]) -> dict[Place, str]:
    """Find the tags that the tree gives to names, by where each name begins."""
    tags: dict[Place, str] = {}
    nodes = list(_walk(tree))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        named = _named(node, id(node) in called)
        if named is not None:
            row, column, tag = named
            line = lines[row - 1]
            column = column if line.isascii() else len(line.encode()[:column].decode())
            tags[row, column] = tag
    return tags


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Go through all nodes but those inside of formatted strings."""
    yield node
    if not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from _walk(child)


def _named(node: ast.AST, is_called: bool) -> tuple[int, int, str] | None:
    """Say which name a node decides about, if any: its line, its column in bytes, its tag."""
    if isinstance(node, ast.Name):
        tag = "builtin" if node.id in BUILTINS else "call" if is_called else "variable"
        return node.lineno, node.col_offset, tag
    if isinstance(node, ast.Attribute):
        row, end = node.end_lineno or node.lineno, node.end_col_offset or 0
        return row, end - len(node.attr.encode()), "method" if is_called else "attribute"
    if isinstance(node, ast.arg):
        return node.lineno, node.col_offset, "parameter"
    if isinstance(node, ast.keyword) and node.arg is not None:
        return node.lineno, node.col_offset, "argument"
    return None
