import os
from pathlib import Path

import pytest

import rnnbook.data
from rnnbook.data import DataError, load_tweets

LINES = [
    "1\t2.73\tLove &amp; peace &lt;3",
    "2\t0.5\tjust good enough",
    "3\t0.499\tneutral",
    "4\t-0.499\tneutral too",
    "5\t-0.5\t  just bad enough ",
    "6\t-4\tworst &#39;ever&#39;",
]


@pytest.fixture
def originals(tmp_path):
    def write(content: str) -> Path:
        (tmp_path / "tweets").mkdir()
        (tmp_path / "tweets" / "tweets_GroundTruth.txt").write_bytes(content.encode())
        return tmp_path

    return write


def test_the_sample_is_whole():
    tweets = load_tweets()
    assert (len(tweets), sum(tweets.labels)) == (240, 120)
    folder = Path(rnnbook.data.__file__).parent / "samples" / "tweets"
    for label, file in ((1, "pos.txt"), (0, "neg.txt")):
        lines = (folder / file).read_text(encoding="utf-8").splitlines()
        assert [t for t, l in zip(tweets.texts, tweets.labels, strict=True) if l == label] == lines


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "end"])
def test_clear_opinions_are_kept_and_unescaped(originals, end, last):
    tweets = load_tweets(full=True, data_dir=originals(end.join(LINES) + (end if last else "")))
    assert tweets.texts == ["Love & peace <3", "just good enough", "just bad enough", "worst 'ever'"]
    assert tweets.labels == [1, 1, 0, 0]
    assert tweets.ratings == [2.73, 0.5, -0.5, -4.0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("7\tgood", "line 7 is not 7, a score and a text"),
        ("7\t1.0\ta\tb", "line 7 is not 7"),
        ("8\t1.0\ta", "line 7 is not 7"),
        ("7\t1.0\t  ", "line 7 is not 7"),
        ("", "line 7 is not 7"),
        ("7\tgood\ta", "could not convert string to float: 'good'"),
        ("7\t4.1\ta", "line 7 has the score 4.1, which is not between -4 and 4"),
        ("7\tnan\ta", "line 7 has the score nan"),
    ],
)
def test_a_damaged_line_is_named(originals, line, message):
    folder = originals("\n".join([*LINES, line, "8\t1.0\tfine"]))
    with pytest.raises(DataError, match=rf"tweets_GroundTruth\.txt cannot be read: {message}.*Replace it by https://"):
        load_tweets(full=True, data_dir=folder)


def test_what_is_no_text_is_refused(originals):
    folder = originals("")
    (folder / "tweets" / "tweets_GroundTruth.txt").write_bytes(b"1\t2.0\t\xff\xfe")
    with pytest.raises(DataError, match="cannot be read"):
        load_tweets(full=True, data_dir=folder)


def test_an_empty_file_is_refused(originals):
    with pytest.raises(DataError, match="line 1 is not 1"):
        load_tweets(full=True, data_dir=originals(""))


def test_the_original_is_never_replaced_by_the_sample(tmp_path):
    with pytest.raises(DataError, match=r"No tweets/tweets_GroundTruth\.txt"):
        load_tweets(full=True, data_dir=tmp_path)


@pytest.mark.skipif("RNNBOOK_DATA" not in os.environ, reason="RNNBOOK_DATA names no folder of downloaded originals")
def test_the_published_tweets():
    tweets = load_tweets(full=True)
    assert (len(tweets), sum(tweets.labels)) == (3432, 2345)
    assert len(set(tweets.texts)) == 3432
    assert tweets.texts[1] == "Yay. Another good phone interview."
    assert not any("&amp;" in text or text != text.strip() for text in tweets.texts)
