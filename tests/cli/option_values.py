"""A small training of each task, and for each of its options values that are not the default."""

import dataclasses
import json
import types
from typing import Literal, Union, get_args, get_origin, get_type_hints

from recurra.cli._task_command import kinds_by_command
from recurra.tasks import AnswerOptions
from recurra.tasks.registry import RECORD_TASKS
from recurra.train import TrainingSettings

WORDS = ("fine", "lovely", "warm", "dull", "cold", "slow")


def _texts(label, number):
    return [
        {"text": f"a {word} film with {i} scenes", label: number(k, i)}
        for i in range(6)
        for k, word in enumerate(WORDS)
    ]


def _pairs(key, value):
    return [
        {"left": f"{word} house {i}", "right": f"{other} house {i}", key: value(word, other, i)}
        for i in range(4)
        for word in WORDS[:3]
        for other in WORDS[:3]
    ]


def _numbers(key, value):
    return [{"a": i % 7, "b": i % 5 / 2, key: value(i)} for i in range(40)]


DATA = {
    "text_classifier": _texts("label", lambda k, _: "praise" if k < 3 else "blame"),
    "text_regressor": _texts("target", lambda k, i: k + i / 4),
    "table_classifier": _numbers("label", lambda i: "in" if i % 7 > 3 else "out"),
    "table_regressor": _numbers("target", lambda i: i % 7 - i % 5),
    "tagger": [
        {"form": f"a {word} film {i}".split(), "label": ["B-x", "I-x", "O", "O"]}
        for i in range(6)
        for word in WORDS
    ],
    "tagger of characters": [
        {"form": word, "label": list("BIOOOOOO")[: len(word)]} for i in range(6) for word in WORDS
    ],
    "matcher": _pairs("label", lambda word, other, _: int(word == other)),
    "matcher of scores": _pairs("score", lambda word, other, i: len(word) - len(other) + i / 8),
    "writer": _texts("label", lambda k, _: "praise" if k < 3 else "blame"),
    "translator": [{"source": f"{w} {i}", "target": f"{i} {w}"} for i in range(6) for w in WORDS],
    "chat": [{"question": f"{w} {i}", "answer": f"{i} {w}"} for i in range(6) for w in WORDS],
}
"""Records by task, enough to learn from in a moment."""

SMALL = {
    "hidden_size": 4, "embedding_size": 4, "vector_size": 4, "letter_size": 4, "affix_size": 2,
    "label_size": 2, "hidden_sizes": "4", "layers": 1, "epochs": 1, "batch_size": 8, "threads": 1,
}  # fmt: skip
"""What all are given, as far as they have it, unless it is what is tried."""

VALUES = {
    "cell": ["gru", "rnn"],
    "activation": ["tanh", "leaky_relu"],
    "optimizer": ["adam", "sgd", "rmsprop", "adagrad", "nesterov", "momentum", "adamw"],
    "schedule": ["linear", "step", "one-cycle", "constant"],
    "hidden_sizes": ["3,2", ""],
    "yes": ["1"],
    "vocabulary_size": [40],
    "learning_rate": [0.002],
    "weight_decay": [0.01],
    "least_count": [2],
    "warmup": [1],
    "checkpoint_every": [2],
    "ngrams": [1, 2, 5],
    "length_penalty": [0.5],
}
"""Values of options that their types do not tell."""


def values(name, hint, default):
    """Give values of an option that are not its default."""
    if name in VALUES:
        return [value for value in VALUES[name] if value != default]
    inner = [each for each in get_args(hint) if each is not type(None)]
    if get_origin(hint) in (Union, types.UnionType):
        return values(name, inner[0], default)
    if get_origin(hint) is Literal:
        return [value for value in inner if value != default]
    if hint is bool:
        return [not default]
    if hint is int:
        return [2 if default != 2 else 3]
    if hint is float:
        return [0.25 if default != 0.25 else 0.5]
    raise AssertionError(f"{name} needs a line in VALUES: {hint}")


def _fields(kind):
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        yield field.name, values(field.name, hints[field.name], field.default)


def flag(name, value):
    """Write an option as words of a command."""
    dashed = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{dashed}" if value else f"--no-{dashed}"]
    return [f"--{dashed}", str(value)]


def kinds():
    """Give each task on records with the name of its command."""
    commands = kinds_by_command().items()
    return [(name, kind) for name, found in commands for kind in found if kind in RECORD_TASKS]


def needed(kind, name, value):
    """Name the data that a value needs."""
    others = {
        ("matcher", "target", "score"): "matcher of scores",
        ("tagger", "units", "characters"): "tagger of characters",
    }
    return others.get((kind.kind, name, value), kind.kind)


def single_options(kind):
    """Give each option of a task with each value that is tried."""
    return [
        (name, value)
        for settings in (kind.settings_type, TrainingSettings)
        for name, tried in _fields(settings)
        for value in tried
    ]


def many_options(kind):
    """Give sets of options that together have each option once with another value."""
    once = {}
    for name, value in single_options(kind):
        once.setdefault(name, value)
    for name in ("target", "units"):  # where that is another kind of data
        if needed(kind, name, once.get(name)) != kind.kind:
            del once[name]
    return once


def answer_options():
    """Give each option of answers with a value that is not the default."""
    return {name: tried[0] for name, tried in _fields(AnswerOptions)}


def write(folder, name):
    """Write the records of a task as lines of JSON."""
    path = folder / f"{name.replace(' ', '_')}.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in DATA[name]))
    return path


def command(kind, path, out, options):
    """Give the words of a small training with these options."""
    names = {field.name for field in dataclasses.fields(kind.settings_type)}
    names |= {field.name for field in dataclasses.fields(TrainingSettings)}
    small = {k: v for k, v in SMALL.items() if k in names or k in ("batch_size", "threads")}
    given = [word for name, value in {**small, **options}.items() for word in flag(name, value)]
    return ["train", kind.command, path, "--out", out, *given]
