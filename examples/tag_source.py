"""Tag lines of Python: what part each token plays, told from what stands around it.

    python examples/tag_source.py [--quick]

The lines are those of Python's own library. A few minutes of one core; with `--quick` less than
one, on fewer lines.
"""

import argparse
import tempfile
from pathlib import Path

import torch

from recurra.data import demo_tagging
from recurra.tasks import DataSettings, Tagger, TaggerConfig, default_training

TARGET, QUICK_TARGET = 0.98, 0.85
"""Part of the tokens of unseen lines that has to be tagged rightly."""

LINE = "def area ( self , width = 2 ) :"


def main() -> None:
    """Train on lines of the library, measure on others, tag one of ours."""
    parser = argparse.ArgumentParser(description="Tag lines of Python.")
    parser.add_argument("--quick", action="store_true", help="fewer lines, a smaller network")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)

    lines = demo_tagging()
    with tempfile.TemporaryDirectory(prefix="tags-") as folder:
        task = Tagger.fit(
            lines.training[: 600 if quick else None],
            out=Path(folder) / "run",
            settings=TaggerConfig(
                hidden_size=48 if quick else 96,
                layers=1,
                embedding_size=48,
                letter_hidden_size=24,
                dropout=0.2,
            ),
            data=DataSettings(validation=lines.validation),
            training=default_training(Tagger, epochs=5 if quick else 10, learning_rate=0.006),
            rows=16,
        )

    [prediction] = task.predict([LINE])
    for token, label in zip(prediction.answer["form"], prediction.answer["labels"], strict=True):
        print(f"{token:8} {label}")
    accuracy = task.evaluate(lines.test).metrics["accuracy"]
    print(f"{accuracy:.1%} of the tokens of {len(lines.test)} other lines are tagged rightly")
    assert accuracy >= (QUICK_TARGET if quick else TARGET), "the target was missed"


if __name__ == "__main__":
    main()
