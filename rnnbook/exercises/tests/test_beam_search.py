"""Exercise `beam-search`: against a plain reference, the model's own probabilities, and all sentences there are."""

from itertools import product

import pytest
import torch
from torch import Tensor, nn

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_unchanged
from rnnbook.exercises.values import describe

EXERCISE = Exercise(
    id="beam-search",
    chapter="10_seq2seq",
    place=4,
    title="Beam search",
    defines=("Decoder", "beam_search"),
    hints=(
        "Begin with a beam of 1, which is greedy decoding. Then: a live hypothesis is its symbols and its "
        "log-probability; the state of hypothesis i is row i. From N live ones come N · V continuations. How do you "
        "find the best of a matrix (N, V), and whose continuation each one is?",
        "totals = logits.log_softmax(1) + the log-probabilities of the live ones as a column: (N, V). topk of "
        "totals.flatten() gives places; divmod(place, V) is the parent and the symbol. A 3 goes to the pool with its "
        "score. For the others note the parent: state = state[parents] before the next step.",
        "for n in range(1, max_length + 1): logits, state = model(tokens, state); totals; topk(min(beam, "
        "totals.numel())); for each (total, place): if the symbol is 3, pool.append((symbols, score(total, n))), else "
        "append to the new live ones and to parents; break if none is left; state = state[parents]; tokens = the last "
        "symbols. After the loop the live ones go to the pool with score(total, max_length). Return sorted(pool, "
        "key=lambda pair: -pair[1])[:n_best].",
    ),
    forbidden=("rnnbook.decode", "rnnbook.models"),
)
START, END = 2, 3
Found = list[tuple[list[int], float]]


class Decoder(nn.Module):
    """The model of the task."""

    def __init__(self, vocabulary_size: int, hidden_size: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, hidden_size)
        self.cell = nn.GRUCell(hidden_size, hidden_size)
        self.linear = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, tokens: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        state = self.cell(self.embedding(tokens), state)
        return self.linear(state), state


def penalty(n: int, alpha: float) -> float:
    """By what a log-probability is divided."""
    return ((5 + n) / 6) ** alpha


@torch.no_grad()
def logits_of(model: Decoder, state: Tensor, symbols: list[int]) -> Tensor:
    """What the model says before each of these symbols, (n, V)."""
    rows = []
    for token in [START, *symbols[:-1]]:
        logits, state = model(torch.tensor([token]), state)
        rows.append(logits[0])
    return torch.stack(rows)


@torch.no_grad()
def search(
    model: Decoder,
    state: Tensor,
    beam: int,
    steps: int,
    alpha: float,
    *,
    pool: bool = True,
    first: bool = False,
    rest: bool = True,
    occupied: bool = False,
    rank: str = "log",
) -> Found:
    """The reference, with one thing done in another way.

    Args:
        pool: whether what has ended is kept.
        first: whether the search stops at the first end.
        rest: whether what is live at the end counts.
        occupied: whether what has ended keeps its place in the beam.
        rank: by the sum of "log" probabilities, of probabilities ("p"), or of "logits".
    """
    live, done, tokens = [([], 0.0)], [], torch.tensor([START])
    for n in range(1, steps + 1):
        logits, state = model(tokens, state)
        gains = {"log": logits.log_softmax(1), "p": logits.softmax(1), "logits": logits}[rank].tolist()
        grown = [
            (total + gain, parent, token)
            for parent, (_, total) in enumerate(live)
            for token, gain in enumerate(gains[parent])
        ]
        grown = sorted(grown, reverse=True)[: beam - (len(done) if occupied else 0)]
        ended = [(live[parent][0], total / penalty(n, alpha)) for total, parent, token in grown if token == END]
        done += ended if pool else []
        kept = [(total, parent, token) for total, parent, token in grown if token != END]
        live = [([*live[parent][0], token], total) for total, parent, token in kept]
        if not live or (first and ended):
            break
        state = state[[parent for _, parent, _ in kept]]
        tokens = torch.tensor([symbols[-1] for symbols, _ in live])
    if rest and not (first and done):
        done += [(symbols, total / penalty(n, alpha)) for symbols, total in live]
    return sorted(done, key=lambda pair: -pair[1])


FAULTS = {
    "What has ended is lost: keep it in a pool, where it waits with its score for what ends later.": {"pool": False},
    "The search stopped at the first end: a hypothesis that is still live can come to a better score. Go on until "
    "nothing is live, or max_length.": {"first": True},
    "What is live after max_length symbols should go to the pool too, as it is.": {"rest": False},
    "What has ended keeps its place in the beam, which grows narrower: take the `beam` best continuations at every "
    "step.": {"occupied": True},
    "The hypotheses are ranked by the sum of their probabilities: a sentence has the product of those of its symbols, "
    "so add up their logarithms.": {"rank": "p"},
    "The hypotheses are ranked by the sum of the logits: take log_softmax first.": {"rank": "logits"},
}


def drawn(V: int, H: int, scale: float = 1.5) -> tuple[Decoder, Tensor]:
    """A decoder with random weights, and a first state."""
    model = Decoder(V, H).double()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=scale)
    return model, torch.randn(1, H, dtype=torch.float64)


def telling(sentences: list[str], settings: tuple, V: int = 6, H: int = 4) -> tuple[Decoder, Tensor]:
    """A decoder and a state for which these faults give another best hypothesis."""
    for _ in range(60):
        model, state = drawn(V, H)
        best = search(model, state, *settings)[0][0]
        if all(best != next(iter(search(model, state, *settings, **FAULTS[name])), ([],))[0] for name in sentences):
            break
    return model, state


def called(student, model: Decoder, state: Tensor, settings: tuple, n_best: int) -> Found:
    """The learner's hypotheses, checked for their form."""
    V, H = model.embedding.weight.shape
    other = student.Decoder(V, H).double()
    other.load_state_dict({name: value.detach() for name, value in model.state_dict().items()})
    got = student.beam_search(other, state, *settings, n_best)
    assert isinstance(got, list | tuple), f"beam_search should return a list of pairs, but it is {describe(got)}."
    for pair in got:
        right = isinstance(pair, list | tuple) and len(pair) == 2
        assert right, f"Each entry should be a pair (tokens, score), but one is {describe(pair)}."
        tokens, score = pair
        whole = isinstance(tokens, list | tuple) and all(type(token) is int for token in tokens)
        assert whole, f"tokens should be a list of whole numbers, but one is {describe(tokens)}: use .tolist()."
        number = isinstance(score, float | int) and not isinstance(score, bool)
        assert number, f"A score should be a Python number, but one is {describe(score)}: use .item()."
    return [(list(tokens), float(score)) for tokens, score in got]


def close(a: float, b: float) -> bool:
    return abs(a - b) < 1e-7 * max(1, abs(b))


def assert_scored(model: Decoder, state: Tensor, settings: tuple, got: Found) -> None:
    """Checks that each hypothesis has the score that the model itself gives it."""
    _, steps, alpha = settings
    ends = [tokens for tokens, _ in got if END in tokens]
    assert not any(END in tokens[:-1] for tokens in ends), (
        f"The hypothesis {next(t for t in ends if END in t[:-1])} goes on after its end, the 3: move it to the pool, "
        "and do not continue it."
    )
    assert not ends, f"The end itself stands in {ends[0]}: leave the 3 out of tokens."
    longest = max((len(tokens) for tokens, _ in got), default=0)
    assert longest <= steps, f"A hypothesis has {longest} symbols, and max_length is {steps}."
    for tokens, score in got:
        ended = len(tokens) < steps
        symbols = [*tokens, END] if ended else tokens
        n, logits = len(symbols), logits_of(model, state, symbols)
        own = torch.arange(n), torch.tensor(symbols)
        log_p, raw = logits.log_softmax(1)[own], logits[own].sum().item()
        total, p = log_p.sum().item(), log_p.exp().sum().item()
        expected = total / penalty(n, alpha)
        if close(score, expected):
            continue
        without_end = total - log_p[-1].item()
        wrong = {
            "It is not normalised: divide its log-probability by ((5 + n) / 6) ** alpha, also that of a hypothesis "
            "that has ended.": [total],
            "It is the sum of the symbols' probabilities: the probability of a sentence is their product, so add up "
            "their logarithms.": [p, p / penalty(n, alpha)],
            "It is a probability: the score is made of its logarithm.": [torch.tensor(total).exp().item()],
            "It is a sum of logits: take log_softmax first.": [raw, raw / penalty(n, alpha)],
            "The log-probability of the end, the last symbol, is missing.": (
                [without_end, without_end / penalty(n, alpha), without_end / penalty(n - 1, alpha)] if ended else []
            ),
            "n is wrong: it counts the end as well, when the hypothesis has ended, and the start never.": (
                [total / penalty(n + step, alpha) for step in (-1, 1)]
            ),
            "n is max_length here: it should be the number of this hypothesis's own symbols.": [
                total / penalty(steps, alpha)
            ],
            "It is divided by n ** alpha: divide by ((5 + n) / 6) ** alpha.": [total / n**alpha],
            "It is divided by n: divide by ((5 + n) / 6) ** alpha.": [total / n],
            "It is multiplied by the length normalisation: divide by it.": [total * penalty(n, alpha)],
        }
        guess = next((sentence for sentence, values in wrong.items() if any(close(score, v) for v in values)), "")
        guess = guess or (
            "The model gives other probabilities when it reads these symbols one after the other. Does each hypothesis "
            "go on with the state of the one that it continues? state[parents] brings the rows into their order."
        )
        raise AssertionError(
            f"The hypothesis {tokens} should have the score {expected:.6g}, but it has {score:.6g}. {guess}\n"
            f"alpha = {alpha}, max_length = {steps}, and the symbols, {'with' if ended else 'without'} an end, have "
            f"the log-probabilities {[round(x, 3) for x in log_p.tolist()]}."
        )
    scores = [score for _, score in got]
    assert scores == sorted(scores, reverse=True), f"The best hypothesis comes first, but your scores are {scores}."


def assert_found(student, model: Decoder, state: Tensor, settings: tuple, n_best: int) -> None:
    """Checks hypotheses and scores."""
    got = called(student, model, state, settings, n_best)
    assert_scored(model, state, settings, got)
    beam, steps, alpha = settings
    found = search(model, state, *settings)
    expected, mine = [tokens for tokens, _ in found[:n_best]], [tokens for tokens, _ in got]
    note = f"for beam = {beam}, max_length = {steps}, alpha = {alpha}, n_best = {n_best}"
    faults = [(sentence, search(model, state, *settings, **fault)) for sentence, fault in FAULTS.items()]
    if beam > 1:
        one, narrow = (search(model, state, width, *settings[1:]) for width in (1, n_best))
        faults.append(("That is what a beam of 1 finds: keep `beam` hypotheses.", one))
        faults.append(("The beam has the width n_best: keep `beam` hypotheses, and cut off in the end.", narrow))
    sentence = ""
    if mine != expected:
        named = (sentence for sentence, wrong in faults if mine == [tokens for tokens, _ in wrong[:n_best]])
        sentence = next(named, "") + "\n"
    assert len(got) <= n_best, f"There should be at most {n_best} hypotheses, but there are {len(got)} {note}."
    assert mine == expected, (
        f"{sentence}These are not the hypotheses that the beam should find {note}.\n"
        f"expected: {[(tokens, round(score, 4)) for tokens, score in found[:n_best]]}\n"
        f"yours:    {[(tokens, round(score, 4)) for tokens, score in got]}"
    )


NAMES = [*FAULTS]


@points(2)
@pytest.mark.parametrize("steps", [1, 6])
def test_beam_of_one(student, steps):
    """A beam of 1 is greedy decoding, and its score the sum of the log-probabilities."""
    for _ in range(3):
        assert_found(student, *drawn(6, 4), (1, steps, 0.0), 1)


@points(3)
@pytest.mark.parametrize(("beam", "alpha"), [(2, 0.0), (4, 0.6), (3, 2.0)])
def test_scores(student, beam, alpha):
    """Each score is what the model itself gives the hypothesis, normalised by its length."""
    for _ in range(3):
        model, state = drawn(6, 4)
        settings = (beam, 5, alpha)
        got = called(student, model, state, settings, beam)
        assert got, f"beam_search found nothing for beam = {beam}, max_length = 5, alpha = {alpha}."
        assert_scored(model, state, settings, got)


@points(3)
@pytest.mark.parametrize("settings", [(3, 6, 0.0), (2, 8, 1.0), (4, 5, 0.6)])
def test_search(student, settings):
    """The best hypothesis, found by beams of several widths, and those behind it."""
    for n_best in (1, settings[0]):
        assert_found(student, *telling(NAMES[4:], settings), n_best=n_best, settings=settings)


@points(3)
@pytest.mark.parametrize(("fault", "alpha"), [(0, 0.0), (1, 1.0), (1, 0.6), (2, 1.0), (3, 1.0)])
def test_pool(student, fault, alpha):
    """What has ended waits in the pool, and what ends later, or never, can still be better."""
    settings = (3, 6, alpha)
    assert_found(student, *telling([NAMES[fault]], settings), settings, n_best=1)


@points(3)
@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.5])
def test_all_sentences(student, alpha):
    """With a beam wide enough for everything, the best of all sentences there are."""
    V, steps = 4, 4
    model, state = drawn(V, 3)
    others = [token for token in range(V) if token != END]
    sentences = [list(s) for n in range(steps + 1) for s in product(others, repeat=n)]
    scored = []
    for tokens in sentences:
        symbols = [*tokens, END] if len(tokens) < steps else tokens
        log_p = logits_of(model, state, symbols).log_softmax(1)[torch.arange(len(symbols)), torch.tensor(symbols)]
        scored.append((tokens, log_p.sum().item() / penalty(len(symbols), alpha)))
    best = sorted(scored, key=lambda pair: -pair[1])[:7]
    settings = (V**steps, steps, alpha)
    got = called(student, model, state, settings, 7)
    assert_scored(model, state, settings, got)
    assert [tokens for tokens, _ in got] == [tokens for tokens, _ in best], (
        f"With a beam of {V**steps} nothing is ever dropped, so the result should be the 7 best of all {len(scored)} "
        f"sentences of at most {steps} symbols, ends included (alpha = {alpha}).\nexpected: {best}\nyours:    {got}"
    )


@points(1)
def test_n_best(student):
    """As many hypotheses as wanted, fewer where there are no more; the arguments stay as they are."""
    model, state = drawn(5, 3)
    settings = (2, 2, 0.5)
    assert_found(student, model, state, settings, n_best=50)
    assert_unchanged(student, "model", "state", "beam", "max_length", "alpha", "n_best")
    assert_found(student, model, state, (5, 4, 0.5), n_best=2)
