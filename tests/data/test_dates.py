import datetime
import re
import string

import pytest

from rnnbook.data.dates import CASES, FORMATS, NAMES, generate, write

DAYS = [datetime.date(year, 1, 1) + datetime.timedelta(i) for year in (1900, 2000, 2024) for i in range(366)]
MONTHS = {  # the first letters that tell a month from all others, whatever the language
    1: "jan ene gen",
    2: "feb fev fév",
    3: "mar mär maa mrt",
    4: "apr abr avr",
    5: "may mai mag mei",
    6: "jun juin giu",
    7: "jul juil lug",
    8: "aug aoû ago",
    9: "sep set",
    10: "oct okt ott out",
    11: "nov",
    12: "dec dez déc dic",
}
MONTHS = {start: month for month, starts in MONTHS.items() for start in starts.split()}
ROMAN = {
    "i": 1,
    "ii": 2,
    "iii": 3,
    "iv": 4,
    "v": 5,
    "vi": 6,
    "vii": 7,
    "viii": 8,
    "ix": 9,
    "x": 10,
    "xi": 11,
    "xii": 12,
}
WEEKDAYS = {name.lower(): i for _, _, names, _ in NAMES.values() for i, name in enumerate(names)}


def read(text: str) -> datetime.date:
    """A reader who knows the rules, and no formats: a year has four digits, a day follows or goes before the month."""
    text = text.lower()
    if match := re.fullmatch(r"(\d{4})(\d\d)(\d\d)", text):
        return datetime.date(*map(int, match.groups()))
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    year_first = numbers[0] > 31
    numbers.remove(year := next(number for number in numbers if number > 31))
    if len(numbers) == 2:
        day, month = reversed(numbers) if year_first else numbers
    else:
        (day,) = numbers
        found = {
            month for start, month in MONTHS.items() if re.search(rf"(?<![^\W\d_]){start}", _without_weekdays(text))
        }
        found |= {ROMAN[word] for word in re.findall(r"[a-z]+", text) if word in ROMAN}
        (month,) = found
    return datetime.date(year, month, day)


def _without_weekdays(text: str) -> str:
    """ "mar." is Tuesday in French and March in Spanish; what stands before the day is a weekday if a month follows."""
    before, _, after = re.match(r"(.*?)(\b\d{1,2}(?!\d))(.*)", text).groups()
    return after if re.search(r"[^\W\d_]{3}", after) else before


ALL = [(language, format_) for language, formats in FORMATS.items() for format_ in formats]


@pytest.mark.parametrize(("language", "format_"), ALL)
def test_a_reader_finds_the_day_in_every_format(language, format_):
    for day in DAYS[:: 7 if "month" in format_ else 1]:
        assert read(write(day, language, format_)) == day


def test_no_text_stands_for_two_days():
    days = {}
    for day in DAYS:
        for language, format_ in ALL:
            for change in set(CASES):
                assert days.setdefault(change(write(day, language, format_)), day) == day


def test_weekdays_are_those_of_the_calendar():
    pairs = generate(3000, 0, tuple(NAMES))
    seen = 0
    for source, target in zip(pairs.sources, pairs.targets, strict=True):
        for word in re.findall(r"[^\W\d_]+(?:-feira)?", source.lower()):
            if word in WEEKDAYS:
                seen += 1
                assert datetime.date.fromisoformat(target).weekday() == WEEKDAYS[word]
    assert seen > 500


@pytest.mark.parametrize(
    ("language", "code"), list(zip(NAMES, ("en", "de", "fr", "es", "it", "nl", "pt"), strict=True))
)
def test_names_of_months_and_weekdays_are_those_of_the_unicode_consortium(language, code):
    dates = pytest.importorskip("babel.dates")
    months, mons, weekdays, wdays = NAMES[language]
    assert months == [dates.get_month_names(locale=code)[i] for i in range(1, 13)]
    assert weekdays == [dates.get_day_names(locale=code)[i] for i in range(7)]
    abbreviated = dates.get_month_names("abbreviated", locale=code)
    assert [mon[:3] for mon in mons] == [abbreviated[i][:3] for i in range(1, 13)]
    assert all(day.startswith(own.rstrip(".")) for own, day in zip(wdays, weekdays, strict=True))


@pytest.mark.parametrize(
    ("day", "language", "format_", "text"),
    [
        ((2024, 3, 1), "French", "le {weekday} {nth} {month} {y}", "le vendredi 1er mars 2024"),
        ((1999, 8, 21), "French", "{nth} {mon} {y}", "21 août 1999"),
        ((2024, 3, 1), "Italian", "{weekday} {nth} {month} {y}", "venerdì 1º marzo 2024"),
        ((2001, 12, 8), "Italian", "{il}{nth} {month} {y}", "l'8 dicembre 2001"),
        ((2001, 12, 11), "Italian", "{il}{nth} {month} {y}", "l'11 dicembre 2001"),
        ((2001, 12, 18), "Italian", "{il}{nth} {month} {y}", "il 18 dicembre 2001"),
        ((2024, 2, 29), "German", "am {weekday}, dem {d}. {month} {y}", "am Donnerstag, dem 29. Februar 2024"),
        ((1901, 3, 2), "German", "{wday}, {dd}.{mm}.{y}", "Sa., 02.03.1901"),
        ((2005, 9, 3), "Spanish", "{weekday}, {d} de {month} de {y}", "sábado, 3 de septiembre de 2005"),
        ((2005, 9, 3), "Dutch", "op {weekday} {d} {month} {y}", "op zaterdag 3 september 2005"),
        ((2005, 9, 6), "Portuguese", "{weekday}, {d} de {month} de {y}", "terça-feira, 6 de setembro de 2005"),
        ((2005, 4, 3), "numbers", "{dd}/{mm}/{y}", "03/04/2005"),
        ((2005, 4, 3), "numbers", "{d} {roman} {y}", "3 IV 2005"),
        ((2005, 4, 3), "numbers", "{y}{mm}{dd}", "20050403"),
    ],
)
def test_dates_as_they_are_written(day, language, format_, text):
    assert write(datetime.date(*day), language, format_) == text


def test_english_ordinals():
    days = [write(datetime.date(2024, 1, d), "English", "{nth}") for d in range(1, 32)]
    ends = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
    assert days == [f"{d}{ends.get(d, 'th')}" for d in range(1, 32)]


def test_what_is_drawn():
    pairs = generate(20_000, 0)
    assert pairs == generate(20_000, 0)
    assert pairs.targets != generate(20_000, 1).targets
    days = [datetime.date.fromisoformat(target) for target in pairs.targets]
    assert all(day.isoformat() == target for day, target in zip(days, pairs.targets, strict=True))
    assert {day.year for day in days} == set(range(1900, 2100))
    assert min(days) < datetime.date(1900, 2, 1)
    assert max(days) > datetime.date(2099, 12, 1)
    assert {(day.month, day.day) for day in days} == {(day.month, day.day) for day in DAYS[366:732]}
    assert len(ALL) >= 20
    sources = set(pairs.sources[:1500])
    drawn = {each for day in days[:1500] for each in ALL if write(day, *each) in sources}
    assert drawn == set(ALL)
    assert sum(source.isupper() for source in pairs.sources) > 2000
    assert sum(source.islower() for source in pairs.sources) > 2000
    alphabet = set(string.digits + "-")
    assert set(pairs.alphabets[1]) == alphabet
    assert generate(0, 0).sources == []


def test_a_day_that_is_held_out_occurs_in_training_in_no_format():
    train, test = generate(4000, 0).split(seed=1, held_out=0.1)
    assert not {read(source) for source in train.sources} & {read(source) for source in test.sources}
    assert not set(train.targets) & set(test.targets)
    assert set("".join(test.sources)) <= set("".join(train.sources))


@pytest.mark.parametrize("languages", [("Englisch",), ()])
def test_a_language_that_is_not_there(languages):
    with pytest.raises(ValueError, match=r"name one or more\..*There are: numbers, English"):
        generate(1, 0, languages)
