"""python_reference: a text that needs no file and no network."""

import hashlib

from recurra.data import python_reference, to_units


def test_it_is_long_english_about_python():
    content = python_reference().content
    assert len(content) > 300_000
    assert all(phrase in content for phrase in ("compound statement", "lambda", "The "))
    assert "\r" not in content


def test_it_is_the_same_every_time_and_its_fingerprint_fits():
    first, second = python_reference(), python_reference()
    assert first == second
    (file,) = first.fingerprint()
    raw = first.content.encode()
    digest = hashlib.sha256(raw).hexdigest()
    assert file == {"path": "pydoc_data.topics", "bytes": len(raw), "sha256": digest}


def test_its_characters_are_few_enough_to_learn():
    assert 50 < len(set(to_units(python_reference().content, "characters"))) < 300
