"""How fast reviews are read and learnt from, beside the obvious ways in the same process; to be run by hand.

    python benchmarks/sentiment.py --data-dir FOLDER --record

The same bidirectional LSTM learns from the same 64 reviews of IMDB at a time in three ways: batches of similar length
and `rnnbook.encode`; random batches, each packed; random batches, each padded to 500 columns. All read the first 500
words of a review. A step is to make the batch, forward, backward and AdamW; its tokens are words, never padding. The
ways take turns. An epoch's time is estimated from steps spread over it. Before, each in a process of its own: IMDB from
its archive to arrays, and from the cache, with the peak of memory. Nothing else should run meanwhile.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnbook import results
from rnnbook.data import load_imdb
from rnnbook.models import SequenceClassifier
from rnnbook.recipes.imdb.views import FixedWidth
from rnnbook.text import Ragged
from rnnbook.train import Rows

LONGEST, VOCABULARY, BATCH = 500, 30_000, 64
SIZES = {"embedding_size": 64, "hidden_size": 64, "cell": "lstm", "bidirectional": True, "pooling": "max"}
AIMS = {"ratio": 4, "archive_seconds": 20, "cache_seconds": 1, "megabytes": 1500}
READ = """
import json, resource, time, torch, warnings
warnings.simplefilter("ignore")
from rnnbook.data import load_imdb
wall, cpu = time.perf_counter(), time.process_time()
load_imdb()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu, peak]))
"""


class Packed(SequenceClassifier):
    """The same classifier as one would write it first: with a packed sequence."""

    def read(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, None]:
        """The output at every step, (B, T, 2 * H)."""
        packed = pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.rnn(packed)[0], batch_first=True)[0], None


class Padded(SequenceClassifier):
    """The same classifier without any care: every column is read."""

    def read(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, None]:
        """The output in every column, (B, T, 2 * H)."""
        return self.rnn(self.embedding(ids))[0], None

    def summary(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """The largest value of each unit, (B, 2 * H)."""
        return self.read(ids, lengths)[0].max(dim=1).values


class RandomBatches(Ragged):
    """Batches as they come, each padded to its longest."""

    order = Rows.order


def steps(model: nn.Module, data: Ragged, seed: int) -> Iterator[tuple[float, int]]:
    """Endless training steps in the order of epochs: seconds and words of each, spread over the epoch."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    order = data.order(BATCH, torch.Generator().manual_seed(seed))
    for indices in itertools.cycle(order):
        start = time.perf_counter()
        ids, lengths, targets = data[indices]
        loss = binary_cross_entropy_with_logits(model(ids, lengths), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield time.perf_counter() - start, int(data.lengths[indices].sum())


def measure(ways: dict[str, Callable[[], Iterator]], rounds: int) -> dict[str, np.ndarray]:
    """Seconds and words of each round of each way, (rounds, 2); the ways take turns in being first."""
    running = {name: start() for name, start in ways.items()}
    for each in running.values():
        next(each)  # warm
    found = {name: [] for name in ways}
    for number in range(rounds):
        names = list(ways)
        for name in names[number % 3 :] + names[: number % 3]:
            found[name].append(next(running[name]))
    return {name: np.array(pairs) for name, pairs in found.items()}


def read(data_dir: str | None) -> dict[str, float]:
    """IMDB from the archive and from the cache, each in a process of its own on one thread."""
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"RNNBOOK_CACHE": cache, "OMP_NUM_THREADS": "1"}
        environment |= {"RNNBOOK_DATA": data_dir} if data_dir else {}
        found = {}
        for what in ("archive", "cache"):
            done = subprocess.run([sys.executable, "-c", READ], env=environment, capture_output=True, check=True)
            seconds, cpu, megabytes = json.loads(done.stdout)
            found |= {f"{what}_seconds": seconds, f"{what}_cpu_seconds": cpu, f"{what}_megabytes": megabytes}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", help="folder with aclImdb_v1.tar.gz; by default RNNBOOK_DATA or a download")
    parser.add_argument("--rounds", type=int, default=60, help="steps of each way")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="write results/sentiment-speed.json")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of an archive that is not the published one; the record has its checksum
    torch.set_num_threads(options.threads)

    reading = read(options.data_dir)  # first: a new process's peak of memory starts from that of its parent
    imdb = load_imdb(options.data_dir)
    train = imdb.most_common(VOCABULARY).train.cropped(LONGEST, keep_end=0)
    columns = train.ids, train.lengths, train.targets.float()

    def way(model: type[SequenceClassifier], data: Ragged) -> Callable[[], Iterator]:
        torch.manual_seed(0)
        return partial(steps, model(VOCABULARY, 1, **SIZES), data, seed=0)

    found = measure(
        {
            "encode": way(SequenceClassifier, Ragged(*columns)),
            "packed": way(Packed, RandomBatches(*columns)),
            "padded": way(Padded, FixedWidth.of_width(Ragged(*columns), LONGEST)),
        },
        options.rounds,
    )
    words = int(train.lengths.sum())
    more = {}
    print(f"{'':8} words/s   epoch, s   encode is faster")
    for name, pairs in found.items():
        seconds, read_words = pairs.sum(axis=0)
        more[name] = {"words_per_second": read_words / seconds, "epoch_seconds": words * seconds / read_words}
        ratio = more["encode"]["words_per_second"] / more[name]["words_per_second"]
        more[name]["ratio"] = ratio
        print(
            f"{name:8} {more[name]['words_per_second']:7,.0f} {more[name]['epoch_seconds']:10.0f} {ratio:12.2f} times"
        )
    more["reading"] = reading
    for name, value in reading.items():
        print(f"{name.replace('_', ' '):22} {value:8.2f}")
    more["aims"] = AIMS
    if options.record:
        speeds = {name: pairs[:, 1] / pairs[:, 0] for name, pairs in found.items()}  # of each round, words a second
        result = results.record(
            name="sentiment-speed",
            task="speed",
            model={"name": "BiLSTM, max pooling, batches of similar length", "parameters": 0, **SIZES},
            dataset={"name": "imdb", "full": True, "sha256": imdb.sha256},
            metric="times_as_fast",
            higher_is_better=True,
            seeds=range(options.rounds),
            values=speeds["encode"] / speeds["packed"],
            seconds=found["encode"][:, 0],
            more=more,
            command="python benchmarks/sentiment.py --record",
        )
        print(f"Recorded in {results.save(result)}")


if __name__ == "__main__":
    main()
