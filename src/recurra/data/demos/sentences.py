"""Sentences of the standard library's documentation, to be told apart by what they are about."""

import random
from collections import Counter
from collections.abc import Sequence

from recurra.base import check_seed
from recurra.data.demos.demo_data import DemoData, require_records, split_demo
from recurra.data.demos.docstrings import documented, sentences

AREAS = {
    "mathematics": (
        "math", "cmath", "statistics", "fractions", "decimal", "_pydecimal", "random", "numbers",
    ),
    "network": (
        "socket", "ssl", "http.client", "http.cookiejar", "http.cookies", "http.server",
        "urllib.request", "urllib.parse", "smtplib", "ftplib", "imaplib", "poplib",
        "socketserver", "ipaddress",
    ),
    "programs": (
        "ast", "inspect", "dis", "tokenize", "importlib", "types", "bdb", "trace",
        "traceback", "pdb", "unittest", "code", "codeop", "symtable", "doctest", "pyclbr",
        "linecache",
    ),
}  # fmt: skip
"""What sentences are about, and the modules in whose docstrings they stand."""

LEFT_OUT = ("inspect.getfile",)
"""What PyTorch replaces when it is imported: the sets are older than the look behind that."""

MIN, MAX = 30, 160
"""Characters of a sentence."""

MAX_PER_AREA = 700

MIN_SHARE = 0.2
"""Of the sentences of a part, those of each area."""

MAX_DRAWS = 50
"""Splits to try for that."""


def demo_sentences(seed: int = 0) -> DemoData:
    """Take sentences from docstrings, labelled by the area of the library they document.

    For `classify`: fields `text` and `label`. The label is one of "mathematics", "network" and
    "programs" (modules about Python programs themselves). A sentence that stands in two areas is
    in none; all sentences of one docstring are in the same part.

    Args:
        seed: of the choice of sentences and of the split.

    Raises:
        DataError: this Python has no docstrings, as under `-OO`.

    Example:
        >>> import recurra
        >>> data = recurra.data.demo_sentences()
        >>> sorted({record["label"] for record in data.test})
        ['mathematics', 'network', 'programs']
    """
    chooser = random.Random(check_seed(seed))
    grouped = [
        (docstring, {"text": text, "label": area})
        for area, found in _sentences_by_area().items()
        for text, docstring in chooser.sample(found, min(len(found), MAX_PER_AREA))
    ]
    words = "Sentences of docstrings of Python's standard library, labelled by their subject."
    # docstrings go into a part whole, and some are long: another Python has others, so that a draw
    # may leave an area with little in a part
    draws = (split_demo("sentences", words, grouped, (seed + n) % 2**63) for n in range(MAX_DRAWS))
    first = next(draws)
    return first if _is_balanced(first) else next(filter(_is_balanced, draws), first)


def _is_balanced(data: DemoData) -> bool:
    """Tell whether each area has its share of each part."""
    for part in (data.training, data.validation, data.test):
        counts = Counter(record["label"] for record in part)
        if min(counts[area] for area in AREAS) <= MIN_SHARE * len(part):
            return False
    return True


def _sentences_by_area() -> dict[str, list[tuple[str, str]]]:
    """Find the sentences of each area, each with the name of what it documents."""
    found = {area: _sentences_of(modules) for area, modules in AREAS.items()}
    areas = Counter(text for texts in found.values() for text in texts)
    kept = {
        area: [(text, docstring) for text, docstring in texts.items() if areas[text] == 1]
        for area, texts in found.items()
    }
    for of_area in kept.values():
        require_records("sentences", len(of_area))
    return kept


def _sentences_of(modules: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for module in modules:
        described = [(name, text) for name, text in documented(module) if name not in LEFT_OUT]
        for name, docstring in described:
            for sentence in sentences(docstring):
                if MIN <= len(sentence) <= MAX:
                    found.setdefault(sentence, name)
    return found
