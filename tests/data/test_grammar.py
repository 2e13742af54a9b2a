"""German and English forms against lists written by hand."""

import pytest

from rnnbook.data.grammar import (
    ADJECTIVES,
    NOUNS,
    PRONOUNS,
    TIMES,
    VERBS,
    WHO,
    action,
    conjugate,
    nominal,
    predicate,
    progressive,
    third,
)

NOUN = {noun.german: noun for noun in NOUNS}
VERB = {verb.german: verb for verb in VERBS}
ADJECTIVE = {adjective.german: adjective for adjective in ADJECTIVES}
TIME = {time.german: time for time in TIMES}
ICH, DU, ER, SIE, WIR, IHR, THEY = PRONOUNS


@pytest.mark.parametrize(
    ("noun", "determiner", "plural", "adjective", "german", "english"),
    [
        ("Hund", "the", False, None, "der Hund / den Hund / dem Hund", "the dog"),
        ("Hund", "the", True, "groß", "die großen Hunde / die großen Hunde / den großen Hunden", "the big dogs"),
        ("Hund", "the", False, "alt", "der alte Hund / den alten Hund / dem alten Hund", "the old dog"),
        ("Katze", "the", False, "müde", "die müde Katze / die müde Katze / der müden Katze", "the tired cat"),
        ("Auto", "the", False, "teuer", "das teure Auto / das teure Auto / dem teuren Auto", "the expensive car"),
        ("Junge", "a", False, "alt", "ein alter Junge / einen alten Jungen / einem alten Jungen", "an old boy"),
        ("Katze", "a", False, "klein", "eine kleine Katze / eine kleine Katze / einer kleinen Katze", "a small cat"),
        ("Ei", "a", False, "frisch", "ein frisches Ei / ein frisches Ei / einem frischen Ei", "a fresh egg"),
        ("Ei", "a", False, None, "ein Ei / ein Ei / einem Ei", "an egg"),
        ("Katze", "a", True, "klein", "kleine Katzen / kleine Katzen / kleinen Katzen", "small cats"),
        ("Käse", "a", False, "frisch", "frischer Käse / frischen Käse / frischem Käse", "fresh cheese"),
        ("Milch", "a", False, "kalt", "kalte Milch / kalte Milch / kalter Milch", "cold milk"),
        ("Wasser", "a", False, "kalt", "kaltes Wasser / kaltes Wasser / kaltem Wasser", "cold water"),
        ("Milch", "no", False, None, "keine Milch / keine Milch / keiner Milch", "any milk"),
        ("Apfel", "no", False, None, "kein Apfel / keinen Apfel / keinem Apfel", "an apple"),
        ("Apfel", "no", True, None, "keine Äpfel / keine Äpfel / keinen Äpfeln", "any apples"),
        ("Mutter", ("mein", "my"), True, None, "meine Mütter / meine Mütter / meinen Müttern", "my mothers"),
        ("Hund", ("euer", "your"), False, None, "euer Hund / euren Hund / eurem Hund", "your dog"),
        ("Hut", ("mein", "my"), False, "rot", "mein roter Hut / meinen roten Hut / meinem roten Hut", "my red hat"),
        ("Hut", ("unser", "our"), False, None, "unser Hut / unseren Hut / unserem Hut", "our hat"),
        ("Auto", "the", True, None, "die Autos / die Autos / den Autos", "the cars"),
        ("Nachbar", "the", False, None, "der Nachbar / den Nachbarn / dem Nachbarn", "the neighbour"),
    ],
)  # fmt: skip
def test_declension(noun, determiner, plural, adjective, german, english):
    found = nominal(NOUN[noun], determiner, plural, ADJECTIVE.get(adjective))
    assert " / ".join(found.german) == german
    assert found.english == (english, english)
    assert found.person == (5 if plural else 2)
    assert found.definite == (determiner not in ("a", "no"))


def test_whose_it_is():
    assert nominal(NOUN["Vater"], "the").own == ("sein", "his")
    assert nominal(NOUN["Tante"], "the").own == ("ihr", "her")
    assert nominal(NOUN["Vater"], "the", plural=True).own == ("ihr", "their")
    assert nominal(NOUN["Kind"], "the").own is None
    assert nominal(NOUN["Hund"], "the").own is None


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("suchen", "suche suchst sucht suchen sucht suchen"),
        ("sehen", "sehe siehst sieht sehen seht sehen"),
        ("lesen", "lese liest liest lesen lest lesen"),
        ("essen", "esse isst isst essen esst essen"),
        ("ein|laden", "lade lädst lädt laden ladet laden"),
        ("warten", "warte wartest wartet warten wartet warten"),
        ("finden", "finde findest findet finden findet finden"),
        ("öffnen", "öffne öffnest öffnet öffnen öffnet öffnen"),
        ("zeichnen", "zeichne zeichnest zeichnet zeichnen zeichnet zeichnen"),
        ("lernen", "lerne lernst lernt lernen lernt lernen"),
        ("schließen", "schließe schließt schließt schließen schließt schließen"),
        ("tanzen", "tanze tanzt tanzt tanzen tanzt tanzen"),
        ("ab|reisen", "reise reist reist reisen reist reisen"),
        ("waschen", "wasche wäschst wäscht waschen wascht waschen"),
        ("füttern", "füttere fütterst füttert füttern füttert füttern"),
        ("streicheln", "streichle streichelst streichelt streicheln streichelt streicheln"),
        ("haben", "habe hast hat haben habt haben"),
    ],
)
def test_conjugation(verb, forms):
    assert [conjugate(VERB[verb], person) for person in range(6)] == forms.split()


def test_english_verbs():
    verbs = "look for,fetch,wash,miss,cry,buy,tidy up,go shopping,have breakfast,see,play"
    thirds = "looks for,fetches,washes,misses,cries,buys,tidies up,goes shopping,has breakfast,sees,plays"
    assert [third(verb) for verb in verbs.split(",")] == thirds.split(",")
    verbs = "look for,write,see,run away,get up,swim,buy,leave,have breakfast,feed,forget"
    doing = (
        "looking for,writing,seeing,running away,getting up,swimming,buying,leaving,having breakfast,feeding,forgetting"
    )
    assert [progressive(verb) for verb in verbs.split(",")] == doing.split(",")


def orders(clause) -> tuple[str, ...]:
    return (
        clause.german(),
        clause.german(""),
        clause.german_last(),
        clause.english(),
        clause.english(question=True),
    )


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        (
            action(ICH, VERB["an|rufen"], "present", accusative=DU),
            "ich rufe dich an; rufe ich dich an; ich dich anrufe; I am calling you; am I calling you",
        ),
        (
            action(DU, VERB["sehen"], "past", accusative=nominal(NOUN["Hund"], "the"), place=("im Zoo", "at the zoo")),
            "du hast den Hund im Zoo gesehen; hast du den Hund im Zoo gesehen; du den Hund im Zoo gesehen hast; "
            "you saw the dog at the zoo; did you see the dog at the zoo",
        ),
        (
            action(
                ER,
                VERB["sehen"],
                "past",
                accusative=nominal(NOUN["Hund"], "a"),
                time=TIME["gestern"],
                place=("im Park", "in the park"),
            ),
            "er hat gestern im Park einen Hund gesehen; hat er gestern im Park einen Hund gesehen; "
            "er gestern im Park einen Hund gesehen hat; he saw a dog in the park yesterday; "
            "did he see a dog in the park yesterday",
        ),
        (
            action(SIE, VERB["helfen"], "have to", dative=nominal(NOUN["Kind"], "the"), negative=True),
            "sie muss dem Kind nicht helfen; muss sie dem Kind nicht helfen; sie dem Kind nicht helfen muss; "
            "she does not have to help the child; does she not have to help the child",
        ),
        (
            action(WIR, VERB["geben"], "future", dative=THEY, accusative=nominal(NOUN["Ball"], "no"), negative=True),
            "wir werden ihnen keinen Ball geben; werden wir ihnen keinen Ball geben; "
            "wir ihnen keinen Ball geben werden; we will not give them a ball; will we not give them a ball",
        ),
        (
            action(IHR, VERB["gehen"], "past", place=("ins Kino", "to the cinema"), negative=True),
            "ihr seid nicht ins Kino gegangen; seid ihr nicht ins Kino gegangen; ihr nicht ins Kino gegangen seid; "
            "you did not go to the cinema; did you not go to the cinema",
        ),
        (
            action(THEY, VERB["fern|sehen"], "present", time=TIME["nie"], habit=True),
            "sie sehen nie fern; sehen sie nie fern; sie nie fernsehen; "
            "they never watch television; do they never watch television",
        ),
        (
            action(ER, VERB["essen"], "gern", accusative=nominal(NOUN["Reis"], "a"), negative=True),
            "er isst nicht gern Reis; isst er nicht gern Reis; er nicht gern Reis isst; "
            "he does not like to eat rice; does he not like to eat rice",
        ),
        (
            action(SIE, VERB["an|kommen"], "want to", time=TIME["morgen"]),
            "sie will morgen ankommen; will sie morgen ankommen; sie morgen ankommen will; "
            "she wants to arrive tomorrow; does she want to arrive tomorrow",
        ),
        (
            action(ICH, VERB["treffen"], "present", accusative=ER, time=TIME["heute"], negative=True),
            "ich treffe ihn heute nicht; treffe ich ihn heute nicht; ich ihn heute nicht treffe; "
            "I am not meeting him today; am I not meeting him today",
        ),
        (
            action(ICH, VERB["schlafen"], "can", negative=True),
            "ich kann nicht schlafen; kann ich nicht schlafen; ich nicht schlafen kann; "
            "I cannot sleep; can I not sleep",
        ),
        (
            action(DU, VERB["haben"], "past", accusative=nominal(NOUN["Esel"], "a")),
            "du hattest einen Esel; hattest du einen Esel; du einen Esel hattest; "
            "you had a donkey; did you have a donkey",
        ),
        (
            action(WHO, VERB["lieben"], "present", accusative=ICH),
            "wer liebt mich; liebt wer mich; wer mich liebt; who loves me; does who love me",
        ),
        (
            predicate(nominal(NOUN["Katze"], "the", plural=True), "müde", "tired", past=True, negative=True),
            "die Katzen waren nicht müde; waren die Katzen nicht müde; die Katzen nicht müde waren; "
            "the cats were not tired; were the cats not tired",
        ),
    ],
)  # fmt: skip
def test_the_order_of_words(clause, expected):
    assert "; ".join(orders(clause)) == expected


def test_what_stands_in_front_takes_the_place_of_the_subject():
    clause = action(ICH, VERB["an|rufen"], "present", accusative=DU)
    assert clause.german("morgen") == "morgen rufe ich dich an"
    assert clause.english(front="tomorrow") == "tomorrow I am calling you"
    assert clause.english(question=True, front="why") == "why am I calling you"


def test_the_tables_hold_what_the_grammar_expects():
    assert {noun.gender for noun in NOUNS} == set("mfn")
    assert len(NOUN) == len(NOUNS)
    assert len({noun.english for noun in NOUNS}) == len(NOUNS)
    assert all(noun.german[0].isupper() for noun in NOUNS)
    assert all(bool(noun.plural) == bool(noun.english_plural) for noun in NOUNS)
    assert {verb.auxiliary for verb in VERBS} == {"haben", "sein"}
    assert {verb.aspect for verb in VERBS} == {"dynamic", "perception", "state", "event"}
    assert len({verb.english for verb in VERBS}) == len(VERBS)
    kinds = set("".join(noun.kinds for noun in NOUNS))
    assert all(verb.object in ("", "dative", "both", "to") or set(verb.object) <= kinds for verb in VERBS)
    assert all(set(adjective.kinds) <= kinds for adjective in ADJECTIVES)
    assert {time.use for time in TIMES} == {"now", "future", "past", "habit", "frequency"}
