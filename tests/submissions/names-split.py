"""Submissions that prove the tests of `names-split`: right answers of another form, and the mistakes that people make."""

# %% alternative: NumPy permutation
import numpy as np


def split_names(names, languages, held_out, seed):
    keys = np.array([name.casefold() for name in names])
    distinct = np.unique(keys)
    chosen = np.random.default_rng(seed).permutation(distinct)[: int(held_out * len(distinct))]
    inside = np.isin(keys, chosen)
    names, languages = np.array(names), np.array(languages)
    return (
        (names[~inside].tolist(), languages[~inside].tolist()),
        (names[inside].tolist(), languages[inside].tolist()),
    )


# %% alternative: each name draws a number
import random


def split_names(names, languages, held_out, seed):
    rng = random.Random(seed)
    side = {}
    for name in names:
        if name.casefold() not in side:
            side[name.casefold()] = rng.random() < held_out
    pairs = list(zip(names, languages))
    result = []
    for wanted in (False, True):
        kept = [pair for pair in pairs if side[pair[0].casefold()] == wanted]
        result.append(([name for name, _ in kept], [language for _, language in kept]))
    return tuple(result)


# %% alternative: hash of name and seed
import hashlib


def split_names(names, languages, held_out, seed):
    def is_held_out(name):
        digest = hashlib.sha256(f"{seed} {name.casefold()}".encode()).digest()
        return int.from_bytes(digest[:4], "big") < held_out * 2**32

    sides = {False: [[], []], True: [[], []]}
    for name, language in zip(names, languages):
        sides[is_held_out(name)][0].append(name)
        sides[is_held_out(name)][1].append(language)
    return [sides[False], sides[True]]


# %% alternative: torch.randperm, groups shuffled
import torch


def split_names(names, languages, held_out, seed):
    groups = {}
    for name, language in zip(names, languages):
        groups.setdefault(name.casefold(), []).append((name, language))
    order = torch.randperm(len(groups), generator=torch.Generator().manual_seed(seed)).tolist()
    groups = list(groups.values())
    count = int(held_out * len(groups) + 0.5)
    test = [pair for i in order[:count] for pair in groups[i]]
    training = [pair for i in order[count:] for pair in groups[i]]
    return tuple(map(list, zip(*training))), tuple(map(list, zip(*test)))


# %% mutant: rows | says: you divided the rows
import random


def split_names(names, languages, held_out, seed):
    rows = list(zip(names, languages))
    random.Random(seed).shuffle(rows)
    count = round(held_out * len(rows))
    test, training = rows[:count], rows[count:]
    return tuple(([n for n, _ in side], [l for _, l in side]) for side in (training, test))


# %% mutant: rows by train_test_split | says: you divided the rows
from sklearn.model_selection import train_test_split


def split_names(names, languages, held_out, seed):
    parts = train_test_split(names, languages, test_size=held_out, random_state=seed)
    train_names, test_names, train_languages, test_languages = parts
    return (train_names, train_languages), (test_names, test_languages)


# %% mutant: repeated rows dropped | says: dropped repeated rows
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    random.Random(seed).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in dict.fromkeys(zip(names, languages)):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return training, test


# %% mutant: one row for each name | says: You kept each name once
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    random.Random(seed).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in dict(zip(names, languages)).items():
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return training, test


# %% mutant: not shuffled | says: are the first of the alphabet
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return training, test


# %% mutant: not shuffled, from the end | says: are the last of the alphabet
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    chosen = set(distinct[-round(held_out * len(distinct)) :])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return training, test


# %% mutant: case counts | says: in other case
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted(set(names))
    random.Random(seed).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name in chosen else training
        side[0].append(name)
        side[1].append(language)
    return training, test


# %% mutant: lower instead of casefold | says: lower() is not enough
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.lower() for name in names})
    random.Random(seed).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.lower() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return training, test


# %% mutant: returns casefolded names | says: return the original
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    random.Random(seed).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name.casefold())
        side[1].append(language)
    return training, test


# %% mutant: pairs misaligned | says: no longer go together
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    random.Random(seed).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(sorted(names), languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return training, test


# %% mutant: languages left behind | says: each name keeps its language
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    random.Random(seed).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
    training[1].extend(languages)
    return training, test


# %% mutant: unseeded | says: such as random.Random(seed)
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    random.shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return training, test


# %% mutant: a generator for all calls | says: such as random.Random(seed)
import random


generator = random.Random(0)


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    generator.shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return training, test


# %% mutant: a set that is not sorted | says: the order of a set
import random


def split_names(names, languages, held_out, seed):
    distinct = list({name.casefold() for name in names})
    random.Random(seed).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return training, test


# %% mutant: always seed 0 | says: the seed is not used
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    random.Random(0).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return training, test


# %% mutant: sides swapped | says: You swapped the sides
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    random.Random(seed).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return test, training


# %% mutant: fraction of the rows | says: of the distinct names
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    random.Random(seed).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(names))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return training, test


# %% mutant: four lists | says: should be a tuple (training, held out) of 2
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    random.Random(seed).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return *training, *test


# %% mutant: lists of pairs | says: should be a tuple (training names, training languages) of 2
import random


def split_names(names, languages, held_out, seed):
    distinct = sorted({name.casefold() for name in names})
    random.Random(seed).shuffle(distinct)
    chosen = set(distinct[: round(held_out * len(distinct))])
    training, test = ([], []), ([], [])
    for name, language in zip(names, languages):
        side = test if name.casefold() in chosen else training
        side[0].append(name)
        side[1].append(language)
    return list(zip(*training)), list(zip(*test))


# %% mutant: shuffles the names in place | says: changed its argument names
import random


def split_names(names, languages, held_out, seed):
    order = list(range(len(names)))
    random.Random(seed).shuffle(order)
    pairs = [(names[i], languages[i]) for i in order]
    names.sort()
    distinct = list(dict.fromkeys(name.casefold() for name, _ in pairs))
    chosen = set(distinct[: round(held_out * len(distinct))])
    sides = [[pair for pair in pairs if (pair[0].casefold() in chosen) == inside] for inside in (False, True)]
    return tuple(([name for name, _ in side], [language for _, language in side]) for side in sides)
