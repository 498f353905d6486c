"""Many to many, of two lengths: bring dates of six languages into the form of ISO 8601.

Run: python examples/translate_dates.py [--quick]
"""

import sys
import tempfile
from pathlib import Path

from recurra.data import demo_dates
from recurra.tasks import AnswerOptions, Translator, TranslatorConfig, default_training, load_task

QUICK = "--quick" in sys.argv
TARGET = 0.1 if QUICK else 0.9  # dates that are written right to the letter


def main(folder: Path) -> None:
    """Train, load what was trained, measure it and ask it."""
    sizes = TranslatorConfig(
        units="characters", cell="gru", hidden_size=96, embedding_size=64, dropout=0.1,
        label_smoothing=0.0,
    )  # fmt: skip
    training = default_training(Translator, epochs=2 if QUICK else 8, learning_rate=0.01)
    Translator.fit("demo", out=folder / "dates", settings=sizes, training=training)
    task = load_task(folder / "dates")
    assert isinstance(task, Translator)

    asked = demo_dates().test[: 100 if QUICK else None]
    options = AnswerOptions(beam=3, longest=12)
    found = list(task.predict([{"source": each["source"]} for each in asked], options))
    right = 0
    for each, prediction in zip(asked, found, strict=True):
        right += prediction.answer["text"] == each["target"]
    for prediction in found[:5]:
        print(f"{prediction.record.fields['source']}  ->  {prediction.answer['text']}")
    print(f"{right} of {len(asked)} right to the letter")
    assert right >= TARGET * len(asked), "the target was missed"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
