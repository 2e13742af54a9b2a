"""Submissions that prove the tests of `bleu`: right answers of another form, and the mistakes that people make."""

# %% given: the parts of most answers
import math
from collections import Counter


def ngrams(words, n):
    return Counter(zip(*[words[i:] for i in range(n)]))


def clipped(mine, theirs):
    return sum(min(count, theirs[gram]) for gram, count in mine.items())


def precision(hypotheses, references, n):
    pairs = [(ngrams(h, n), ngrams(r, n)) for h, r in zip(hypotheses, references)]
    total = sum(mine.total() for mine, _ in pairs)
    return sum(clipped(*pair) for pair in pairs) / total if total else 0


def brevity(c, r):
    return 1 if c >= r else math.exp(1 - r / c)


def mean(precisions):
    return math.prod(precisions) ** 0.25


def bleu(hypotheses, references):
    precisions = [precision(hypotheses, references, n) for n in range(1, 5)]
    if min(precisions) == 0:
        return 0.0
    return 100 * brevity(sum(map(len, hypotheses)), sum(map(len, references))) * mean(precisions)


# %% alternative: lists, logarithms
def bleu(hypotheses, references):
    logs = []
    for n in (1, 2, 3, 4):
        hits = count = 0
        for h, r in zip(hypotheses, references):
            left = [tuple(r[i : i + n]) for i in range(len(r) - n + 1)]
            for i in range(len(h) - n + 1):
                count += 1
                if tuple(h[i : i + n]) in left:
                    left.remove(tuple(h[i : i + n]))
                    hits += 1
        if hits == 0:
            return 0.0
        logs.append(math.log(hits) - math.log(count))
    c, r = sum(len(h) for h in hypotheses), sum(len(r) for r in references)
    return 100.0 * math.exp(sum(logs) / 4 + min(0, 1 - r / c))


# %% alternative: one pass over the sentences, words joined
def bleu(hypotheses, references):
    hits, counts, c, r = [0] * 4, [0] * 4, 0, 0
    for mine, theirs in zip(hypotheses, references):
        c, r = c + len(mine), r + len(theirs)
        for n in range(1, 5):
            found = Counter(" ".join(mine[i : i + n]) for i in range(len(mine) - n + 1))
            known = Counter(" ".join(theirs[i : i + n]) for i in range(len(theirs) - n + 1))
            hits[n - 1] += sum((found & known).values())
            counts[n - 1] += sum(found.values())
    if not all(hits):
        return 0
    product = 1.0
    for hit, count in zip(hits, counts):
        product *= hit / count
    return 100 * min(1, math.exp(1 - r / c)) * product**0.25


# %% mutant: not clipped | says: Nothing is clipped
def clipped(mine, theirs):
    return sum(count for gram, count in mine.items() if gram in theirs)


# %% mutant: a set of n-grams | says: An n-gram that is repeated counts once only
def ngrams(words, n):
    return Counter(set(zip(*[words[i:] for i in range(n)])))


# %% mutant: mean of the sentences | says: the mean of the sentences' BLEU
def bleu(hypotheses, references, corpus=bleu):
    return sum(corpus([h], [r]) for h, r in zip(hypotheses, references)) / len(hypotheses)


# %% mutant: means of the sentences' precisions | says: The precisions are means over the sentences
def precision(hypotheses, references, n, corpus=precision):
    pairs = [pair for pair in zip(hypotheses, references) if len(pair[0]) >= n]
    return sum(corpus([h], [r], n) for h, r in pairs) / len(pairs) if pairs else 0


# %% mutant: penalty the wrong way round | says: The brevity penalty is the wrong way round
def brevity(c, r):
    return 1 if c <= r else math.exp(1 - c / r)


# %% mutant: no penalty | says: The brevity penalty is missing
def brevity(c, r):
    return 1


# %% mutant: penalty above 1 | says: The brevity penalty is applied to long corpora too
def brevity(c, r):
    return math.exp(1 - r / c)


# %% mutant: penalty a ratio | says: The brevity penalty is the ratio
def brevity(c, r):
    return min(1, c / r)


# %% mutant: arithmetic mean | says: That is the arithmetic mean
def mean(precisions):
    return sum(precisions) / 4


# %% mutant: no root | says: That is the product of the four precisions
def mean(precisions):
    return math.prod(precisions)


# %% mutant: across sentences | says: The n-grams run across the sentences
def bleu(hypotheses, references, corpus=bleu):
    return corpus([sum(hypotheses, [])], [sum(references, [])])


# %% mutant: up to 3 | says: Those are the n-grams up to n = 3
def bleu(hypotheses, references):
    precisions = [precision(hypotheses, references, n) for n in range(1, 4)]
    if min(precisions) == 0:
        return 0.0
    factor = brevity(sum(map(len, hypotheses)), sum(map(len, references)))
    return 100 * factor * math.prod(precisions) ** (1 / 3)


# %% mutant: recall | says: which makes it a recall
def precision(hypotheses, references, n):
    pairs = [(ngrams(h, n), ngrams(r, n)) for h, r in zip(hypotheses, references)]
    return sum(clipped(*pair) for pair in pairs) / max(1, sum(theirs.total() for _, theirs in pairs))


# %% mutant: a share | says: BLEU is in percent
def bleu(hypotheses, references, corpus=bleu):
    return corpus(hypotheses, references) / 100


# %% mutant: logarithm of 0 | says: Where there is nothing to count
def bleu(hypotheses, references):
    logs = [math.log(precision(hypotheses, references, n)) / 4 for n in range(1, 5)]
    return 100 * brevity(sum(map(len, hypotheses)), sum(map(len, references))) * math.exp(sum(logs))


# %% mutant: smoothed | says: BLEU should be
def precision(hypotheses, references, n):
    pairs = [(ngrams(h, n), ngrams(r, n)) for h, r in zip(hypotheses, references)]
    return (1 + sum(clipped(*pair) for pair in pairs)) / (1 + sum(mine.total() for mine, _ in pairs))
