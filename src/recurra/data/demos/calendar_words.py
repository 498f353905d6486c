"""How dates are written: names of months and days in six languages, and the forms around them."""

from dataclasses import dataclass

from recurra.data.demos.demo_data import words_of


@dataclass(frozen=True)
class DateLanguage:
    """The words of dates in one language, and the forms that they are put into.

    Args:
        months: the names, January first.
        short_months: the names as they are cut short.
        weekdays: the names, Monday first.
        forms: templates over `day`, `day2` (two digits), `ordinal`, `month`, `month2`,
            `month_name`, `short_month`, `weekday`, `year` and `year2`. None can be read as two
            dates: where day and month are both numbers, punctuation or signs say which is which.
    """

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    weekdays: tuple[str, ...]
    forms: tuple[str, ...]


ENGLISH = DateLanguage(
    words_of(
        "January February March April May June July August September October November December"
    ),
    words_of("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
    words_of("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    (
        "{day} {month_name} {year}",
        "{month_name} {day}, {year}",
        "{weekday}, {day} {month_name} {year}",
        "{weekday}, {month_name} {day}, {year}",
        "the {ordinal} of {month_name} {year}",
        "{month_name} {ordinal}, {year}",
        "{day} {short_month} {year}",
        "{short_month} {day}, {year}",
        "{day2}-{short_month}-{year2}",
        "{short_month} {day} '{year2}",
        "{year}/{month2}/{day2}",
        "{year} {short_month} {day}",
    ),
)

GERMAN = DateLanguage(
    words_of("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
    words_of("Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez."),
    words_of("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"),
    (
        "{day}. {month_name} {year}",
        "{weekday}, {day}. {month_name} {year}",
        "{weekday}, den {day}. {month_name} {year}",
        "{day}. {short_month} {year}",
        "{day}.{month}.{year}",
        "{day2}.{month2}.{year2}",
    ),
)

FRENCH = DateLanguage(
    words_of(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    ),
    words_of("janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."),
    words_of("lundi mardi mercredi jeudi vendredi samedi dimanche"),
    (
        "{day} {month_name} {year}",
        "le {day} {month_name} {year}",
        "{weekday} {day} {month_name} {year}",
        "{day} {short_month} {year}",
    ),
)

SPANISH = DateLanguage(
    words_of(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    ),
    words_of("ene feb mar abr may jun jul ago sept oct nov dic"),
    words_of("lunes martes miércoles jueves viernes sábado domingo"),
    (
        "{day} de {month_name} de {year}",
        "{weekday}, {day} de {month_name} de {year}",
        "el {day} de {month_name} de {year}",
        "{day} {short_month} {year}",
    ),
)

KOREAN = DateLanguage(
    tuple(f"{month}월" for month in range(1, 13)),
    tuple(f"{month}월" for month in range(1, 13)),
    words_of("월요일 화요일 수요일 목요일 금요일 토요일 일요일"),
    (
        "{year}년 {month}월 {day}일",
        "{year}년 {month}월 {day}일 {weekday}",
        "{year}. {month}. {day}.",
        "{year2}년 {month}월 {day}일",
    ),
)

JAPANESE = DateLanguage(
    tuple(f"{month}月" for month in range(1, 13)),
    tuple(f"{month}月" for month in range(1, 13)),
    words_of("月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日"),
    (
        "{year}年{month}月{day}日",
        "{year}年{month2}月{day2}日",
        "{year}年{month}月{day}日({weekday})",
    ),
)

DATE_LANGUAGES = (ENGLISH, GERMAN, FRENCH, SPANISH, KOREAN, JAPANESE)
