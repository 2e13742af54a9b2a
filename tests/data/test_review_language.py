import itertools
import re
from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from rnnbook.data import review_language
from rnnbook.data.review_language import SLOT, TEMPLATES, WORDS, best_bag_of_words, generate, skeletons
from rnnbook.models import SequenceClassifier
from rnnbook.text import Vocabulary, pad
from rnnbook.train import fit, predict


def read(text: str) -> set[int]:
    """What a reader makes of a review: the labels of all clauses that count."""
    text = re.sub(r"whatever they say about [^:]*|called the \w+ \w+;|I had been told that it was \w+\.", "", text)
    labels = set()
    for sentence in text.split("."):
        sentence = re.split(r", but |, and yet ", sentence)[-1]
        for clause in re.split(r"[,;:]| and ", sentence):
            tokens = clause.lower().split()
            if {"although", "somewhat", "faintly", "minute", "weather", *WORDS["place"]} & set(tokens):
                continue
            negated = bool({"not", "nor", "never", "nothing"} & set(tokens))
            labels |= {1 - negated for token in tokens if token in WORDS["good"]}
            labels |= {0 + negated for token in tokens if token in WORDS["bad"]}
    return labels


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_reader_who_knows_the_rules_agrees_with_every_label(kind):
    reviews = generate(600, 0, [kind])
    # An aside about the projector has to go as a sentence of its own: "Our projector, by the way, was dull."
    texts = [re.sub(r"Our \w+, by the way, was \w+\.", "", text) for text in reviews.texts]
    assert [read(text) for text in texts] == [{label} for label in reviews.labels]


def test_half_of_the_reviews_praise_and_the_seed_decides_all():
    reviews = generate(501, 7)
    assert len(reviews) == 501
    assert sum(reviews.labels) == 250
    assert reviews == generate(501, 7)
    assert reviews.texts != generate(501, 8).texts
    assert len(set(reviews.texts)) > 495
    assert len(generate(0, 0)) == 0


def test_the_order_of_the_labels_says_nothing():
    labels = np.array(generate(2000, 0).labels)
    assert abs(np.mean(labels[1:] == labels[:-1]) - 0.5) < 0.05


def test_every_slot_is_filled_with_words_that_occur_once():
    for text in generate(2000, 1).texts:
        assert "{" not in text
        tokens = re.findall(r"\w+", text)
        for words in WORDS.values():
            used = Counter(token for token in tokens if token in words)
            assert set(used.values()) <= {1}, text


def test_every_template_every_remark_and_every_word_occurs():
    texts = generate(5000, 2).texts
    everything = set(re.findall(r"\w+", " ".join(texts)))
    assert everything >= {word for words in WORDS.values() for word in words}
    for template in itertools.chain(*TEMPLATES.values()):
        fixed = r"\w+".join(re.escape(part) for part in re.split(r"\{\w+\}", template))
        assert any(re.search(fixed, text) for text in texts), template


def test_a_template_has_its_counterpart_for_the_other_label():
    assert skeletons(["elsewhere"], label=0)[0] == "The {place} was {good}, the {part} was {bad}."
    assert skeletons(["elsewhere"], label=1)[0] == "The {place} was {bad}, the {part} was {good}."
    swap = {"{good}": "{bad}", "{bad}": "{good}"}
    swapped = [SLOT.sub(lambda slot: swap.get(slot[0], slot[0]), skeleton) for skeleton in skeletons(TEMPLATES, 1)]
    assert Counter(swapped) == Counter(skeletons(TEMPLATES, 0))


def test_a_remark_on_something_else_comes_before_the_verdict_as_often_as_after_it():
    found, verdict, remark = skeletons(["plain"], 1), TEMPLATES["plain"][0], "The {place} was {bad}."
    assert found.count(f"{remark} {verdict}") == found.count(f"{verdict} {remark}") == 1


def test_no_word_that_fills_a_slot_stands_in_a_skeleton():
    """The condition under which `best_bag_of_words` is exact, and what keeps the counts of good and bad words apart."""
    fixed = {
        word
        for label in (0, 1)
        for skeleton in skeletons(TEMPLATES, label)
        for word in re.findall(r"\w+", re.sub(r"\{\w+\}", "", skeleton).lower())
    }
    fillers = [word for words in WORDS.values() for word in words]
    assert len(set(fillers)) == len(fillers)
    assert not fixed & set(fillers)


def test_the_best_bag_of_words_by_brute_force(monkeypatch):
    """Every text of the language with a smaller stock of words, and the best answer to each bag of their words."""
    small = {"part": ["plot", "acting", "music"], "place": ["bus", "usher"]}
    small |= {"good": ["lovely", "fine", "superb", "charming"], "bad": ["dull", "poor", "awful", "dismal"]}
    monkeypatch.setattr(review_language, "WORDS", small)
    monkeypatch.setattr(review_language, "OPENINGS", ["", "We went on a Friday."])
    mass = defaultdict(lambda: [Fraction(0), Fraction(0)])
    for label in (0, 1):
        for skeleton, times in Counter(skeletons(TEMPLATES, label)).items():
            needed = Counter(SLOT.findall(skeleton))
            # In which order they fill the slots is of no account in a bag.
            choices = [itertools.combinations(small[slot], count) for slot, count in needed.items()]
            fillings = list(itertools.product(*choices))
            for filling in fillings:
                words = {slot: iter(chosen) for slot, chosen in zip(needed, filling, strict=True)}
                text = SLOT.sub(lambda slot, words=words: next(words[slot[1]]), skeleton)
                mass[tuple(sorted(re.findall(r"\w+|[^\w\s]", text)))][label] += Fraction(times, len(fillings))
    total = sum(map(sum, mass.values()))
    assert best_bag_of_words() == pytest.approx(float(sum(map(max, mass.values())) / total), abs=1e-12)
    undecided = sum(sum(pair) for pair in mass.values() if pair[0] == pair[1])
    assert undecided / total == Fraction(5, 7)  # five reviews of seven have a twin: the same bag, the other label


def test_the_ceiling_of_a_bag_of_words():
    assert best_bag_of_words() == pytest.approx(9 / 14)
    assert best_bag_of_words(["plain"]) == 1
    assert best_bag_of_words(["negation"]) == pytest.approx(2 / 3)
    for kind in ("contrast", "intensity", "hearsay", "elsewhere"):
        assert best_bag_of_words([kind]) == 0.5


def accuracy(train, test, longest: int) -> float:
    counts = CountVectorizer(token_pattern=r"\w+", ngram_range=(1, longest))
    model = make_pipeline(counts, LogisticRegression(max_iter=1000)).fit(train.texts, train.labels)
    return model.score(test.texts, test.labels)


def test_logistic_regression_stays_under_the_ceiling_and_bigrams_stay_under_the_networks():
    train, test = generate(4000, 0), generate(2000, 1)
    assert 0.5 < accuracy(train, test, longest=1) < best_bag_of_words()
    assert 0.8 < accuracy(train, test, longest=2) < 0.9


@pytest.mark.parametrize("seed", range(3))
def test_a_small_network_that_reads_in_order_passes_97_percent(seed):
    train, test = generate(2000, seed), generate(1000, 100 + seed)
    tokens = [re.findall(r"\w+|[^\w\s]", text.lower()) for text in train.texts + test.texts]
    vocabulary = Vocabulary(dict.fromkeys(itertools.chain(*tokens[: len(train)])))
    (ids, lengths), labels = pad([vocabulary.encode(text) for text in tokens]), torch.tensor(train.labels + test.labels)
    torch.manual_seed(seed)
    model = SequenceClassifier(len(vocabulary), classes=2, cell="lstm", hidden_size=32)
    parts = [(tensor[: len(train)], tensor[len(train) :]) for tensor in (ids, lengths, labels)]
    fit(model, [first for first, _ in parts], epochs=8, batch_size=32, learning_rate=1e-2, warm_up=0.2, seed=seed)
    *inputs, targets = (rest for _, rest in parts)
    assert (predict(model, *inputs).argmax(dim=1) == targets).float().mean() > 0.97


@pytest.mark.parametrize("kinds", [["contrasts"], []])
def test_a_kind_that_does_not_exist_is_refused(kinds):
    with pytest.raises(ValueError, match=r"name one kind or more.*plain, negation, contrast"):
        generate(3, 0, kinds)
