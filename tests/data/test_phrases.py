import re
import unicodedata

import numpy as np
import pytest

from rnnbook.data import phrases
from rnnbook.data.grammar import NOUNS, VERBS, conjugate
from rnnbook.data.phrases import KINDS, generate, idioms, sentence

PAIRS = generate(4000, 1)


def words(text: str) -> list[str]:
    return re.findall(r"[\w'-]+", text)


def test_no_german_sentence_has_two_translations():
    rng = np.random.default_rng(2)
    meaning = {}
    for _ in range(8000):
        german, english = sentence(rng)
        assert meaning.setdefault(german, english) == english
    assert not set(idioms().sources) & set(meaning)


def test_the_seed_decides_all():
    assert len(PAIRS) == len(set(PAIRS.sources)) == 4000
    assert generate(300, 1).sources == PAIRS.sources[:300]
    assert generate(300, 1).targets == PAIRS.targets[:300]
    assert generate(300, 2).sources != PAIRS.sources[:300]


@pytest.mark.parametrize("pairs", [PAIRS, idioms()], ids=["grammar", "idioms"])
def test_sentences_are_clean(pairs):
    for source, target in zip(pairs.sources, pairs.targets, strict=True):
        for text in (source, target):
            assert text == " ".join(text.split()) == unicodedata.normalize("NFC", text)
            assert text[0].isupper()
            assert re.fullmatch(r"[\w ,;'’-]+[.?!]", text), text
        assert (source[-1] == "?") == (target[-1] == "?")
    assert len(set(pairs.sources)) == len(pairs)


def test_capitals_are_those_of_german_nouns_and_of_i():
    nouns = {form for noun in NOUNS for form in (noun.german, noun.plural, noun.plural + "n", noun.oblique)}
    nouns |= set(words("Abend Moment Woche Jahr Stunde Tagen Sonntag Morgen Tag Wochenende Sommer Winter Nachmittag"))
    nouns |= set(words("Zeit Sonne Wetter Park Stadt Garten Bahnhof Schule Markt Museum Kino Theater Supermarkt"))
    nouns |= set(words("Strand See Hause Wald Bibliothek Flughafen Büro Restaurant Zoo Dorf Küche Baum"))
    nouns |= set(words("Arzt Bäcker Berlin Meer Berge"))
    for source, target in zip(PAIRS.sources, PAIRS.targets, strict=True):
        assert all(word in nouns for word in words(source)[1:] if word[0].isupper()), source
        assert all(word in ("I", "Sunday", "Berlin") for word in words(target)[1:] if word[0].isupper()), target


def test_not_stands_on_both_sides_or_on_neither():
    for source, target in zip(PAIRS.sources, PAIRS.targets, strict=True):
        source = source.replace("Niemand", "").replace("keine Zeit, weil", "")
        target = target.replace("Nobody", "").replace("no time because", "")
        german = len(re.findall(r"\bnicht\b|\bkein\w*|\b[Nn]ie\b", source))
        english = len(re.findall(r"\bnot\b|\bcannot\b|\bnever\b|\bno\b", target))
        assert german == english, (source, target)


NEVER = {
    "a habit that is not kept": (
        r"^(?!.* und ).*(?:^|, )(?=[^,]*\b(?:nicht|kein\w*)\b)(?=[^,]*\b(?:jeden Tag|immer|oft|manchmal|selten|nie)\b)",
        None,
    ),
    "my husband, my wife": (None, r"\b(?:my|your|his|our|their) (?:\w+ )?(?:man|men|woman|women|boys?|girls?)\b"),
    "two pronouns": (None, r"\b(?:me|you|him|us|them) (?:me|him|us|them)\b"),
    "a question after a conjunction": (None, r"\b(?:because|whether|although|know that) (?:do|is|are|will|can|has)\b"),
    "sie for them": (r"^(?!.*\bihnen\b)", r"\bthem\b"),
}


@pytest.mark.parametrize(("source", "target"), NEVER.values(), ids=NEVER)
def test_what_is_never_said(source, target):
    for german, english in zip(PAIRS.sources, PAIRS.targets, strict=True):
        assert not (re.search(source or "", german) and re.search(target or "", english)), (german, english)


def test_a_participle_closes_its_clause():
    participles = {verb.participle for verb in VERBS} - {verb.german for verb in VERBS}
    participles -= {conjugate(verb, person) for verb in VERBS for person in range(6)}
    found = 0
    for source in PAIRS.sources:
        if "," in source or " und " in source:
            continue
        *before, last = words(source)
        assert not participles.intersection(before), source
        found += last in participles
    assert found > 400


def test_the_verb_is_last_after_a_conjunction():
    found = 0
    for source in PAIRS.sources:
        if match := re.search(r", (?:weil|dass|ob|warum|obwohl) (ich|du|er|wir|ihr) (.*)[.?]$", source):
            pronoun, rest = match.groups()
            ending = {"ich": "e|kann|muss|will|bin|war|hatte|habe", "du": "[sßz]t", "er": "t|e|kann|muss|will|war|wird"}
            ending |= {"wir": "n|sind", "ihr": "t|seid"}
            assert re.search(rf"(?:{ending[pronoun]})$", rest), source
            found += 1
    assert found > 100


def test_every_kind_of_sentence_and_every_word_occurs():
    rng = np.random.default_rng(0)
    for kind in KINDS:
        assert len({kind(rng)[0] for _ in range(30)}) > 8
    text = " ".join(generate(8000, 0).sources)
    seen = set(words(text)) | {word[0].lower() + word[1:] for word in words(text)}
    assert {noun.german for noun in NOUNS} <= seen
    for table, column in (("verbs", 2), ("adjectives", 0)):
        forms = [row[column] for row in phrases.read(table)]
        assert [form for form in forms if form not in seen] in ([], ["gehabt"])
    for first, *_ in (*phrases.SUBORDINATE, *phrases.CONDITIONS, *phrases.read("places"), *phrases.read("times")):
        assert first in text or first[0].upper() + first[1:] in text


def test_there_are_two_hundred_idioms():
    assert len(idioms()) == 200
    assert len(set(idioms().targets)) == 200
