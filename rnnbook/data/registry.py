"""Where every data set comes from: addresses, checksum, licence and citation, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One file that its owner publishes.

    Args:
        name: how the course calls it; also its folder in the cache.
        url: the owner's address.
        files: the paths under which a folder of downloaded originals may hold it; the first also names the cached copy.
        licence: on what terms it is published.
        citation: whom to thank.
        sha256: its published checksum, or None when its owner publishes none.
        size: its length in bytes, where it is known.
        mirrors: further addresses of the very same file. Only a file with a checksum may have any.
        note: what else a user should know.
    """

    name: str
    url: str
    files: tuple[str, ...]
    licence: str
    citation: str
    sha256: str | None = None
    size: int | None = None
    mirrors: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self):
        if self.mirrors and not self.sha256:
            raise ValueError(f"{self.name}: a mirror cannot be trusted without a checksum")


MULTI30K = ("train", "val", "test_2016_flickr", "test_2017_flickr", "test_2018_flickr", "test_2017_mscoco")
MULTI30K_SHA256 = {
    "train.de": "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6",
    "train.en": "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
}


def _multi30k(part: str, language: str) -> Source:
    """One language of one part of Multi30k."""
    file = f"{part}.{language}"
    return Source(
        name=f"multi30k/{file}",
        url=f"https://github.com/multi30k/dataset/raw/master/data/task1/raw/{file}.gz",
        files=(f"multi30k/{file}.gz", f"{file}.gz"),
        sha256=MULTI30K_SHA256.get(file),
        licence="CC BY-NC-SA 4.0",
        citation="Desmond Elliott, Stella Frank, Khalil Sima'an and Lucia Specia, Multi30K: Multilingual "
        "English-German Image Descriptions, Workshop on Vision and Language 2016; French by Desmond Elliott, Stella "
        "Frank, Loïc Barrault, Fethi Bougares and Lucia Specia, WMT 2017",
        note="Captions of photographs, one a line; the same line in another language says the same.",
    )


SOURCES = {
    source.name: source
    for source in (
        Source(
            name="tinyshakespeare",
            url="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
            mirrors=(
                "https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt",
                "https://cdn.jsdelivr.net/gh/karpathy/char-rnn@master/data/tinyshakespeare/input.txt",
            ),
            files=("tinyshakespeare/input.txt", "input.txt"),
            sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            size=1_115_394,
            licence="text in the public domain",
            citation="William Shakespeare, excerpts of the plays; collected by Andrej Karpathy for char-rnn (2015)",
            note="Usual split: the first 90 % to train, the last 10 % to validate.",
        ),
        Source(
            name="names",
            url="https://download.pytorch.org/tutorial/data.zip",
            files=("names.zip", "data.zip"),
            licence="no terms of its own; distributed with the PyTorch tutorials, which are under BSD 3-Clause",
            citation="Sean Robertson, Classifying Names with a Character-Level RNN, PyTorch tutorials",
            note="Surnames of 18 languages in data/names/LANGUAGE.txt; the archive holds other data as well.",
        ),
        Source(
            name="imdb",
            url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
            files=("aclImdb_v1.tar.gz", "imdb/aclImdb_v1.tar.gz"),
            sha256="c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
            size=84_125_825,
            licence="no licence of its own: reviews by users of IMDB, published for research, to be cited",
            citation="Andrew L. Maas, Raymond E. Daly, Peter T. Pham, Dan Huang, Andrew Y. Ng and Christopher Potts, "
            "Learning Word Vectors for Sentiment Analysis, ACL 2011",
            note="25,000 labelled reviews to train on and 25,000 to test on; 50,000 more without a label are not read.",
        ),
        Source(
            name="tweets",
            url="https://raw.githubusercontent.com/cjhutto/vaderSentiment/18c86513ea60b02fce8f3b1b598da43042d91b08/"
            "additional_resources/hutto_ICWSM_2014/tweets_GroundTruth.txt",
            files=("tweets/tweets_GroundTruth.txt", "tweets_GroundTruth.txt"),
            licence="MIT",
            citation="C. J. Hutto and Eric Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of "
            "Social Media Text, ICWSM 2014",
            note="4,200 tweets with the mean of people's scores from −4 to 4, user names and addresses removed. The "
            "address names a commit, so what it stands for cannot change.",
        ),
        *(_multi30k(part, language) for part in MULTI30K for language in ("de", "en", "fr")),
    )
}
