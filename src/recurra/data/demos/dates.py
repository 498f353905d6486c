"""Dates as people write them, to be brought into the one form of ISO 8601."""

import random
from datetime import date, timedelta

from recurra.base import check_seed, check_size
from recurra.data.demos.calendar_words import DATE_LANGUAGES, DateLanguage
from recurra.data.demos.demo_data import DemoData, split_demo

FIRST, LAST = date(1969, 1, 1), date(2068, 12, 31)
"""The hundred years in which POSIX reads a year of two digits, so that it has one meaning."""

MAX = 20_000
"""More than this of so few days would be hard to draw without repetition."""


def demo_dates(seed: int = 0, count: int = 6000) -> DemoData:
    """Write random days of 1969 to 2068 in many ways and six languages.

    For `translate`: fields `source`, such as "Thursday, 7 March 2019", "7.3.2019" or
    "2019년 3월 7일", and `target`, "2019-03-07". A form that could be read as two dates, such as
    3/7/19, is never used; a year of two digits lies where POSIX `strptime` puts it. No day is in
    two parts.

    Args:
        seed: of the days, the forms and the split.
        count: how many dates, 100..20000. Default: 6000.

    Raises:
        ShapeError: `count` is outside its range.

    Example:
        >>> import recurra
        >>> recurra.data.demo_dates().training[0]
        {'source': '1977년 10월 2일 일요일', 'target': '1977-10-02'}
    """
    check_size("count", count, least=100, most=MAX)
    rng = random.Random(check_seed(seed))
    targets: dict[str, str] = {}
    while len(targets) < count:
        day = FIRST + timedelta(days=rng.randrange((LAST - FIRST).days + 1))
        language = rng.choice(DATE_LANGUAGES)
        targets[write_date(day, language, rng.choice(language.forms))] = day.isoformat()
    records = [(target, {"source": text, "target": target}) for text, target in targets.items()]
    words = "Days written in many ways and six languages, made at random, and their ISO 8601 form."
    return split_demo("dates", words, records, seed)


def write_date(day: date, language: DateLanguage, form: str) -> str:
    """Write a day in one form of one language."""
    month = day.month - 1
    return form.format(
        day=day.day,
        day2=f"{day.day:02}",
        ordinal=_english_ordinal(day.day),
        month=day.month,
        month2=f"{day.month:02}",
        month_name=language.months[month],
        short_month=language.short_months[month],
        weekday=language.weekdays[day.weekday()],
        year=day.year,
        year2=f"{day.year % 100:02}",
    )


def _english_ordinal(number: int) -> str:
    ending = "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
