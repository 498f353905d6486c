"""draw_learning_curve: a PNG that shows something."""

import sys

import pytest

from recurra.base import MissingExtra
from recurra.train import draw_learning_curve

RECORDS = [
    {"step": step, "split": split, "bits": 4 / step + (split == "validation")}
    for step in (10, 20, 30)
    for split in ("train", "validation")
]


def pixels(path):
    from matplotlib.image import imread

    return imread(path)


def test_the_curve_is_drawn(tmp_path):
    draw_learning_curve(RECORDS, "bits", tmp_path / "full.png")
    assert (tmp_path / "full.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    image = pixels(tmp_path / "full.png")
    height, width, _ = image.shape
    assert height > 300
    assert width > 600
    assert len({tuple(color) for row in image[::4, ::4] for color in row}) > 10


def test_another_curve_is_another_picture(tmp_path):
    draw_learning_curve(RECORDS, "bits", tmp_path / "both.png")
    training = [each for each in RECORDS if each["split"] == "train"]
    draw_learning_curve(training, "bits", tmp_path / "training.png")
    assert (pixels(tmp_path / "both.png") != pixels(tmp_path / "training.png")).any()


def test_a_training_stopped_before_its_first_measurement_has_an_empty_picture(tmp_path):
    draw_learning_curve([], "bits", tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 1000


def test_without_matplotlib_it_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match="matplotlib") as caught:
        draw_learning_curve(RECORDS, "bits", tmp_path / "picture.png")
    assert caught.value.details["fix"] == "pip install 'recurra[plot]'"
    assert not (tmp_path / "picture.png").exists()
