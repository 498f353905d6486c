"""Numbers in words, throws, names, docstrings, dialogue and passages: what they say is so."""

import math
import unicodedata
from collections import defaultdict

import pytest

from recurra.data import (
    demo_dialogue,
    demo_distances,
    demo_names,
    demo_numbers,
    demo_passages,
    demo_sentences,
    demo_table,
)
from recurra.data.demos.dialogue import _documented_things
from recurra.data.demos.docstrings import documented, sentences
from recurra.data.demos.number_words import number_words
from recurra.data.demos.passages import FACTS, PEOPLE
from recurra.data.demos.throws import flight


def all_of(data):
    return data.training + data.validation + data.test


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (40, "forty"),
        (86, "eighty-six"),
        (100, "one hundred"),
        (305, "three hundred and five"),
        (1_000, "one thousand"),
        (4_080, "four thousand and eighty"),
        (20_300, "twenty thousand three hundred"),
        (999_999, "nine hundred and ninety-nine thousand nine hundred and ninety-nine"),
        (2_000_001, "two million and one"),
        (710_000_012, "seven hundred and ten million and twelve"),
    ],
)
def test_a_number_in_words(number, words):
    assert number_words(number) == words


def test_targets_of_numbers_are_their_logarithms():
    records = all_of(demo_numbers())
    by_words = {number_words(number): number for number in range(1, 2000)}
    known = [record for record in records if record["text"] in by_words]
    assert len(known) > 500
    for record in known:
        assert record["target"] == pytest.approx(math.log10(by_words[record["text"]]), abs=1e-6)


def test_logarithms_of_numbers_are_evenly_spread():
    targets = [record["target"] for record in all_of(demo_numbers())]
    assert min(targets) >= 0
    assert max(targets) < 9
    above = [sum(target > bound for target in targets) for bound in (6, 7, 8)]
    assert above[0] / len(targets) < 0.5
    assert above[1] / above[0] == pytest.approx(2 / 3, abs=0.05)
    assert above[2] / above[0] == pytest.approx(1 / 3, abs=0.05)


def test_the_flight_of_a_ball():
    assert flight(20, 45, 0) == pytest.approx(20**2 / 9.81)
    assert flight(10, 0, 4.905) == pytest.approx(10.0)  # falls for a second
    assert flight(12, 30, 0) == pytest.approx(flight(12, 60, 0))
    assert flight(20, 45, 2) > flight(20, 45, 0)


def test_distances_are_flights_and_an_error_of_half_a_metre():
    errors = [
        record["target"] - flight(record["speed"], record["angle"], record["height"])
        for record in all_of(demo_distances())
    ]
    assert sum(errors) / len(errors) == pytest.approx(0, abs=0.05)
    assert math.sqrt(sum(error**2 for error in errors) / len(errors)) == pytest.approx(
        0.5, abs=0.03
    )


def test_labels_of_throws_follow_from_their_distances():
    for row, measured in zip(demo_table().training, demo_distances().training, strict=True):
        assert row["speed"] == measured["speed"]
        assert row["label"] == ("beyond" if measured["target"] > 30 else "short")


def test_names_are_those_of_characters_of_their_label():
    scripts = ("hangul", "ethiopic", "arabic", "cyrillic", "latin", "greek")
    records = demo_names().training
    assert all(unicodedata.lookup(record["text"]) for record in records)
    of_scripts = [record for record in records if record["label"] in scripts]
    named = [record for record in of_scripts if record["label"].upper() in record["text"]]
    assert len(named) / len(of_scripts) > 0.97  # the others are such as SLAVONIC ASTERISK


def test_what_a_module_defines_is_found_with_its_docstrings():
    found = dict(documented("fractions"))
    assert found["fractions.Fraction.limit_denominator"].startswith("Closest Fraction to self")
    assert "fractions.Decimal" not in found  # from elsewhere
    assert not any("._" in name for name in found)
    assert dict(documented("builtins"))["len"] == "Return the number of items in a container."


def test_sentences_are_prose():
    text = "Do it.  Then\nstop. e.g. not cut.\n\n>>> code()\n\n    indented\n\nno sentence"
    assert list(sentences(text)) == ["Do it.", "Then stop. e.g. not cut."]


def test_sentences_of_the_library_are_of_their_module():
    by_text = {record["text"]: record["label"] for record in all_of(demo_sentences(0))}
    by_text |= {record["text"]: record["label"] for record in all_of(demo_sentences(1))}
    assert by_text["Return the cosine of x (measured in radians)."] == "mathematics"
    assert all(30 <= len(text) <= 160 for text in by_text)


def test_a_question_is_answered_by_the_docstring():
    things = _documented_things()
    assert things["len"] == "Return the number of items in a container."
    asked = defaultdict(set)
    for record in all_of(demo_dialogue()):
        asked[record["question"]].add(record["answer"])
    explained = [question for question in asked if question.startswith("explain ")]
    assert len(explained) > 200
    for question in explained:
        assert asked[question] == {things[question.removeprefix("explain ")]}


def test_ways_of_asking_are_held_out_and_answers_are_not():
    data = demo_dialogue()
    learned = {record["answer"] for record in data.training}
    for part in (data.validation, data.test):
        assert {record["answer"] for record in part} <= learned
    ways = {record["question"].split()[0] for record in data.test}
    assert ways == {record["question"].split()[0] for record in data.training}


def test_an_answer_stands_in_its_passage_once():
    for record in all_of(demo_passages()):
        assert record["context"].count(record["answer"]) == 1


def test_an_answer_stands_in_the_sentence_about_the_one_who_is_asked_about():
    for record in all_of(demo_passages()):
        (who,) = [name for name in PEOPLE if name in record["question"].rstrip("?").split()]
        (told,) = [
            sentence for sentence in record["context"].split(".") if record["answer"] in sentence
        ]
        assert who in told.split()


def test_a_passage_tells_of_others_too():
    several = [
        record
        for record in demo_passages().training
        if sum(name in record["context"].replace(".", "").split() for name in PEOPLE) > 1
    ]
    assert len(several) > 2000


def test_no_value_of_a_fact_is_part_of_another_or_of_what_is_said():
    values = [value for fact in FACTS for value in fact.values]
    said = [form for fact in FACTS for form in fact.statements] + list(PEOPLE)
    for value in values:
        assert not any(value in other for other in values if other != value)
        assert not any(value in form for form in said)
