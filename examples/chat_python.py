"""A dialogue about Python's own functions, asked in words that were not learnt.

Run: python examples/chat_python.py [--quick]
"""

import sys
import tempfile
from pathlib import Path

from recurra.data import demo_dialogue
from recurra.tasks import Chat, ChatConfig, DataSettings, default_training, load_task

QUICK = "--quick" in sys.argv
TARGET = 0.6 if QUICK else 0.8  # questions in other words that are answered to the letter


def main(folder: Path) -> None:
    """Train on questions about some functions, load what was trained, and talk to it."""
    demo = demo_dialogue()
    answers = sorted({each["answer"] for each in demo.training})
    chosen = set(answers[:20] if QUICK else answers[:120])
    learnt = [each for each in demo.training if each["answer"] in chosen]
    others = [each for each in demo.test if each["answer"] in chosen]

    sizes = ChatConfig(
        units="words", cell="gru", hidden_size=96, embedding_size=96, vocabulary_size=10_000
    )
    Chat.fit(
        learnt,
        out=folder / "talk",
        settings=sizes,
        data=DataSettings(validation=others),
        training=default_training(Chat, epochs=25 if QUICK else 20, learning_rate=0.01),
    )
    task = load_task(folder / "talk")
    assert isinstance(task, Chat)

    for each in others[:5]:
        print(f"> {each['question']}\n{task.reply(each['question'])}")
    found = task.evaluate(others)
    right = found.metrics["exact_answers"]
    print(f"{found.records} questions in other words: {right:.3f} answered to the letter")
    assert right >= TARGET, "the target was missed"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
