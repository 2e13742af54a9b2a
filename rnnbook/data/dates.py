"""Dates as people of seven languages write them, to be written as ISO 8601 does: "3 mars 2024", 2024-03-03.

Every text stands for one day only, so that a model can be right every time. Years have four digits. Where month and day
are both numbers, the year comes first and the day last, or the day comes first and the year last; 03/04/2005 is the
third of April. The American order, month before day, occurs with the month's name alone.
"""

import datetime

import numpy as np

from rnnbook.data.parallel import Parallel
from rnnbook.nearest import suggest

FIRST, LAST = datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)

# {d} day, {dd} with two digits, {nth} day as an ordinal where the language uses one, {m} {mm} {roman} month in numbers,
# {month} {mon} its name and that abbreviated, {weekday} {wday} likewise, {y} year.
FORMATS = {
    "numbers": [
        "{y}-{mm}-{dd}",
        "{y}/{mm}/{dd}",
        "{y}.{mm}.{dd}",
        "{y}{mm}{dd}",
        "{dd}.{mm}.{y}",
        "{d}.{m}.{y}",
        "{d}. {m}. {y}",
        "{dd}/{mm}/{y}",
        "{d}/{m}/{y}",
        "{dd}-{mm}-{y}",
        "{d}-{m}-{y}",
        "{dd} {mm} {y}",
        "{d}.{roman}.{y}",
        "{d} {roman} {y}",
    ],
    "English": [
        "{d} {month} {y}",
        "{nth} {month} {y}",
        "{month} {d}, {y}",
        "{month} {nth}, {y}",
        "the {nth} of {month} {y}",
        "{weekday}, {d} {month} {y}",
        "{weekday}, {month} {d}, {y}",
        "{weekday} the {nth} of {month}, {y}",
        "{d} {mon} {y}",
        "{mon} {d}, {y}",
        "{wday} {d} {mon} {y}",
        "{wday}, {mon} {nth}, {y}",
        "{dd}-{mon}-{y}",
        "{y} {month} {d}",
    ],
    "German": [
        "{d}. {month} {y}",
        "{dd}. {month} {y}",
        "den {d}. {month} {y}",
        "am {d}. {month} {y}",
        "{weekday}, {d}. {month} {y}",
        "{weekday}, den {d}. {month} {y}",
        "am {weekday}, dem {d}. {month} {y}",
        "{d}. {mon} {y}",
        "{wday}, {d}. {mon} {y}",
        "{wday}, {dd}.{mm}.{y}",
    ],
    "French": [
        "{nth} {month} {y}",
        "le {nth} {month} {y}",
        "{weekday} {nth} {month} {y}",
        "le {weekday} {nth} {month} {y}",
        "{nth} {mon} {y}",
        "{wday} {nth} {mon} {y}",
    ],
    "Spanish": [
        "{d} de {month} de {y}",
        "el {d} de {month} de {y}",
        "{weekday}, {d} de {month} de {y}",
        "el {weekday} {d} de {month} de {y}",
        "{d} {mon} {y}",
        "{wday}, {d} {mon} {y}",
    ],
    "Italian": [
        "{nth} {month} {y}",
        "{il}{nth} {month} {y}",
        "{weekday} {nth} {month} {y}",
        "{nth} {mon} {y}",
        "{wday} {nth} {mon} {y}",
    ],
    "Dutch": [
        "{d} {month} {y}",
        "op {d} {month} {y}",
        "{weekday} {d} {month} {y}",
        "op {weekday} {d} {month} {y}",
        "{d} {mon} {y}",
        "{wday} {d} {mon} {y}",
    ],
    "Portuguese": [
        "{d} de {month} de {y}",
        "em {d} de {month} de {y}",
        "{weekday}, {d} de {month} de {y}",
        "{d} {mon} {y}",
        "{wday}, {d} {mon} {y}",
    ],
}
NAMES = {  # twelve months, their abbreviations, seven weekdays from Monday, their abbreviations
    "English": (
        "January February March April May June July August September October November December",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "Mon Tue Wed Thu Fri Sat Sun",
    ),
    "German": (
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        "Mo. Di. Mi. Do. Fr. Sa. So.",
    ),
    "French": (
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "lun. mar. mer. jeu. ven. sam. dim.",
    ),
    "Spanish": (
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "ene. feb. mar. abr. may. jun. jul. ago. sept. oct. nov. dic.",
        "lunes martes miércoles jueves viernes sábado domingo",
        "lun. mar. mié. jue. vie. sáb. dom.",
    ),
    "Italian": (
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "gen. feb. mar. apr. mag. giu. lug. ago. set. ott. nov. dic.",
        "lunedì martedì mercoledì giovedì venerdì sabato domenica",
        "lun. mar. mer. gio. ven. sab. dom.",
    ),
    "Dutch": (
        "januari februari maart april mei juni juli augustus september oktober november december",
        "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec.",
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
        "ma. di. wo. do. vr. za. zo.",
    ),
    "Portuguese": (
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
        "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
        "seg. ter. qua. qui. sex. sáb. dom.",
    ),
}
NAMES = {language: tuple(names.split() for names in rows) for language, rows in NAMES.items()}
ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
CASES = (str, str, str, str.lower, str.upper)  # each as likely as any other: three in five as it is written


def generate(n: int, seed: int, languages: tuple[str, ...] = tuple(FORMATS)) -> Parallel:
    """Draw days of the years 1900 to 2099, and for each a language, one of its formats, and sometimes other case.

    All days are equally likely, all languages, and all formats of a language. Weekdays are those of the calendar.
    `Parallel.split` divides by day: what is held out occurs in training in no format and no language.

    Args:
        n: how many.
        seed: another seed, other dates.
        languages: keys of `FORMATS`; "numbers" is one of them.

    Returns:
        Dates in human formats as sources, in ISO 8601 as targets.

    Raises:
        ValueError: a language is not there, or there is none.
    """
    unknown = [language for language in languages if language not in FORMATS]
    if unknown or not languages:
        raise ValueError(f"languages={list(languages)}: name one or more. {suggest(str(*unknown[:1]), FORMATS)}")
    rng = np.random.default_rng(seed)
    sources, targets = [], []
    for days in rng.integers((LAST - FIRST).days + 1, size=n).tolist():
        day = FIRST + datetime.timedelta(days)
        language = languages[rng.integers(len(languages))]
        format_ = FORMATS[language][rng.integers(len(FORMATS[language]))]
        change = CASES[rng.integers(len(CASES))]
        sources.append(change(write(day, language, format_)))
        targets.append(day.isoformat())
    return Parallel(sources, targets)


def write(day: datetime.date, language: str, format_: str) -> str:
    """A day in one of the formats.

    >>> write(datetime.date(2024, 3, 1), "French", "le {weekday} {nth} {month} {y}")
    'le vendredi 1er mars 2024'
    """
    d, m = day.day, day.month
    fields = {"d": d, "dd": f"{d:02}", "m": m, "mm": f"{m:02}", "y": day.year, "roman": ROMAN[m - 1]}
    if language in NAMES:
        months, mons, weekdays, wdays = NAMES[language]
        fields |= {"month": months[m - 1], "mon": mons[m - 1]}
        fields |= {"weekday": weekdays[day.weekday()], "wday": wdays[day.weekday()], "nth": _ordinal(d, language)}
    return format_.format(**fields, il="l'" if d in (8, 11) else "il ")  # Italian: l'otto, l'undici


def _ordinal(d: int, language: str) -> str:
    """The day as it is counted: of all of them in English, of the first alone in French and Italian."""
    match language:
        case "English":
            last = 0 if d in (11, 12, 13) else d % 10
            return f"{d}{({1: 'st', 2: 'nd', 3: 'rd'}).get(last, 'th')}"
        case "French" if d == 1:
            return "1er"
        case "Italian" if d == 1:
            return "1º"
    return str(d)
