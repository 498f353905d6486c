"""Made-up businesses with their addresses, any number of them, no two alike."""

import math
import random
from collections.abc import Iterator
from typing import TypeAlias

from recurra.base import check_seed, check_size
from recurra.data.demos.demo_data import words_of

Address: TypeAlias = dict[str, str]

SURNAMES = words_of(
    """Abbott Baker Barnes Becker Bennett Brennan Caldwell Carter Castillo Chen Connor Crawford
    Dalton Davies Delgado Dixon Dubois Edwards Ellis Farrell Fischer Fleming Foster Garcia Gibson
    Graham Griffin Hansen Harper Hayes Herrera Hoffman Howard Hughes Iverson Jansen Jennings Kaplan
    Keller Kowalski Lambert Larsen Lopez Mancini Marsh McBride Mendoza Meyer Monroe Nakamura Newman
    Nguyen Norris Novak Olsen Osborne Park Patel Perkins Petrov Porter Quinn Ramirez Reeves Rossi
    Russo Sanders Schmidt Shapiro Silva Simmons Sokolov Sullivan Tanaka Thornton Tucker Vargas
    Vaughn Wagner Walsh Weber Whitfield Yamada Zimmerman"""
)
ADJECTIVES = words_of(
    """Amber Blue Bright Broken Copper Crystal Daily Eastern Emerald Evergreen Golden Grand Green
    Happy Hidden Iron Little Lucky Modern Northern Old Pacific Prime Quiet Rapid Red Royal Rustic
    Silver Southern Sunny Twin Urban Velvet Western White"""
)
NOUNS = words_of(
    """Anchor Arrow Barn Bear Bell Bridge Cedar Circle Crown Dragon Eagle Falcon Feather Fox Garden
    Harbor Hill Horse Island Lantern Leaf Lion Maple Meadow Moon Mountain Oak Owl Pearl Pine River
    Rose Sparrow Star Stone Tiger Tower Valley Willow Wolf"""
)
TRADES = words_of(
    """Accounting Antiques Architects Bakery Barbers Bicycles Books Brewery Cafe Carpets Catering
    Cleaners Clinic Coffee Construction Dental Design Diner Electric Fitness Florist Furniture
    Gallery Grill Grocery Hardware Insurance Jewelers Laundry Landscaping Lighting Logistics Market
    Motors Music Optics Painting Pharmacy Photography Pizza Plumbing Printing Realty Roofing Salon
    Security Shoes Studio Supply Tailors Travel Upholstery Wines"""
)
ENDINGS = ("", "", "", " Company", " Incorporated", " Limited", " Associates", " and Sons")

STREETS = words_of(
    """Adams Ash Bayview Beacon Birch Bluff Canal Cedar Cherry Chestnut Church Clay Clinton College
    Cypress Depot Dogwood Elm Fairview Franklin Garfield Grant Grove Hamilton Harrison Hawthorn
    Hickory High Highland Hillcrest Holly Jackson Jefferson Juniper Lake Laurel Liberty Lincoln
    Linden Locust Madison Magnolia Main Maple Market Meadow Mill Monroe Mulberry Oak Olive Orchard
    Park Pine Pleasant Poplar Prospect Railroad Ridge River School Spring Spruce Summit Sunset
    Sycamore Taylor Union Valley Vine Walnut Washington Water Willow Wilson Woodland"""
)
STREET_KINDS = ("Street", "Avenue", "Road", "Lane", "Drive", "Boulevard", "Place", "Court")
DIRECTIONS = ("", "", "", "", "North ", "South ", "East ", "West ")
CITIES = words_of(
    """Ashford Bellmont Bridgewater Brookfield Carrollton Cedarville Clearwater Crestwood Danbury
    Dunmore Eastport Edgewater Fairhaven Farmington Franklin Georgetown Glendale Greenfield
    Hamilton Harrisburg Hillsboro Jamestown Kingston Lakewood Lexington Madison Marlow Middleton
    Milford Newport Northfield Oakdale Oxford Plainview Princeton Richmond Riverside Rockport
    Salem Shelby Springfield Stratford Summerville Waverly Westbrook Winchester"""
)

LOCAL_NUMBERS = 10**7
STRIDE = 7_368_787
"""Without a divisor in common with `LOCAL_NUMBERS`, so that no telephone number comes twice."""


def demo_address_records(count: int, seed: int = 0) -> Iterator[Address]:
    """Make up any number of distinct businesses with their addresses, one after the other.

    For nearest-neighbour search and for `demo_addresses`. Each has its own telephone number, so
    that no two records are equal; the first records of a longer series are those of a shorter one.

    Args:
        count: how many, 1..10000000.
        seed: of all of them.

    Returns:
        An iterator over mappings with `name`, `address`, `city` and `phone`; a million take some
        seconds and no memory.

    Raises:
        ShapeError: `count` is outside its range.

    Example:
        >>> import recurra
        >>> list(next(recurra.data.demo_address_records(1_000_000)).values())
        ['Iverson & Russo Gallery', '16 Market Court', 'Princeton', '(643) 646-3343']
    """
    check_size("count", count, most=LOCAL_NUMBERS)
    return _records(count, random.Random(check_seed(seed)))


def _records(count: int, rng: random.Random) -> Iterator[Address]:
    start = rng.randrange(LOCAL_NUMBERS)
    for place in range(count):
        city = int(rng.random() * len(CITIES))
        number = (start + place * STRIDE) % LOCAL_NUMBERS
        yield {
            "name": _name(rng),
            "address": make_address(rng),
            "city": CITIES[city],
            "phone": make_phone(city, number),
        }


def _name(rng: random.Random) -> str:
    trade, ending = _pick(TRADES, rng), _pick(ENDINGS, rng)
    form = rng.random()
    if form < 0.4:
        return f"{_pick(SURNAMES, rng)} {trade}{ending}"
    if form < 0.65:
        return f"{_pick(SURNAMES, rng)} & {_pick(SURNAMES, rng)} {trade}{ending}"
    return f"{_pick(ADJECTIVES, rng)} {_pick(NOUNS, rng)} {trade}{ending}"


def make_address(rng: random.Random) -> str:
    """Make up a house number and a street; small numbers are more frequent, as they are."""
    number = int(math.exp(rng.random() * math.log(9999)))
    return f"{number} {make_street(rng)}"


def make_street(rng: random.Random) -> str:
    """Make up a street: a direction or none, a name, a kind."""
    return f"{_pick(DIRECTIONS, rng)}{_pick(STREETS, rng)} {_pick(STREET_KINDS, rng)}"


def make_phone(city: int, number: int) -> str:
    """Write a telephone number: the code of the city, then seven digits."""
    return f"({201 + 13 * city}) {number // 10_000:03}-{number % 10_000:04}"


def _pick(words: tuple[str, ...], rng: random.Random) -> str:
    return words[int(rng.random() * len(words))]
