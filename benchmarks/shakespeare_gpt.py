"""A small GPT and our LSTM, each with the same seconds to learn tiny Shakespeare; to be run by hand.

    python benchmarks/shakespeare_gpt.py --data-dir FOLDER --record

The GPT is the one that is usually trained on this text on a processor, nanoGPT's recipe for it: 4 layers, 4 heads,
width 128, a context of 64 characters, batches of 12, 2,000 steps of AdamW, no dropout. It is made of torch's own
modules. It trains first; then the LSTM of `shakespeare-lstm` trains for as many seconds, in the same process.

Each is measured as its own users measure it, and both in the same way:

random   the GPT's loss on random blocks of the validation text: on average a character has half a context before it
sliding  over the whole validation text, each character from about as many characters as the GPT's context holds
stream   the LSTM over the whole validation text, its state carried along from the first character

Only "sliding" is fair between the two. "stream" is what a recurrent network gives for free, and a GPT of this kind
cannot: it has no memory beyond its context. Neither the GPT's settings nor its size were tuned here; those of the LSTM
were. A larger GPT with more time and another processor is far better than either. Nothing else should run meanwhile.
"""

import argparse
import math
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from rnnbook import results
from rnnbook.models.language_model import evaluate
from rnnbook.models.sequence import parameters_of, step_cross_entropy
from rnnbook.recipes import shakespeare
from rnnbook.train import clip_gradients, evaluating

SIZES = {"layers": 4, "heads": 4, "width": 128, "context": 64}
TRAINING = {"steps": 2000, "batch_size": 12, "warm_up": 100, "peak": 1e-3, "lowest": 1e-4, "weight_decay": 0.1}
BLOCKS = 20  # random batches of validation
STRIDE = 8  # characters from one sliding window to the next
AIM = 1.46  # nats per character of the LSTM


class GPT(nn.Module):
    """Embeddings of symbols and places, transformer layers that look back only, and scores by the embedding's rows.

    Source: Radford et al. (2019), "Language models are unsupervised multitask learners"; sizes and initialisation as
    in nanoGPT, https://github.com/karpathy/nanoGPT.

    Args:
        vocabulary_size: V.
        layers, heads, width: of the transformer.
        context: how many symbols it sees at most.
    """

    def __init__(self, vocabulary_size: int, layers: int, heads: int, width: int, context: int):
        super().__init__()
        self.symbols, self.places = nn.Embedding(vocabulary_size, width), nn.Embedding(context, width)
        block = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True, bias=False
        )
        norm = nn.LayerNorm(width, bias=False)
        self.blocks = nn.TransformerEncoder(block, layers, norm, enable_nested_tensor=False)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                # What is added to the residual stream, twice a layer, begins smaller.
                last = name.endswith(("out_proj.weight", "linear2.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * layers) if last else 0.02)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(context))

    def forward(self, ids: Tensor) -> Tensor:
        """Score what comes after each symbol, (B, T) -> (B, T, V)."""
        T = ids.shape[1]
        x = self.symbols(ids) + self.places.weight[:T]  # (B, T, width)
        return self.blocks(x, mask=self.mask[:T, :T], is_causal=True) @ self.symbols.weight.T


def blocks(ids: Tensor, batch_size: int, context: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random pieces of a text and their next symbols, (B, T) each."""
    starts = torch.randint(len(ids) - context, (batch_size, 1), generator=generator)
    at = starts + torch.arange(context)  # (B, T)
    return ids[at], ids[at + 1]


def learning_rate(step: int, steps: int, warm_up: int, peak: float, lowest: float) -> float:
    """Up in a straight line, then down along half a cosine wave."""
    if step < warm_up:
        return peak * (step + 1) / (warm_up + 1)
    part = (step - warm_up) / max(steps - warm_up, 1)
    return lowest + (peak - lowest) * (1 + math.cos(math.pi * part)) / 2


def train_gpt(
    model: GPT, ids: Tensor, generator: torch.Generator, *, steps: int, batch_size: int, weight_decay: float, **schedule
) -> float:
    """Train the GPT on random pieces of the text, and return the seconds that it took."""
    context = len(model.mask)
    groups = [  # matrices fade, the scales of the norms do not
        {"params": [p for p in model.parameters() if p.ndim == 2], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99))
    model.train()
    start = time.perf_counter()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, **schedule)
        inputs, targets = blocks(ids, batch_size, context, generator)
        loss = step_cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        clip_gradients(model, 1.0, step)
        optimizer.step()
    return time.perf_counter() - start


def random_nats(model: GPT, ids: Tensor, generator: torch.Generator, batch_size: int) -> float:
    """The mean loss on random blocks of a text, as the GPT's authors measure it."""
    with evaluating(model):
        batches = (blocks(ids, batch_size, len(model.mask), generator) for _ in range(BLOCKS))
        return sum(step_cross_entropy(model(inputs), targets).item() for inputs, targets in batches) / BLOCKS


def sliding_nats(
    model: nn.Module, logits: Callable[[Tensor], Tensor], ids: Tensor, context: int, stride: int = STRIDE
) -> float:
    """The mean of -ln p over every symbol but the first, each from the last `context` symbols before it, or nearly.

    A window begins at each `stride`-th symbol. In the first one all predictions count, in every later one those that
    the windows before did not make: they have seen more than `context - stride` symbols, and `context` at most.

    Args:
        model: what `logits` calls; its mode is restored afterwards.
        logits: symbols (B, T) to the scores of what comes after each, (B, T, V).
        ids: the text, (N,).
        context: T.
        stride: from 1, which is exact, to `context`.
    """
    last = max(len(ids) - 1 - context, 0)
    starts = torch.tensor([*range(0, last, stride), last])  # the last window ends where the text does
    at = starts[:, None] + torch.arange(min(context, len(ids) - 1))  # (windows, T)
    done = torch.cat((torch.zeros(1, dtype=torch.int64), at[:-1, -1] + 1))  # what earlier windows have predicted from
    total = 0.0
    with evaluating(model):
        for rows, before in zip(at.split(256), done.split(256), strict=True):
            losses = cross_entropy(logits(ids[rows]).flatten(0, 1), ids[rows + 1].flatten(), reduction="none")
            total += losses[(rows >= before[:, None]).flatten()].double().sum().item()
    return total / (len(ids) - 1)


def race(text: shakespeare.Text, seed: int, gpt: dict, lstm: dict) -> dict:
    """Train both with one seed, and measure them.

    Args:
        text: to learn from and to measure on.
        seed: of both.
        gpt: the arguments of `train_gpt`.
        lstm: those of `rnnbook.recipes.shakespeare.train`.
    """
    learnt, validation = text.ids()
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = GPT(len(text.vocabulary), **SIZES)
    seconds = train_gpt(model, learnt, generator, **gpt)
    other, history = shakespeare.train(
        text, seed, "cpu", training={"budget_seconds": seconds, "validate": None}, **lstm
    )
    return {
        "gpt_seconds": seconds,
        "gpt_random": random_nats(model, validation, generator, gpt["batch_size"]),
        "gpt_sliding": sliding_nats(model, model, validation, SIZES["context"]),
        "gpt_parameters": parameters_of(model),
        "lstm_seconds": history.seconds[-1],
        "lstm_epochs": len(history.loss),
        "lstm_sliding": sliding_nats(other, lambda ids: other(ids)[0], validation, SIZES["context"]),
        "lstm_stream": evaluate(other, validation).nats,
        "lstm_parameters": parameters_of(other),
    }


def record(text: shakespeare.Text, seeds: Sequence[int], found: list[dict], lstm: dict) -> results.Result:
    """The result: the GPT over the whole validation text, and all the rest beside it."""
    more = {name: [each[name] for each in found] for name in found[0]}
    return results.record(
        name="shakespeare-peer",
        task="shakespeare",
        model={"name": "GPT, four layers", "parameters": found[0]["gpt_parameters"], **SIZES, **TRAINING},
        dataset={"full": text.full, **shakespeare.describe(text)},
        metric="nats_per_character",
        higher_is_better=False,
        seeds=seeds,
        values=more["gpt_sliding"],
        seconds=more["gpt_seconds"],
        more={"blocks": BLOCKS, "stride": STRIDE, "lstm": lstm, **more},
        command=f"python benchmarks/shakespeare_gpt.py --seeds {len(seeds)} --record",
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", help="folder with tinyshakespeare/input.txt; by default RNNBOOK_DATA")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=TRAINING["steps"], help="of the GPT; the record is of the default")
    parser.add_argument("--sample", action="store_true", help="the course's own corpus, which is short")
    parser.add_argument("--record", action="store_true", help="write results/shakespeare-peer.json")
    options = parser.parse_args(arguments)
    if options.record and (options.sample or options.steps != TRAINING["steps"]):
        parser.error("what is recorded is the whole training on tiny Shakespeare: leave out --sample and --steps")
    text = shakespeare.load(not options.sample, options.data_dir)
    found = []
    print("seed  GPT: seconds  random sliding  LSTM: seconds sliding  stream")
    for seed in range(options.seeds):
        each = race(text, seed, {**TRAINING, "steps": options.steps}, shakespeare.LSTM)
        found.append(each)
        gpt = f"{each['gpt_seconds']:13.0f} {each['gpt_random']:7.3f} {each['gpt_sliding']:7.3f}"
        lstm = f"{each['lstm_seconds']:14.0f} {each['lstm_sliding']:7.3f} {each['lstm_stream']:7.3f}"
        print(f"{seed:4} {gpt} {lstm}{'' if each['lstm_stream'] <= AIM else '  missed'}", flush=True)
    if options.record:
        print(results.save(record(text, range(options.seeds), found, shakespeare.LSTM)))


if __name__ == "__main__":
    main()
