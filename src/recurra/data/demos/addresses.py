"""Pairs of addresses: are they the same place?"""

import random
from collections.abc import Iterator

from recurra.base import check_seed, check_size
from recurra.data.demos.address_records import (
    LOCAL_NUMBERS,
    Address,
    demo_address_records,
    make_address,
)
from recurra.data.demos.demo_data import DemoData, Record, split_demo
from recurra.data.demos.variations import vary

PAIRS = 4
"""Pairs that are made of each two places."""


def demo_addresses(seed: int = 0, count: int = 4000) -> DemoData:
    """Make pairs of addresses of made-up businesses, half of them twice the same place.

    For `match`: fields `left` and `right`, mappings with `name`, `address`, `city` and `phone`,
    and `label`, "1" for the same place. The second of a matching pair has typing errors, short
    forms, parts left out or another layout. Of pairs that do not match, most are hard: the
    neighbour in the same street, the branch of the same name elsewhere, the same street and city.
    No business is in two parts.

    Args:
        seed: of the places, the pairs and the split.
        count: how many pairs, 100..1000000; made in fours. Default: 4000.

    Raises:
        ShapeError: `count` is outside its range.

    Example:
        >>> import recurra
        >>> pair = recurra.data.demo_addresses().training[0]
        >>> pair["label"], pair["left"]["address"], pair["right"]["address"]
        ('1', '4 East Market Avenue', '4 E MARKT AVENUE')
    """
    check_size("count", count, least=100, most=1_000_000)
    rng = random.Random(check_seed(seed))
    places = demo_address_records(-(-count // PAIRS) * 2, seed)
    grouped = [
        (group, pair)
        for group, (one, other) in enumerate(zip(places, places, strict=True))
        for pair in _pairs(one, other, rng)
    ]
    words = "Pairs of addresses of made-up businesses, twice the same place or two places."
    return split_demo("addresses", words, grouped[:count], seed)


def _pairs(one: Address, other: Address, rng: random.Random) -> Iterator[Record]:
    """Make two pairs that match and two that do not, of two places."""
    yield _pair(one, one, "1", rng)
    yield _pair(one, _neighbour(one, other, rng), "0", rng)
    yield _pair(other, other, "1", rng)
    elsewhere = _branch(other, one, rng) if rng.random() < 0.7 else one
    yield _pair(other, elsewhere, "0", rng)


def _pair(left: Address, right: Address, label: str, rng: random.Random) -> Record:
    sides = [dict(left), vary(right, rng)]
    rng.shuffle(sides)
    return {"left": sides[0], "right": sides[1], "label": label}


def _neighbour(place: Address, other: Address, rng: random.Random) -> Address:
    """Make another business in the same street: an odd number of houses away."""
    number, street = place["address"].split(" ", 1)
    moved = str(int(number) + rng.choice((1, 2, 3, 4, 6, 10, 20, 100)))
    return {
        "name": other["name"],
        "address": f"{moved} {street}",
        "city": place["city"],
        "phone": _other_phone(place, rng),
    }


def _branch(place: Address, other: Address, rng: random.Random) -> Address:
    """Make a business of the same name in another street, in this city or another."""
    street = place["address"]
    while street.split(" ", 1)[1] == place["address"].split(" ", 1)[1]:
        street = make_address(rng)
    city = rng.choice((place, other))
    return {
        "name": place["name"],
        "address": street,
        "city": city["city"],
        "phone": _other_phone(city, rng),
    }


def _other_phone(place: Address, rng: random.Random) -> str:
    """Give a number in the area of a place that is not its own."""
    number = rng.randrange(LOCAL_NUMBERS)
    phone = f"{place['phone'][:5]} {number // 10_000:03}-{number % 10_000:04}"
    return phone if phone != place["phone"] else _other_phone(place, rng)
