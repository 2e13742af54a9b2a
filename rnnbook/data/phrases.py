"""Sentences in German and English that say the same, drawn from a small grammar of both.

What a German sentence could mean twice is left out, so that each has one translation: the German present tense is the
English progressive, or the simple present of verbs of perception and state and of habits; the German perfect is the
English past; "sie" as an object is "her". The other way round there is a choice: "you" is "du" or "ihr".
"""

import numpy as np
from numpy.random import Generator

from rnnbook.data.grammar import (
    ADJECTIVES,
    NOUNS,
    PLACES,
    PRONOUNS,
    TIMES,
    VERBS,
    WHO,
    Clause,
    Nominal,
    Time,
    Verb,
    action,
    nominal,
    predicate,
    read,
)
from rnnbook.data.parallel import Parallel

POSSESSIVES = [("mein", "my"), ("dein", "your"), ("unser", "our")]
SAME = ({0, 3}, {1, 4})  # I do not see us, you do not see you: persons of which one is in the other
PREPOSITIONS = [("auf", "on"), ("unter", "under"), ("neben", "next to"), ("hinter", "behind"), ("vor", "in front of")]
TENSES = {  # of verbs of each aspect
    "dynamic": "present present present past past future can have_to want_to should",
    "perception": "present past past future can",
    "state": "present present past",
    "event": "past past future",
}
TENSES = {aspect: [tense.replace("_", " ") for tense in tenses.split()] for aspect, tenses in TENSES.items()}
SUBORDINATE = [  # what comes before a subordinate clause
    ("Ich weiß, dass", "I know that", "."),
    ("Wir wissen, dass", "We know that", "."),
    ("Ich glaube, dass", "I think that", "."),
    ("Sie sagt, dass", "She says that", "."),
    ("Wir hoffen, dass", "We hope that", "."),
    ("Es ist schade, dass", "It is a pity that", "."),
    ("Es ist gut, dass", "It is good that", "."),
    ("Weißt du, dass", "Do you know that", "?"),
    ("Ich frage mich, ob", "I wonder whether", "."),
    ("Niemand weiß, ob", "Nobody knows whether", "."),
    ("Weißt du, ob", "Do you know whether", "?"),
    ("Weißt du, warum", "Do you know why", "?"),
    ("Niemand versteht, warum", "Nobody understands why", "."),
    ("Ich bin froh, weil", "I am glad because", "."),
    ("Er ist traurig, weil", "He is sad because", "."),
    ("Wir bleiben hier, weil", "We are staying here because", "."),
    ("Ich habe keine Zeit, weil", "I have no time because", "."),
    ("Sie lacht, weil", "She is laughing because", "."),
    ("Er lächelt, obwohl", "He is smiling although", "."),
    ("Wir sind müde, obwohl", "We are tired although", "."),
]
CONDITIONS = [  # a subordinate clause in front of a habit; the main clause then begins with its verb
    ("Wenn es regnet,", "When it rains,"),
    ("Wenn die Sonne scheint,", "When the sun shines,"),
    ("Wenn das Wetter gut ist,", "When the weather is good,"),
    ("Wenn es kalt ist,", "When it is cold,"),
    ("Wenn wir Zeit haben,", "When we have time,"),
]


def generate(n: int, seed: int) -> Parallel:
    """Draw sentences until there are enough that differ in German.

    Args:
        n: how many.
        seed: another seed, other sentences.

    Returns:
        German sentences as sources, English ones as targets.
    """
    rng = np.random.default_rng(seed)
    pairs = {}
    while len(pairs) < n:
        german, english = sentence(rng)
        pairs.setdefault(german, english)
    return Parallel(list(pairs), list(pairs.values()))


def idioms() -> Parallel:
    """What people say that no grammar explains, written by hand: greetings, orders, proverbs."""
    return Parallel(*map(list, zip(*read("idioms"), strict=True)))


def sentence(rng: Generator) -> tuple[str, str]:
    """One sentence in German and in English, of a kind that is drawn too."""
    makers, weights = zip(*KINDS.items(), strict=True)
    german, english, end = makers[rng.choice(len(makers), p=np.array(weights) / sum(weights))](rng)
    return german[0].upper() + german[1:] + end, english[0].upper() + english[1:] + end


def _statement(rng: Generator) -> tuple[str, str, str]:
    clause, _ = _clause(rng)
    return clause.german(), clause.english(), "."


def _time_first(rng: Generator) -> tuple[str, str, str]:
    clause, time = _clause(rng, time="front")
    if time is None:  # nothing can be said about when
        return _time_first(rng)
    return clause.german(time.german), clause.english(front=time.english), "."


def _question(rng: Generator) -> tuple[str, str, str]:
    clause, _ = _clause(rng)
    return clause.german(""), clause.english(question=True), "?"


def _why_or_when(rng: Generator) -> tuple[str, str, str]:
    if _chance(rng, 0.5):
        clause, _ = _clause(rng)
        return clause.german("warum"), clause.english(question=True, front="why"), "?"
    verb = _pick(rng, [verb for verb in VERBS if verb.aspect == "dynamic"])
    clause, _ = _clause(rng, verb=verb, time="none", negative=False)
    return clause.german("wann"), clause.english(question=True, front="when"), "?"


def _who(rng: Generator) -> tuple[str, str, str]:
    clause, _ = _clause(rng, subject=WHO)
    return clause.german(), clause.english(), "?"  # who asks for a subject stands where the subject stands


def _whom_or_what(rng: Generator) -> tuple[str, str, str]:
    verb = _pick(rng, [verb for verb in VERBS if verb.object not in ("", "to", "both")])
    if verb.object == "dative":
        word = ("wem", "who")
    else:
        word = ("wen", "who") if verb.object == "p" or ("p" in verb.object and _chance(rng, 0.5)) else ("was", "what")
    clause, _ = _clause(rng, verb=verb, objects=False, negative=False)
    return clause.german(word[0]), clause.english(question=True, front=word[1]), "?"


def _where(rng: Generator) -> tuple[str, str, str]:
    if _chance(rng, 0.5):
        clause = predicate(_subject(rng, "patcvhr"), "", "", past=_chance(rng, 0.3), negative=False)
        return clause.german("wo"), clause.english(question=True, front="where"), "?"
    to = _chance(rng, 0.5)
    verb = _pick(rng, [verb for verb in VERBS if (verb.object == "to" if to else "l" in verb.flags)])
    clause, _ = _clause(rng, verb=verb, places=False, negative=False)
    return clause.german("wohin" if to else "wo"), clause.english(question=True, front="where"), "?"


def _subordinate(rng: Generator) -> tuple[str, str, str]:
    german, english, end = _pick(rng, SUBORDINATE)
    clause = _clause(rng)[0] if _chance(rng, 0.75) else _description(rng)
    return f"{german} {clause.german_last()}", f"{english} {clause.english()}", end


def _condition(rng: Generator) -> tuple[str, str, str]:
    german, english = _pick(rng, CONDITIONS)
    verb = _pick(rng, [verb for verb in VERBS if verb.aspect == "dynamic"])
    clause, _ = _clause(rng, verb=verb, tense="present", time="habit", negative=False)
    return clause.german(german), f"{english} {clause.english()}", "."


def _two(rng: Generator) -> tuple[str, str, str]:
    verbs = [verb for verb in VERBS if verb.object in ("", "to")]
    first, second = (_clause(rng, verb=_pick(rng, verbs))[0] for _ in range(2))
    german, english = _pick(rng, [(", aber", ", but"), (" und", " and")])
    return f"{first.german()}{german} {second.german()}", f"{first.english()}{english} {second.english()}", "."


def _fond(rng: Generator) -> tuple[str, str, str]:
    verb = _pick(rng, [verb for verb in VERBS if "g" in verb.flags])
    clause, _ = _clause(rng, verb=verb, tense="gern", time="none")
    if _chance(rng, 0.3):
        return clause.german(""), clause.english(question=True), "?"
    return clause.german(), clause.english(), "."


def _quality(rng: Generator) -> tuple[str, str, str]:
    clause = _description(rng)
    if _chance(rng, 0.3):
        return clause.german(""), clause.english(question=True), "?"
    return clause.german(), clause.english(), "."


def _comparison(rng: Generator) -> tuple[str, str, str]:
    adjective = _pick(rng, [adjective for adjective in ADJECTIVES if adjective.comparative])
    kind = _pick(rng, adjective.kinds)
    nouns = [noun for noun in NOUNS if kind in noun.kinds]
    first, other = (nominal(nouns[i], "the") for i in rng.choice(len(nouns), 2, replace=False))
    english = adjective.english_comparative or f"more {adjective.english}"
    german, english = f"{adjective.comparative} als {other.german[0]}", f"{english} than {other.english[1]}"
    clause = predicate(first, german, english, past=_chance(rng, 0.2), negative=_chance(rng, 0.2))
    return clause.german(), clause.english(), "."


def _there_is(rng: Generator) -> tuple[str, str, str]:
    place = _pick(rng, [place for place in PLACES if place.german])
    negative = _chance(rng, 0.25)
    thing = _thing(rng, _pick(rng, "apfd"), "no" if negative else "a")
    be = "are" if thing.person == 5 else "is"
    english = thing.english[1]
    if negative:
        english = f"no {english.split(' ', 1)[1]}"  # instead of "a", "an" or "any"
    be = "are" if thing.person == 5 else "is"
    return f"{place.german} gibt es {thing.german[1]}", f"there {be} {english} {place.english}", "."


KINDS = {  # how often each kind of sentence is drawn
    _statement: 24,
    _time_first: 12,
    _question: 10,
    _why_or_when: 6,
    _who: 3,
    _whom_or_what: 4,
    _where: 4,
    _subordinate: 16,
    _condition: 4,
    _two: 4,
    _fond: 4,
    _quality: 6,
    _comparison: 3,
    _there_is: 2,
}


def _clause(
    rng: Generator,
    *,
    subject: Nominal | None = None,
    verb: Verb | None = None,
    tense: str | None = None,
    negative: bool | None = None,
    objects: bool = True,
    places: bool = True,
    time: str = "maybe",
) -> tuple[Clause, Time | None]:
    """Somebody does something; and when, for a sentence that begins with it.

    Args:
        rng: draws all that is not given.
        subject, verb, tense, negative: as in `action`.
        objects, places: False leaves out what is asked for.
        time: "maybe" in the clause, "front" to be put in front, "none", or "habit", where the sentence names one.
    """
    verb = verb or _pick(rng, VERBS)
    animals = "a" in verb.flags or verb.german in ("sehen", "hören", "suchen", "finden")
    subject = subject or _subject(rng, "pa" if animals else "p")
    tense = tense or _pick(rng, TENSES[verb.aspect])
    negative = _chance(rng, 0.25) if negative is None else negative
    dative = accusative = None
    if objects and verb.object in ("dative", "both"):
        dative = _object(rng, subject, "p", _pick(rng, ["the", "own"]), case=2)
    if objects and verb.object not in ("", "dative", "to"):
        determiner = "a" if tense == "gern" or verb.german == "haben" else _pick(rng, ["the", "the", "a", "own"])
        if negative and determiner == "a" and tense != "gern":
            determiner = "no"
        if verb.object == "both" or determiner in ("a", "no"):
            accusative = _thing(rng, verb.object.replace("both", "t"), determiner, subject, tense == "gern")
        else:
            accusative = _object(rng, subject, verb.object, determiner, case=1)
    place = ("", "")
    if places and verb.object == "to":
        place = _pick(rng, [(each.german_to, each.english_to) for each in PLACES if each.german_to])
    elif places and "l" in verb.flags and tense != "gern" and not (negative and verb.object) and _chance(rng, 0.35):
        place = _pick(rng, [(each.german, each.english) for each in PLACES if each.german])
    when = (
        _time(rng, verb, tense, negative, time) if time == "front" or (time == "maybe" and _chance(rng, 0.4)) else None
    )
    clause = action(
        subject,
        verb,
        tense,
        dative=dative,
        accusative=accusative,
        time=None if time == "front" else when,
        place=place,
        negative=negative,
        habit=time == "habit" or (when is not None and when.use in ("habit", "frequency")),
    )
    return clause, when


def _time(rng: Generator, verb: Verb, tense: str, negative: bool, position: str) -> Time | None:
    """When something can be that is said in this tense. There is no time for a habit that one does not have."""
    uses = {"past": ["past"] if verb.aspect != "state" else []}.get(tense, ["future"])
    if tense == "present":
        uses = {"dynamic": ["now", "future"], "perception": ["now"]}.get(verb.aspect, [])
        if verb.aspect == "dynamic" and not negative:
            uses = [*uses, "habit", "habit" if position == "front" else "frequency"]
    found = [time for time in TIMES if time.use in uses]
    return _pick(rng, found) if found else None


def _description(rng: Generator) -> Clause:
    """Somebody or something is like this, or at this place."""
    past, negative = _chance(rng, 0.3), _chance(rng, 0.25)
    if _chance(rng, 0.3):
        thing = nominal(_pick(rng, [noun for noun in NOUNS if set(noun.kinds) & set("at")]), "the")
        german, english = _pick(rng, PREPOSITIONS)
        place = nominal(_pick(rng, [noun for noun in NOUNS if "h" in noun.kinds]), "the")
        return predicate(thing, f"{german} {place.german[2]}", f"{english} {place.english[1]}", past, negative)
    adjective = _pick(rng, ADJECTIVES)
    return predicate(_subject(rng, adjective.kinds, plain=True), adjective.german, adjective.english, past, negative)


def _subject(rng: Generator, kinds: str, plain: bool = False) -> Nominal:
    """Somebody, or something of these kinds; no adjective, where it is to get a `plain` one."""
    if "p" in kinds and _chance(rng, 0.5):
        return _pick(rng, PRONOUNS)
    return _thing(rng, kinds, _pick(rng, ["the", "the", "the", _pick(rng, POSSESSIVES)]), plain=plain)


def _object(rng: Generator, subject: Nominal, kinds: str, determiner: str, case: int) -> Nominal:
    """Somebody else than the subject, or something of these kinds."""
    if "p" in kinds and _chance(rng, 0.5):
        persons = {subject.person}.union(*(same for same in SAME if subject.person in same)) - {2, 5}
        return _pick(rng, [pronoun for pronoun in PRONOUNS if pronoun.person not in persons and pronoun.german[case]])
    return _thing(rng, kinds, determiner, subject)


def _thing(
    rng: Generator,
    kinds: str,
    determiner: str | tuple[str, str],
    owner: Nominal | None = None,
    plural: bool = False,
    plain: bool = False,
) -> Nominal:
    """A noun of these kinds; "own" stands for a possessive, often that of the owner."""
    nouns = [noun for noun in NOUNS if set(noun.kinds) & set(kinds)]
    if isinstance(determiner, tuple) or determiner == "own":
        nouns = [noun for noun in nouns if "u" not in noun.kinds]
    noun = _pick(rng, nouns)
    if determiner == "own":
        own = owner.own if owner else None
        determiner = _pick(rng, [*POSSESSIVES, *([own] * 3 if own else [])])
    adjective = None
    if not plain and _chance(rng, 0.25):
        found = [adjective for adjective in ADJECTIVES if set(adjective.kinds) & set(noun.kinds)]
        adjective = _pick(rng, found) if found else None
    return nominal(noun, determiner, bool(noun.plural) and (plural or _chance(rng, 0.25)), adjective)


def _pick(rng: Generator, items):
    return items[rng.integers(len(items))]


def _chance(rng: Generator, probability: float) -> bool:
    return rng.random() < probability
