"""Sampling: the distribution is what the settings say, and draws follow it; rows and prompts of any length."""

import math

import pytest
import torch
from decode.toys import Recurrent, Tree
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from rnnbook.decode import distribution, greedy, penalise, sample, step_of

INF = math.inf
LOGITS = torch.tensor([1.0, 3.0, -0.5, 2.0, 3.0, -INF], dtype=torch.float64)
rows = st.lists(st.sampled_from([-INF, *(i / 2 for i in range(-8, 9))]), min_size=1, max_size=7).filter(
    lambda row: max(row) > -INF
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def by_hand(row, temperature, top_k, top_p):
    """`distribution` for a list of logits, in plain Python."""
    V = len(row)
    order = sorted(range(V), key=lambda i: -row[i])  # stable: of equals the lower number first
    if temperature == 0:
        return [float(i == order[0]) for i in range(V)]
    weights = [math.exp((z - max(row)) / temperature) for z in row]
    p = [w / sum(weights) for w in weights]
    kept = order[: top_k or V]
    if top_p is not None and top_p < 1:
        total, nucleus = sum(p[i] for i in kept), []
        for i in kept:
            nucleus.append(i)
            if sum(p[j] for j in nucleus) / total >= top_p - 1e-12:
                break
        kept = nucleus
    total = sum(p[i] for i in kept)
    return [p[i] / total if i in kept else 0.0 for i in range(V)]


@settings(max_examples=200)
@given(
    rows,
    st.sampled_from([0, 0.3, 1, 2.5]),
    st.sampled_from([None, 1, 2, 3, 50]),
    st.sampled_from([None, 0, 0.123, 0.437, 0.891, 0.9999, 1]),
)
def test_the_distribution_is_that_of_the_definitions(row, temperature, top_k, top_p):
    p = distribution(torch.tensor([row, row], dtype=torch.float64), temperature, top_k, top_p)
    expected = torch.tensor(by_hand(row, temperature, top_k, top_p), dtype=torch.float64)
    torch.testing.assert_close(p[0], expected, rtol=0, atol=1e-12)
    assert torch.equal(p[0], p[1])
    assert p[0].sum().item() == pytest.approx(1)
    assert p[0][expected == 0].eq(0).all()


def test_temperature_0_is_the_first_of_the_most_probable():
    assert distribution(LOGITS, 0).tolist() == [0, 1, 0, 0, 0, 0]
    assert distribution(LOGITS, 0, top_k=3, top_p=0.5).tolist() == [0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("temperature", [1e-300, 1e-46, 1e-30, 1e30, 1e39, 1e300])
def test_temperatures_of_any_size_make_a_distribution(temperature, dtype):
    p = distribution(LOGITS.to(dtype), temperature)
    expected = [0, 0.5, 0, 0, 0.5, 0] if temperature < 1 else [0.2, 0.2, 0.2, 0.2, 0.2, 0]
    assert p.tolist() == pytest.approx(expected)  # however low, only 0 itself chooses between equals


def test_the_symbol_that_crosses_the_mass_is_in_the_nucleus():
    logits = torch.tensor([0.5, 0.25, 0.125, 0.125], dtype=torch.float64).log()
    for top_p, left in [(0, 1), (0.5, 1), (0.51, 2), (0.75, 2), (0.76, 3), (0.875, 3), (0.9, 4), (1, 4)]:
        assert (distribution(logits, top_p=top_p) > 0).sum() == left, top_p
    # The mass is counted in what the temperature and top_k have left: 0.5 / (0.5 + 0.25) is 2/3.
    assert (distribution(logits, top_k=2, top_p=0.6) > 0).sum() == 1
    assert (distribution(logits, 0.5, top_p=0.6) > 0).sum() == 1


def test_a_mass_of_1_cuts_nothing_however_small():
    logits = torch.tensor([0.0, -60.0, -80.0])
    assert distribution(logits, top_p=1).gt(0).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1}, "temperature must be 0"),
        ({"temperature": math.nan}, "temperature must be 0"),
        ({"temperature": INF}, "temperature must be 0"),
        ({"top_k": 0}, "top_k must be 1 or more"),
        ({"top_p": -0.1}, "top_p must be from 0 to 1"),
        ({"top_p": 1.1}, "top_p must be from 0 to 1"),
        ({"top_p": math.nan}, "top_p must be from 0 to 1"),
        ({"penalty": 0.5}, "penalty must be 1"),
        ({"max_length": 0}, "max_length must be 1 or more"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    tree = Tree.random(1, 3, 3)
    with pytest.raises(ValueError, match=message):
        sample(tree.step, tree.start, tree.state, **{"max_length": 2} | settings)
    if settings.keys() <= {"temperature", "top_k", "top_p"}:
        with pytest.raises(ValueError, match=message):
            distribution(LOGITS, **settings)


@pytest.mark.parametrize("temperature", [0, 1])
@pytest.mark.parametrize("row", [[0, math.nan], [0, INF], [-INF, -INF]])
def test_logits_that_are_no_distribution_are_refused(row, temperature):
    with pytest.raises(FloatingPointError, match="the logits hold NaN or inf, or nothing but -inf"):
        distribution(torch.tensor([[0.0, 0.0], row]), temperature)


# --- Draws ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{}, {"temperature": 0.5}, {"temperature": 2, "top_k": 3}, {"top_p": 0.8}, {"top_k": 4, "top_p": 0.9}],
    ids=str,
)
def test_frequencies_are_those_of_the_distribution(options):
    N, logits = 20_000, LOGITS.expand(20_000, 6)
    found = sample(
        lambda *_: (logits, None), torch.zeros(N, dtype=torch.int64), max_length=1, generator=seeded(), **options
    )
    counts = torch.bincount(torch.tensor([h.tokens[0] for h in found]), minlength=6)
    p = distribution(LOGITS, **options)
    assert counts[p == 0].eq(0).all()
    assert chisquare(counts[p > 0], N * p[p > 0]).pvalue > 0.01


def test_frequencies_of_whole_sequences_are_the_products():
    N, tree = 20_000, Tree.random(1, 3, 3, seed=3, scale=1)
    state = torch.zeros(N, dtype=torch.int64), torch.full((N,), -1)
    found = sample(tree.step, torch.zeros(N, dtype=torch.int64), state, end=1, max_length=3, generator=seeded())
    counts, p = {}, {}
    for h in found:
        key = h.tokens, h.finished
        counts[key], p[key] = counts.get(key, 0) + 1, math.exp(h.log_probability)
    assert sum(p.values()) == pytest.approx(1, abs=1e-10)  # 1 + 2 + 4 that end, 8 that are cut off: each came
    assert len(p) == 15
    assert chisquare(list(counts.values()), [N * p[key] for key in counts]).pvalue > 0.01


def test_the_generator_decides():
    model, start = Recurrent(6), torch.zeros(4, dtype=torch.int64)
    texts = [sample(step_of(model), start, max_length=20, generator=seeded(seed)) for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]
    torch.manual_seed(0)
    untouched = torch.random.get_rng_state()
    sample(step_of(model), start, max_length=5, generator=seeded())
    greedy(step_of(model), start, max_length=5)
    assert torch.equal(torch.random.get_rng_state(), untouched)


@pytest.mark.parametrize("options", [{"temperature": 0}, {"top_k": 1}, {"top_p": 0}, {"temperature": 1e-9}], ids=str)
def test_one_symbol_left_is_greedy(options):
    model, start = Recurrent(6), torch.arange(6)
    found = sample(step_of(model), start, max_length=12, end=3, **options)
    assert found == greedy(step_of(model), start, max_length=12, end=3)
    for first, h in enumerate(found):
        tokens, state = [first], None
        while len(tokens) <= 12 and 3 not in tokens[1:]:
            logits, state = model(torch.tensor([[tokens[-1]]]), state)
            tokens.append(logits[0, 0].argmax().item())
        assert h.finished == (tokens[-1] == 3 and len(tokens) > 1)
        assert h.tokens == tuple(tokens[1 : len(tokens) - h.finished])


def test_log_probabilities_are_the_model_s_whatever_was_cut():
    model, start = Recurrent(5), torch.arange(5)
    found = sample(step_of(model), start, max_length=4, end=2, temperature=3, top_k=4, penalty=1.5, generator=seeded())
    assert {h.finished for h in found} == {True, False}
    for first, h in enumerate(found):
        tokens = (*h.tokens, 2) if h.finished else h.tokens
        assert 2 not in h.tokens
        assert h.length == len(tokens) <= 4
        assert h.log_probability == h.score == pytest.approx(sum(model.log_p(tokens, [first])), rel=0, abs=1e-10)


# --- Prompts --------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=7), min_size=1, max_size=5), st.integers(1, 6))
def test_prompts_of_any_length_together_are_each_alone(prompts, max_length):
    step = step_of(Recurrent(5))
    padded = torch.zeros(len(prompts), 8, dtype=torch.int64)  # padded further than the longest
    for row, prompt in zip(padded, prompts, strict=True):
        row[: len(prompt)] = torch.tensor(prompt)
    lengths = torch.tensor([len(prompt) for prompt in prompts])
    together = greedy(step, padded, max_length=max_length, end=3, lengths=lengths)
    for prompt, found in zip(prompts, together, strict=True):
        (alone,) = greedy(step, torch.tensor([prompt]), max_length=max_length, end=3)
        assert (found.tokens, found.finished) == (alone.tokens, alone.finished)
        assert found.log_probability == pytest.approx(alone.log_probability, rel=0, abs=1e-10)


def test_a_prompt_is_read_as_the_model_reads_it_at_once():
    model, prompt = Recurrent(5), [4, 3, 3, 0, 1]  # 3 ends a text, and does not end a prompt
    (h,) = sample(step_of(model), torch.tensor([prompt]), max_length=8, end=3, generator=seeded(1))
    tokens = (*h.tokens, 3) if h.finished else h.tokens
    assert h.log_probability == pytest.approx(sum(model.log_p(tokens, prompt)), rel=0, abs=1e-10)
    (last,) = sample(step_of(model), torch.tensor([4]), model(torch.tensor([[3, 0]]))[1], max_length=4, temperature=0)
    (whole,) = sample(step_of(model), torch.tensor([[3, 0, 4]]), max_length=4, temperature=0)
    assert last.tokens == whole.tokens  # from a state, or from the prompt that led to it


def test_no_step_is_taken_for_nothing():
    tree = Tree.of(3, {(0,): [0, 1, 0], (2,): [0, 1, 0]}, 6)
    sample(tree.step, tree.start, tree.state, end=1, max_length=5, top_k=3, generator=seeded())
    assert len(tree.calls) <= 2
    calls = []

    def step(tokens, state):
        calls.append(tokens.tolist())
        return torch.tensor([[0.0, 1.0]]), None

    sample(step, torch.tensor([[0, 0, 1]]), max_length=2, temperature=0)
    assert calls == [[0], [0], [1], [1]]
    # The first row has its two symbols, the second ends at once after its longer prompt.
    calls.clear()

    def ending_step(tokens, state):
        calls.append(tokens.tolist())
        return torch.tensor([[0.0, 9.0, 0.0], [0.0, 0.0, 9.0]]), None

    prompts = torch.tensor([[0, 0, 0], [0, 0, 0]])
    found = sample(ending_step, prompts, end=2, lengths=torch.tensor([1, 3]), max_length=2, temperature=0)
    assert [h.tokens for h in found] == [(1, 1), ()]
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("start", "lengths", "message"),
    [
        (torch.zeros(2, 0, dtype=torch.int64), None, r"start has shape \(2, 0\), expected \(N, P\)"),
        (torch.zeros(2, 3, dtype=torch.int64), [3, 0], r"lengths\[1\] is 0"),
        (torch.zeros(2, 3, dtype=torch.int64), [3, 4], r"lengths\[1\] is 4"),
    ],
)
def test_prompts_that_do_not_fit_are_refused(start, lengths, message):
    with pytest.raises(ValueError, match=message):
        sample(step_of(Recurrent(4)), start, max_length=2, lengths=lengths)


# --- Repetition -----------------------------------------------------------------------------------------------------


def test_what_has_come_becomes_less_probable_whatever_its_sign():
    logits = torch.tensor([[2.0, -1.0, 0.0, 1.0], [2.0, -1.0, 0.0, 1.0]])
    seen = torch.tensor([[True, True, True, False], [False, False, False, False]])
    assert penalise(logits, seen, 2.0).tolist() == [[1, -2, 0, 1], [2, -1, 0, 1]]
    forbidden = torch.tensor([[-INF, 1.0]])
    assert penalise(forbidden, torch.tensor([[True, False]]), 1.2).tolist() == [[-INF, 1]]


def test_prompt_and_written_symbols_are_penalised_in_their_own_row():
    logits = torch.tensor([4.0, 3.0, 2.0, 1.0])

    def write(start, penalty):
        tokens = sample(
            lambda t, _: (logits.expand(len(t), 4), None), start, max_length=4, temperature=0, penalty=penalty
        )
        return [h.tokens for h in tokens]

    start = torch.tensor([[3, 3], [0, 3]])
    assert write(start, 1.0) == [(0, 0, 0, 0)] * 2
    # 0 has come: 4 becomes 0.4, and so on; when all have come, the first is the most probable again.
    assert write(start, 10.0) == [(0, 1, 2, 0), (1, 2, 0, 0)]


def test_no_gradients_are_recorded():
    model, seen = Recurrent(4), []

    def step(tokens, state):
        logits, state = step_of(model)(tokens, state)
        seen.append(logits.requires_grad)
        return logits, state

    sample(step, torch.tensor([0]), max_length=3)
    assert seen == [False] * 3
