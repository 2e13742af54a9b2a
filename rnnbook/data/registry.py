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
    )
}
