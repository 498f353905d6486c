"""Translators and chats small enough for a test; no source is longer than one kernel's memory."""

import torch

from recurra.data import Record
from recurra.tasks import Chat, ChatConfig, Translator, TranslatorConfig

SIZES = {
    "units": "characters", "cell": "gru", "hidden_size": 6, "embedding_size": 5, "dropout": 0.0,
    "label_smoothing": 0.0,
}  # fmt: skip
PAIRS = [("ab", "xyx"), ("abcab", "y"), ("c", "xxyyx"), ("bacb", "yx")]
RECORDS = [
    Record({"source": source, "target": target}, f"pairs.tsv:{i}")
    for i, (source, target) in enumerate(PAIRS, start=2)
]
TALK = [
    Record({"question": question, "answer": answer}, f"talk.tsv:{i}")
    for i, (question, answer) in enumerate(PAIRS, start=2)
]


def translator(*, cell=None, seed=0, **choices):
    torch.manual_seed(seed)
    settings = TranslatorConfig(**{**SIZES, **choices})
    return Translator.from_records(RECORDS, settings, cell=cell)


def chat(records=TALK, *, seed=0, **choices):
    torch.manual_seed(seed)
    return Chat.from_records(records, ChatConfig(**{**SIZES, **choices}))


def batch_of(task, records):
    return task.collate([task.example(record) for record in records])
