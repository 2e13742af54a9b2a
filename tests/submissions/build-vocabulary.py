"""Submissions that prove the tests of `build-vocabulary`: right answers of another form, and the mistakes people make."""

# %% given: what most answers leave as it is
from collections import Counter

SPECIALS = ["<pad>", "<unk>"]


def build_vocabulary(texts, min_count=1):
    counts = Counter(token for text in texts for token in text)
    kept = [token for token in counts if counts[token] >= min_count and token not in SPECIALS]
    return SPECIALS + sorted(kept, key=lambda token: (-counts[token], token))


def encode(text, vocabulary):
    ids = {token: i for i, token in enumerate(vocabulary)}
    return [ids.get(token, ids["<unk>"]) for token in text]


def decode(ids, vocabulary):
    return [vocabulary[i] for i in ids]


def prepare(training, test, min_count=1):
    vocabulary = build_vocabulary(training, min_count)
    return vocabulary, [encode(text, vocabulary) for text in training], [encode(text, vocabulary) for text in test]


# %% alternative: a dictionary of counts, two stable sorts
def build_vocabulary(texts, min_count=1):
    counts = {}
    for text in texts:
        for token in text:
            counts[token] = counts.get(token, 0) + 1
    tokens = sorted(counts)
    tokens.sort(key=counts.get, reverse=True)
    return SPECIALS + [token for token in tokens if counts[token] >= min_count and token not in SPECIALS]


# %% alternative: list.index and exceptions, map
def encode(text, vocabulary):
    ids = []
    for token in text:
        try:
            ids.append(vocabulary.index(token))
        except ValueError:
            ids.append(vocabulary.index("<unk>"))
    return ids


def decode(ids, vocabulary):
    return list(map(vocabulary.__getitem__, ids))


def prepare(training, test, min_count=1):
    vocabulary = build_vocabulary(training, min_count)
    return (vocabulary, *([encode(text, vocabulary) for text in texts] for texts in (training, test)))


# %% alternative: most_common of a sorted counter, a defaultdict, tuples
from collections import defaultdict


def build_vocabulary(texts, min_count=1):
    counts = Counter(sorted(token for text in texts for token in text))
    for special in SPECIALS:
        del counts[special]
    return (*SPECIALS, *(token for token, count in counts.most_common() if count >= min_count))


def encode(text, vocabulary):
    ids = defaultdict(lambda: vocabulary.index("<unk>"), zip(vocabulary, range(len(vocabulary))))
    return tuple(ids[token] for token in text)


# %% mutant: the order of a set | says: The most common tokens come first
def build_vocabulary(texts, min_count=1):
    counts = Counter(token for text in texts for token in text)
    return SPECIALS + [token for token in {*counts} - {*SPECIALS} if counts[token] >= min_count]


# %% mutant: ties as a set has them | says: Equally common tokens should stand in the order of the alphabet
def build_vocabulary(texts, min_count=1):
    tokens = [token for text in texts for token in text]
    kept = [token for token in {*tokens} - {*SPECIALS} if tokens.count(token) >= min_count]
    return SPECIALS + sorted(kept, key=tokens.count, reverse=True)


# %% mutant: ties as they first appear | says: as Counter.most_common leaves them
def build_vocabulary(texts, min_count=1):
    counts = Counter(token for text in texts for token in text if token not in SPECIALS)
    return SPECIALS + [token for token, count in counts.most_common() if count >= min_count]


# %% mutant: ties backwards | says: reverse=True turns both round
def build_vocabulary(texts, min_count=1):
    counts = Counter(token for text in texts for token in text if token not in SPECIALS)
    kept = [token for token in counts if counts[token] >= min_count]
    return SPECIALS + sorted(kept, key=lambda token: (counts[token], token), reverse=True)


# %% mutant: the rarest first | says: The rarest tokens come first
def build_vocabulary(texts, min_count=1):
    counts = Counter(token for text in texts for token in text if token not in SPECIALS)
    kept = [token for token in counts if counts[token] >= min_count]
    return SPECIALS + sorted(kept, key=lambda token: (counts[token], token))


# %% mutant: by the alphabet | says: the most common comes first
def build_vocabulary(texts, min_count=1):
    counts = Counter(token for text in texts for token in text if token not in SPECIALS)
    return SPECIALS + sorted(token for token in counts if counts[token] >= min_count)


# %% mutant: min_count off by one | says: so compare by >=
def build_vocabulary(texts, min_count=1):
    counts = Counter(token for text in texts for token in text)
    kept = [token for token in counts if counts[token] > min_count and token not in SPECIALS]
    return SPECIALS + sorted(kept, key=lambda token: (-counts[token], token))


# %% mutant: no min_count | says: min_count does nothing
def build_vocabulary(texts, min_count=1):
    counts = Counter(token for text in texts for token in text if token not in SPECIALS)
    return SPECIALS + sorted(counts, key=lambda token: (-counts[token], token))


# %% mutant: specials last | says: The specials come last
def build_vocabulary(texts, min_count=1):
    counts = Counter(token for text in texts for token in text if token not in SPECIALS)
    kept = [token for token in counts if counts[token] >= min_count]
    return sorted(kept, key=lambda token: (-counts[token], token)) + SPECIALS


# %% mutant: no <unk> | says: <unk> is missing
def build_vocabulary(texts, min_count=1):
    counts = Counter(token for text in texts for token in text if token not in SPECIALS)
    kept = [token for token in counts if counts[token] >= min_count]
    return ["<pad>", *sorted(kept, key=lambda token: (-counts[token], token))]


# %% mutant: specials of the texts twice | says: A special that stands in a text keeps its place
def build_vocabulary(texts, min_count=1):
    counts = Counter(token for text in texts for token in text)
    kept = [token for token in counts if counts[token] >= min_count]
    return SPECIALS + sorted(kept, key=lambda token: (-counts[token], token))


# %% mutant: counts texts | says: You counted texts
def build_vocabulary(texts, min_count=1):
    counts = Counter(token for text in texts for token in set(text) if token not in SPECIALS)
    kept = [token for token in counts if counts[token] >= min_count]
    return SPECIALS + sorted(kept, key=lambda token: (-counts[token], token))


# %% mutant: counts characters | says: You counted characters
def build_vocabulary(texts, min_count=1):
    counts = Counter(c for text in texts for c in "".join(text))
    kept = [c for c in counts if counts[c] >= min_count]
    return SPECIALS + sorted(kept, key=lambda c: (-counts[c], c))


# %% mutant: KeyError for an unknown word | says: encode stops at a token that the vocabulary lacks
def encode(text, vocabulary):
    ids = {token: i for i, token in enumerate(vocabulary)}
    return [ids[token] for token in text]


# %% mutant: index stops | says: encode stops at a token that the vocabulary lacks
def encode(text, vocabulary):
    return [vocabulary.index(token) for token in text]


# %% mutant: unknown words dropped | says: Unknown tokens are lost
def encode(text, vocabulary):
    return [vocabulary.index(token) for token in text if token in vocabulary]


# %% mutant: unknown words are padding | says: they would be skipped
def encode(text, vocabulary):
    ids = {token: i for i, token in enumerate(vocabulary)}
    return [ids.get(token, 0) for token in text]


# %% mutant: <unk> is always 1 | says: <unk> is not always 1
def encode(text, vocabulary):
    ids = {token: i for i, token in enumerate(vocabulary)}
    return [ids.get(token, 1) for token in text]


# %% mutant: unknown words past the end | says: for which an embedding has no row
def encode(text, vocabulary):
    ids = {token: i for i, token in enumerate(vocabulary)}
    return [ids.get(token, len(vocabulary)) for token in text]


# %% mutant: ids from 1 | says: The ids are one too high
def encode(text, vocabulary):
    ids = {token: i for i, token in enumerate(vocabulary, 1)}
    return [ids.get(token, ids["<unk>"]) for token in text]


# %% mutant: encode gives a tensor | says: should be a list of whole numbers
import torch


def encode(text, vocabulary):
    ids = {token: i for i, token in enumerate(vocabulary)}
    return torch.tensor([ids.get(token, ids["<unk>"]) for token in text])


# %% mutant: decode gives a string | says: not one string
def decode(ids, vocabulary):
    return " ".join(vocabulary[i] for i in ids)


# %% mutant: decode skips padding | says: decode left specials out
def decode(ids, vocabulary):
    return [vocabulary[i] for i in ids if i != 0]


# %% mutant: counts the test texts too | says: only in the test texts often enough
def prepare(training, test, min_count=1):
    vocabulary = build_vocabulary(training + test, min_count)
    return vocabulary, [encode(text, vocabulary) for text in training], [encode(text, vocabulary) for text in test]


# %% mutant: sorts by the counts of all texts | says: took part in the counts that sort
def prepare(training, test, min_count=1):
    known = build_vocabulary(training, min_count)
    vocabulary = [token for token in build_vocabulary(training + test) if token in known]
    return vocabulary, [encode(text, vocabulary) for text in training], [encode(text, vocabulary) for text in test]


# %% mutant: two vocabularies | says: have a vocabulary of their own
def prepare(training, test, min_count=1):
    vocabulary, own = build_vocabulary(training, min_count), build_vocabulary(test, min_count)
    return vocabulary, [encode(text, vocabulary) for text in training], [encode(text, own) for text in test]


# %% mutant: vocabulary forgotten | says: should be a tuple (vocabulary, training ids, test ids)
def prepare(training, test, min_count=1):
    vocabulary = build_vocabulary(training, min_count)
    return [encode(text, vocabulary) for text in training], [encode(text, vocabulary) for text in test]


# %% mutant: sorts the texts in place | says: changed its argument
def build_vocabulary(texts, min_count=1):
    counts = Counter()
    for text in texts:
        text.sort()
        counts.update(text)
    kept = [token for token in counts if counts[token] >= min_count and token not in SPECIALS]
    return SPECIALS + sorted(kept, key=lambda token: (-counts[token], token))
