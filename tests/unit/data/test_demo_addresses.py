"""Addresses: distinct records, pairs that are one place or two."""

import random
import re
from itertools import islice

import pytest

from recurra.base import ArgumentError, ShapeError
from recurra.data import demo_address_records, demo_addresses
from recurra.data.demos.addresses import _branch, _neighbour
from recurra.data.demos.variations import vary

PLACE = {
    "name": "Baker & Chen Books Company",
    "address": "120 North Main Street",
    "city": "Salem",
    "phone": "(201) 555-0123",
}


def digits(text):
    return re.sub(r"\D", "", text)


def variations(count=400):
    rng = random.Random(0)
    return [vary(PLACE, rng) for _ in range(count)]


def test_records_are_distinct_and_complete():
    records = list(demo_address_records(30_000))
    assert len({record["phone"] for record in records}) == 30_000
    assert all(tuple(record) == ("name", "address", "city", "phone") for record in records)
    assert all(all(record.values()) for record in records)
    texts = {(record["name"], record["address"], record["city"]) for record in records}
    assert len(texts) == 30_000


def test_telephone_numbers_are_of_one_form():
    for record in demo_address_records(500):
        assert re.fullmatch(r"\(\d{3}\) \d{3}-\d{4}", record["phone"])


def test_the_shorter_series_begins_the_longer():
    assert list(demo_address_records(50, 3)) == list(islice(demo_address_records(10**7, 3), 50))


def test_the_seed_decides():
    assert list(demo_address_records(5, 1)) != list(demo_address_records(5, 2))


@pytest.mark.parametrize("count", [0, 10**7 + 1, 1.5, True])
def test_impossible_numbers_of_records_are_refused_at_once(count):
    with pytest.raises(ShapeError, match="`count`"):
        demo_address_records(count)


def test_impossible_seeds_are_refused_at_once():
    with pytest.raises(ArgumentError, match="`seed`"):
        demo_address_records(5, -1)


def test_a_variation_keeps_every_digit_of_house_and_telephone():
    for varied in variations():
        assert digits(varied["address"]) == "120"
        assert digits(varied["phone"]).removeprefix("1") in ("2015550123", "")


def test_variations_abbreviate_leave_out_misspell_and_change_case():
    addresses = {varied["address"] for varied in variations()}
    names = {varied["name"] for varied in variations()}
    assert {"120 N Main St", "120 N. Main Street", "120 Main Street"} <= addresses
    assert {"Baker and Chen Books Co", "baker & chen books company"} <= names
    assert PLACE["name"] in names
    assert any(varied["phone"] == "" for varied in variations())
    assert len(addresses) > 100  # with typing errors


def test_a_variation_leaves_its_record_as_it_was():
    before = dict(PLACE)
    variations(3)
    assert before == PLACE


def test_a_neighbour_is_another_business_in_the_same_street():
    other = {"name": "Red Fox Cafe", "address": "9 Oak Lane", "city": "Milford", "phone": "(214) 1"}
    neighbour = _neighbour(PLACE, other, random.Random(1))
    number, street = neighbour["address"].split(" ", 1)
    assert (neighbour["name"], street, neighbour["city"]) == (
        "Red Fox Cafe", "North Main Street", "Salem",
    )  # fmt: skip
    assert int(number) > 120
    assert neighbour["phone"].startswith("(201) ")
    assert neighbour["phone"] != PLACE["phone"]


def test_a_branch_has_the_name_but_another_street_and_telephone():
    other = {"name": "Red Fox Cafe", "address": "9 Oak Lane", "city": "Milford",
             "phone": "(214) 555-0000"}  # fmt: skip
    cities = set()
    for seed in range(20):
        branch = _branch(PLACE, other, random.Random(seed))
        assert branch["name"] == PLACE["name"]
        assert branch["address"].split(" ", 1)[1] != "North Main Street"
        assert branch["phone"] != PLACE["phone"]
        cities.add((branch["city"], branch["phone"][:5]))
    assert cities == {("Salem", "(201)"), ("Milford", "(214)")}


def test_no_business_is_in_two_parts():
    data = demo_addresses()
    parts = [
        {
            digits(pair[side]["phone"])[-7:]
            for pair in part
            for side in ("left", "right")
            if pair[side]["phone"]
        }
        for part in (data.training, data.validation, data.test)
    ]
    assert len(set.union(*parts)) == sum(len(part) for part in parts)


def test_a_pair_is_one_place_just_where_telephones_say_so():
    for pair in demo_addresses().training:
        left, right = (digits(pair[side]["phone"])[-10:] for side in ("left", "right"))
        if left and right:
            assert (left == right) is (pair["label"] == "1")


def test_pairs_that_do_not_match_are_hard():
    others = [pair for pair in demo_addresses().training if pair["label"] == "0"]

    def share(field):
        same = [pair["left"][field].lower() == pair["right"][field].lower() for pair in others]
        return sum(same) / len(same)

    assert share("name") > 0.1
    assert share("city") > 0.4
