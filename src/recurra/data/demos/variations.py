"""The same address as another person would have typed it."""

import random

from recurra.data.demos.address_records import Address

SHORT_FORMS = {
    "Street": ("St", "St."), "Avenue": ("Ave", "Ave.", "Av"), "Road": ("Rd", "Rd."),
    "Lane": ("Ln", "Ln."), "Drive": ("Dr", "Dr."), "Boulevard": ("Blvd", "Blvd."),
    "Place": ("Pl", "Pl."), "Court": ("Ct", "Ct."),
    "North": ("N", "N."), "South": ("S", "S."), "East": ("E", "E."), "West": ("W", "W."),
    "Company": ("Co", "Co."), "Incorporated": ("Inc", "Inc."), "Limited": ("Ltd", "Ltd."),
    "Associates": ("Assoc.", "Assoc"), "and": ("&",), "&": ("and", "+"),
}  # fmt: skip
"""What addresses and names of companies are abbreviated to."""

OPTIONAL = frozenset({
    "Company", "Incorporated", "Limited", "Associates", "North", "South", "East", "West",
})  # fmt: skip
"""Words that people leave out."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def vary(record: Address, rng: random.Random) -> Address:
    """Write one place in another way: short forms, words left out, typing errors, other layout.

    Digits are never changed, since a place with another number is another place; the telephone
    number may be missing, and then name and street say enough.
    """
    varied = {
        "name": _misspell(_shorten(record["name"], rng), rng),
        "address": _misspell(_shorten(record["address"], rng), rng),
        "city": _misspell(record["city"], rng, chance=0.2),
        "phone": _phone(record["phone"], rng),
    }
    change_case = rng.choice((str, str, str, str.lower, str.upper))
    return {field: change_case(text) for field, text in varied.items()}


def _shorten(text: str, rng: random.Random) -> str:
    kept = []
    for word in text.split():
        if word in OPTIONAL and rng.random() < 0.2:
            continue
        is_short = word in SHORT_FORMS and rng.random() < 0.5
        kept.append(rng.choice(SHORT_FORMS[word]) if is_short else word)
    return " ".join(kept)


def _misspell(text: str, rng: random.Random, chance: float = 0.4) -> str:
    places = [
        place
        for place in range(1, len(text) - 1)
        if text[place].isalpha() and text[place + 1].isalpha()
    ]
    if not places or rng.random() >= chance:
        return text
    return _change_letter(text, rng.choice(places), rng)


def _change_letter(text: str, place: int, rng: random.Random) -> str:
    before, letter, following, after = (
        text[:place], text[place], text[place + 1], text[place + 2 :]
    )  # fmt: skip
    return before + rng.choice(
        (
            following + letter + after,
            following + after,
            letter + letter + following + after,
            rng.choice(LETTERS) + following + after,
        )
    )


def _phone(phone: str, rng: random.Random) -> str:
    digits = "".join(character for character in phone if character.isdigit())
    area, office, line = digits[:3], digits[3:6], digits[6:]
    return rng.choice(
        (
            phone,
            f"{area}-{office}-{line}",
            f"{area}.{office}.{line}",
            f"+1 {area} {office} {line}",
            digits,
            "",
        )
    )
