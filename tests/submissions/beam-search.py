"""Submissions that prove the tests of `beam-search`: right answers of another form, and the mistakes that people make."""

# %% given: the decoder, and a search in parts
import math

import torch
from torch import nn

PAD, UNK, START, END = 0, 1, 2, 3


class Decoder(nn.Module):
    def __init__(self, vocabulary_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, hidden_size)
        self.cell = nn.GRUCell(hidden_size, hidden_size)
        self.linear = nn.Linear(hidden_size, vocabulary_size)
        self.calls, self.gradients = 0, None

    def forward(self, tokens, state):
        self.calls, self.gradients = self.calls + 1, torch.is_grad_enabled()
        state = self.cell(self.embedding(tokens), state)
        return self.linear(state), state


def gains_of(logits):
    return logits.log_softmax(dim=1)


def score_of(total, n, alpha, ended=True):
    return total / ((5 + n) / 6) ** alpha


def pick(state, parents):
    return state[parents]


def is_over(live, pool):
    return not live


def rest_of(live, pool, n, alpha):
    return [(symbols, score_of(total, n, alpha, False)) for total, symbols in live]


@torch.no_grad()
def beam_search(model, state, beam, max_length, alpha, n_best):
    live, pool, tokens = [(0.0, [])], [], torch.tensor([START])
    for n in range(1, max_length + 1):
        logits, state = model(tokens, state)
        gains = gains_of(logits)
        totals = torch.tensor([[total] for total, _ in live], dtype=gains.dtype) + gains
        best, places = totals.flatten().topk(min(beam, totals.numel()))
        grown, parents = [], []
        for total, place in zip(best.tolist(), places.tolist()):
            parent, token = divmod(place, logits.shape[1])
            symbols = live[parent][1]
            if token == END:
                pool.append((symbols, score_of(total, n, alpha)))
            else:
                grown.append((total, [*symbols, token]))
                parents.append(parent)
        live = grown
        if is_over(live, pool):
            break
        state = pick(state, parents)
        tokens = torch.tensor([symbols[-1] for _, symbols in live])
    pool += rest_of(live, pool, n, alpha)
    return sorted(pool, key=lambda pair: pair[1], reverse=True)[:n_best]


# %% alternative: each hypothesis with a state of its own
def beam_search(model, state, beam, max_length, alpha, n_best):
    live, pool = [(0.0, (), state)], []
    for n in range(1, max_length + 1):
        grown = []
        for total, symbols, state in live:
            with torch.no_grad():
                logits, after = model(torch.tensor([symbols[-1] if symbols else START]), state)
            for token, log_p in enumerate(logits.log_softmax(dim=1)[0].tolist()):
                grown.append((total + log_p, (*symbols, token), after))
        grown = sorted(grown, key=lambda hypothesis: -hypothesis[0])[:beam]
        live = [hypothesis for hypothesis in grown if hypothesis[1][-1] != END]
        pool += [(list(s[:-1]), score_of(total, n, alpha)) for total, s, _ in grown if s[-1] == END]
    pool += [(list(s), score_of(total, max_length, alpha)) for total, s, _ in live]
    return sorted(pool, key=lambda pair: -pair[1])[:n_best]


# %% alternative: stops as soon as nothing better can come
@torch.no_grad()
def beam_search(model, state, beam, max_length, alpha, n_best):
    sequences, totals = torch.zeros(1, 0, dtype=torch.long), torch.zeros(1, dtype=torch.float64)
    pool, tokens = [], torch.tensor([START])
    for n in range(1, max_length + 1):
        logits, state = model(tokens, state)
        V = logits.shape[1]
        grown = (totals[:, None] + torch.log_softmax(logits, dim=1)).reshape(-1)
        order = grown.argsort(descending=True)[:beam]
        parents, tokens, totals = order // V, order % V, grown[order]
        ended = tokens == END
        for row in ended.nonzero()[:, 0]:
            pool.append((sequences[parents[row]].tolist(), score_of(totals[row].item(), n, alpha)))
        parents, tokens, totals = parents[~ended], tokens[~ended], totals[~ended]
        sequences = torch.cat((sequences[parents], tokens[:, None]), dim=1)
        state = state.index_select(0, parents)
        pool = sorted(pool, key=lambda pair: -pair[1])
        if len(tokens) == 0:
            return pool[:n_best]
        if len(pool) >= n_best and pool[n_best - 1][1] >= score_of(totals[0].item(), max_length, alpha):
            return pool[:n_best]
    pool += [(row.tolist(), score_of(t, max_length, alpha)) for row, t in zip(sequences, totals.tolist())]
    return sorted(pool, key=lambda pair: -pair[1])[:n_best]


# %% mutant: what has ended is lost | says: What has ended is lost
def rest_of(live, pool, n, alpha):
    pool.clear()
    return [(symbols, score_of(total, n, alpha)) for total, symbols in live]


# %% mutant: stops at the first end | says: The search stopped at the first end
def is_over(live, pool):
    return not live or pool


def rest_of(live, pool, n, alpha):
    return [] if pool else [(symbols, score_of(total, n, alpha)) for total, symbols in live]


# %% mutant: a beam of 1 | says: That is what a beam of 1 finds
def beam_search(model, state, beam, max_length, alpha, n_best, search=beam_search):
    return search(model, state, 1, max_length, alpha, n_best)


# %% mutant: a beam of n_best | says: The beam has the width n_best
def beam_search(model, state, beam, max_length, alpha, n_best, search=beam_search):
    return search(model, state, n_best, max_length, alpha, n_best)


# %% mutant: adds probabilities | says: the sum of the symbols' probabilities
def gains_of(logits):
    return logits.softmax(dim=1)


# %% mutant: adds logits | says: It is a sum of logits
def gains_of(logits):
    return logits


# %% mutant: states stay behind | says: the state of the one that it continues
def pick(state, parents):
    return state[[i % len(state) for i in range(len(parents))]]


# %% mutant: only live ones are normalised | says: also that of a hypothesis that has ended
def score_of(total, n, alpha, ended=True):
    return total if ended else total / ((5 + n) / 6) ** alpha


# %% mutant: the end is not counted | says: n is wrong
def score_of(total, n, alpha, ended=True):
    return total / ((5 + n - ended) / 6) ** alpha


# %% mutant: divided by the length | says: It is divided by n ** alpha
def score_of(total, n, alpha, ended=True):
    return total / n**alpha


# %% mutant: multiplied | says: It is multiplied by the length normalisation
def score_of(total, n, alpha, ended=True):
    return total * ((5 + n) / 6) ** alpha


# %% mutant: unfinished ones are lost | says: What is live after max_length symbols should go to the pool
def rest_of(live, pool, n, alpha):
    return []


# %% mutant: the worst first | says: The best hypothesis comes first
def beam_search(*given, search=beam_search):
    return search(*given)[::-1]


# %% mutant: not cut to n_best | says: There should be at most
def beam_search(model, state, beam, max_length, alpha, n_best, search=beam_search):
    return search(model, state, beam, max_length, alpha, 1000)


# %% mutant: the end is kept | says: The end itself stands in
def beam_search(model, state, beam, max_length, alpha, n_best, search=beam_search):
    found = search(model, state, beam, max_length, alpha, n_best)
    return [([*tokens, END] if len(tokens) < max_length else tokens, score) for tokens, score in found]


# %% mutant: goes on after the end | says: goes on after its end
@torch.no_grad()
def beam_search(model, state, beam, max_length, alpha, n_best):
    live, tokens = [(0.0, [])], torch.tensor([START])
    for n in range(1, max_length + 1):
        logits, state = model(tokens, state)
        totals = torch.tensor([[total] for total, _ in live], dtype=logits.dtype) + logits.log_softmax(dim=1)
        best, places = totals.flatten().topk(min(beam, totals.numel()))
        parents = [place // logits.shape[1] for place in places.tolist()]
        tokens = places % logits.shape[1]
        live = [(t, [*live[p][1], token]) for t, p, token in zip(best.tolist(), parents, tokens.tolist())]
        state = state[parents]
    return [(symbols, score_of(total, max_length, alpha)) for total, symbols in live][:n_best]


# %% mutant: ended ones narrow the beam | says: keeps its place in the beam
@torch.no_grad()
def beam_search(model, state, beam, max_length, alpha, n_best):
    live, pool, tokens = [(0.0, [])], [], torch.tensor([START])
    for n in range(1, max_length + 1):
        logits, state = model(tokens, state)
        totals = torch.tensor([[total] for total, _ in live], dtype=logits.dtype) + logits.log_softmax(dim=1)
        best, places = totals.flatten().topk(min(beam - len(pool), totals.numel()))
        grown, parents = [], []
        for total, place in zip(best.tolist(), places.tolist()):
            parent, token = divmod(place, logits.shape[1])
            if token == END:
                pool.append((live[parent][1], score_of(total, n, alpha)))
            else:
                grown.append((total, [*live[parent][1], token]))
                parents.append(parent)
        live = grown
        if not live:
            break
        state = state[parents]
        tokens = torch.tensor([symbols[-1] for _, symbols in live])
    pool += [(symbols, score_of(total, n, alpha)) for total, symbols in live]
    return sorted(pool, key=lambda pair: -pair[1])[:n_best]
