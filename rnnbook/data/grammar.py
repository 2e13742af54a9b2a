"""A small grammar of German and English: one clause, in the words and the order of either language.

German is there for what a translator has to move: the finite verb stands second in a statement, first in a question
and last in a subordinate clause; what belongs to it (a participle, an infinitive, the prefix of a separable verb)
closes the clause; articles, adjectives and pronouns change with gender and case. The words are in samples/phrases/.
"""

from dataclasses import dataclass
from importlib import resources
from typing import NamedTuple


class Noun(NamedTuple):
    german: str
    gender: str
    plural: str  # empty: no plural, and no indefinite article
    oblique: str  # accusative and dative singular where they differ: der Junge, den Jungen
    english: str
    english_plural: str
    # What it is: p person (u: "meine Frau" would be my wife), a animal, t thing (r to read, w to write), f food
    # (k to cook), d drink, c clothes, o to open, v vehicle, m machine, h furniture, b building.
    kinds: str


class Verb(NamedTuple):
    german: str  # with | after a separable prefix
    changed: str  # the stem after du and er, where its vowel changes
    participle: str
    auxiliary: str
    english: str
    english_past: str
    aspect: str  # dynamic, perception, state, or event (of which one does not speak in the present)
    object: str  # kinds of its accusative object, or dative, both (dative and accusative), to (a place), or nothing
    flags: str  # l may have a place, g may be done "gern", a can be done by animals


class Adjective(NamedTuple):
    german: str
    stem: str  # before an ending: teuer, teure
    comparative: str
    english: str
    english_comparative: str
    kinds: str


class Place(NamedTuple):
    german: str
    german_to: str
    english: str
    english_to: str


class Time(NamedTuple):
    german: str
    english: str
    use: str


def read(name: str) -> list[list[str]]:
    """The rows of a table in samples/phrases/, without its heading."""
    file = resources.files("rnnbook.data") / "samples" / "phrases" / f"{name}.tsv"
    return [line.split("\t") for line in file.read_text(encoding="utf-8").removesuffix("\n").split("\n")[1:]]


NOUNS = [Noun(*row) for row in read("nouns")]
VERBS = [Verb(*row) for row in read("verbs")]
ADJECTIVES = [Adjective(*row) for row in read("adjectives")]
PLACES = [Place(*row) for row in read("places")]
TIMES = [Time(*row) for row in read("times")]

DECLENSION = {  # nominative, accusative and dative, each masculine, feminine, neuter and plural
    "the": ("der die das die", "den die das die", "dem der dem den"),
    "a": ("- e - e", "en e - e", "em er em en"),  # the ending of ein, kein, mein
    "adjective after the": ("e e e en", "en e e en", "en en en en"),
    "adjective after a": ("er e es en", "en e es en", "en en en en"),
    "adjective after nothing": ("er e es e", "en e es e", "em er em en"),
}
DECLENSION = {key: [row.replace("-", "").split(" ") for row in rows] for key, rows in DECLENSION.items()}
FORMS = {  # ich du er wir ihr sie
    "haben": ["habe", "hast", "hat", "haben", "habt", "haben"],
    "sein": ["bin", "bist", "ist", "sind", "seid", "sind"],
    "hatte": ["hatte", "hattest", "hatte", "hatten", "hattet", "hatten"],
    "war": ["war", "warst", "war", "waren", "wart", "waren"],
    "future": ["werde", "wirst", "wird", "werden", "werdet", "werden"],
    "can": ["kann", "kannst", "kann", "können", "könnt", "können"],
    "have to": ["muss", "musst", "muss", "müssen", "müsst", "müssen"],
    "want to": ["will", "willst", "will", "wollen", "wollt", "wollen"],
    "should": ["sollte", "solltest", "sollte", "sollten", "solltet", "sollten"],
    "be": ["am", "are", "is", "are", "are", "are"],
    "were": ["was", "were", "was", "were", "were", "were"],
}
DOUBLED = {"forget", "get", "run", "swim"}  # their last letter, before -ing


@dataclass(frozen=True)
class Nominal:
    """A pronoun, or a noun with what belongs to it.

    Attributes:
        german: its nominative, accusative and dative.
        english: as a subject and as an object.
        person: 0 to 5, ich, du, er (sie, es), wir, ihr, sie.
        definite: whether it stands early in a German clause.
        own: the possessive that refers to it, in both languages, or None.
    """

    german: tuple[str, str, str]
    english: tuple[str, str]
    person: int = 2
    definite: bool = True
    own: tuple[str, str] | None = None


PRONOUNS = [
    Nominal(("ich", "mich", "mir"), ("I", "me"), 0, own=("mein", "my")),
    Nominal(("du", "dich", "dir"), ("you", "you"), 1, own=("dein", "your")),
    Nominal(("er", "ihn", "ihm"), ("he", "him"), 2, own=("sein", "his")),
    Nominal(("sie", "sie", "ihr"), ("she", "her"), 2, own=("ihr", "her")),
    Nominal(("wir", "uns", "uns"), ("we", "us"), 3, own=("unser", "our")),
    Nominal(("ihr", "euch", "euch"), ("you", "you"), 4, own=("euer", "your")),
    Nominal(("sie", "", "ihnen"), ("they", "them"), 5, own=("ihr", "their")),
]
WHO = Nominal(("wer", "wen", "wem"), ("who", "who"))


def nominal(
    noun: Noun, determiner: str | tuple[str, str], plural: bool = False, adjective: Adjective | None = None
) -> Nominal:
    """A noun with determiner and adjective, declined.

    Args:
        noun: one of `NOUNS`.
        determiner: "the", "a" (nothing before a plural or "bread"), "no", or a possessive in both languages.
        plural: more than one of it.
        adjective: one of `ADJECTIVES`.
    """
    several = plural or not noun.plural  # such as takes no "a"
    german = tuple(_declined(noun, determiner, several, plural, adjective, case) for case in range(3))
    english = join(adjective and adjective.english, noun.english_plural if plural else noun.english)
    if isinstance(determiner, tuple):
        article = determiner[1]
    elif determiner == "the":
        article = "the"
    elif several:
        article = "any" if determiner == "no" else ""  # "any" after the "not" of its clause, as is "a" for "kein"
    else:
        article = "an" if english[0] in "aeiou" else "a"
    english = join(article, english)
    own = ("ihr", "their") if plural else {"m": ("sein", "his"), "f": ("ihr", "her")}.get(noun.gender)
    definite = determiner not in ("a", "no")
    return Nominal(german, (english, english), 5 if plural else 2, definite, own if "p" in noun.kinds else None)


def _declined(
    noun: Noun, determiner: str | tuple[str, str], several: bool, plural: bool, adjective: Adjective | None, case: int
) -> str:
    """The German nominal in one case."""
    column = 3 if plural else "mfn".index(noun.gender)
    if determiner == "the":
        article, kind = DECLENSION["the"][case][column], "the"
    elif determiner == "a" and several:
        article, kind = "", "nothing"
    else:
        stem = {"a": "ein", "no": "kein"}.get(determiner) or determiner[0]
        ending = DECLENSION["a"][case][column]
        article, kind = ("eur" if stem == "euer" and ending else stem) + ending, "a"
    form = noun.plural if plural else noun.german
    if plural and case == 2 and form[-1] not in "ns":
        form += "n"
    elif not plural and case > 0:
        form = noun.oblique or form
    return join(article, adjective and adjective.stem + DECLENSION[f"adjective after {kind}"][case][column], form)


def conjugate(verb: Verb, person: int) -> str:
    """The present tense, without the separable prefix."""
    infinitive = verb.german.split("|")[-1]
    if infinitive == "haben":
        return FORMS["haben"][person]
    stem = infinitive.removesuffix("n").removesuffix("e")
    if person in (3, 5):
        return infinitive
    if person == 0:
        return stem.removesuffix("el") + "le" if infinitive.endswith("eln") else stem + "e"
    changed = verb.changed if person in (1, 2) else ""
    if not changed and stem.endswith(("t", "d", "fn", "chn")):
        stem += "e"  # du wartest
    stem = changed or stem
    return stem + ("t" if person != 1 or stem.endswith(("s", "ß", "z")) else "st")


def third(verb: str) -> str:
    """What he, she or it does."""
    head, *rest = verb.split()
    if head == "have":
        head = "has"
    elif head.endswith("y") and head[-2] not in "aeiou":
        head = head[:-1] + "ies"
    else:
        head += "es" if head.endswith(("s", "sh", "ch", "x", "o")) else "s"
    return join(head, *rest)


def progressive(verb: str) -> str:
    """What someone is doing."""
    head, *rest = verb.split()
    if head in DOUBLED:
        head += head[-1]
    elif head.endswith("e") and not head.endswith("ee"):
        head = head[:-1]
    return join(head + "ing", *rest)


@dataclass(frozen=True)
class Clause:
    """A clause before its words are put in order.

    Attributes:
        subject: who or what.
        finite: the German verb that agrees with the subject, where it stands first or second.
        end: what then closes the clause.
        last: both together, where the clause is subordinate.
        middle: what stands between, in its German order.
        auxiliary: the English one, or "" where the verb stands alone.
        verb: the English verb after it.
        do: the form of "do" and the verb after it, where a question or "not" needs an auxiliary and there is none.
        tail: what follows the verb, in its English order.
        negative: whether "not" stands in the English clause.
        adverb: "always" and the like, which stands before the English verb.
    """

    subject: Nominal
    finite: str
    end: str
    last: str
    middle: list[str]
    auxiliary: str
    verb: str
    do: tuple[str, str]
    tail: list[str]
    negative: bool = False
    adverb: str = ""

    def german(self, front: str | None = None) -> str:
        """Verb second; with `front` before it instead of the subject, or nothing at all (""), which is a question."""
        rest = join(*self.middle, self.end)
        if front is None:
            return join(self.subject.german[0], self.finite, rest)
        return join(front, self.finite, self.subject.german[0], rest)

    def german_last(self) -> str:
        """Verb last, as after a conjunction."""
        return join(self.subject.german[0], *self.middle, self.last)

    def english(self, question: bool = False, front: str = "") -> str:
        """In the order of a statement or of a question, after what is in front."""
        auxiliary, verb = self.auxiliary, self.verb
        if not auxiliary and (question or self.negative):
            auxiliary, verb = self.do
        negation = "not" if self.negative else ""
        if question:
            words = join(front, auxiliary, self.subject.english[0], negation)
        else:
            words = join(front, self.subject.english[0], auxiliary, negation).replace("can not", "cannot")
        return join(words, self.adverb, verb, *self.tail)


def predicate(subject: Nominal, german: str, english: str, past: bool, negative: bool) -> Clause:
    """Somebody or something is, or was, like this or at this place."""
    finite, be = (FORMS[name][subject.person] for name in (("war", "were") if past else ("sein", "be")))
    middle = ["nicht", german] if negative else [german]
    return Clause(subject, finite, "", finite, middle, be, "", ("", ""), [english], negative)


def action(
    subject: Nominal,
    verb: Verb,
    tense: str,
    *,
    dative: Nominal | None = None,
    accusative: Nominal | None = None,
    time: Time | None = None,
    place: tuple[str, str] = ("", ""),
    negative: bool = False,
    habit: bool = False,
) -> Clause:
    """Somebody does something.

    Args:
        subject: who.
        verb: does what.
        tense: "present", "past", "future", "gern", or the English of a modal verb.
        dative: to whom, or the object of a verb such as "helfen".
        accusative: its other object.
        time: when, to be left out where it stands in front.
        place: where, or where to, in both languages.
        negative: does not. An indefinite object must then be one with "no", since German has "kein" and no "nicht".
        habit: does so again and again, for which English has the simple present.
    """
    person, prefix = subject.person, "".join(verb.german.split("|")[:-1])
    if tense in ("present", "gern"):
        finite, end = conjugate(verb, person), prefix
        last = prefix + finite
    elif tense == "past" and verb.german == "haben":
        finite = last = FORMS["hatte"][person]  # rather than "hat gehabt"
        end = ""
    else:
        finite = FORMS[verb.auxiliary if tense == "past" else tense][person]
        end = verb.participle if tense == "past" else verb.german.replace("|", "")
        last = join(end, finite)
    base = f"like to {verb.english}" if tense == "gern" else verb.english
    if tense in ("have to", "want to"):
        base = f"{tense} {base}"
    do = ("did" if tense == "past" else "does" if person == 2 else "do", base)
    match tense:
        case "future" | "can" | "should":
            auxiliary, main = "will" if tense == "future" else tense, base
        case "past":
            auxiliary, main = "", verb.english_past
        case "present" if verb.aspect == "dynamic" and not habit:
            auxiliary, main = FORMS["be"][person], progressive(base)
        case _:
            auxiliary, main = "", third(base) if person == 2 else base
    frequency = time.english if time and time.use == "frequency" else ""
    early = accusative is not None and accusative.definite
    objects = [dative.german[2] if dative else "", accusative.german[1] if accusative else ""]
    when = time.german if time else ""
    negation = "nicht" if negative and (early or not accusative or tense == "gern") else ""
    manner = "gern" if tense == "gern" else ""
    # What is known comes early, what is new late: ihn heute nicht im Park, but heute im Park einen Hund.
    known, new = (objects, []) if early else (objects[:1], objects[1:])
    middle = [*known, when, negation, manner, place[0], *new]
    tail = [*(each.english[1] for each in (dative, accusative) if each), place[1]]
    if time and not frequency:
        tail.append(time.english)
    return Clause(subject, finite, end, last, middle, auxiliary, main, do, tail, negative, frequency)


def join(*words: str | None) -> str:
    """With spaces between, without those that are empty."""
    return " ".join(word for word in words if word)
