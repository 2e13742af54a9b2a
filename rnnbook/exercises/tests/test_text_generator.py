"""Exercise `text-generator`: a character LSTM that goes on from any prompt, and an honest number for how good it is."""

import math
import random
from collections import Counter
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnnbook.exercises.catalogue import Exercise, points
from rnnbook.exercises.compare import assert_raises
from rnnbook.exercises.errors import LearnerError
from rnnbook.exercises.student import Handle
from rnnbook.exercises.values import describe, same

EXERCISE = Exercise(
    id="text-generator",
    chapter="09_language_models",
    place=5,
    title="Mini project: a text generator",
    defines=("CharLSTM", "generate", "train_generator"),
    hints=(
        "generate: the model has to read the whole prompt before it writes. Its logits after the prompt's last "
        "character are those of the first new one, and its state goes on from there, one character at a time. "
        "train_generator: put stream_windows and train_step to work, with Adam.",
        "In generate keep was_training = model.training, then model.eval(), and in the end model.train(was_training). "
        "One generator for the whole text: torch.Generator().manual_seed(seed). In train_generator call "
        "torch.manual_seed(seed) before you make the model, and let only text[: len(text) * 9 // 10] train it.",
        "logits, state = model(torch.tensor([[alphabet.index(c) for c in prompt]])); then n times: z = logits[0, -1]; "
        "i = z.argmax() at temperature 0, else torch.multinomial((z / temperature).softmax(0), 1, "
        "generator=generator)[0]; logits, state = model(i.view(1, 1), state). Training: CharLSTM(V, 16, 64), Adam with "
        "lr=1e-2, B = 16, T = 32, 12 epochs, the state None at the start of each.",
    ),
    time_limit=30,
    forbidden=("rnnbook.models", "rnnbook.decode", "rnnbook.train", "rnnbook.text", "rnnbook.recipes"),
)
ALPHABET = " abcdé"
ENOUGH = 0.5  # of the bigram's nats
CHI_SQUARE = 40.0  # with 5 degrees of freedom, exceeded by chance once in six million runs
WORDS = {
    "{adjective}": ["small", "old", "red", "quick", "quiet"],
    "{animal}": ["dog", "cat", "bird", "horse", "mouse"],
    "{verb}": ["sees", "likes", "follows", "finds"],
}
SENTENCE = "the {adjective} {animal} {verb} the {adjective} {animal}. "
State = tuple[Tensor, Tensor]


class CharLSTM(nn.Module):
    """The model of the task; in evaluation mode, where dropout does nothing."""

    def __init__(self, vocabulary_size: int, embedding_size: int, hidden_size: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.lstm = nn.LSTM(embedding_size, hidden_size, batch_first=True)
        self.linear = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        output, state = self.lstm(self.embedding(ids), state)
        return self.linear(output), state


class Case:
    """A model with large random weights on the learner's side, and the same on ours.

    Args:
        student: the fixture.
        dropout: of the learner's model.
        training: the mode of the learner's model.
        flat: whether the logits are always the same, whatever was read.
    """

    def __init__(self, student, dropout: float = 0.0, training: bool = False, flat: bool = False):
        self.student, V = student, len(ALPHABET)
        self.own = CharLSTM(V, 4, 8).double()
        for parameter in self.own.parameters():
            nn.init.normal_(parameter, std=1.5)
        if flat:
            nn.init.zeros_(self.own.linear.weight)
            self.own.linear.bias.data = torch.linspace(1, -1, V, dtype=torch.float64)
        self.model = student.CharLSTM(V, 4, 8, dropout).double()
        self.model.load_state_dict(self.own.state_dict())
        self.model.train(training)

    def generate(self, prompt: str, n: int, temperature: float, seed: int = 0) -> str:
        """What the learner's function writes, checked to be n characters."""
        got = self.student.generate(self.model, ALPHABET, prompt, n, temperature, seed)
        call = f"generate with the prompt {prompt!r} and n = {n}"
        assert isinstance(got, str), f"{call} should return text, but it returned {describe(got)}."
        remedy = " Leave the prompt out." if got.startswith(prompt) and len(got) == len(prompt) + n else ""
        assert len(got) == n, f"{call} should return {n} characters, but it returned {len(got)}: {got!r}.{remedy}"
        return got

    @torch.no_grad()
    def greedy(self, prompt: str, n: int, way: str = "right") -> str:
        """What comes out at temperature 0, where one thing may be done in another way."""
        ids = [ALPHABET.index(character) for character in prompt]
        read = {"last": ids[-1:], "first": ids[:1], "twice": [*ids, ids[-1]], "without last": ids[:-1]}.get(way, ids)
        logits, state = self.own(torch.tensor([read]))
        written = []
        for _ in range(n):
            z = logits[0, 0 if way == "first logits" and not written else -1]
            written.append((z.argmin() if way == "least" else z.argmax()).item())
            carried = None if way == "stateless" else state
            if way == "only c":
                carried = torch.zeros_like(state[0]), state[1]
            if way == "only h":
                carried = state[0], torch.zeros_like(state[1])
            if way == "prompt's state":
                logits, _ = self.own(torch.tensor([written[-1:]]), carried)
            else:
                logits, state = self.own(torch.tensor([written[-1:]]), carried)
        return "".join(ALPHABET[i] for i in written)


WAYS = {
    "Only the prompt's last character was read: the model knows nothing of what stands before it. Let it read the "
    "whole prompt, from a state of None.": "last",
    "Only the prompt's first character was read: let the model read the whole prompt.": "first",
    "The prompt's last character was read twice: the logits that come with it are those of the first new character.": (
        "twice"
    ),
    "The prompt's last character was not read before the first new one was chosen.": "without last",
    "The state is not carried: from the second new character on, the model sees one character and nothing before it. "
    "Give it the state that came with the last logits.": "stateless",
    "The state stays that of the prompt: take the new one with each character.": "prompt's state",
    "Only c is carried: the state is the pair (h, c).": "only c",
    "Only h is carried: the state is the pair (h, c).": "only h",
    "The first new character comes from the logits after the prompt's first character: take logits[0, -1].": (
        "first logits"
    ),
    "You took the least probable character: argmax.": "least",
}


def assert_greedy(case: Case, prompt: str, n: int) -> None:
    """Checks the text at temperature 0."""
    got, right = case.generate(prompt, n, 0), case.greedy(prompt, n)
    named = (sentence for sentence, way in WAYS.items() if len(prompt) > 1 or way != "without last")
    guess = next((sentence for sentence in named if case.greedy(prompt, n, WAYS[sentence]) == got), "")
    assert got == right, (
        f"{guess} After the prompt {prompt!r}, at temperature 0, your text is {got!r}, but it should be {right!r}."
    ).strip()


@points(3)
@pytest.mark.parametrize("prompt", ["a", "ab", "é bad cab", "dab" * 20])
def test_prompt(student, prompt):
    """Temperature 0, with prompts of any length: the most probable character, one after the other."""
    for _ in range(3):
        assert_greedy(Case(student), prompt, 16)


@points(2)
@pytest.mark.parametrize("training", [True, False])
def test_mode(student, training):
    """Dropout is off while the model writes, and afterwards its mode is what it was before."""
    case = Case(student, dropout=0.9, training=training)
    before, again = case.generate("abc", 16, 0), case.generate("abc", 16, 0)
    assert before == again, (
        "Dropout is on while the model writes, so that two calls at temperature 0 gave different texts, "
        f"{before!r} and {again!r}: call model.eval() first."
    )
    assert_greedy(case, "abc", 16)
    word = {True: "training", False: "evaluation"}
    assert case.model.training is training, (
        f"The model was in {word[training]} mode before generate, and is in {word[not training]} mode afterwards, so "
        "that the rest of a training would go wrong in silence: keep model.training first, and restore it in the end."
    )


@points(2)
@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature(student, temperature):
    """Above temperature 0 the characters are drawn, as often as their probabilities say."""
    n, case = 400, Case(student, flat=True)
    text, z = case.generate("a", n, temperature, seed=3), case.own.linear.bias.detach()

    def strange(p: Tensor) -> float:
        """The chi-square statistic against these probabilities."""
        counts = torch.tensor([text.count(character) for character in ALPHABET])
        return ((counts - n * p) ** 2 / (n * p)).sum().item()

    ways = {
        "The logits are multiplied by the temperature: divide.": (z * temperature).softmax(0),
        "The temperature plays no part: divide the logits by it.": z.softmax(0),
        "All characters are drawn alike: draw them with the probabilities softmax(logits / temperature).": (
            torch.full_like(z, 1 / len(z))
        ),
    }
    p = (z / temperature).softmax(0)
    if strange(p) < CHI_SQUARE:
        return
    guess = next((sentence for sentence, wrong in ways.items() if strange(wrong) < CHI_SQUARE), "")
    if len({*text}) == 1:
        guess = (
            "All characters are the same. Argmax is for temperature 0; and a generator that is made anew for each "
            "character draws the same number each time: make one before the loop."
        )
    shares = {character: f"{text.count(character) / n:.2f}" for character in ALPHABET}
    wish = {character: f"{p[i].item():.2f}" for i, character in enumerate(ALPHABET)}
    result = f"Of {n} characters at temperature {temperature} the shares should be near {wish}, but they are {shares}."
    raise AssertionError(f"{guess} {result}".strip())


@points(1)
def test_seed(student):
    """The same seed writes the same text, another seed another one."""
    case = Case(student, flat=True)
    one, again, other = (case.generate("a", 40, 1.0, seed) for seed in (1, 1, 2))
    assert one == again, (
        "Two calls with seed 1 wrote different texts: draw with torch.multinomial(..., generator=generator), where "
        "generator = torch.Generator().manual_seed(seed)."
    )
    assert one != other, "Seeds 1 and 2 wrote the same 40 characters: the seed, or chance itself, plays no part."


@points(1)
def test_unknown_character(student):
    """A prompt with a character that the alphabet lacks is refused by an error that names it."""
    case = Case(student)
    arguments = case.model, ALPHABET, "abzc", 5, 1.0, 0
    what = f"generate with the alphabet {ALPHABET!r} and the prompt 'abzc'"
    assert_raises(lambda: student.generate(*arguments), "ValueError", "KeyError", names="z", what=what)


def written(n: int, seed: int) -> str:
    """A text of n characters, in sentences of one pattern."""
    rng, text = random.Random(seed), ""
    while len(text) < n:
        sentence = SENTENCE
        for slot, words in WORDS.items():
            while slot in sentence:
                sentence = sentence.replace(slot, rng.choice(words), 1)
        text += sentence
    return text[:n]


def bigram(text: str, new: str) -> float:
    """Nats per character of a new text by the bigram counts of another, each count one larger than it is."""
    pairs, firsts, V = Counter(pairwise(text)), Counter(text[:-1]), len({*text})
    losses = [-math.log((pairs[a, b] + 1) / (firsts[a] + V)) for a, b in pairwise(new)]
    return sum(losses) / len(losses)


def trained(student, text: str, seed: int) -> tuple[Handle, str, float]:
    """The learner's model, alphabet and nats, checked for their form."""
    got = student.train_generator(text, seed)
    triple = isinstance(got, tuple | list) and len(got) == 3
    assert triple, f"train_generator should return (model, alphabet, nats), but it returned {describe(got)}."
    model, alphabet, nats = got
    assert isinstance(model, Handle), f"model should be a CharLSTM, but it is {describe(model)}."
    right = isinstance(alphabet, str) and sorted(alphabet) == sorted({*text})
    assert right, f"alphabet should be a string with each character of the text once, but it is {alphabet!r}."
    assert type(nats) in (int, float), f"nats should be a Python number, but it is {describe(nats)}."
    model.eval()
    return model, alphabet, nats


def nats_of(model: Handle, alphabet: str, text: str) -> float:
    """Nats per character of a text, by the learner's model."""
    ids = torch.tensor([alphabet.index(character) for character in text])
    try:
        logits, _ = model(ids[None, :-1])
    except LearnerError as error:
        raise AssertionError(f"The model cannot read a text of its alphabet.\n{error}") from None
    return F.cross_entropy(logits[0], ids[1:]).item()


@points(3)
def test_new_text(student):
    """After training, a new text of the same kind is predicted far better than by bigrams."""
    text, new = written(7000, 1), written(1000, 2)
    model, alphabet, nats = trained(student, text, 0)
    found, baseline, uniform = nats_of(model, alphabet, new), bigram(text, new), math.log(len(alphabet))
    result = (
        f"On a new text your model has {found:.3f} nats per character, a bigram {baseline:.3f}; at most "
        f"{ENOUGH * baseline:.3f} are asked for."
    )
    assert found < uniform + 0.5, (
        f"That is worse than knowing nothing, which has {uniform:.3f} nats. Are the targets the next characters, one "
        f"further on than the inputs? {result}"
    )
    assert found < ENOUGH * baseline, (
        "Your model has learned too little: more epochs, a larger learning rate (1e-2 with Adam), and the state "
        f"carried from chunk to chunk. {result}"
    )
    assert_reported(nats, nats_of(model, alphabet, text[6300:]), "")


def assert_reported(nats: float, found: float, note: str) -> None:
    """Checks the learner's number for the last tenth against ours; the state that the tenth is read from is free."""
    told = {
        "That is in bits: report nats.": found / math.log(2),
        "That is a perplexity: report nats, without exp.": math.exp(found),
    }
    otherwise = "Report the mean of -ln p over that tenth, in evaluation mode, and not that of the training text."
    remedy = next((sentence for sentence, value in told.items() if abs(nats - value) < 0.05 * value), otherwise)
    assert abs(nats - found) < 0.1 * found, (
        f"You report {nats:.3f} nats per character on the last tenth of the text{note}, but your model has {found:.3f} "
        f"on it. {remedy}"
    )


@points(3)
def test_last_tenth_is_held_out(student):
    """The last tenth of the text teaches the model nothing: it is for the report."""
    text = written(1000, 3)
    turned = text[:901] + text[901:][::-1]
    one, alphabet, nats = trained(student, text, 7)
    other, _, nats_turned = trained(student, turned, 7)
    if not same(dict(one.state_dict()), dict(other.state_dict())):
        again, _, _ = trained(student, text, 7)
        assert same(dict(one.state_dict()), dict(again.state_dict())), (
            "Two trainings with seed 7 on the same text gave different models: call torch.manual_seed(seed) before "
            "you make the model."
        )
        raise AssertionError(
            "The model depends on the last tenth of the text: with that part reversed, the training gave another "
            "model. Cut the text first, and train on text[: len(text) * 9 // 10] alone."
        )
    assert_reported(nats, nats_of(one, alphabet, text[900:]), "")
    assert_reported(nats_turned, nats_of(other, alphabet, turned[900:]), ", which was reversed")
