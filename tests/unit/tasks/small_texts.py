"""Texts of two kinds that a tiny network learns to tell apart in a moment."""

import random

import torch

from recurra.tasks import DataSettings, TextClassifier, TextClassifierConfig, TextConfig
from recurra.tasks.framework import start_job
from recurra.train import TrainingSettings

SIZES = {"units": "words", "cell": "gru", "hidden_size": 4, "embedding_size": 6}


def reviews(count=60, seed=0):
    """Write texts of 3 to 9 words; those of one word more than of the other have its label."""
    drawn = random.Random(seed)
    texts = []
    for i in range(count):
        words = drawn.choices(["it", "was", "the", "film"], k=drawn.randint(2, 6))
        words += ["good" if i % 2 else "bad"] * drawn.randint(1, 3)
        drawn.shuffle(words)
        texts.append({"text": " ".join(words), "label": "yes" if i % 2 else "no", "stars": i % 2})
    return texts


def config(**choices):
    return TextClassifierConfig(**{**SIZES, **choices})


def regression(**choices):
    return TextConfig(**{**SIZES, **choices})


def training(**choices):
    return TrainingSettings(
        **{"epochs": 3, "learning_rate": 0.02, "warmup": 2, "checkpoint_every": 4, **choices}
    )


def small_job(folder, source=None, *, choices=None, task=None, **options):
    return start_job(
        TextClassifier,
        reviews() if source is None else source,
        folder,
        data=options.pop("data", DataSettings()),
        settings=task or config(**(choices or {})),
        training=training(**options),
        rows=8,
    )


def untrained(records=None, seed=0, **choices):
    """Make a classifier of texts with its first weights."""
    from recurra.data import BadRecords
    from recurra.tasks.framework import records_of

    torch.manual_seed(seed)
    columns, found = records_of(TextClassifier, records or reviews(), {}, bad=BadRecords())
    task = TextClassifier.from_records(list(found), config(**choices))
    task.columns = columns
    return task.eval()
