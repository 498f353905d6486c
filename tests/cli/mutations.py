"""Runs whose files say something else than Recurra wrote, with checksums that fit all the same."""

import copy
import json
import random

from recurra.store import Run

ODD = [
    None, True, -1, 0, 1, 2, 10**6, 10**9, 2**63, 1.5, -0.5, float("nan"), float("inf"), "", "x",
    "lstm", "words", "/dev/zero", "\0", "x" * 10_000, [], [1], ["x"], [[]], [["x"]], {}, {"x": 1},
    {"x": ["y"]}, list(range(1000)),
]  # fmt: skip
"""What is put in the place of each value."""

DROPPED = object()


def places(value, path=()):
    """Give the path of each value within a value of JSON; of long lists the first and the last."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index in {0, len(value) - 1} & set(range(len(value))):
            yield from places(value[index], (*path, index))


def mutations(value):
    """Give each path with each odd value, and without a value."""
    return [(path, odd) for path in places(value) for odd in [DROPPED, *ODD] if path != ("format",)]


def mutated(value, path, odd):
    """Give a copy of a value with something odd at a path."""
    value = copy.deepcopy(value)
    within = value
    for step in path[:-1]:
        within = within[step]
    if odd is DROPPED:
        del within[path[-1]]
    else:
        within[path[-1]] = odd
    return value


def some(found, count, seed):
    """Take some of many, always the same."""
    return found if len(found) <= count else random.Random(seed).sample(found, count)


def name_of(path, odd):
    words = "nothing" if odd is DROPPED else repr(odd)[:20]
    return ".".join(map(str, path)) + " = " + words


def write_config(folder, config, *, sealed):
    """Write a configuration; sealed, weights and checkpoints then belong to it."""
    run = Run.open(folder)
    weights, step = run.read_weights()
    trees = {path: run.read_checkpoint(path) for path in run.checkpoints()}
    (folder / "config.json").write_text(json.dumps(config))
    if sealed:
        changed = Run(folder, config)
        changed.write_weights(weights, step)
        for path, tree in trees.items():
            changed.write_checkpoint(path, tree)
