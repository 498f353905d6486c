"""Matching real records, against what the overlap of letters can do."""

import json

import pytest
import torch

from recurra.tasks import DataSettings, Matcher, MatcherConfig, default_training

pytestmark = pytest.mark.data


@pytest.fixture(autouse=True)
def one_thread():
    """Networks this small are many times slower on threads that wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trigrams(record):
    text = "  " + " ".join(record.values()).lower() + "  "
    return {text[i : i + 3] for i in range(len(text) - 2)}


def overlap(pair):
    left, right = trigrams(pair["left"]), trigrams(pair["right"])
    return len(left & right) / len(left | right)


def f1_above(pairs, threshold):
    found = [overlap(pair) >= threshold for pair in pairs]
    hits = sum(pair["label"] for pair, is_found in zip(pairs, found, strict=True) if is_found)
    return 2 * hits / (sum(found) + sum(pair["label"] for pair in pairs))


def floor(valid, test):
    """F1 of a threshold on the overlap of trigrams, chosen on validation data."""
    return f1_above(test, max((i / 100 for i in range(100)), key=lambda t: f1_above(valid, t)))


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_restaurants(tmp_path, data_dir):
    folder = data_dir / "matching_fodors_zagats"
    files = [folder / f"{part}.jsonl" for part in ("train", "valid", "test")]
    task = Matcher.fit(
        files[0], out=tmp_path / "run", data=DataSettings(validation=files[1]),
        settings=MatcherConfig(hidden_size=32, embedding_size=32, vector_size=32),
        training=default_training(Matcher, epochs=8, learning_rate=0.005), rows=32,
    )  # fmt: skip
    f1 = task.evaluate(files[2]).metrics["f1"]
    everything = f1_above(read(files[2]), 0)  # all pairs called matches
    assert everything < 0.22
    assert floor(read(files[1]), read(files[2])) > 0.8  # letters say much here
    assert f1 > 0.8
