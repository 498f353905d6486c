"""Many to one: tell what a sentence of Python's documentation is about.

Run: python examples/classify_texts.py [--quick]
"""

import sys
import tempfile
from pathlib import Path

from recurra.data import demo_sentences
from recurra.tasks import (
    AnswerOptions,
    TextClassifier,
    TextClassifierConfig,
    default_training,
    load_task,
)

QUICK = "--quick" in sys.argv
TARGET = 0.7 if QUICK else 0.85  # accuracy on sentences that were not learnt


def main(folder: Path) -> None:
    """Train, load what was trained, measure it and ask it."""
    TextClassifier.fit(
        "demo",
        out=folder / "topics",
        settings=TextClassifierConfig(units="words", hidden_size=32, embedding_size=48, ngrams=2),
        training=default_training(TextClassifier, epochs=3 if QUICK else 8, learning_rate=0.01),
    )
    task = load_task(folder / "topics")
    assert isinstance(task, TextClassifier)

    demo = demo_sentences()
    measured = task.evaluate(demo.test)
    accuracy, (low, high) = measured.metrics["accuracy"], measured.intervals["accuracy"]
    commonest = max(sum(r["label"] == name for r in demo.test) for name in task.class_names)
    print(f"{measured.records} sentences: accuracy {accuracy:.3f} ({low:.3f} to {high:.3f})")
    print(f"always the commonest class: {commonest / measured.records:.3f}")

    for prediction in task.predict(demo.test[:3], AnswerOptions(top=2)):
        answer = prediction.answer
        print(f"{answer['label']} ({answer['confidence']:.2f}): {prediction.record.fields['text']}")
    assert accuracy >= TARGET, "the target was missed"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
