"""Submissions that prove the tests of `length-buckets`: right answers of another form, and the mistakes people make."""

# %% given: what most answers leave as it is
import random

import numpy as np
import torch


class Given:
    def __init__(self, lengths, batch_size, seed):
        self.lengths = lengths
        self.batch_size = batch_size
        self.rng = random.Random(seed)

    def length(self, i):
        return self.lengths[i]

    def cut(self, order):
        return [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]

    def shuffled(self):
        order = list(range(len(self.lengths)))
        self.rng.shuffle(order)
        return order

    def batches(self, order, size):
        found = []
        for start in range(0, len(order), size):
            found += self.cut(sorted(order[start : start + size], key=self.length))
        return found


# %% alternative: torch's generator, tensors
class LengthBuckets:
    def __init__(self, lengths, batch_size, seed):
        self.lengths = torch.tensor(lengths)
        self.batch_size = batch_size
        self.generator = torch.Generator().manual_seed(seed)

    def epoch(self):
        batches = []
        for bucket in torch.randperm(len(self.lengths), generator=self.generator).split(20 * self.batch_size):
            batches += bucket[self.lengths[bucket].argsort()].split(self.batch_size)
        return [batches[i] for i in torch.randperm(len(batches), generator=self.generator)]


# %% alternative: sorted by noisy lengths, NumPy
class LengthBuckets:
    def __init__(self, lengths, batch_size, seed):
        self.lengths = np.array(lengths)
        self.batch_size = batch_size
        self.rng = np.random.default_rng(seed)

    def epoch(self):
        noisy = self.lengths * self.rng.uniform(0.9, 1.1, len(self.lengths))
        order = np.argsort(noisy)
        batches = np.split(order, range(self.batch_size, len(order), self.batch_size))
        return [batches[i] for i in self.rng.permutation(len(batches))]


# %% alternative: large buckets, the longest first, random.sample
class LengthBuckets(Given):
    def epoch(self):
        order = self.rng.sample(range(len(self.lengths)), len(self.lengths))
        found = []
        while order:
            bucket, order = order[: 12 * self.batch_size], order[12 * self.batch_size :]
            found.extend(self.cut(sorted(bucket, key=self.length, reverse=True)))
        return tuple(self.rng.sample(found, len(found)))


# %% mutant: random batches | says: as much padding as batches drawn at random
class LengthBuckets(Given):
    def epoch(self):
        return self.cut(self.shuffled())


# %% mutant: batches in the order of the texts | says: as much padding as batches drawn at random
class LengthBuckets(Given):
    def epoch(self):
        return self.cut(list(range(len(self.lengths))))


# %% mutant: shuffled after sorting | says: do not shuffle texts after that
class LengthBuckets(Given):
    def epoch(self):
        order = sorted(range(len(self.lengths)), key=self.length)
        self.rng.shuffle(order)
        return self.cut(order)


# %% mutant: small buckets | says: make the buckets larger
class LengthBuckets(Given):
    def epoch(self):
        batches = self.batches(self.shuffled(), 2 * self.batch_size)
        self.rng.shuffle(batches)
        return batches


# %% mutant: drops the last batch | says: You dropped the last batch
class LengthBuckets(Given):
    def epoch(self):
        batches = self.batches(self.shuffled(), 10 * self.batch_size)
        batches = [batch for batch in batches if len(batch) == self.batch_size]
        self.rng.shuffle(batches)
        return batches


# %% mutant: fills the last batch up | says: is a batch filled up
class LengthBuckets(Given):
    def epoch(self):
        order = self.shuffled()
        order += order[: -len(order) % self.batch_size]
        batches = self.batches(order, 10 * self.batch_size)
        self.rng.shuffle(batches)
        return batches


# %% mutant: drawn with repeats | says: are in no batch
class LengthBuckets(Given):
    def epoch(self):
        order = self.rng.choices(range(len(self.lengths)), k=len(self.lengths))
        batches = self.batches(order, 10 * self.batch_size)
        self.rng.shuffle(batches)
        return batches


# %% mutant: sorted, batches not shuffled | says: An epoch goes from the shortest texts on
class LengthBuckets(Given):
    def epoch(self):
        return self.cut(sorted(self.shuffled(), key=self.length))


# %% mutant: sorted downwards | says: An epoch goes from the longest texts on
class LengthBuckets(Given):
    def epoch(self):
        return self.cut(sorted(self.shuffled(), key=self.length, reverse=True))


# %% mutant: buckets one after the other | says: bucket by bucket
class LengthBuckets(Given):
    def epoch(self):
        return self.batches(self.shuffled(), 10 * self.batch_size)


# %% mutant: sorted, batches shuffled | says: only in another place
class LengthBuckets(Given):
    def epoch(self):
        batches = self.cut(sorted(range(len(self.lengths)), key=self.length))
        self.rng.shuffle(batches)
        return batches


# %% mutant: the same order in each epoch | says: Two epochs are the same
class LengthBuckets(Given):
    def __init__(self, lengths, batch_size, seed):
        super().__init__(lengths, batch_size, seed)
        self.found = self.batches(self.shuffled(), 10 * self.batch_size)
        self.rng.shuffle(self.found)

    def epoch(self):
        return self.found


# %% mutant: the seed in epoch | says: begins anew each time
class LengthBuckets(Given):
    def __init__(self, lengths, batch_size, seed):
        super().__init__(lengths, batch_size, seed)
        self.seed = seed

    def epoch(self):
        self.rng = random.Random(self.seed)
        batches = self.batches(self.shuffled(), 10 * self.batch_size)
        self.rng.shuffle(batches)
        return batches


# %% mutant: unseeded global numbers | says: all random numbers should come from a generator
class LengthBuckets(Given):
    def epoch(self):
        order = torch.randperm(len(self.lengths)).tolist()
        batches = self.batches(order, 10 * self.batch_size)
        self.rng.shuffle(batches)
        return batches


# %% mutant: the global numbers, seeded | says: Let each object keep a generator of its own
class LengthBuckets(Given):
    def __init__(self, lengths, batch_size, seed):
        super().__init__(lengths, batch_size, seed)
        torch.manual_seed(seed)

    def epoch(self):
        order = torch.randperm(len(self.lengths)).tolist()
        batches = self.batches(order, 10 * self.batch_size)
        return [batches[i] for i in torch.randperm(len(batches))]


# %% mutant: seed ignored | says: the seed is not used
class LengthBuckets(Given):
    def __init__(self, lengths, batch_size, seed):
        super().__init__(lengths, batch_size, 0)

    def epoch(self):
        batches = self.batches(self.shuffled(), 10 * self.batch_size)
        self.rng.shuffle(batches)
        return batches


# %% mutant: lengths instead of indices | says: The batches hold lengths
class LengthBuckets(Given):
    def epoch(self):
        batches = self.cut(sorted(self.lengths))
        self.rng.shuffle(batches)
        return batches


# %% mutant: buckets of 50, whatever the batch size | says: Is the size of a bucket a multiple of batch_size
class LengthBuckets(Given):
    def epoch(self):
        batches = self.batches(self.shuffled(), 50)
        self.rng.shuffle(batches)
        return batches


# %% mutant: an empty batch at the end | says: A batch is empty
class LengthBuckets(Given):
    def epoch(self):
        order, found = self.shuffled(), []
        for i in range(len(order) // self.batch_size + 1):
            found.append(order[i * self.batch_size : (i + 1) * self.batch_size])
        return found


# %% mutant: batches that are sets | says: Each batch should be a list of indices
class LengthBuckets(Given):
    def epoch(self):
        return [set(batch) for batch in self.batches(self.shuffled(), 10 * self.batch_size)]


# %% mutant: one batch | says: All texts are in one batch
class LengthBuckets(Given):
    def epoch(self):
        return [self.shuffled()]


# %% mutant: sorts the caller's list | says: changed its argument lengths
class LengthBuckets(Given):
    def __init__(self, lengths, batch_size, seed):
        lengths.sort()
        super().__init__(lengths, batch_size, seed)

    def epoch(self):
        batches = self.batches(self.shuffled(), 10 * self.batch_size)
        self.rng.shuffle(batches)
        return batches


# %% mutant: a generator of batches | says: makes a list of a generator
class LengthBuckets(Given):
    def epoch(self):
        batches = self.batches(self.shuffled(), 10 * self.batch_size)
        self.rng.shuffle(batches)
        yield from batches


# %% mutant: nothing returned | says: Does your method end without
class LengthBuckets(Given):
    def epoch(self):
        batches = self.batches(self.shuffled(), 10 * self.batch_size)
        self.rng.shuffle(batches)
