"""The reviews and messages written for this course, as files: what is in them, and that nothing is in them twice."""

import itertools
import re
import unicodedata
from pathlib import Path
from statistics import mean

import pytest

import rnnbook.data

SAMPLES = Path(rnnbook.data.__file__).parent / "samples"
COUNTS = {"reviews": 150, "tweets": 120}
EMOJI = re.compile("[\N{WHITE MEDIUM STAR}\N{UMBRELLA WITH RAIN DROPS}\U0001f300-\U0001faff]")


def lines(name: str, part: str) -> list[str]:
    text = (SAMPLES / name / f"{part}.txt").read_bytes().decode("utf-8")
    assert text.endswith("\n")
    return text.removesuffix("\n").split("\n")


def words_of(line: str) -> list[str]:
    return re.findall(r"[\w']+", line.lower())


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("part", ["pos", "neg"])
def test_one_text_a_line_clean_and_composed(name, part):
    assert len(lines(name, part)) == COUNTS[name]
    for line in lines(name, part):
        assert line == unicodedata.normalize("NFC", line)
        assert line == " ".join(line.split()), line
        assert line.isprintable() or EMOJI.search(line), line
        assert words_of(line) or EMOJI.search(line), line


@pytest.mark.parametrize("name", COUNTS)
def test_no_text_is_there_twice_or_nearly_so(name):
    """Of the distinct words of any two texts, fewer than two in five are in both; and no six words in a row are."""
    texts = [words_of(line) for part in ("pos", "neg") for line in lines(name, part)]
    for first, second in itertools.combinations(texts, 2):
        a, b = set(first), set(second)
        assert len(a & b) < 0.4 * len(a | b), (first, second)
    seen = {}
    for number, text in enumerate(texts):
        for i in range(len(text) - 5):
            assert seen.setdefault(tuple(text[i : i + 6]), number) == number, text


@pytest.mark.parametrize("part", ["pos", "neg"])
def test_reviews_are_short_and_of_many_lengths(part):
    sizes = [len(line.split()) for line in lines("reviews", part)]
    assert min(sizes) >= 20
    assert max(sizes) <= 90
    assert sum(size >= 55 for size in sizes) >= 10


@pytest.mark.parametrize("name", COUNTS)
def test_the_length_of_a_text_does_not_give_its_label_away(name):
    praise, blame = (mean(len(line.split()) for line in lines(name, part)) for part in ("pos", "neg"))
    assert praise == pytest.approx(blame, rel=0.1)


def test_no_opening_is_a_habit():
    texts = [line for part in ("pos", "neg") for line in lines("reviews", part)]
    openings = [" ".join(line.split()[:3]) for line in texts]
    assert max(map(openings.count, openings)) <= 2


MISLEADING = {
    "pos": "awful bad bleak boring bored crude dreadful dull hate horror mess poor sad silly slow stupid ugly",
    "neg": "adored amazing beautiful brilliant great gorgeous lovely loved magnificent nice superb wonderful",
}


@pytest.mark.parametrize(("part", "words"), MISLEADING.items())
def test_many_reviews_use_words_of_the_other_side(part, words):
    assert sum(bool(set(words_of(line)) & set(words.split())) for line in lines("reviews", part)) >= 20


@pytest.mark.parametrize("part", ["pos", "neg"])
def test_messages_look_like_messages(part):
    messages = lines("tweets", part)
    assert max(map(len, messages)) <= 140
    assert sum("#" in message for message in messages) >= 12
    assert sum("@" in message for message in messages) >= 4
    assert sum(bool(EMOJI.search(message)) for message in messages) >= 25
    assert sum(message[0].islower() for message in messages) >= 30


def test_no_message_mentions_an_account_that_anyone_could_have():
    """An account's name has at most 15 characters."""
    messages = [message for part in ("pos", "neg") for message in lines("tweets", part)]
    mentions = re.findall(r"@(\w+)", "\n".join(messages))
    assert mentions
    assert min(map(len, mentions)) > 15
