"""From a text to its tokens: words, characters, and subwords that are learned."""

import html
import json
import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rnnbook.files import put

if TYPE_CHECKING:
    from tokenizers import Tokenizer  # imported where it is used: it takes a moment


# Marks stand on the letter before them: accents that have no letter of their own, the vowels of many Indian scripts,
# the selectors and tags of emoji. Zero-width joiners hold both words and emoji together.
MARKS = "".join(c for c in map(chr, range(0x300, 0x10000)) if unicodedata.category(c).startswith("M"))
L = r"[^\W_]"  # a letter or digit of any script
M = rf"[{MARKS}\u200c\u200d]"
MORE = "[\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"  # skin tones, and the tags in the flag of Wales
END = rf"(?!{L}|{M})"  # no word goes on here

NOT = re.compile(rf"[nN]'[tT]{END}")  # don't -> do n't
BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
NO_ENTITY = re.compile(
    r"&#(?=\d{8})"
)  # no character has so long a number, and html.unescape fails on thousands of digits
TOKEN = re.compile(
    rf"""
    (?=\S)  # quick to pass over a space
    (?: https?://[^\s<>"]*[\w/] | www\.[^\s<>"]*[\w/]  # an address
    |   [nN]'[tT]{END}                                 # the negation of don't, isn't, won't
    |   [oO]_+[oO]{END}                                # o_O, before the o can be taken for a word
    |   {L}+ (?: {M}+{L}*                              # a word: letters and digits, marks,
             |   (?<=\d)[.,:/](?=\d){L}+               #   3.5, 1,000, 10:30, 7/10,
             |   '(?!(?i:s|m|d|re|ve|ll){END}){L}+ )*  #   o'clock, but not it's
    |   '(?i:s|m|d|re|ve|ll){END}                      # the end of it's, I'm, they've
    |   >?[:;=]['-]?[)(\][|/\\*]{{1,3}}                # :) ;-) :'( =] >:( :/ :*
    |   (?<!\w)[:;=]-?[dDpPoO]{END}                    # :D ;P :-o, but not the end of grade:D
    |   \(-?: | </?3+(?!\d) | \^_*\^ | -_+- | >[._]<   # (: <3 </3 ^_^ -_- >_<
    |   [!?]{{1,3}} | \.{{1,3}} | -{{1,3}} | \*{{1,5}} # runs, in pieces: few tokens stand for all of them
    |   [\U0001F1E6-\U0001F1FF]{{2}}                   # a flag
    |   \S (?: {M} | {MORE} | (?<=\u200d)[^\w\s] )*    # any other sign, an emoji
    )
    """,
    re.VERBOSE,
)
# Typographic signs become those of a typewriter, also where a wrong code page has left them; unseen signs vanish.
TYPEWRITER = {
    **dict.fromkeys(map(ord, "‘’‚‛′´ʼ＇\x91\x92"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″＂\x84\x93\x94"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–−\x96"), "-"),
    **dict.fromkeys(map(ord, "—―\x97"), "--"),
    **dict.fromkeys(map(ord, "…\x85"), "..."),
    **dict.fromkeys(map(ord, "\xad\ufeff"), None),
    ord("\u200b"): " ",
}


def normalise(text: str, lower: bool = True) -> str:
    """One spelling for what reads the same: HTML undone, typographic signs as on a typewriter, Unicode in NFC."""
    text = BREAK.sub(" ", html.unescape(NO_ENTITY.sub("& #", text))).replace("`", "'")
    if not text.isascii():
        text = text.translate(TYPEWRITER)
    if lower:
        text = text.lower()  # before NFC, since H with a line below has no letter of its own, and h has one
    return unicodedata.normalize("NFC", text)


def words(text: str, lower: bool = True) -> list[str]:
    """The words of a text; punctuation, emoticons and emoji are tokens of their own.

    >>> words("I didn't like it<br />&quot;at all&quot;... 2/10 :(")
    ['i', 'did', "n't", 'like', 'it', '"', 'at', 'all', '"', '...', '2/10', ':(']

    The negation of "didn't", "isn't" and "won't" is one token, as in the Penn Treebank and in GloVe: what is learned
    of one holds for all. A compound such as "not-so-good" is split at its hyphens, since its parts are known where it
    is not. No sign is lost but white space. Scripts that put no space between words are not split: take `characters`
    or `Subwords`.

    Args:
        text: as it was written, HTML included.
        lower: lower-case it.
    """
    return TOKEN.findall(NOT.sub(r" \g<0>", normalise(text, lower)))


def characters(text: str) -> list[str]:
    """The characters of a text, in Unicode's composed form NFC: "é" is one, however it was typed."""
    return list(unicodedata.normalize("NFC", text))


class Subwords:
    """Pieces of words, learned from a text by byte-pair encoding: frequent words whole, rare ones in parts.

    The pieces are made of bytes, so that there are no unknown words, and decoding gives back every text as it was,
    white space included. It is tokenizer and vocabulary in one: id 0 is "<pad>", id 1 "<unk>", which no text contains.

    >>> subwords = Subwords.train(texts, size=1000)
    >>> subwords.tokens("unwatchable")
    ['un', 'watch', 'able']

    Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, by the library `tokenizers`.

    Args:
        tokenizer: made by `Subwords.train` or `Subwords.load`.
    """

    SMALLEST = 2 + 256  # the specials and the bytes

    def __init__(self, tokenizer: "Tokenizer"):
        tokenizer.encode_special_tokens = True  # "<pad>" in a text is five characters and no padding
        self.tokenizer = tokenizer

    @classmethod
    def train(cls, texts: Iterable[str], size: int) -> "Subwords":
        """Join the most frequent pair of neighbouring pieces, again and again, until there are as many as wanted.

        Args:
            texts: to learn from, taken as they are: `normalise` them before, here and in `encode`, or not at all.
            size: V, specials and the 256 bytes included; fewer if no pair of pieces is left that occurs twice.

        Raises:
            TypeError: one text was given instead of a list.
            ValueError: size leaves no place for any pair.
        """
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

        if isinstance(texts, str):
            raise TypeError("texts is one string: give a list of texts, [text]")
        if size <= cls.SMALLEST:
            raise ValueError(f"size must be greater than {cls.SMALLEST}, the specials and the bytes, got {size}")
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            min_frequency=2,
            special_tokens=["<pad>", "<unk>"],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        return cls(tokenizer)

    def __len__(self) -> int:
        return self.tokenizer.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        """The ids of a text's pieces."""
        return self.tokenizer.encode(text).ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of a sequence of ids, specials spelled out; "\ufffd" where a character's bytes are not complete.

        Raises:
            ValueError: an id is not between 0 and len(subwords) - 1.
        """
        ids = [int(i) for i in ids]
        for position, i in enumerate(ids):
            if not 0 <= i < len(self):
                raise ValueError(f"id {i} at position {position}: these subwords have the ids 0 to {len(self) - 1}")
        return self.tokenizer.decode(ids, skip_special_tokens=False)

    def tokens(self, text: str) -> list[str]:
        """The pieces of a text; a space stands in front of the word that it precedes."""
        return [self.decode([i]) for i in self.encode(text)]

    @property
    def names(self) -> list[str]:
        """What the pieces are called, the specials left out, in the order of their ids.

        A name has one character for each byte, "Ġ" for a space, so that even half a character has its own. A
        `Vocabulary` of them takes other specials.
        """
        return list(map(self.tokenizer.id_to_token, range(2, len(self))))

    def split(self, text: str) -> list[str]:
        """The names of a text's pieces: a tokenizer, as `words` is one."""
        return self.tokenizer.encode(text).tokens

    def join(self, names: Iterable[str]) -> str:
        """The text whose pieces have these names."""
        return self.tokenizer.decoder.decode(list(names))

    def to_dict(self) -> dict:
        """All there is to it, as JSON can hold it, in the format of the library `tokenizers`."""
        return json.loads(self.tokenizer.to_str())

    @classmethod
    def from_dict(cls, content: dict) -> "Subwords":
        """The subwords whose `to_dict` this is.

        Raises:
            ValueError: it is none.
        """
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_str(json.dumps(content))
        except Exception as error:  # the library raises nothing more special
            raise ValueError(f"no subwords: {error}") from None
        if (tokenizer.token_to_id("<pad>"), tokenizer.token_to_id("<unk>")) != (0, 1):
            raise ValueError("no subwords: its first entries are not <pad> and <unk>")
        return cls(tokenizer)

    def save(self, path: str | os.PathLike) -> None:
        """Write `to_dict` as JSON."""
        put(Path(path), json.dumps(self.to_dict(), indent=1) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Subwords":
        """Read what `save` has written.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file holds no subwords, or not all of them.
        """
        content = Path(path).read_bytes()
        try:
            return cls.from_dict(json.loads(content))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path} is damaged, or holds no subwords: {error}; save them again") from None
