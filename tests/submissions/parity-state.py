"""Submissions that prove the tests of `parity-state`: right answers of another form, and the mistakes people make."""


# %% alternative: a truth value
def start():
    return False


def step(state, bit):
    return state != bool(bit)


def read(state):
    return int(state)


# %% alternative: a sign
def start():
    return 1


def step(state, bit):
    return -state if bit == 1 else state


def read(state):
    return (1 - state) // 2


# %% alternative: words
def start():
    return "even"


def step(state, bit):
    return {"even": "odd", "odd": "even"}[state] if bit else state


def read(state):
    return 1 if state == "odd" else 0


# %% alternative: exclusive or in a list, in place
def start():
    return [0]


def step(state, bit):
    state[0] ^= bit
    return state


def read(state):
    return state[0]


# %% alternative: one-hot state and matrices
import torch


def start():
    return [1.0, 0.0]


def step(state, bit):
    stay, flip = torch.eye(2), torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    return ((flip if bit else stay) @ torch.tensor(state)).tolist()


def read(state):
    return state[1]


# %% mutant: keeps all bits | says: It keeps the past
def start():
    return []


def step(state, bit):
    return [*state, bit]


def read(state):
    return sum(state) % 2


# %% mutant: keeps all bits in a string | says: It keeps the past
def start():
    return ""


def step(state, bit):
    return state + str(bit)


def read(state):
    return state.count("1") % 2


# %% mutant: keeps a growing sum | says: It counts on and on
def start():
    return 0


def step(state, bit):
    return state + bit


def read(state):
    return state % 2


# %% mutant: more memory than needed | says: Two are enough
def start():
    return 0


def step(state, bit):
    return (state + bit) % 4


def read(state):
    return state % 2


# %% mutant: keeps the last bit too | says: Two are enough
def start():
    return [0, 0]


def step(state, bit):
    return [state[0] ^ bit, bit]


def read(state):
    return state[0]


# %% mutant: forgets at every step | says: Your answer is the last bit alone
def start():
    return 0


def step(state, bit):
    state = 0
    return (state + bit) % 2


def read(state):
    return state


# %% mutant: the last two bits | says: the parity of the last two bits
def start():
    return [0, 0]


def step(state, bit):
    return [state[1], bit]


def read(state):
    return (state[0] + state[1]) % 2


# %% mutant: read inverted | says: Every answer is the opposite
def start():
    return 0


def step(state, bit):
    return (state + bit) % 2


def read(state):
    return 1 - state


# %% mutant: starts odd | says: Every answer is the opposite
def start():
    return 1


def step(state, bit):
    return (state + bit) % 2


def read(state):
    return state


# %% mutant: or | says: becomes 1 with the first 1 and stays so
def start():
    return 0


def step(state, bit):
    return state | bit


def read(state):
    return state


# %% mutant: counts all bits | says: You count all the bits
def start():
    return 0


def step(state, bit):
    return 1 - state


def read(state):
    return state


# %% mutant: counts zeros | says: You count the zeros
def start():
    return 0


def step(state, bit):
    return state if bit else 1 - state


def read(state):
    return state


# %% mutant: state unchanged | says: Your answer is always 0
def start():
    return 0


def step(state, bit):
    new = (state + bit) % 2
    return state


def read(state):
    return state


# %% mutant: reads the count | says: read should give the number 0 or 1, but for the state 2 it gave 2
def start():
    return 0


def step(state, bit):
    return state + bit


def read(state):
    return state


# %% mutant: nothing returned | says: do both `start` and `step` return it?
def start():
    return 0


def step(state, bit):
    state = (state + bit) % 2


def read(state):
    return state


# %% mutant: memory in a global variable | says: keep nothing in global variables
count = 0


def start():
    global count
    count = 0
    return 0


def step(state, bit):
    global count
    count = (count + bit) % 2
    return 0


def read(state):
    return count


# %% mutant: memory in a global variable, never reset | says: keep nothing in global variables
bits = []


def start():
    return 0


def step(state, bit):
    bits.append(bit)
    return 0


def read(state):
    return sum(bits) % 2


# %% mutant: an object | says: The state should be a plain number
class Memory:
    def __init__(self):
        self.odd = 0


def start():
    return Memory()


def step(state, bit):
    state.odd ^= bit
    return state


def read(state):
    return state.odd


# %% mutant: a tensor | says: The state should be a plain number
import torch


def start():
    return torch.tensor(0)


def step(state, bit):
    return (state + bit) % 2


def read(state):
    return state.item()
