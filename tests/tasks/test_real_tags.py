"""Tagging real sentences: better than the most frequent tag of each word."""

from collections import Counter, defaultdict
from itertools import islice

import pytest
import torch

from recurra.data import read_records
from recurra.tasks import DataSettings, Tagger, TaggerConfig
from recurra.train import TrainingSettings

pytestmark = pytest.mark.data


@pytest.fixture(autouse=True)
def one_thread():
    """Networks this small are many times slower on threads that wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def sentences(path, count):
    return [dict(record.fields) for record in islice(read_records(path), count)]


def baseline(training, test):
    """Give the accuracy of each word's most frequent tag; of unknown words, of the commonest."""
    by_word, overall = defaultdict(Counter), Counter()
    for each in training:
        for form, tag in zip(each["form"], each["upos"], strict=True):
            by_word[form][tag] += 1
            overall[tag] += 1
    [(commonest, _)] = overall.most_common(1)
    pairs = [pair for each in test for pair in zip(each["form"], each["upos"], strict=True)]
    right = [
        tag == (by_word[form].most_common(1)[0][0] if form in by_word else commonest)
        for form, tag in pairs
    ]
    return sum(right) / len(right)


@pytest.mark.parametrize(
    ("folder", "ending", "spelling", "affixes"),
    [("ud_english_ewt", ".gz", "characters", 3), ("ud_korean_gsd", "", "jamo", 5)],
)
def test_tags_of_a_few_hundred_sentences(tmp_path, data_dir, folder, ending, spelling, affixes):
    training = sentences(data_dir / folder / f"train.conllu{ending}", 350)
    test = sentences(data_dir / folder / f"dev.conllu{ending}", 150)
    known = {tag for each in training for tag in each["upos"]}
    test = [each for each in test if known.issuperset(each["upos"])]
    task = Tagger.fit(
        training,
        out=tmp_path / "run",
        label="upos",
        settings=TaggerConfig(
            spelling=spelling, affixes=affixes, hidden_size=48, layers=1, embedding_size=48,
            letter_hidden_size=32,
        ),
        data=DataSettings(validation=test),
        training=TrainingSettings(epochs=6, optimizer="adamw", learning_rate=0.006, warmup=20),
        rows=8,
    )  # fmt: skip
    measured = task.evaluate(test)
    floor = baseline(training, test)
    assert 0.5 < floor < 0.85
    assert measured.intervals["accuracy"][0] > floor
    assert measured.metrics["unknown_word_accuracy"] > 0.4
