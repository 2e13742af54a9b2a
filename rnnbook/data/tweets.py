"""Short messages with an opinion: tweets, for the mini project and to try a model of film reviews out of its domain."""

import html
import os

from rnnbook.data.fetch import DataError, fetch
from rnnbook.data.registry import SOURCES
from rnnbook.data.reviews import Reviews, read_sample

_CLEAR = 0.5  # how far from 0 the mean of the scores must be for a label


def load_tweets(full: bool = False, data_dir: str | os.PathLike | None = None) -> Reviews:
    """Short messages, positive or negative: the course's own, or tweets that were scored by people.

    Each of the 4,200 published tweets has the mean of at least 20 people's scores, from −4 to 4. From 0.5 upwards a
    tweet counts as positive (2,345), from −0.5 downwards as negative (1,087). The 768 between are left out: they are
    neutral, or people disagree on them. Entities such as `&amp;` become the characters they stand for. User names and
    addresses were replaced by @anonymous and http://url_removed before publication. Some are foul-mouthed.

    Args:
        full: take the real tweets instead of the embedded sample.
        data_dir: a folder of downloaded originals with `tweets/tweets_GroundTruth.txt`; default `RNNBOOK_DATA`.

    Returns:
        The messages; the real ones have the mean scores as `ratings`.

    Raises:
        DataError: the real data cannot be had.
    """
    if not full:
        return read_sample("tweets")
    path = fetch(SOURCES["tweets"], data_dir)
    texts, scores = [], []
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n"), start=1):
            text, score = _parse(line, number)
            if abs(score) >= _CLEAR:
                texts.append(text)
                scores.append(score)
    except ValueError as error:
        raise DataError(f"{path} cannot be read: {error}. Replace it by {SOURCES['tweets'].url}.") from error
    return Reviews(texts, [int(score > 0) for score in scores], scores)


def _parse(line: str, number: int) -> tuple[str, float]:
    """The text and the score of one line: its number, the score and the text, with tabs between."""
    match line.split("\t"):
        case [identity, score, text] if identity == str(number) and text.strip():
            if -4 <= float(score) <= 4:
                return html.unescape(text).strip(), float(score)
            raise ValueError(f"line {number} has the score {score}, which is not between -4 and 4")
    raise ValueError(f"line {number} is not {number}, a score and a text with tabs between")
