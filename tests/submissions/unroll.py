"""Submissions that prove the tests of `unroll`: right answers of another form, and the mistakes that people make."""

# %% alternative: itertools.accumulate
from itertools import accumulate


def smooth(h, x):
    return h + (x - h) / 10


def largest(h, x):
    return x if x > h else h


def unroll(step, xs, h_0):
    return list(accumulate(xs, step, initial=h_0))[1:]


# %% alternative: recursion
def smooth(h, x):
    return (9 * h + x) / 10


def largest(h, x):
    return sorted([h, x])[1]


def unroll(step, xs, h_0):
    if len(xs) == 0:
        return []
    h_1 = step(h_0, xs[0])
    return [h_1] + unroll(step, xs[1:], h_1)


# %% alternative: in place on what is new
def smooth(h, x):
    h = 0.9 * h
    h += 0.1 * x
    return h


def largest(h, x):
    return (h + x + abs(h - x)) / 2


def unroll(step, xs, h_0):
    states = [None] * len(xs)
    for t in range(len(xs)):
        states[t] = step(h_0 if t == 0 else states[t - 1], xs[t])
    return states


# %% mutant: only the last state | says: That is one state: collect all of them
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h = h_0
    for x in xs:
        h = step(h, x)
    return h


# %% mutant: return inside the loop | says: is the `return` inside the loop?
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    for x in xs:
        h = step(h, x)
        states.append(h)
        return states


# %% mutant: h_0 in the list | says: Your list begins with h_0: the first state to return is h_1
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    states = [h_0]
    for x in xs:
        states.append(step(states[-1], x))
    return states


# %% mutant: appended before the step | says: lacks the last state
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    for x in xs:
        states.append(h)
        h = step(h, x)
    return states


# %% mutant: h_0 at every step | says: You started from h_0 at every step
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    return [step(h_0, x) for x in xs]


# %% mutant: arguments swapped | says: You swapped the arguments
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    for x in xs:
        h = step(x, h)
        states.append(h)
    return states


# %% mutant: right to left | says: You went from right to left: h_1
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    for x in reversed(xs):
        h = step(h, x)
        states.append(h)
    return states


# %% mutant: states put in front | says: turned the list over
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    for x in reversed(xs):
        h = step(h, x)
        states.insert(0, h)
    return states


# %% mutant: begins with 0 | says: You began with 0
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = 0.0, []
    for x in xs:
        h = step(h, x)
        states.append(h)
    return states


# %% mutant: smooth by its name | says: You called `smooth` by its name
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    for x in xs:
        h = smooth(h, x)
        states.append(h)
    return states


# %% mutant: state changed in place by the step | says: changed its argument h in place
def smooth(h, x):
    h *= 0.9
    h += 0.1 * x
    return h


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    for x in xs:
        h = step(h, x)
        states.append(h)
    return states


# %% mutant: all states are one tensor | says: All your states are the last one
import torch


def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    for x in xs:
        if isinstance(h, torch.Tensor):
            h.copy_(step(h, x))
        else:
            h = step(h, x)
        states.append(h)
    return states


# %% mutant: changes h_0 in place | says: changed its argument h_0 in place
import torch


def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    states = []
    for x in xs:
        if isinstance(h_0, torch.Tensor):
            h_0[...] = step(h_0, x)
            states.append(h_0.clone())
        else:
            h_0 = step(h_0, x)
            states.append(h_0)
    return states


# %% mutant: empties xs | says: changed its argument xs in place
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    while xs:
        h = step(h, xs.pop(0))
        states.append(h)
    return states


# %% mutant: empty sequence gives h_0 | says: Is it h_0?
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    for x in xs:
        h = step(h, x)
        states.append(h)
    return states or [h_0]


# %% mutant: yields | says: should return a list of the 3 states, but it gave <generator object>
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    for x in xs:
        h_0 = step(h_0, x)
        yield h_0


# %% mutant: weights of smooth swapped | says: You weighted them the wrong way round
def smooth(h, x):
    return 0.1 * h + 0.9 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    for x in xs:
        h = step(h, x)
        states.append(h)
    return states


# %% mutant: whole input | says: You took the whole input
def smooth(h, x):
    return 0.9 * h + x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    for x in xs:
        h = step(h, x)
        states.append(h)
    return states


# %% mutant: smallest | says: You gave the smaller one
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return min(h, x)


def unroll(step, xs, h_0):
    h, states = h_0, []
    for x in xs:
        h = step(h, x)
        states.append(h)
    return states


# %% mutant: nothing returned | says: but it gave None
def smooth(h, x):
    return 0.9 * h + 0.1 * x


def largest(h, x):
    return max(h, x)


def unroll(step, xs, h_0):
    states = []
    for x in xs:
        h_0 = step(h_0, x)
        states.append(h_0)
