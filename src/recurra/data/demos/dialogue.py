"""Questions about Python's functions, and the sentence that documents each of them."""

import random

from recurra.base import check_seed
from recurra.data.demos.demo_data import DemoData, Record, require_records
from recurra.data.demos.docstrings import documented, sentences

MODULES = (
    "builtins", "math", "random", "statistics", "string", "textwrap", "shutil", "os.path",
    "itertools", "functools", "operator", "heapq", "bisect", "calendar", "datetime", "time",
)  # fmt: skip

QUESTIONS = (
    "what does {name} do?",
    "what is {name} for?",
    "explain {name}",
    "tell me about {name}",
    "describe {name}, please",
    "how does {name} work?",
    "can you explain {name} to me?",
    "I do not understand {name}.",
    "what happens when I call {name}?",
    "help: {name}",
)

MAX_LENGTH = 80
"""Characters of an answer."""

LEFT_OUT = (
    "bytearray.",
    "bytes.",
    "frozenset.",
    "random.Random.",
    "random.SystemRandom.",
    "datetime.datetime.",
)
"""Classes whose methods others have, too, with the same words."""

MAX_THINGS = 400
"""Things that are asked about."""


def demo_dialogue(seed: int = 0) -> DemoData:
    """Ask about functions of Python in ten ways; the answer is the first line of their docstring.

    For `chat`: fields `question`, such as "what does len do?", and `answer`, "Return the number of
    items in a container." Of the ten questions about each thing eight are for training, one for
    validation and one for test: another way of asking what has been learned.

    Args:
        seed: of the choice of things and of the questions that are held out.

    Raises:
        DataError: this Python has no docstrings, as under `-OO`.

    Example:
        >>> import recurra
        >>> sorted(recurra.data.demo_dialogue().test[0])
        ['answer', 'question']
    """
    rng = random.Random(check_seed(seed))
    things = list(_documented_things().items())
    chosen = rng.sample(things, min(len(things), MAX_THINGS))
    parts: tuple[list[Record], ...] = ([], [], [])
    for name, answer in chosen:
        forms = rng.sample(QUESTIONS, len(QUESTIONS))
        for place, form in enumerate(forms):
            record = {"question": form.format(name=name), "answer": answer}
            parts[max(0, place - len(QUESTIONS) + len(parts))].append(record)
    for part in parts:
        rng.shuffle(part)
    require_records("dialogue", len(chosen))
    words = "Questions about functions and classes of Python, answered from their docstrings."
    return DemoData("dialogue", words, *parts)


def _documented_things() -> dict[str, str]:
    """Find the first sentence about everything that can be asked about, by its name."""
    found = {}
    for module in MODULES:
        for name, docstring in documented(module):
            first = next(sentences(docstring), "")
            is_usable = 0 < len(first) <= MAX_LENGTH and name not in MODULES
            if is_usable and not name.startswith(LEFT_OUT):
                found[name] = first
    return found
