"""Dates in many forms: each read by one rule, none with two meanings."""

import random
import re
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from recurra.data import demo_dates
from recurra.data.demos.calendar_words import (
    DATE_LANGUAGES,
    ENGLISH,
    FRENCH,
    GERMAN,
    JAPANESE,
    KOREAN,
    SPANISH,
)
from recurra.data.demos.dates import FIRST, LAST, write_date

DAY = date(2019, 3, 7)  # a Thursday


@pytest.mark.parametrize(
    ("language", "written"),
    [
        (ENGLISH, "Thursday, 7 March 2019"),
        (ENGLISH, "the 7th of March 2019"),
        (ENGLISH, "Mar 7 '19"),
        (ENGLISH, "07-Mar-19"),
        (GERMAN, "Donnerstag, den 7. März 2019"),
        (GERMAN, "7.3.2019"),
        (FRENCH, "jeudi 7 mars 2019"),
        (SPANISH, "jueves, 7 de marzo de 2019"),
        (KOREAN, "2019년 3월 7일 목요일"),
        (JAPANESE, "2019年3月7日(木曜日)"),
    ],
)
def test_a_day_in_full(language, written):
    assert written in [write_date(DAY, language, form) for form in language.forms]


def test_english_ordinals():
    form = "the {ordinal} of {month_name} {year}"
    days = [write_date(date(2024, 8, day), ENGLISH, form).split()[1] for day in range(1, 32)]
    assert days[:4] == ["1st", "2nd", "3rd", "4th"]
    assert days[10:13] == ["11th", "12th", "13th"]
    assert days[20:] == [
        "21st", "22nd", "23rd", "24th", "25th", "26th", "27th", "28th", "29th", "30th", "31st",
    ]  # fmt: skip


@pytest.mark.parametrize("language", DATE_LANGUAGES)
def test_a_language_has_all_its_words(language):
    assert len(language.months) == len(set(language.months)) == 12
    assert len(language.short_months) == len(set(language.short_months)) == 12
    assert len(language.weekdays) == len(set(language.weekdays)) == 7


def test_no_text_means_two_days():
    meanings = {}
    rng = random.Random(4)
    days = [FIRST + timedelta(days=rng.randrange((LAST - FIRST).days)) for _ in range(1500)]
    days += [date(year, month, day) for year in (2001, 2010) for month in (1, 2, 10, 11, 12)
             for day in (1, 2, 10, 11, 12, 20, 21)]  # fmt: skip
    for day in days:
        for language in DATE_LANGUAGES:
            for form in language.forms:
                assert meanings.setdefault(write_date(day, language, form), day) == day


def test_numbers_between_slashes_begin_with_the_year():
    data = demo_dates()
    slashed = [record["source"] for record in data.training if "/" in record["source"]]
    assert slashed
    assert all(re.fullmatch(r"\d{4}/\d\d/\d\d", source) for source in slashed)


def test_targets_are_iso_and_agree_with_what_python_reads():
    formats = {"%d %B %Y", "%B %d, %Y", "%d-%b-%y", "%d.%m.%y", "%Y/%m/%d", "%A, %d %B %Y"}
    read = Counter()
    for record in demo_dates().training:
        assert date.fromisoformat(record["target"]).isoformat() == record["target"]
        for form in formats:
            try:
                day = datetime.strptime(record["source"], form).date()
            except ValueError:
                continue
            assert day.isoformat() == record["target"]
            read[form] += 1
    assert set(read) == formats


def test_all_languages_and_the_whole_century_occur():
    records = demo_dates().training
    sources = " ".join(record["source"] for record in records)
    for word in ("Friday", "Freitag", "vendredi", "viernes", "금요일", "金曜日"):
        assert word in sources
    years = {record["target"][:4] for record in records}
    assert len(years) == 100
    assert {min(years), max(years)} == {"1969", "2068"}
