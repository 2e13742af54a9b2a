"""How long the recurrent layers take, beside torch's own in the same process; to be run by hand.

    python benchmarks/layers.py --record

Ours and torch's read the same batch in turns, so that whatever else the machine does hits both; what is compared is
the median of each. A training step is forward and backward, down to all parameters, from a random gradient of the
outputs. The NumPy network is measured against torch's too, and `encode` against packing and unpacking. Nothing else
should run meanwhile.
"""

import argparse
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from threadpoolctl import threadpool_limits  # comes with scikit-learn
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnbook import layers, numpy_rnn, results
from rnnbook.encode import encode

SIZES = {"T": 100, "D": 64, "H": 128}
RAGGED = {"B": 64, "T": 230, "D": 100, "H": 128}


@dataclass
class Case:
    """Two ways to compute the same thing: functions that do, and how long ours may take, in terms of the other."""

    what: str
    mode: str
    num_layers: int
    batch_size: int
    functions: tuple[Callable[[], None], Callable[[], None]]
    aim: float


def training(module: nn.Module, run: Callable[[], Tensor], upstream: Tensor) -> Callable[[], None]:
    def step() -> None:
        module.zero_grad()
        run().backward(upstream)

    return step


def layer_cases() -> Iterator[Case]:
    """Our layers and torch's, with the same parameters."""
    T, D, H = SIZES.values()
    aims = {"RNN": 1.1, "GRU": 1.0, "LSTM": 2.0}
    for what, num_layers, B in itertools.product(aims, (1, 2), (64, 1)):
        ours = getattr(layers, what)(D, H, num_layers)
        theirs = getattr(nn, what)(D, H, num_layers, batch_first=True)
        theirs.load_state_dict(ours.state_dict())
        x, upstream = torch.randn(B, T, D), torch.randn(B, T, H)
        runs = {module: lambda module=module, x=x: module(x)[0] for module in (ours, theirs)}
        steps = tuple(training(module, run, upstream) for module, run in runs.items())
        yield Case(what, "training", num_layers, B, steps, aims[what])
        yield Case(what, "inference", num_layers, B, tuple(map(torch.no_grad(), runs.values())), aims[what])


def numpy_case() -> Case:
    """The NumPy network's forward and backward passes in float32 against torch's."""
    B, (T, D, H) = 64, SIZES.values()
    ours = numpy_rnn.RNN(D, H, np.random.default_rng(0), np.float32)
    theirs = nn.RNN(D, H, batch_first=True)
    x = torch.randn(B, T, D, requires_grad=True)  # NumPy computes this gradient too
    upstream = torch.randn(B, T, H)
    x_, upstream_ = x.detach().numpy(), upstream.numpy()

    def step() -> None:
        ours.forward(x_)
        ours.backward(upstream_)

    return Case("NumPy RNN", "training", 1, B, (step, training(theirs, lambda: theirs(x)[0], upstream)), 1.0)


def ragged_case() -> Case:
    """A bidirectional LSTM that reads a ragged batch: `encode` against packing and unpacking."""
    B, T, D, H = RAGGED.values()
    lengths = torch.randint(1, T + 1, (B,))
    lengths[0] = T
    lstm = nn.LSTM(D, H, batch_first=True, bidirectional=True)
    x, upstream = torch.randn(B, T, D, requires_grad=True), torch.randn(B, T, 2 * H)

    def packed() -> Tensor:
        output, _ = lstm(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        return pad_packed_sequence(output, batch_first=True, total_length=T)[0]

    runs = (lambda: encode(lstm, x, lengths)[0], packed)
    return Case("encode", "training", 1, B, tuple(training(lstm, run, upstream) for run in runs), 1 / 5)


def measure(case: Case, rounds: int) -> np.ndarray:
    """The seconds of each round, ours and the other's, (rounds, 2); they take turns in being first."""
    ours, theirs = case.functions
    ours(), theirs()  # warm
    pairs = np.empty((rounds, 2))
    for turn, which in itertools.product(range(rounds), (0, 1)):
        which = (turn + which) % 2
        start = time.perf_counter()
        case.functions[which]()
        pairs[turn, which] = time.perf_counter() - start
    return pairs


def summary(case: Case, threads: int, pairs: np.ndarray) -> dict:
    """Medians in milliseconds, and their ratio, as they are recorded."""
    ours, theirs = np.median(1000 * pairs, axis=0)
    about = {name: value for name, value in vars(case).items() if name != "functions"}
    return {**about, "threads": threads, "ms": round(ours, 3), "torch_ms": round(theirs, 3), "ratio": ours / theirs}


def show(row: dict) -> None:
    sizes = f"{row['num_layers']:6} {row['batch_size']:5} {row['threads']:7}"
    missed = "" if row["ratio"] <= row["aim"] else "  missed"
    times = f"{row['ms']:9.2f} {row['torch_ms']:9.2f} {row['ratio']:6.2f} {row['aim']:5.2f}"
    print(f"{row['what']:9} {row['mode']:9} {sizes} {times}{missed}", flush=True)


def record(name: str, what: str, sizes: dict, rows: list[dict], pairs: np.ndarray) -> results.Result:
    """A result: the ratio in each round of one case, its training step with one layer on one thread; all cases."""
    return results.record(
        name=name,
        task="layers",
        model={"name": what, "parameters": 0},
        dataset={"name": "random numbers", "full": True, "sha256": ""},
        metric="time_ratio",
        higher_is_better=False,
        seeds=range(len(pairs)),
        values=pairs[:, 0] / pairs[:, 1],
        seconds=pairs[:, 0],
        more={"sizes": sizes, "cases": rows},
        command="python benchmarks/layers.py --record",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--record", action="store_true", help="write results/layers-speed.json and ragged-speed.json")
    options = parser.parse_args()
    torch.manual_seed(0)
    rows, first = [], {}
    print(f"{'':19} layers batch threads {'ms':>9} {'torch':>9} {'ratio':>6} {'aim':>5}")
    for threads in (1, 2):
        torch.set_num_threads(threads)
        with threadpool_limits(threads):  # NumPy's too
            for case in itertools.chain(layer_cases(), [numpy_case(), ragged_case()]):
                pairs = measure(case, options.rounds)
                rows.append(summary(case, threads, pairs))
                first.setdefault(case.what, pairs)
                show(rows[-1])
    if options.record:
        torch.set_num_threads(1)
        ragged = [row for row in rows if row["what"] == "encode"]
        full = [row for row in rows if row["what"] != "encode"]
        print(results.save(record("layers-speed", "LSTM, layers against torch.nn", SIZES, full, first["LSTM"])))
        print(results.save(record("ragged-speed", "encode against packing", RAGGED, ragged, first["encode"])))


if __name__ == "__main__":
    main()
