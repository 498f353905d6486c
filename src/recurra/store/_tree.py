"""Trees of Python values and tensors as JSON and a flat table of tensors.

JSON has no tuples, no keys but strings, and no tensors. A dict with one key that begins with "$"
stands for each of them, so that what comes back is what went in:

    {"$tensor": "name"}    {"$tuple": [...]}    {"$dict": [[key, value], ...]}
"""

from typing import Any

import torch

from recurra.base import DamagedFile, DataError


def flatten_tree(tree: Any) -> tuple[Any, dict[str, torch.Tensor]]:
    """Split a tree into a JSON document and the tensors that it names.

    Args:
        tree: dicts, lists, tuples, tensors, strings, numbers, booleans, None.

    Raises:
        DataError: the tree holds something else.
    """
    tensors: dict[str, torch.Tensor] = {}
    return _flatten(tree, "", tensors), tensors


def restore_tree(document: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """Put together again what `flatten_tree` split.

    Raises:
        DamagedFile: the document names a tensor that is not there, or one twice, or is no such
            document.
    """
    left = dict(tensors)
    try:
        tree = _restore(document, left)
        if left:
            raise ValueError(
                f"{len(left)} tensors that nothing names, such as {next(iter(left))!r}"
            )
        return tree
    except (TypeError, ValueError, RecursionError) as error:
        raise DamagedFile("A stored tree is not as Recurra writes it.", got=error) from error


def _restore(document: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(document, list):
        return [_restore(each, tensors) for each in document]
    if not isinstance(document, dict):
        return document
    if len(document) == 1:
        match document:
            case {"$tensor": str(name)} if name in tensors:
                return tensors.pop(name)  # two places do not share one: steps write into them
            case {"$tuple": [*items]}:
                return tuple(_restore(each, tensors) for each in items)
            case {"$dict": [*pairs]}:
                table = {_restore(key, tensors): _restore(each, tensors) for key, each in pairs}
                if len(table) == len(pairs):
                    return table
    raise ValueError(f"not a tree: {str(document)[:80]}")


def _flatten(tree: Any, path: str, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(tree, torch.Tensor):
        name = f"{len(tensors):06d}{path}"  # numbered: two paths may read the same
        tensors[name] = tree
        return {"$tensor": name}
    if isinstance(tree, tuple):
        return {"$tuple": [_flatten(each, f"{path}/{i}", tensors) for i, each in enumerate(tree)]}
    if isinstance(tree, list):
        return [_flatten(each, f"{path}/{i}", tensors) for i, each in enumerate(tree)]
    if isinstance(tree, dict):
        return {
            "$dict": [
                [_flatten(key, path, tensors), _flatten(value, f"{path}/{key}", tensors)]
                for key, value in tree.items()
            ]
        }
    if tree is None or isinstance(tree, str | int | float | bool):
        return tree
    raise DataError(
        "A value cannot be stored without pickle.",
        got=type(tree).__name__,
        expected="dicts, lists, tuples, tensors, strings, numbers, booleans, None",
        where=path or "the top of the tree",
    )
