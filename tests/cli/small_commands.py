"""What tests of commands share: a text and options that train in well under a second."""

import re

TEXT = "".join(f"line {i}: the cat sat on the mat and looked at the hat.\n" for i in range(40))
STEPS = 62  # 2 epochs of 31
DETAIL = re.compile(r"^  (got|expected|where|fix): {2,}\S")  # a line of an error message
OPTIONS = {
    "--cell": "gru",
    "--hidden-size": 8,
    "--layers": 1,
    "--embedding-size": 4,
    "--streams": 4,
    "--window": 16,
    "--epochs": 2,
    "--checkpoint-every": 20,
    "--threads": 1,
}


def small(**others):
    """Give the options as words of a command; some replaced, added or (None) left out."""
    options = OPTIONS | {"--" + name.replace("_", "-"): value for name, value in others.items()}
    given = {name: value for name, value in options.items() if value is not None}
    return [str(word) for option in given.items() for word in option]


def snapshot(folder):
    """Give every path below a folder with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }
