import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnnbook.data
from rnnbook.data import Reviews, load_reviews
from rnnbook.data import reviews as module

SAMPLES = Path(rnnbook.data.__file__).parent / "samples"

texts = st.lists(st.sampled_from([f"text {i}" for i in range(8)]), min_size=4).filter(lambda texts: len(set(texts)) > 3)


def test_the_sample_is_whole_and_divided_evenly():
    parts = load_reviews()
    assert [(len(part), sum(part.labels)) for part in parts] == [(240, 120), (60, 30)]
    of_label = {1: "pos.txt", 0: "neg.txt"}
    for label, file in of_label.items():
        lines = (SAMPLES / "reviews" / file).read_text(encoding="utf-8").splitlines()
        found = [t for part in parts for t, l in zip(part.texts, part.labels, strict=True) if l == label]
        assert sorted(found) == sorted(lines)


def test_the_sample_is_the_same_every_time():
    assert load_reviews() == load_reviews()


def test_a_sample_is_read_line_by_line_and_by_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "samples" / "some").mkdir(parents=True)
    (tmp_path / "samples" / "some" / "pos.txt").write_bytes("Fine.\nRather\u2028fine \u2764\n".encode())
    (tmp_path / "samples" / "some" / "neg.txt").write_bytes(b"Dull.")
    monkeypatch.setattr(module.resources, "files", lambda package: tmp_path)
    assert module.read_sample("some") == Reviews(["Fine.", "Rather\u2028fine \u2764", "Dull."], [1, 1, 0])


def test_the_real_reviews_are_imdb(monkeypatch):
    monkeypatch.setattr("rnnbook.data.imdb.read_imdb", lambda data_dir: ("IMDB", data_dir))
    assert load_reviews(full=True, data_dir="here") == ("IMDB", "here")


@given(texts, st.integers(0, 99), st.floats(0.3, 0.7))
def test_no_text_is_on_both_sides_of_a_split(texts, seed, held_out):
    labels = [int(text[-1]) % 2 for text in texts]
    if len(set(labels)) < 2 or min(Counter(map(labels.__getitem__, map(texts.index, set(texts)))).values()) < 2:
        return  # too few of one label to have it on both sides
    whole = Reviews(texts, labels, list(range(len(texts))))
    sides = whole.split(seed, held_out)
    assert not set(sides[0].texts) & set(sides[1].texts)
    for label in (0, 1):
        distinct = {text for text, l in zip(texts, labels, strict=True) if l == label}
        assert len(distinct & set(sides[1].texts)) == round(held_out * len(distinct))
    for side in sides:
        assert side.ratings == sorted(side.ratings)  # the original order
        assert [whole.texts[i] for i in side.ratings] == side.texts
        assert [whole.labels[i] for i in side.ratings] == side.labels
    assert sorted(sides[0].ratings + sides[1].ratings) == whole.ratings
    assert whole.split(seed, held_out) == sides


def test_a_text_with_both_labels_is_divided_by_its_first_and_keeps_each():
    whole = Reviews(["same", "a", "b", "same", "c", "d"], [1, 1, 1, 0, 0, 0])
    for seed in range(20):
        train, test = whole.split(seed, 0.5)
        assert ("same" in train.texts) != ("same" in test.texts)
        assert len(set(test.texts) & {"same", "a", "b"}) == 2  # round(1.5)
        assert len(set(test.texts) & {"c", "d"}) == 1


def test_another_seed_is_another_split():
    whole = Reviews([f"text {i}" for i in range(100)], [i % 2 for i in range(100)])
    assert len({tuple(whole.split(seed)[1].texts) for seed in range(5)}) == 5
    assert whole.split(3)[1].ratings is None


@pytest.mark.parametrize("held_out", [0, 1, 0.01, 1.5, -0.5])
def test_a_split_with_an_empty_side_is_refused(held_out):
    with pytest.raises(ValueError, match=r"leaves one side empty; take a fraction"):
        Reviews(["a", "b", "c", "d"], [0, 0, 1, 1]).split(0, held_out)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((["a", "b"], [1]), "2 texts, 1 labels: give one of each"),
        ((["a"], [1], [3.0, 4.0]), "1 texts, 1 labels, 2 ratings"),
        ((["a", "b"], [1, 2]), r"1 \(positive\) or 0 \(negative\), not 2"),
        ((["a"], ["pos"]), "not 'pos'"),
    ],
)
def test_what_is_no_set_of_reviews_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Reviews(*fields)


def test_the_hash_is_of_texts_and_labels():
    reviews = Reviews(["é", "b"], [1, 0])
    assert reviews.sha256 == hashlib.sha256(b'[["\\u00e9", "b"], [1, 0]]').hexdigest()
    others = [Reviews(["é", "c"], [1, 0]), Reviews(["é", "b"], [1, 1]), Reviews(["b", "é"], [0, 1])]
    assert reviews.sha256 not in {other.sha256 for other in others}


def test_data_without_torch():
    """`rnnbook doctor` looks for the cache folder where torch does not start."""
    code = "import sys; sys.modules['torch'] = None; import rnnbook.data; print(rnnbook.data.load_tweets)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
