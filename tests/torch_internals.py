"""Finds in a source what it takes from PyTorch's insides: names that begin with an underscore."""

import ast
import re

import torch
from torch import nn

EXPERIMENTAL = ("torch.fx.experimental", "torch.fx.traceback")
"""Modules without an underscore that PyTorch promises nothing about either."""

OVERLOADS = ("default", "Tensor")

_PRIVATE = re.compile(r"_(?!_)\w+$")


def _private_names(thing):
    return {name for name in dir(thing) if _PRIVATE.match(name)}


OF_OBJECTS = (
    _private_names(nn.Module())
    | _private_names(torch.Tensor)
    | _private_names(torch.ops.aten.add.Tensor)
    | {"_global_", "_hooks"}  # how tables of hooks begin and end
) - {"_name"}  # too common a word
"""Private names of modules, tensors and operators."""


def internals_of(source):
    """Return the names, dotted where the source says what they belong to."""
    tree = ast.parse(source)
    imported = _imported(tree)
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    own = _defined(tree)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{each.name}" for each in node.names}
        elif isinstance(node, ast.Attribute) and id(node) not in inner:
            found |= _in_chain(node, imported) - own
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= _in_text(node.value)
    return {name for name in found if _is_inside(name) or name in OF_OBJECTS}


def _in_chain(node, imported):
    """Return the name that `a.b.c` spells out, or the private parts of what belongs to a value."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    root = imported.get(node.id) if isinstance(node, ast.Name) else None
    if root is None:
        return set(parts)
    return {".".join([root, *(part for part in parts if part not in OVERLOADS)])}


def _in_text(text):
    """Return what a text names: a path, an attribute, or an operator of a table of rules."""
    is_operator = _PRIVATE.match(text) and hasattr(torch.ops.aten, text)
    return {text, f"torch.ops.aten.{text}"} if is_operator else {text}


def _is_inside(path):
    if not re.fullmatch(r"torch(\.\w+)+", path):
        return False
    return path.startswith(EXPERIMENTAL) or any(map(_PRIVATE.match, path.split(".")))


def _imported(tree):
    """Map the names under which a source knows PyTorch and its parts to where they come from."""
    known = {"torch": "torch", "aten": "torch.ops.aten", "prims": "torch.ops.prims"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torch"):
            known |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
        elif isinstance(node, ast.Import):
            known |= {
                each.asname: each.name
                for each in node.names
                if each.asname and each.name.startswith("torch")
            }
    return known


def _defined(tree):
    """Return the names of functions of this source, which have nothing to do with PyTorch's."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
