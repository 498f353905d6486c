"""A training small enough for a test: 2 epochs of 5 steps."""

import threading
from dataclasses import asdict

import torch

from recurra.store import Run
from recurra.tasks import (
    CorpusSettings,
    LanguageModel,
    LanguageModelConfig,
    describe_task,
    make_corpus,
)
from recurra.train import Listener, TrainingSettings, fit

TEXT = "the cat sat on the mat and the dog ran to the man who had a hat. " * 2
EPOCH = 5
STEPS = 2 * EPOCH

corpus = make_corpus(TEXT, CorpusSettings(streams=3, window=8, validation=0.1), "characters")
assert len(corpus.training) == EPOCH


def settings(**choices):
    return TrainingSettings(**{"epochs": 2, "warmup": 2, "checkpoint_every": 3, **choices})


def small_task(*, seed=0, **choices):
    torch.manual_seed(seed)
    sizes = {"cell": "gru", "hidden_size": 6, "layers": 2, "embedding_size": 4, **choices}
    return LanguageModel(corpus.vocabulary, LanguageModelConfig(**sizes))


def small_run(folder, task, training=None):
    config = {"task": describe_task(task), "training": asdict(training or settings())}
    return Run.create(folder, config)


def fit_small(task, run, training=None, **watching):
    return fit(task, corpus.training, corpus.validation, training or settings(), run, **watching)


class Noting(Listener):
    """Note what a training tells; set `stop` after a step."""

    def __init__(self, stop_after=None):
        self.stop = threading.Event()
        self.stop_after = stop_after
        self.started, self.steps, self.validations, self.checkpoints = [], [], [], []
        self.early = []

    def on_start(self, first, steps):
        self.started.append((first, steps))

    def on_step(self, progress):
        self.steps.append(progress)
        if progress.step == self.stop_after:
            self.stop.set()

    def on_validation(self, progress, best):
        self.validations.append((progress, best))

    def on_early_end(self, progress, patience):
        self.early.append((progress.step, progress.epoch, patience))

    def on_checkpoint(self, path):
        self.checkpoints.append(path.name)


def without_seconds(records):
    return [{key: each[key] for key in each if key != "seconds"} for each in records]
