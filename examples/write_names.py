"""Write names for a script: a language model that is told what to write about.

    python examples/write_names.py [--quick]

The names that Unicode gives its characters, with the script or the kind of each. A classifier that
was trained on the same names, apart from the writer, says how many of the written ones it takes for
what was asked for. A minute or two of one core, by parts of words; with `--quick` some seconds, by
words and on half of the labels.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from recurra.data import DemoData, demo_names
from recurra.tasks import (
    DataSettings,
    TextClassifier,
    TextClassifierConfig,
    Writer,
    WriterConfig,
    WritingOptions,
    default_training,
)

TARGET = 0.75
"""Part of the written names that the classifier has to recognise."""

SOME = ("arrows", "cyrillic", "greek", "hangul", "pictures")
"""Labels of the quick version."""


def main() -> None:
    """Train both, let one write and the other read."""
    parser = argparse.ArgumentParser(description="Write names for a script.")
    parser.add_argument("--quick", action="store_true", help="fewer labels, smaller networks")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)

    names = demo_names()
    with tempfile.TemporaryDirectory(prefix="names-") as folder:
        writer = train_writer(names, Path(folder) / "writer", quick)
        reader = train_reader(names, Path(folder) / "reader", quick)

    right = []
    for label in writer.labels.tokens:
        texts = writer.write(label, count=20 if quick else 100, options=WritingOptions(seed=1))
        read = [each.answer["label"] for each in reader.predict(texts)]
        right += [answer == label for answer in read]
        print(f"{label:12} {read.count(label) / len(read):5.0%}  such as {texts[0]}")

    share = sum(right) / len(right)
    print(f"{share:.1%} of {len(right)} names are taken for what was asked for")
    assert share >= TARGET, "the target was missed"


def train_writer(names: DemoData, folder: Path, quick: bool) -> Writer:
    """Train what writes."""
    return Writer.fit(
        chosen(names.training, quick),
        out=folder,
        settings=WriterConfig(
            units="words" if quick else "subwords",
            hidden_size=64 if quick else 192,
            embedding_size=32 if quick else 96,
        ),
        data=DataSettings(validation=chosen(names.validation, quick)),
        training=default_training(Writer, epochs=4 if quick else 12),
        rows=32,
    )


def train_reader(names: DemoData, folder: Path, quick: bool) -> TextClassifier:
    """Train what says which label a name has."""
    return TextClassifier.fit(
        chosen(names.training, quick),
        out=folder,
        settings=TextClassifierConfig(
            units="words",
            hidden_size=32 if quick else 64,
            embedding_size=32 if quick else 64,
        ),
        data=DataSettings(validation=chosen(names.validation, quick)),
        training=default_training(TextClassifier, epochs=3 if quick else 6),
    )


def chosen(records: Sequence[dict[str, str]], quick: bool) -> list[dict[str, str]]:
    """Take all records, or those of some labels."""
    return [each for each in records if not quick or each["label"] in SOME]


if __name__ == "__main__":
    main()
