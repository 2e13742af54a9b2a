"""Beam search: all of the tree where it is wide enough, exactly as far as needed, each source for itself."""

import math

import pytest
import torch
from decode.toys import Recurrent, Tree, enumerate_all
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnnbook.decode import Hypothesis, beam_search, greedy, length_penalty, step_of
from rnnbook.decode.beam import largest

END = 1


def search(tree, **settings):
    arguments = {"beam": 3, "end": END, "max_length": 4, "select": Tree.select} | settings
    return beam_search(tree.step, tree.start, tree.state, **arguments)


def assert_same(got, expected):
    """Hypotheses against (tokens, total, finished, score)."""
    assert [(h.tokens, h.finished) for h in got] == [(tokens, finished) for tokens, _, finished, _ in expected]
    for h, (_, total, _, score) in zip(got, expected, strict=True):
        assert h.log_probability == pytest.approx(total, rel=0, abs=1e-10)
        assert h.score == pytest.approx(score, rel=0, abs=1e-10)


@settings(max_examples=40)
@given(st.integers(2, 4), st.integers(1, 5), st.sampled_from([0, 0.6, 1, 3]), st.integers(0, 10**6), st.data())
def test_a_beam_as_wide_as_the_tree_finds_what_enumeration_finds(V, max_length, alpha, seed, data):
    max_length = min(max_length, 4) if V == 4 else max_length
    end = data.draw(st.integers(0, V - 1))
    n_best = data.draw(st.integers(1, V**max_length))
    tree = Tree.random(1, V, max_length, seed)
    (got,) = search(tree, beam=V**max_length, end=end, max_length=max_length, alpha=alpha, n_best=n_best)
    assert_same(got, enumerate_all(tree.log_p, V, end, max_length, alpha)[:n_best])


@pytest.mark.parametrize("alpha", [0, 0.6, 1])
def test_the_same_at_the_greatest_size(alpha):
    tree = Tree.random(1, 4, 5, seed=7, scale=0.5)
    (got,) = search(tree, beam=4**5, max_length=5, alpha=alpha, n_best=4**5)
    expected = enumerate_all(tree.log_p, 4, END, 5, alpha)
    assert_same(got, expected)
    assert sum(math.exp(h.log_probability) for h in got) == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("cell", [nn.RNN, nn.LSTM, nn.GRU])
def test_recurrent_states_follow_their_hypotheses(cell):
    model = Recurrent(4, cell)
    start = torch.tensor([0, 2, 3])
    found = beam_search(step_of(model), start, beam=64, end=END, max_length=3, alpha=1, n_best=64)
    for first, got in zip(start.tolist(), found, strict=True):
        expected = enumerate_all(lambda tokens, first=first: model.log_p(tokens, [first]), 4, END, 3, 1)
        assert_same(got, expected[:64])


@settings(max_examples=60)
@given(st.integers(2, 6), st.integers(1, 4), st.sampled_from([0, 0.6, 1, 5]), st.integers(0, 10**6))
def test_a_beam_of_one_is_greedy(V, max_length, alpha, seed):
    tree = Tree.random(3, V, max_length, seed)
    expected = greedy(tree.step, tree.start, tree.state, end=END, max_length=max_length)
    for (got,), each in zip(search(tree, beam=1, max_length=max_length, alpha=alpha), expected, strict=True):
        assert (got.tokens, got.finished, got.log_probability) == (each.tokens, each.finished, each.log_probability)


@settings(max_examples=40)
@given(st.integers(2, 6), st.integers(1, 7), st.integers(1, 3), st.sampled_from([0, 0.6, 1]), st.integers(0, 10**6))
def test_log_probabilities_are_the_model_s_and_scores_are_these_normalised(V, beam, n_best, alpha, seed):
    tree = Tree.random(2, V, 4, seed)
    for source, found in enumerate(search(tree, beam=beam, n_best=min(n_best, beam), alpha=alpha)):
        assert len(found) == min(n_best, beam, len(enumerate_all(tree.log_p, V, END, 4, alpha)))
        assert len({(h.tokens, h.finished) for h in found}) == len(found)
        assert found == sorted(found, key=lambda h: (not h.finished, -h.score))
        for h in found:
            tokens = (*h.tokens, END) if h.finished else h.tokens
            assert END not in h.tokens
            assert h.length == len(tokens) <= 4
            assert h.finished or h.length == 4
            assert h.log_probability == pytest.approx(sum(tree.log_p(tokens, source)), rel=0, abs=1e-10)
            assert h.score == pytest.approx(h.log_probability / length_penalty(h.length, alpha), rel=0, abs=1e-12)


@settings(max_examples=30)
@given(st.integers(2, 5), st.integers(1, 5), st.integers(1, 3), st.sampled_from([0, 0.6, 1]), st.integers(0, 10**6))
def test_sources_together_are_sources_one_by_one(V, beam, n_best, alpha, seed):
    tree = Tree.random(5, V, 4, seed, scale=4)
    options = {"beam": beam, "n_best": min(n_best, beam), "alpha": alpha}
    nodes, own = [], []
    together = search(tree, **options, trace=nodes.append)
    for source in range(5):
        alone = Tree(tree.logits[source : source + 1])
        assert search(alone, **options, trace=own.append)[0] == together[source]
        traced = [node for node in nodes if node.source == source]
        assert [(n.number, n.parent, n.token, n.total, n.fate) for n in own] == [
            (n.number, n.parent, n.token, n.total, n.fate) for n in traced
        ]
        own.clear()


def test_a_source_that_is_done_takes_no_more_time():
    at_once = Tree.of(3, {(): [0.05, 0.9, 0.05]}, 4)
    never = Tree.of(3, {prefix: [0.5, 0, 0.5] for prefix in [(), (0,), (2,)]}, 4)
    tree = Tree(torch.cat([at_once.logits, never.logits]))
    search(tree, beam=2, max_length=3, alpha=0)
    assert tree.calls == [2, 2, 2]  # one row for each source; then the second's two


def test_the_length_penalty_is_that_of_wu_et_al():
    assert [length_penalty(1, alpha) for alpha in (0, 0.6, 1)] == [1, 1, 1]
    assert [length_penalty(n, 1) for n in (7, 13)] == [2, 3]
    assert length_penalty(13, 0.6) == pytest.approx(1.9331820449317627)
    assert length_penalty(100, 0) == 1


# --- The end of the search ------------------------------------------------------------------------------------------

# "1" ends at once with probability 0.5. "0", with 0.45, goes on for four symbols that are certain.
LATE = {(): [0.45, 0.5, 0.05], (0,): [1, 0, 0], (0, 0): [1, 0, 0], (0, 0, 0): [1, 0, 0], (0, 0, 0, 0): [0, 1, 0]}


def test_what_ends_late_can_be_better_than_what_ended_first():
    tree = Tree.of(3, LATE, 5)
    ((best,),) = search(tree, beam=2, max_length=5, alpha=1)
    assert best.tokens == (0, 0, 0, 0)
    early, late = math.log(0.5) / length_penalty(1, 1), math.log(0.45) / length_penalty(5, 1)
    assert best.score == pytest.approx(late)
    assert late > early  # a search that stops at the first end loses it
    assert math.log(0.45) / length_penalty(2, 1) > early
    assert_same(search(tree, beam=3**5, max_length=5, alpha=1)[0], enumerate_all(tree.log_p, 3, END, 5, 1)[:1])


def test_the_bound_is_that_of_the_greatest_length_not_of_the_present_one():
    # With 0.4 the live hypothesis looks beaten at lengths 1 and 2, and is not at length 5.
    late = LATE | {(): [0.4, 0.5, 0.1]}
    early = math.log(0.5) / length_penalty(1, 1)
    assert math.log(0.4) / length_penalty(1, 1) < math.log(0.4) / length_penalty(2, 1) < early
    tree = Tree.of(3, late, 5)
    ((best,),) = search(tree, beam=2, max_length=5, alpha=1)
    assert best.tokens == (0, 0, 0, 0)
    assert best.score == pytest.approx(math.log(0.4) / length_penalty(5, 1))


@pytest.mark.parametrize(
    ("p", "alpha", "max_length", "steps"),
    [
        (0.45, 0, 5, 1),  # without a penalty nothing can overtake
        (0.45, 1, 5, 5),
        (0.45, 1, 1, 1),
        (0.45, 1, 2, 2),
        (0.3, 1, 5, 1),  # ln 0.3 / lp(5) is less than ln 0.5
        (0.3, 1, 6, 5),  # and ln 0.3 / lp(6) is not; it ends with the fifth symbol
        (0.3, 0.6, 6, 1),
    ],
)
def test_the_search_stops_at_the_first_step_at_which_it_may(p, alpha, max_length, steps):
    tree = Tree.of(3, LATE | {(): [p, 0.5, 0.5 - p]}, 6)
    search(tree, beam=2, max_length=max_length, alpha=alpha)
    assert len(tree.calls) == steps


def test_n_best_are_searched_for_until_none_of_them_can_be_overtaken():
    # The best is there after one step, the second best not before the third.
    p = {(): [0.2, 0.6, 0.2], (0,): [0.1, 0.01, 0.89], (0, 2): [0, 1, 0], (2,): [0.9, 0.05, 0.05]}
    tree = Tree.of(3, p, 4)
    (found,) = search(tree, beam=3**4, n_best=2, alpha=0)
    assert [h.tokens for h in found] == [(), (0, 2)]
    assert len(tree.calls) == 3
    tree.calls.clear()
    search(tree, beam=3**4, n_best=1, alpha=0)
    assert len(tree.calls) == 1


@settings(max_examples=60)
@given(st.integers(2, 4), st.integers(1, 6), st.integers(1, 3), st.sampled_from([0, 0.6, 1, 2]), st.integers(0, 10**6))
def test_stopping_early_changes_nothing(V, beam, n_best, alpha, seed):
    """The same search to the very end, written out once more without a bound."""
    n_best, tree = min(n_best, beam), Tree.random(1, V, 5, seed, scale=3)
    live, pool = [((), 0.0)], []
    for n in range(1, 6):
        candidates = [((*tokens, v), total + tree.log_p((*tokens, v))[-1]) for tokens, total in live for v in range(V)]
        best = sorted(candidates, key=lambda each: -each[1])[:beam]
        pool += [(tokens[:-1], s, True, s / length_penalty(n, alpha)) for tokens, s in best if tokens[-1] == END]
        live = [each for each in best if each[0][-1] != END]
    pool += [(tokens, s, False, s / length_penalty(5, alpha)) for tokens, s in live]
    pool.sort(key=lambda each: (not each[2], -each[3]))
    assert_same(search(tree, beam=beam, n_best=n_best, alpha=alpha, max_length=5)[0], pool[:n_best])


# --- What it does not promise, and where it ends --------------------------------------------------------------------


def test_a_wider_beam_can_be_worse():
    p = {
        (): [0.5, 0, 0.4, 0.1],
        (0,): [0.34, 0, 0.33, 0.33],
        (0, 0): [0, 1, 0, 0],  # greedy: 0.5 · 0.34 = 0.17
        (2,): [0.5, 0, 0.5, 0],  # two times 0.2, which push it out of the beam
        (2, 0): [0.24, 0.28, 0.24, 0.24],  # and come to little
        (2, 2): [0.24, 0.28, 0.24, 0.24],
    }
    ((narrow,),), ((wide,),) = (search(Tree.of(4, p, 4), beam=beam, alpha=0) for beam in (1, 2))
    assert narrow.log_probability == pytest.approx(math.log(0.17))
    assert wide.log_probability == pytest.approx(math.log(0.4 * 0.5 * 0.28))


def test_greedy_can_miss_what_a_beam_of_two_finds():
    p = {(): [0.55, 0, 0.45], (0,): [0.3, 0.4, 0.3], (2,): [0, 1, 0]}
    ((narrow,),), ((wide,),) = (search(Tree.of(3, p, 4), beam=beam, alpha=0) for beam in (1, 2))
    assert (narrow.tokens, wide.tokens) == ((0,), (2,))


def test_a_hypothesis_that_was_cut_off_comes_after_all_that_ended():
    p = {(): [0.98, 0.02], (0,): [0.99, 0.01]}
    (found,) = search(Tree.of(2, p, 2), beam=4, max_length=2, n_best=4, alpha=0)
    assert [(h.tokens, h.finished) for h in found] == [((), True), ((0,), True), ((0, 0), False)]
    assert found[2].score > found[0].score


def test_without_an_end_symbol_all_have_the_greatest_length():
    tree = Tree.random(1, 3, 3)
    (found,) = search(tree, beam=27, n_best=27, end=None, max_length=3)
    assert len(found) == 27
    assert all(len(h.tokens) == h.length == 3 and not h.finished for h in found)


def test_what_has_probability_0_is_never_found():
    (found,) = search(Tree.of(3, {(): [0.5, 0.5, 0], (0,): [0, 1, 0]}, 2), beam=9, n_best=9, max_length=2)
    assert [h.tokens for h in found] == [(0,), ()]


def test_logits_and_log_probabilities_are_the_same():
    tree = Tree.random(2, 4, 4)
    shifted, normalised = Tree(tree.logits + 50), Tree(tree.logits.log_softmax(dim=-1))
    for (a,), (b,) in zip(search(shifted), search(normalised), strict=True):
        assert_same([a], [(b.tokens, b.log_probability, b.finished, b.score)])


def test_equals_are_taken_by_their_number():
    tree = Tree.of(3, {}, 3)
    (found,) = search(tree, beam=2, end=None, n_best=2, max_length=3)
    assert [h.tokens for h in found] == [(0, 0, 0), (0, 0, 1)]


@given(st.integers(1, 6), st.lists(st.sampled_from([-math.inf, -1.0, 0.0, 0.5, 2.0]), min_size=1, max_size=6))
def test_largest_are_those_of_a_stable_sort(k, row):
    values, places = (part[0].tolist() for part in largest(torch.tensor([row]), k))
    order = sorted(range(len(row)), key=lambda i: -row[i])[:k]
    assert values == [row[i] for i in order]
    finite = sum(row[i] > -math.inf for i in order)
    assert places[:finite] == order[:finite]


def test_the_trace_is_the_tree():
    tree, nodes = Tree.random(1, 4, 4, seed=5), []
    found = search(tree, beam=3, n_best=3, alpha=0.6, trace=nodes.append)[0]
    assert found == search(tree, beam=3, n_best=3, alpha=0.6)[0]  # looking on changes nothing
    assert [n.number for n in nodes] == list(range(len(nodes)))
    paths = {None: ()}
    for n in nodes:
        parent = nodes[n.parent] if n.parent is not None else None
        assert parent is None or (parent.fate == "kept" and parent.length == n.length - 1)
        paths[n.number] = (*paths[n.parent], n.token)
        assert n.length == len(paths[n.number])
        log_p = tree.log_p(paths[n.number])
        assert n.log_probability == pytest.approx(log_p[-1], rel=0, abs=1e-12)
        assert n.total == pytest.approx(sum(log_p), rel=0, abs=1e-10)
        assert n.score == pytest.approx(n.total / length_penalty(n.length, 0.6), rel=0, abs=1e-12)
    for length in range(1, max(n.length for n in nodes) + 1):
        level = [n for n in nodes if n.length == length]
        assert level == sorted(level, key=lambda n: -n.total)
        assert [n.fate == "dropped" for n in level] == [False] * 3 + [True] * (len(level) - 3)
        assert all((n.fate == "ended") == (n.token == END) for n in level[:3])
        kept = len([n for n in nodes if n.length == length - 1 and n.fate == "kept"]) or 1
        assert len(level) == 3 * kept  # each hypothesis's three best
    ended = [n for n in nodes if n.fate == "ended"]
    assert {h.tokens for h in found if h.finished} <= {paths[n.number][:-1] for n in ended}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beam": 0}, "beam must be 1 or more and n_best from 1 to beam, got beam=0"),
        ({"n_best": 4}, "n_best=4"),
        ({"n_best": 0}, "n_best=0"),
        ({"alpha": -0.1}, "alpha must be 0"),
        ({"alpha": math.nan}, "alpha must be 0"),
        ({"max_length": 0}, "max_length must be 1 or more, got 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        search(Tree.random(1, 3, 4), **settings)


def test_what_does_not_fit_is_refused():
    tree = Tree.random(2, 3, 4)
    with pytest.raises(ValueError, match=r"start has shape \(2, 1\), expected \(B,\)"):
        beam_search(tree.step, tree.start[:, None], tree.state, beam=1, end=END, max_length=3)
    with pytest.raises(ValueError, match=r"the step's logits has shape \(2, 1, 3\), expected \(2, V\)"):
        beam_search(lambda *_: (torch.zeros(2, 1, 3), None), tree.start, beam=1, end=END, max_length=3)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_logits_that_are_no_distribution_are_refused(value):
    tree = Tree.random(1, 3, 4)
    tree.logits[:, 0, 2] = value
    with pytest.raises(FloatingPointError, match="diverged"):
        search(tree)


def test_no_gradients_are_recorded():
    model, seen = Recurrent(4), []

    def step(tokens, state):
        logits, state = step_of(model)(tokens, state)
        seen.append(logits.requires_grad)
        return logits, state

    (found,) = beam_search(step, torch.tensor([0]), beam=2, end=END, max_length=3)
    assert seen
    assert not any(seen)
    assert isinstance(found[0], Hypothesis)
